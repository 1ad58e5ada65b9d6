"""States of losses whose data come in batches: they take batches, merge, and are stored as bytes.

`state.py` has what all states share, and `summed.py` what those of sums over examples do: `additive.py` adds up
elements, to the bits of one call, `examples.py` rows, tuples, and rows against a table. `all_pairs.py` adds up all
pairs of rows, and `grouped.py` the pairs within groups, whose ids are kept as `ids.py` says. `terms.py` has exact sums,
`levels.py` and `stored.py` write and read bytes, and `units.py` keeps weights within float64's range. `accumulate.py`
is the public function.
"""
