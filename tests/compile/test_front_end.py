"""What templates are compiled to."""

import numpy as np
import pytest

from fastloss.compile import front_end, levels
from fastloss.compile.signatures import REALS, Signature
from fastloss.compile.templates import disjoint, is_disjoint


def add(a, b, c, d, sums, more, rest):
    for i in range(np.uint64(a.size)):
        sums[i] += a[i] * b[i]
        more[i] += c[i] * d[i]
        rest[i] += a[i] * d[i]


@disjoint
def add_disjoint(a, b, c, d, sums, more, rest):
    for i in range(np.uint64(a.size)):
        sums[i] += a[i] * b[i]
        more[i] += c[i] * d[i]
        rest[i] += a[i] * d[i]


def block(inputs, parameters, outputs, first, last):
    a, b, c, d = inputs
    sums, more, rest = outputs
    add(a, b, c, d, sums, more, rest)


def block_disjoint(inputs, parameters, outputs, first, last):
    a, b, c, d = inputs
    sums, more, rest = outputs
    add_disjoint(a, b, c, d, sums, more, rest)


def text_of(function) -> str:
    signature = Signature((REALS,) * 4, (REALS,) * 3)
    ((_, module),) = front_end.modules(function, signature, [levels.chosen()])
    return str(module)


@pytest.mark.compiled
def test_disjoint_arrays_need_no_tests_that_they_are():
    assert is_disjoint(add_disjoint.__code__) and not is_disjoint(add.__code__)
    one, other = text_of(block), text_of(block_disjoint)
    assert "vector.memcheck" in one and "vector.memcheck" not in other
    assert " x double>" in other
