"""Sorted losses and counts over all pairs of rows, which go to ranges by score."""
