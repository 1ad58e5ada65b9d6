"""The order of some keys, inside kernels: stable, NaN last, without an array of its own."""

import numpy as np

from fastloss.compile.templates import regroups

RUN = 16  # keys that are sorted by insertion before runs of them are merged
SIGN, LARGEST = np.int64(63), np.int64(0x7FFFFFFFFFFFFFFF)


def in_order(bits):
    """Return integers in the order of the floats of some bits; and these bits again, of such an integer."""
    return bits ^ ((bits >> SIGN) & LARGEST)


def precedes(a, b):
    return a < b or (a == a and b != b)


@regroups
def argsort(keys, ranks, scratch):
    """Write into `ranks` the order of rising keys, NaN last, equal keys as they stand; all three are of one size.

    Runs are merged as soon as there are two of one length, while a cache still holds them.
    """
    size = keys.size
    for begin in range(0, size, RUN):
        end = min(begin + RUN, size)
        sort_run(keys, ranks, begin, end)
        width, count = RUN, begin // RUN + 1
        while count % 2 == 0:
            start = (count - 2) * width
            merge(keys, ranks, scratch, start, start + width, end)
            width, count = 2 * width, count // 2
    width = RUN
    while width < size:
        start = (size - 1) // (2 * width) * (2 * width)
        if start + width < size:
            merge(keys, ranks, scratch, start, start + width, size)
        width *= 2


@regroups
def sort_run(keys, ranks, begin, end):
    for k in range(begin, end):
        key, at = keys[k], k
        while at > begin and precedes(key, keys[ranks[at - 1]]):
            ranks[at] = ranks[at - 1]
            at -= 1
        ranks[at] = k


@regroups
def merge(keys, ranks, scratch, begin, middle, end):
    """Merge two neighbouring runs; the first is moved aside, since the merged one is written over it."""
    second = keys[ranks[middle]]
    if not precedes(second, keys[ranks[middle - 1]]):
        return
    for k in range(begin, middle):
        scratch[k] = ranks[k]
    left, right, at = begin, middle, begin
    first = keys[scratch[left]]
    while True:
        if precedes(second, first):
            ranks[at] = ranks[right]
            at += 1
            right += 1
            if right == end:
                break
            second = keys[ranks[right]]
        else:
            ranks[at] = scratch[left]
            at += 1
            left += 1
            if left == middle:
                return  # the rest of the second run lies where it belongs
            first = keys[scratch[left]]
    for k in range(left, middle):
        ranks[at + k - left] = scratch[k]
