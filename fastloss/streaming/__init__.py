"""States of losses whose data come in batches: they take batches, merge, and are bytes."""
