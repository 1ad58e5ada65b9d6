"""Exact sums of columns and of their products, as integers: no rounding, whatever the order.

A float64 is an integer of 53 bits at one of 2046 places. An accumulator is one long integer in limbs of 32 bits, each
in an int64, so that 2**31 numbers can be added before a carry is due (R. M. Neal, Fast exact summation using small and
large superaccumulators, 2015). A product of two is an integer of 106 bits, which is added as two halves.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.launch import as_input
from fastloss.pairs.cpu_nodes import run_block

LIMBS = 132  # of 32 bits: places 0 to 4092 of products, and 108 bits for the halves of one
LOW = (1 << 32) - 1
HALF = (1 << 27) - 1
FRACTION = (1 << 52) - 1
MAGNITUDE = (1 << 63) - 1
HIDDEN = 1 << 52
PLACE = 1074  # a sum is an integer times 2**-PLACE, a sum of products one times 2**(-2 PLACE)
ROWS = 1 << 15  # of a task; the sums do not depend on it
MOST = 1 << 24  # rows that are added at a time


class Sums(NamedTuple):
    """Sums of columns, and of the products of any two of them: integers in units of the smallest number, or product.

    The products of columns j >= k stand at j (j + 1) / 2 + k.
    """

    columns: tuple[int, ...]
    products: tuple[int, ...]


def add(limbs, at, number, sign):
    """Add a number from 0 to 2**54 - 1, moved up by `at` bits."""
    k, s = at >> 5, at & 31
    low = (number & LOW) << s
    high = ((number >> 32) << s) + (low >> 32)
    limbs[k] += sign * (low & LOW)
    limbs[k + 1] += sign * (high & LOW)
    limbs[k + 2] += sign * (high >> 32)


def place(bits):
    """Return how far up the digits of a number stand."""
    exponent = (bits & MAGNITUDE) >> 52
    return exponent - 1 if exponent > 0 else exponent


def digits(bits):
    """Return the digits of a number, as an integer."""
    return (bits & FRACTION) | HIDDEN if bits & MAGNITUDE > FRACTION else bits & FRACTION


def add_column(bits, first, last, limbs):
    for i in range(first, last):
        add(limbs, place(bits[i]), digits(bits[i]), -1 if bits[i] < 0 else 1)


def add_products(one, other, first, last, limbs):
    for i in range(first, last):
        a, b = digits(one[i]), digits(other[i])
        at = place(one[i]) + place(other[i])
        sign = -1 if (one[i] ^ other[i]) < 0 else 1
        a_high, a_low, b_high, b_low = a >> 27, a & HALF, b >> 27, b & HALF
        middle = a_high * b_low + a_low * b_high
        low = a_low * b_low + ((middle & HALF) << 27)
        add(limbs, at, low & ((1 << 54) - 1), sign)
        add(limbs, at + 54, a_high * b_high + (middle >> 27) + (low >> 54), sign)


def block(inputs, parameters, outputs, first, last):
    (columns,) = inputs
    limbs = outputs[0]
    count, size = columns.shape
    own = count + count * (count + 1) // 2  # rows of limbs of a task
    for task in range(first, last):
        start, stop = task * ROWS, min((task + 1) * ROWS, size)
        at = task * own
        for j in range(count):
            add_column(columns[j], start, stop, limbs[at])
            at += 1
        for j in range(count):
            for k in range(j + 1):
                add_products(columns[j], columns[k], start, stop, limbs[at])
                at += 1


def sums(columns: np.ndarray) -> Sums:
    """Return the exact sums of columns of finite numbers, given as rows of a matrix, and of their products."""
    count, size = columns.shape
    own = count + count * (count + 1) // 2
    totals = [0] * own
    for start in range(0, size, MOST):
        bits = as_input(columns[:, start : start + MOST], np.float64).view(np.int64)
        tasks = -(-bits.shape[1] // ROWS)
        limbs = np.zeros((tasks * own, LIMBS), np.int64)
        run_block(block, "exact_sums", (bits,), (), (limbs,), tasks, few=0)
        together = limbs.reshape(tasks, own, LIMBS).sum(0)
        totals = [total + _number(row) for total, row in zip(totals, together, strict=True)]
    return Sums(tuple(totals[:count]), tuple(totals[count:]))


def _number(limbs: Any) -> int:
    return sum(limb << 32 * k for k, limb in enumerate(limbs.tolist()) if limb)
