"""The benchmarks for a GPU run, in the simulator at tiny sizes; what they are compared with computes the same."""

import functools

import numpy as np
import pytest

import fastloss
from fastloss.compile import cuda as engine
from tests.cuda.gpu import Pretended, small_tiles, view

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

from bench import gpu, gpu_peers
from bench.measure import Table
from fastloss.compile.cuda import arrays
from fastloss.pointwise import cuda as pointwise

RNG = np.random.default_rng(0)


class Copied(Pretended):
    """One that another array can be copied to."""

    def copy_to_device(self, other):
        self.array[...] = other.array


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(arrays, "view", view)
    monkeypatch.setattr(gpu, "to_device", Copied)
    monkeypatch.setattr(gpu_peers, "arithmetic", functools.partial(gpu_peers.arithmetic, blocks=1, threads=2, steps=3))
    with small_tiles(monkeypatch):
        yield gpu.Clock(Table(0, machine="simulator"))


@pytest.mark.parametrize(
    ("part", "sizes", "claims"), [(gpu.pointwise, (9,), 6), (gpu.pairs, (8, 12), 2), (gpu.embeddings, (3, 2), 0)]
)
def test_parts(part, sizes, claims, clock, monkeypatch):
    monkeypatch.setattr(gpu_peers, "on_cuda", lambda: False)
    table = clock._table
    part(table, clock, *sizes)
    assert len(table.claims) == claims
    assert all(row["repeats"] == 9 for row in table.rows)  # the simulator's events know no time
    assert {row["contender"] for row in table.rows} >= ({"fastloss"} if part is gpu.embeddings else {"value", "copy"})


def test_whoever_disagrees_is_named(monkeypatch):
    loss, run = fastloss.mse_loss, pointwise.run
    assert list(gpu.disagreements([loss], many=False)) == []

    def doubled(*arguments):
        outcome = run(*arguments)
        return outcome._replace(gradients=tuple(2.0 * one for one in outcome.gradients))

    monkeypatch.setattr(pointwise, "run", doubled)
    found = list(gpu.disagreements([loss], many=False))
    assert any("float32 value_and_grad none" in line for line in found)
    assert not any(" value mean" in line for line in found)


def test_torch_computes_the_same():
    pytest.importorskip("torch")
    query, key = RNG.standard_normal((2, 6, 4))
    expected = fastloss.info_nce_loss.value_and_grad(query, key)
    (value,), (both,) = ((*calls.values(),) for calls in gpu_peers.info_nce(query, key, "cpu", compiled=False))
    assert value() == pytest.approx(expected[0], rel=1e-12)
    found, slopes = both()
    assert found == pytest.approx(expected[0], rel=1e-12)
    for slope, reference in zip(slopes, expected[1], strict=False):
        np.testing.assert_allclose(slope, reference, atol=1e-12)
    scores, labels = RNG.standard_normal(30), (RNG.random(30) < 0.5).astype(np.float64)
    for call in gpu_peers.all_pairs(scores, labels, "cpu", compiled=False).values():
        assert call() == pytest.approx(fastloss.pairwise_logistic_loss(scores, labels), rel=1e-12)


def test_a_process_that_fails_is_no_agreement():
    said, _ = gpu.check_apart("no_such_loss")
    assert "no_such_loss" in said
    assert "exit status 1" in said
