"""Sums of logarithms log(1 + a u_j), u_j >= 0, with one logarithm for many j: of the product of the factors less one.

The product itself would lose every u below 1e-16 (`elementary.joined` does not).
"""

import numpy as np

from fastloss.compile.elementary import joined, log1p
from fastloss.compile.templates import regroups


def log_of_product(a, start, stop, exponentials):
    """The sum of log(1 + a E_j) over so few j that the product of all cannot overflow: one logarithm, eight chains."""
    p0 = p1 = p2 = p3 = p4 = p5 = p6 = p7 = 0.0
    k, end = np.uint64(start), np.uint64(stop)
    while k + np.uint64(8) <= end:
        p0 = joined(p0, a * exponentials[k])
        p1 = joined(p1, a * exponentials[k + np.uint64(1)])
        p2 = joined(p2, a * exponentials[k + np.uint64(2)])
        p3 = joined(p3, a * exponentials[k + np.uint64(3)])
        p4 = joined(p4, a * exponentials[k + np.uint64(4)])
        p5 = joined(p5, a * exponentials[k + np.uint64(5)])
        p6 = joined(p6, a * exponentials[k + np.uint64(6)])
        p7 = joined(p7, a * exponentials[k + np.uint64(7)])
        k += np.uint64(8)
    while k + np.uint64(2) <= end:
        p0 = joined(p0, a * exponentials[k])
        p1 = joined(p1, a * exponentials[k + np.uint64(1)])
        k += np.uint64(2)
    if k < end:
        p2 = joined(p2, a * exponentials[k])
    return log1p(joined(joined(joined(p0, p1), joined(p2, p3)), joined(joined(p4, p5), joined(p6, p7))))


@regroups
def log_of_products(a, start, stop, exponentials):
    """The sum of log(1 + a E_j): one logarithm for eight factors, taken of their product less one."""
    part = (stop - start) // 8
    total = 0.0
    for k in range(np.uint64(start), np.uint64(start + part)):
        p = a * exponentials[k]
        for eighth in range(np.uint64(1), np.uint64(8)):
            p = joined(p, a * exponentials[k + eighth * np.uint64(part)])
        total += log1p(p)
    for k in range(np.uint64(start + 8 * part), np.uint64(stop)):
        total += log1p(a * exponentials[k])
    return total
