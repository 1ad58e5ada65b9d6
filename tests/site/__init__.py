"""The built documentation, as readers see it: its text, its links, and how it is drawn at the widths of two screens."""
