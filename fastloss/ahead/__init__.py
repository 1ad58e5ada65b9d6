"""Kernels compiled ahead of their use, for `fastloss warmup` and for wheels: by which calls, in which processes."""
