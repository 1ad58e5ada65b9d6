"""Sums of a smooth function of differences of scores, in linear time."""
