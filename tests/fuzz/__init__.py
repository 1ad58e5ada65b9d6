"""Calls of everything that is public, drawn at random, and what must hold of each: ``python -m tests.fuzz --help``.

`forms.py` says which arguments fit together, `values.py` what arrays may hold and how they may lie, `calls.py` draws a
call from its key, `outcomes.py` makes it, `properties.py` checks it, `states.py` draws and checks counts and states,
`__main__.py` runs many in processes of their own, so that a crash is a failure like any other.
"""
