"""Every pair of a group, one by one: the best for small groups."""
