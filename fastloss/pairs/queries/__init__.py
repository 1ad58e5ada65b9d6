"""Pairs of a query weighed by what swapping them would change in NDCG."""
