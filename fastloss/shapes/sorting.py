"""The order of some keys, inside kernels: stable, NaN last, without an array of its own."""

RUN = 16  # keys that are sorted by insertion before runs of them are merged


def precedes(a, b):
    return a < b or (a == a and b != b)


def argsort(keys, ranks, scratch):
    """Write into `ranks` the order of rising keys, NaN last, equal keys as they stand; all three are of one size."""
    for begin in range(0, keys.size, RUN):
        sort_run(keys, ranks, begin, min(begin + RUN, keys.size))
    width = RUN
    while width < keys.size:
        for begin in range(0, keys.size - width, 2 * width):
            merge(keys, ranks, scratch, (begin, begin + width, min(begin + 2 * width, keys.size)))
        width *= 2


def sort_run(keys, ranks, begin, end):
    for k in range(begin, end):
        at = k
        while at > begin and precedes(keys[k], keys[ranks[at - 1]]):
            ranks[at] = ranks[at - 1]
            at -= 1
        ranks[at] = k


def merge(keys, ranks, scratch, bounds):
    """Merge two neighbouring runs; the first is moved aside, since the merged one is written over it."""
    begin, middle, end = bounds
    if not precedes(keys[ranks[middle]], keys[ranks[middle - 1]]):
        return
    for k in range(begin, middle):
        scratch[k] = ranks[k]
    left, right = begin, middle
    for k in range(begin, end):
        if left == middle:
            return  # the rest of the second run lies where it belongs
        if right < end and precedes(keys[ranks[right]], keys[scratch[left]]):
            ranks[k] = ranks[right]
            right += 1
        else:
            ranks[k] = scratch[left]
            left += 1
