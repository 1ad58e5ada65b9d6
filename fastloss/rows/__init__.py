"""Losses of rows: row i of every argument makes one loss."""
