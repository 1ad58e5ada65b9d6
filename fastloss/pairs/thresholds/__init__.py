"""Sums of powers of hinges of differences of scores, by sorting."""
