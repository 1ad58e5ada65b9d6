"""The commands, and what their options have in common."""
