"""Pairs and triplets of a batch, a strip of distances at a time."""
