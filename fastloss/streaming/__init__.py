"""States of losses whose data come in batches: they take batches, merge, and are stored as bytes.

`state.py` has what all states share. `additive.py` adds up elements, `all_pairs.py` all pairs of rows, and `grouped.py`
the pairs within groups, whose ids are kept as `ids.py` says; `levels.py` and `stored.py` write and read bytes, and
`units.py` keeps weights within float64's range. `accumulate.py` is the public function.
"""
