"""Kernels compiled ahead of their use, for `fastloss warmup` and for wheels: which calls make them, by which processes."""
