"""Items that a thread makes in advance: their order, their errors, and the end of the thread."""

import threading
import time

import pytest

from fastloss.cli.reading.ahead import ahead


def left():
    return [one for one in threading.enumerate() if one.name == "fastloss reading"]


def test_items_come_in_order():
    assert list(ahead(iter(range(1000)))) == list(range(1000))
    assert list(ahead(iter([]))) == []
    assert not left()


def test_an_item_is_made_while_the_caller_has_the_one_before():
    made = []

    def items():
        for k in range(5):
            made.append(k)
            yield k

    some = ahead(items())
    assert next(some) == 0
    deadline = time.monotonic() + 10
    while len(made) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.05)
    assert made == [0, 1]  # the next one, and no more
    assert list(some) == [1, 2, 3, 4]


def test_an_error_comes_where_its_item_would():
    def items():
        yield 1
        yield 2
        raise ValueError("the third")

    some = ahead(items())
    assert [next(some), next(some)] == [1, 2]
    with pytest.raises(ValueError, match="the third"):
        next(some)
    assert not left()


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_a_caller_that_stops_leaves_no_thread_and_no_open_generator(error):
    closed = []

    def items():
        try:
            yield from range(1000)
        finally:
            closed.append(threading.current_thread().name)

    def use():
        for one in ahead(items()):
            if one == 3:
                if error is None:
                    return
                raise error

    if error is None:
        use()
    else:
        with pytest.raises(error):
            use()
    assert not left()
    assert closed == ["fastloss reading"]


def test_nothing_is_made_before_the_first_item_is_wanted():
    made = []
    some = ahead(made.append(1) or item for item in range(3))
    time.sleep(0.02)
    assert not made and not left()
    some.close()
    assert not left()
