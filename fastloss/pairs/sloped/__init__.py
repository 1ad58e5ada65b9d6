"""Sums of hinges whose slope is the first item's label, by sorting."""
