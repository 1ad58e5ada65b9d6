"""Files of any format, read batch by batch."""
