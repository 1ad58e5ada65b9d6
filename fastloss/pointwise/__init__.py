"""Losses of numbers: element i of every argument makes one loss."""
