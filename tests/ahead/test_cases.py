"""Sample calls of losses that nobody listed any for."""

import numpy as np
import pytest

import fastloss
from bench.workloads import BUILDERS as SIZED
from bench.workloads import workload
from fastloss.ahead.cases import cases, examples
from fastloss.ahead.row_cases import BUILDERS


@pytest.mark.parametrize("name", ["multi_margin_loss", "softmax_focal_loss", "supcon_loss"])
def test_a_loss_that_is_not_listed_is_called_as_in_its_example(name, monkeypatch):
    monkeypatch.delitem(BUILDERS, name)
    loss = fastloss.lookup(name)
    (args, kwargs), *_ = examples(loss)
    found = cases(loss)
    assert [one.tolist() for one in found[0].arrays] == [np.asarray(one).tolist() for one in args]
    assert found[0].keywords == kwargs
    assert {word for case in found for word in case.keywords} >= {
        word for word, spec in loss.parameters.items() if hasattr(spec, "low")
    }
    for case in found:
        each = loss(*case.arrays, **case.keywords, reduction="none")
        assert each.shape == case.items
        slopes = loss.value_and_grad(*case.arrays, **case.keywords)[1]
        assert (slopes[0] if isinstance(slopes, tuple) else slopes).shape == case.arrays[0].shape


def test_a_loss_without_an_example_has_no_case(monkeypatch):
    monkeypatch.delitem(BUILDERS, "multi_margin_loss")
    loss = fastloss.lookup("multi_margin_loss")
    monkeypatch.setattr(loss, "__doc__", "No example.")
    assert cases(loss) == []


def test_a_benchmark_draws_rows_of_the_sample_call(monkeypatch):
    monkeypatch.delitem(SIZED, "multi_margin_loss")
    work = workload("multi_margin_loss", "float32", 400)
    logits, target = work.arrays
    assert logits.dtype == np.float32 and logits.shape == (100, 4) and target.shape == (100,)
    assert np.isfinite(work.both()[0])
