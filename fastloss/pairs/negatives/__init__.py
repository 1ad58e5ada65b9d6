"""Positives against sampled negatives."""
