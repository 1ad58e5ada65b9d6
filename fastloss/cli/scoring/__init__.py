"""What `--loss` asks for, computed of batches and of groups."""
