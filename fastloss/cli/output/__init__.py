"""Results: records, tables, files, and what is printed."""
