"""Templates: every open name is filled, and nothing else."""

import re

import pytest

from fastloss.compile.templates import (
    bind,
    bound_names,
    exchange,
    known_names,
    may_regroup,
    open_names,
    regroups,
    unbound,
)

formula = SIZE = unbound
FACTOR = 2.0


def inner(x):
    return formula(x) + SIZE


@regroups
def template(x):
    return FACTOR * inner(x)


def square(x):
    return x * x


def with_size(x):
    return x * SIZE


def test_open_names_are_filled_wherever_they_are_named():
    bound = bind(template, formula=square, SIZE=3)
    assert bound(2.0) == 2.0 * (4.0 + 3)
    assert bound_names(bound) == {"formula": square, "SIZE": 3}
    assert open_names(bound) == set()
    assert may_regroup(bound.__code__) and not may_regroup(inner.__code__)
    assert open_names(template) == {"formula", "SIZE"}  # the template is as it was


def test_names_may_be_open_in_what_fills_others():
    assert open_names(with_size) == {"SIZE"}
    names = {"formula": with_size, "SIZE": 3, "other": 1}
    assert known_names(template, names) == {"formula": with_size, "SIZE": 3}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"formula": square}, "leaves SIZE open"),
        ({"SIZE": 3}, "leaves formula open"),
        ({}, "leaves SIZE open"),
        ({"formula": square, "SIZE": 3, "size": 4}, "has no open name size"),
        ({"formula": square, "SIZE": 3, "FACTOR": 4.0}, "has no open name FACTOR"),
        ({"formula": square, "SIZE": 3, "inner": square}, "has no open name inner"),
        ({"formula": with_size}, "leaves SIZE open"),
    ],
)
def test_an_error_names_what_is_left_open_or_unknown(names, message):
    with pytest.raises(TypeError, match=rf"the template {re.escape(template.__module__)}\.template {message}$"):
        bind(template, **names)


def test_a_name_that_is_not_filled_cannot_be_used():
    for use in (lambda: template(1.0), lambda: bool(SIZE)):
        with pytest.raises(TypeError, match="used before it was bound"):
            use()


def cube(x):
    return x * x * x


def sum_of_both(x):
    return square(x) + alias(x)


alias = square


def test_objects_are_exchanged_whatever_they_are_called():
    assert exchange(sum_of_both, (square, cube))(2.0) == 16.0
    assert exchange(bind(template, formula=square, SIZE=3), (square, cube))(2.0) == 2.0 * (8.0 + 3)
    assert exchange(sum_of_both, (cube, square)) is sum_of_both  # it calls none
    assert sum_of_both(2.0) == 8.0
