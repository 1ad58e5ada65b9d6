"""Users' items against the whole catalogue, from factors."""
