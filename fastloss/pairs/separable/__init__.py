"""Sums of exponentials of differences of scores: products of two sums."""
