"""Losses that one task computes: the bits of the call in one process, and gradients cut as the partitions are."""

import dask
import numpy as np
import pytest

import fastloss
from fastloss.dask import whole
from fastloss.dask.workers import job
from tests.conftest import is_same
from tests.dask.partitions import blocks, computed, cut, total

ROWS = 11
LABELS = np.array(list("abacbadcaab"))
CUTS = ([], [4], [0, 3, 3, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
MINED = {
    "batch_all_triplet_loss": {"margin": 0.7},
    "batch_contrastive_loss": {"margin": 2.0},
    "batch_hard_triplet_loss": {"soft": True},
    "batch_semihard_triplet_loss": {"squared": True},
}


def drawn(dtype=np.float64):
    rng = np.random.default_rng(5)
    return rng.normal(size=(ROWS, 3)).astype(dtype), rng.uniform(0.5, 2.0, ROWS)


@pytest.mark.parametrize("name", MINED)
@pytest.mark.parametrize("ends", CUTS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_mined_losses(name, ends, reduction):
    rows, weights = drawn(np.float32)
    words = MINED[name]
    expected, slopes = fastloss.lookup(name).value_and_grad(
        rows, LABELS, sample_weight=weights, reduction=reduction, **words
    )
    arguments = {
        "embeddings": blocks(cut(rows, ends)),
        "labels": blocks(cut(LABELS, ends)),
        "sample_weight": blocks(cut(weights, ends)),
    }
    one = job(name, words)
    made = whole.value_and_grad(one, arguments, reduction=reduction)
    assert is_same(total(made.value), expected)
    assert is_same(total(whole.value(one, arguments, reduction=reduction)), expected)
    parts = computed(made.gradients["embeddings"], "threads")
    assert [len(part) for part in parts] == [len(part) for part in cut(rows, ends)]
    assert is_same(np.concatenate(parts), slopes)


def test_optional_arguments_and_numbers():
    rows, _ = drawn()
    made = whole.value_and_grad(job("ge2e_loss", {"w": 3.0}), {"embeddings": blocks(cut(rows, [5])), "labels": LABELS})
    value, slopes = fastloss.ge2e_loss.value_and_grad(rows, LABELS, w=3.0)
    assert total(made.value) == value
    assert (total(made.gradients["w"]), total(made.gradients["b"])) == (slopes.w, slopes.b)
    assert is_same(np.concatenate(computed(made.gradients["embeddings"])), slopes.embeddings)


def test_the_catalogue_may_be_in_memory():
    users, _ = drawn()
    items, bias = users[:4] - 0.5, np.arange(4.0)
    observed = np.arange(ROWS + 1), np.arange(ROWS) % 4
    arguments = {"user_factors": blocks(cut(users, [2, 7])), "item_factors": items, "interactions": observed}
    one = job("bpr_all_negatives_loss", {"reg": 0.1})
    value, slopes = fastloss.bpr_all_negatives_loss.value_and_grad(users, items, observed, reg=0.1)
    made = whole.value_and_grad(one, arguments)
    assert list(made.gradients) == ["user_factors", "item_factors"]
    assert total(made.value) == value
    assert is_same(np.concatenate(computed(made.gradients["user_factors"])), slopes[0])
    assert is_same(total(made.gradients["item_factors"]), slopes[1])
    made = whole.value_and_grad(one, {**arguments, "item_bias": blocks(cut(bias, [1]))})
    slopes = fastloss.bpr_all_negatives_loss.value_and_grad(users, items, observed, reg=0.1, item_bias=bias)[1]
    assert is_same(np.concatenate(computed(made.gradients["item_bias"])), slopes[2])


def test_counts():
    rows, _ = drawn()
    words = {"margin": 1.0, "with_counts": True}
    arguments = {"embeddings": blocks(cut(rows, [5])), "labels": LABELS}
    expected = fastloss.batch_all_triplet_loss(rows, LABELS, **words)
    assert total(whole.value(job("batch_all_triplet_loss", words), arguments)) == expected
    assert total(whole.value_and_grad(job("batch_all_triplet_loss", words), arguments).value) == expected


def test_any_loss_by_the_names_of_its_gradients():
    rows, _ = drawn()
    made = whole.value_and_grad(
        job("triplet_margin_loss", {}),
        {"anchor": blocks(cut(rows, [5])), "positive": rows + 1.0, "negative": blocks(cut(-rows, [5]))},
    )
    slopes = fastloss.triplet_margin_loss.value_and_grad(rows, rows + 1.0, -rows)[1]
    assert is_same(np.concatenate(computed(made.gradients["negative"])), slopes[2])
    assert is_same(total(made.gradients["positive"]), slopes[1])


def test_other_reductions_are_refused_when_the_graph_is_built():
    with pytest.raises(ValueError, match="reduction is 'none': expected one of 'mean', 'sum'"):
        whole.value(job("batch_all_triplet_loss", {}), {}, reduction="none")


def test_an_error_names_the_partition_and_its_row():
    rows, weights = drawn()
    weights[7] = -2.0
    arguments = {
        "embeddings": blocks(cut(rows, [5])),
        "labels": LABELS,
        "sample_weight": blocks(cut(weights, [5, 5])),
    }
    made = whole.value(job("batch_all_triplet_loss", {}), arguments)
    with pytest.raises(ValueError, match="sample_weight, row 2 of partition 2, is -2: expected"):
        total(made)


def test_an_error_about_a_whole_argument_is_as_it_was():
    rows, _ = drawn()
    made = whole.value(job("batch_all_triplet_loss", {}), {"embeddings": blocks(cut(rows, [5])), "labels": LABELS[:3]})
    with pytest.raises(ValueError, match="labels has shape"):
        dask.compute(*made.delayed())
