"""The suite as pytest-benchmark sees it, generated from the registry: a group for each loss, precision, size and way.

`pytest bench --benchmark-disable` runs each call once and compares the peers' numbers, so that nothing rots.
`pytest bench --largest 1000000 --benchmark-json FILE` measures.
"""

import functools

import pytest

pytest.importorskip("pytest_benchmark")

from bench.peers import PROVIDERS
from bench.suite import BOTH, QUICK_PEERS, VALUE, Cell, Prepared, cells, prepare

PEERS = {"quick": QUICK_PEERS, "all": tuple(PROVIDERS), "none": ()}
LIMIT = "the limit"


@functools.lru_cache(maxsize=1)
def prepared(cell: Cell, peers: tuple[str, ...]) -> Prepared:
    """Of the cell in hand; its contenders follow one another."""
    return prepare(cell, peers)


def sizes(largest: int) -> list[int]:
    return [10**power for power in range(3, len(str(largest)))]


def contenders(cell: Cell, what: str, peers: tuple[str, ...]) -> list[str]:
    others = [name for name in peers if PROVIDERS[name].has(cell.loss, gradient=what == BOTH)]
    return ["fastloss", *others, LIMIT]


def pytest_generate_tests(metafunc):
    chosen = PEERS[metafunc.config.getoption("--peers")]
    todo = [
        (cell, what, name)
        for cell in cells(sizes(metafunc.config.getoption("--largest")))
        for what in (VALUE, BOTH)
        for name in contenders(cell, what, chosen)
    ]
    metafunc.parametrize(("cell", "what", "contender"), todo, ids=["-".join(map(str, one)) for one in todo])


def test_time(benchmark, request, cell, what, contender):
    made = prepared(cell, PEERS[request.config.getoption("--peers")])
    assert made.unequal == {}
    calls = made.calls[what]
    name = list(calls)[-1] if contender == LIMIT else contender
    if name not in calls:
        pytest.skip("not with a gradient, or not at this size")
    benchmark.group = f"{cell} {what}"
    benchmark.extra_info.update(size=made.work.size, counted=made.work.counted, called=name)
    benchmark(calls[name])
