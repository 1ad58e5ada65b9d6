"""Differences between models on the same examples, with standard errors, intervals and p-values."""
