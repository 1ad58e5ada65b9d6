"""Pairs of groups of few rows: many groups at a time, unsorted."""
