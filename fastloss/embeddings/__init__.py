"""Losses of embeddings: rows against many candidates, pairs and triplets of a batch, factors of users and items."""
