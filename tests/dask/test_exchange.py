"""Items that go from partitions to owners, in one step or several."""

import itertools

import pytest

from fastloss.dask import exchange
from tests.dask.partitions import blocks, computed


@pytest.mark.parametrize("fan", [2, 3, 32])
def test_every_item_arrives_in_the_order_of_its_source(fan, monkeypatch):
    monkeypatch.setattr(exchange, "FAN", fan)
    for sources, owners in itertools.product((1, 2, 5, 8, 9, 40), (1, 2, 3, 5, 9, 17, 40)):
        every = range(owners)
        given = [{to: ((at, to),) for to in every if (7 * at + to) % 3} for at in range(sources)]
        found = computed(exchange.exchanged("items", blocks(given), owners))
        assert found == [tuple((at, to) for at in range(sources) if (7 * at + to) % 3) for to in every]


def test_tasks_do_not_grow_as_a_square():
    for count, most in ((25, 30), (100, 25), (400, 50)):
        made = exchange.exchanged("items", blocks([{}] * count), count)
        assert len(dict(made.graph)) < most * count
