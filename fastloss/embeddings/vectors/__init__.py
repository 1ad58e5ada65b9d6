"""Vectors of a call, where they lie, and sums over few of them."""
