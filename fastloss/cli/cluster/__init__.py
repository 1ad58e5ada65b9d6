"""`fastloss score --dask`."""
