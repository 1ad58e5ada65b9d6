"""Tasks of matrix products that take turns."""

import time

import pytest

import fastloss
from fastloss.compile.blas import Turns, in_order


@pytest.mark.parametrize("count", [1, 2, 5])
def test_turns_come_in_the_tasks_order(count):
    turns, seen = Turns(3), [[], [], []]

    def work(task):
        time.sleep(0.002 * (task % 3))  # later tasks are ready before earlier ones
        for part in range(3):
            with turns.of(task, part):
                seen[part].append(task)

    with fastloss.num_threads(count):
        assert len(list(in_order(work, range(12)))) == 12
    assert seen == [list(range(12))] * 3


@pytest.mark.parametrize("count", [1, 3])
def test_nobody_waits_for_a_task_that_has_failed(count):
    turns = Turns(1)

    def work(task):
        if task == 1:
            raise KeyError(task)
        with turns.of(task, 0):
            pass

    start = time.perf_counter()
    with fastloss.num_threads(count), pytest.raises(KeyError):
        list(in_order(work, range(6)))
    assert time.perf_counter() - start < 30.0
