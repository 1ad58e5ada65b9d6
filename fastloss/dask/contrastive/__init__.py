"""Softmaxes over candidates, in blocks of rows and of candidates."""
