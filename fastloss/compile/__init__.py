"""From templates to kernels that run: binding, addresses, the store, Numba as the compiler, threads.

Only `front_end.py` imports Numba, and only to compile what is not stored.
"""
