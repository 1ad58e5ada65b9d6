"""Benchmarks: ratios from one run, against the strongest peer and the physical limit. `python -m bench --help`."""
