"""Items that go from each partition to some of many owners, in a few steps, so that tasks do not grow as a square.

In one step, each of P partitions has a piece for each of N owners: P N tasks. Here the sources are brought together in
bundles, and the owners told apart in sections, by up to `FAN` in a step: at first there are P bundles of one source and
one section, at last one bundle and N sections of one owner. A step costs P times `FAN` tasks, and as many steps as
there are digits of P to that base are enough; an item travels once in each.

Rejected: `distributed.shuffle`, which costs 2 P tasks, but is of frames alone, needs a cluster, and begins anew if a
worker dies.
"""

from collections.abc import Mapping
from typing import Any

from dask._task_spec import TaskRef

from fastloss.dask.graphs import Blocks, tasks

FAN = 32

Parcels = Mapping[int, tuple[Any, ...]]  # for each owner the items that go to it, in the order of their sources


def exchanged(name: str, blocks: Blocks, owners: int) -> Blocks:
    """Return for each owner the tuple of the items that `blocks`, each of them `Parcels`, have for it.

    An item is anything; an owner for whom no source has one is given an empty tuple.
    """
    sources, base = len(blocks.keys), _base(max(len(blocks.keys), owners))
    bundles, sections = sources, 1
    while bundles > 1 or sections < owners:
        more, fewer = min(sections * base, owners), -(-bundles // base)
        wanted = [(bundle, section) for bundle in range(fewer) for section in range(more)]
        from_bundles = [range(one * base, min((one + 1) * base, bundles)) for one, _ in wanted]
        # Node (bundle, section) is number `bundle * sections + section`; sections are the owners' remainders.
        items = [
            (TaskRef(blocks.keys[one * sections + section % sections]), section, more)
            for (_, section), few in zip(wanted, from_bundles, strict=True)
            for one in few
        ]
        pieces = tasks(f"{name}-item", _of_section, items, [blocks])
        refs = map(TaskRef, pieces.keys)
        lists = [([next(refs) for _ in few],) for few in from_bundles]
        blocks = tasks(name, _united, lists, [pieces])
        bundles, sections = fewer, more
    return tasks(f"{name}-of", _items, [(TaskRef(key), owner) for owner, key in enumerate(blocks.keys)], [blocks])


def _base(count: int) -> int:
    """Return the least base in which `count` has as few digits as to the base `FAN`."""
    digits = 1
    while FAN**digits < count:
        digits += 1
    base = 2
    while base**digits < count:
        base += 1
    return base


# Functions of the workers.


def _of_section(parcels: Parcels, section: int, sections: int) -> dict[int, tuple[Any, ...]]:
    return {owner: items for owner, items in parcels.items() if owner % sections == section}


def _united(several: list[Parcels]) -> dict[int, tuple[Any, ...]]:
    made: dict[int, tuple[Any, ...]] = {}
    for one in several:
        for owner, items in one.items():
            made[owner] = (*made.get(owner, ()), *items)
    return made


def _items(parcels: Parcels, owner: int) -> tuple[Any, ...]:
    return tuple(parcels.get(owner, ()))
