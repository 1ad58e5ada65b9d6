"""Losses of Dask collections: the numbers of one process, computed by a cluster in one pass or two."""
