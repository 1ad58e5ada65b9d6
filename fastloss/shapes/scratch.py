"""Scratch arrays: kernels allocate nothing, so what they write aside comes from their caller."""


def part(array, at, size):
    """The part numbered `at` of a scratch array that holds several of one size."""
    return array[at * size : (at + 1) * size]
