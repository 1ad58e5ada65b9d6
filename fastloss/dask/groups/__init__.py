"""Losses and counts over groups whose rows lie in any partitions."""
