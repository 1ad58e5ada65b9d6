"""Losses of pairs of scores, in groups: how their sums are computed, and the losses."""
