"""Every loss and count of collections gives what one process gives, value and derivatives."""

import itertools

import cloudpickle
import dask
import numpy as np
import pandas as pd
import pytest
from dask import array as da
from dask import dataframe as dd

import fastloss
import fastloss.dask
from fastloss.ahead.cases import cases
from fastloss.core.loss import REGISTRY

NEAR = {"rtol": 1e-12, "atol": 1e-15}
CASES = [one for name in REGISTRY for one in itertools.islice(cases(REGISTRY[name]), 6)]
WHOLE = ("interactions", "positives")  # lists, which are given as they are


def in_chunks(case, rows=3):
    """A case's arguments as collections; what is no row of each example stays in memory."""
    count = len(case.arrays[0])

    def cut(name, value):
        if name in (*case.loss.tables, *WHOLE, "weight", "pos_weight", "bias", "params", "item_bias"):
            return value
        is_rows = name in case.loss.arguments or (isinstance(value, np.ndarray) and value.shape[:1] == (count,))
        return da.from_array(np.asarray(value), chunks=(rows, *np.shape(value)[1:])) if is_rows else value

    args = [cut(name, value) for name, value in zip(case.loss.arguments, case.arrays, strict=False)]
    return args, {name: cut(name, value) for name, value in case.keywords.items()}


def listed(found):
    return [np.asarray(one) for one in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("case", CASES, ids=map(str, CASES))
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_value_and_gradient(case, weighted):
    loss = case.loss
    weight = np.linspace(0.5, 2.0, case.items[0]) if weighted and case.items else None
    if any(np.ndim(one) == 0 or one is None for one in case.arrays) or (weighted and not case.items):
        pytest.skip("an argument without rows")
    if "offsets" in case.keywords:
        pytest.skip("refused: see test_input.py")
    if weighted and case.keywords.get("axis") == 0:
        pytest.skip("weights of columns")
    args, words = in_chunks(case)
    lazy = fastloss.dask.__getattr__(loss.name)
    weights = {} if weight is None else {"sample_weight": weight}
    expected, slopes = loss.value_and_grad(*case.arrays, **case.keywords, **weights)
    if loss.name == "nt_xent_loss" and weighted:  # of both arrays' rows
        weights["sample_weight"] = da.from_array(weight, chunks=5)
    if loss.name == "lambdarank_loss" and weighted and "groups" in words:  # of each row, that of its query
        places = np.unique(case.keywords["groups"], return_inverse=True)[1]
        weights["sample_weight"] = da.from_array(weight[places], chunks=3)
    value, gradients = dask.compute(*lazy.value_and_grad(*args, **words, **weights), scheduler="sync")
    assert value == pytest.approx(expected, rel=1e-13, abs=1e-15)
    for own, other in zip(listed(gradients), listed(slopes), strict=True):
        np.testing.assert_allclose(own, other, **NEAR)
        assert own.shape == other.shape


SUMS = ("log_cosh_loss", "rmse_loss", "cross_entropy", "kl_divergence", "binary_cross_entropy")


@pytest.mark.parametrize("name", SUMS)
def test_second_derivatives(name):
    case = next(iter(cases(REGISTRY[name])))
    args, words = in_chunks(case)
    expected = case.loss.grad_hess(*case.arrays, **case.keywords)
    found = dask.compute(*getattr(fastloss.dask, name).grad_hess(*args, **words), scheduler="sync")
    for own, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, other, **NEAR)


def rows(count=3000, seed=5):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"score": rng.normal(size=count), "label": rng.integers(0, 3, count)})
    frame["weight"] = rng.random(count)
    frame["group"] = rng.integers(0, 80, count)
    return frame.set_index(np.arange(count) * 2 + 1)


GROUPED = ("pairwise_logistic_loss", "pairwise_squared_hinge_loss", "lambdarank_loss")


@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "anywhere"])
@pytest.mark.parametrize("kind", ["numbers", "text"])
@pytest.mark.parametrize("name", GROUPED)
def test_groups_of_a_frame(name, kind, in_order):
    frame = rows()
    if in_order:
        frame["group"] = np.sort(frame["group"])
    if kind == "text":
        frame["group"] = frame["group"].map("user {}".format)
    weights = frame["weight"]
    if name == "lambdarank_loss":  # which weighs queries
        ids, places = np.unique(frame["group"], return_inverse=True)
        weights = np.linspace(0.5, 2.0, ids.size)
        frame["weight"] = weights[places]
    cut = dd.from_pandas(frame, npartitions=7, sort=False)
    words = {"groups": cut["group"], "sample_weight": cut["weight"]}
    value, gradient = getattr(fastloss.dask, name).value_and_grad(cut["score"], cut["label"], **words)
    own = {"groups": frame["group"], "sample_weight": weights}
    expected, slopes = getattr(fastloss, name).value_and_grad(frame["score"], frame["label"], **own)
    found, series = value.compute(), gradient.compute(scheduler="threads")
    assert found == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(series.to_numpy(), slopes, **NEAR)
    assert series.index.equals(frame.index)


@pytest.mark.parametrize("name", ["pairwise_hinge_loss", "auc"])
def test_means_of_groups(name):
    frame = rows()
    cut = dd.from_pandas(frame, npartitions=5)
    words = {"groups": cut["group"], "reduction": "per_group"}
    found = getattr(fastloss.dask, name)(cut["score"], cut["label"], **words).compute().sort_values("group")
    expected = getattr(fastloss, name)(frame["score"], frame["label"], groups=frame["group"], reduction="per_group")
    assert found["group"].tolist() == sorted(set(frame["group"]))
    np.testing.assert_allclose(found["value"], expected, rtol=1e-14)
    again = getattr(fastloss.dask, name)(cut["score"], cut["label"], **words, return_ids=True).compute()
    assert again.sort_values("group").equals(found)  # the ids are in it as it is


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", ["auc", "count_inversions"])
def test_counts(name, grouped, weighted):
    frame = rows()
    names = {"groups": "group"} if grouped else {}
    names |= {"sample_weight": "weight"} if weighted else {}
    cut = dd.from_pandas(frame, npartitions=5)
    found = getattr(fastloss.dask, name)(cut["score"], cut["label"], **{one: cut[at] for one, at in names.items()})
    own = {one: frame[at].to_numpy() for one, at in names.items()}
    expected = getattr(fastloss, name)(frame["score"], frame["label"], **own)
    assert found.compute(scheduler="sync") == pytest.approx(expected, rel=1e-13)
    assert type(found.compute(scheduler="sync")) is type(expected)


def test_the_bits_of_one_process_where_chunks_align():
    rng = np.random.default_rng(2)
    scores, labels = rng.normal(size=50_000), rng.integers(0, 2, 50_000)
    expected, slopes = fastloss.binary_cross_entropy_with_logits.value_and_grad(scores, labels)
    for size in (8192, 3 * 8192):
        args = [da.from_array(one, chunks=size) for one in (scores, labels)]
        value, gradient = fastloss.dask.binary_cross_entropy_with_logits.value_and_grad(*args)
        assert value.compute() == expected
        assert np.array_equal(gradient.compute(), slopes)
        assert gradient.chunks == args[0].chunks


def test_gradients_of_frames_are_what_they_are_said_to_be():
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 3)), columns=list("abc")).astype("float32")
    frame["class"] = np.arange(60) % 3
    cut = dd.from_pandas(frame, npartitions=3)
    logits, classes = cut[["a", "b", "c"]], cut["class"]
    gradient = fastloss.dask.cross_entropy.value_and_grad(logits, classes)[1]
    each = fastloss.dask.cross_entropy(logits, classes, reduction="none")
    by_score = fastloss.dask.mse_loss.value_and_grad(cut["a"], cut["b"])[1]
    for lazy in (gradient, by_score):
        found = lazy.compute(scheduler="sync")
        assert type(found) is type(lazy._meta)
        assert set(np.ravel(found.dtypes)) == set(np.ravel(lazy._meta.dtypes)) == {np.dtype("float32")}
    assert gradient.compute(scheduler="sync").shape == (60, 3)
    assert each.compute(scheduler="sync").shape == (60,)


def test_losses_of_each_example():
    frame = rows()
    cut = dd.from_pandas(frame, npartitions=4)
    found = fastloss.dask.huber_loss(cut["score"], cut["label"], delta=0.5, reduction="none").compute()
    expected = fastloss.huber_loss(frame["score"], frame["label"], delta=0.5, reduction="none")
    assert np.array_equal(found, expected)
    assert found.index.equals(frame.index)


def test_delayed_partitions():
    frame = rows(100)
    parts = [dask.delayed(frame[at : at + 30]) for at in range(0, 100, 30)]
    scores, labels = ([dask.delayed(one)[name] for one in parts] for name in ("score", "label"))
    value, gradient = fastloss.dask.mse_loss.value_and_grad(scores, labels)
    assert value.compute() == pytest.approx(fastloss.mse_loss(frame["score"], frame["label"]), rel=1e-14)
    assert [len(one) for one in dask.compute(*gradient)] == [30, 30, 30, 10]


def test_nothing_travels_but_names_arrays_and_bytes():
    """No task holds a kernel, or a loss: what is pickled stays small."""
    frame = rows()
    cut = dd.from_pandas(frame, npartitions=3)
    value, _ = fastloss.dask.pairwise_logistic_loss.value_and_grad(cut["score"], cut["label"])
    own = [task for key, task in dict(value.dask).items() if str(key[0]).startswith("fastloss")]
    assert own
    assert all(b"numba" not in cloudpickle.dumps(task) for task in own)
    assert max(len(cloudpickle.dumps(task)) for task in own) < 2000
    assert all("pairwise_logistic_loss" in str(key) for key in dict(value.dask) if "fastloss" in str(key))


class Reads:
    """Counts how often partitions are read, and how many are held."""

    def __init__(self, frame, parts):
        self.frame, self.parts, self.count = frame, parts, 0

    def __call__(self, at):
        self.count += 1
        return self.frame.iloc[at :: self.parts]

    def columns(self, *names):
        parts = [dask.delayed(self, pure=True, traverse=False)(at) for at in range(self.parts)]
        return [[part[name] for part in parts] for name in names]


@pytest.mark.parametrize("name", ["binary_cross_entropy_with_logits", "pairwise_logistic_loss"])
def test_a_value_is_one_scan_and_a_gradient_two(name):
    frame = rows()
    frame["label"] = frame["label"] % 2
    reads = Reads(frame, 5)
    value, gradient = getattr(fastloss.dask, name).value_and_grad(*reads.columns("score", "label"))
    value.compute(scheduler="sync")
    assert reads.count == 5
    reads.count = 0
    dask.compute(value, gradient, scheduler="sync")
    assert reads.count == 10


def test_groups_are_found_before_their_rows_are_read():
    reads = Reads(rows(), 5)
    scores, labels, groups = reads.columns("score", "label", "group")
    value, gradient = fastloss.dask.pairwise_logistic_loss.value_and_grad(scores, labels, groups=groups)
    value.compute(scheduler="sync")
    assert reads.count == 10
    reads.count = 0
    dask.compute(value, gradient, scheduler="sync")
    assert reads.count == 15


def test_what_is_in_memory_is_not_made_again():
    frame = rows()
    arrays = [da.from_array(frame[name].to_numpy(), chunks=1000).persist() for name in ("score", "label")]
    _, gradient = fastloss.dask.pairwise_logistic_loss.value_and_grad(*arrays)
    assert not any("again" in str(key) for key in dict(gradient.dask))
