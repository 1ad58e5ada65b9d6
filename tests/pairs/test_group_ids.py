"""`return_ids`: each group's value beside its id, for losses over groups and `auc`, whatever the order of the rows."""

import datetime

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import fastloss
from fastloss.core.loss import REGISTRY
from fastloss.core.outcomes import PerGroup

SCORES = np.array([0.3, 0.1, 0.7, 0.5, 0.2, 0.9, 0.4])
LABELS = np.array([0, 1, 1, 1, 0, 0, 0])
IDS = {
    "in order": np.array([1, 1, 1, 4, 4, 6, 6]),
    "falling runs": np.array([9, 9, 9, 4, 4, 2, 2]),
    "scattered": np.array([4, 2, 4, 9, 2, 9, 4]),
    "runs that come back": np.array([4, 4, 2, 2, 2, 4, 4]),
    "all alone": np.array([7, 3, 5, 1, 2, 6, 4]),
    "one": np.array([5] * 7),
    "floats": np.array([0.5, 0.25, 0.5, 0.5, 0.25, 1e30, 1e30], np.float32),
    "strings": ["b", "a", "b", "b", "a", "cc", "cc"],
    "bools": [True, False, True, True, False, False, False],
    "bytes": [b"b", b"a", b"b", b"b", b"a", b"c", b"c"],
    "dates": np.array(["2020-01-02", "2020-01-01"], "M8[D]")[[0, 1, 0, 0, 1, 1, 0]],
    "list of dates": [datetime.date(2020, 1, day) for day in (2, 1, 2, 2, 1, 3, 3)],
    "uint64": np.array([2**63 + 1, 2**63, 2**63 + 1, 3, 3, 3, 3], np.uint64),
    "beyond 64 bits": [2**70, 1, 2**70, 2**70, 1, 1, 2**71],
}
FUNCTIONS = {
    **{name: loss for name, loss in REGISTRY.items() if "return_ids" in loss.__signature__.parameters},
    "auc": fastloss.auc,
}


def test_every_loss_with_groups_has_it():
    assert {name for name, loss in REGISTRY.items() if "per_group" in loss.reductions} | {"auc"} == set(FUNCTIONS)


@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_group_by_itself(name, kind):
    ids, function = IDS[kind], FUNCTIONS[name]
    found = function(SCORES, LABELS, groups=ids, reduction="per_group", return_ids=True)
    assert type(found) is PerGroup
    assert found._fields == ("ids", "values")
    objects = np.array([*ids, None], object)[:-1]  # each as it is given
    assert found.ids.tolist() == sorted(set(np.asarray(ids).tolist() if kind == "floats" else objects.tolist()))
    plain = function(SCORES, LABELS, groups=ids, reduction="per_group")
    np.testing.assert_array_equal(found.values, plain)
    for id, value in zip(found.ids.tolist(), found.values.tolist(), strict=True):
        rows = np.array([one == id for one in (np.asarray(ids).tolist() if kind == "floats" else objects)])
        alone = function(SCORES[rows], LABELS[rows], reduction="per_group", return_ids=True)
        assert alone.ids.tolist() == [0]
        np.testing.assert_allclose([value], alone.values, rtol=1e-12)


@pytest.mark.parametrize(
    "ids",
    [
        pandas.Series(["b", "a", "b"], name="user").astype("category"),
        pandas.Series(["b", "a", "b"], dtype="string[pyarrow]"),
        polars.Series(["b", "a", "b"], dtype=polars.Categorical),
        polars.Series(["b", "a", "b"], dtype=polars.Enum(["b", "a"])),  # by the words, not by the order of the Enum
        pyarrow.array(["b", "a", "b"]).dictionary_encode(),
        pyarrow.chunked_array([["b"], ["a", "b"]]),
    ],
)
def test_columns_of_ids(ids):
    found = fastloss.auc([0.5, 0.1, 0.2], [1, 0, 0], groups=ids, reduction="per_group", return_ids=True)
    assert found.ids.tolist() == ["a", "b"]
    np.testing.assert_array_equal(found.values, [np.nan, 1.0])


def test_offsets_and_nothing_are_numbered():
    loss, of_groups = fastloss.pairwise_logistic_loss, {"reduction": "per_group", "return_ids": True}
    assert loss(SCORES, LABELS, offsets=[0, 3, 3, 7], **of_groups).ids.tolist() == [0, 1, 2]
    assert loss(SCORES, LABELS, **of_groups).ids.tolist() == [0]
    assert loss([], [], offsets=[0], **of_groups).ids.tolist() == []
    none = loss([], [], groups=[], **of_groups)
    assert none.ids.size == none.values.size == 0
    assert fastloss.auc(SCORES, LABELS, offsets=[0, 3, 7], **of_groups).ids.tolist() == [0, 1]


def test_beside_gradients_and_counts():
    words = {"groups": IDS["scattered"], "reduction": "per_group"}
    for loss in (fastloss.pairwise_logistic_loss, fastloss.lambdarank_loss):
        plain, gradient = loss.value_and_grad(SCORES, LABELS, **words)
        found, beside = loss.value_and_grad(SCORES, LABELS, **words, return_ids=True)
        assert found.ids.tolist() == [2, 4, 9]
        np.testing.assert_array_equal(found.values, plain)
        np.testing.assert_array_equal(beside, gradient)
    found, counts = fastloss.pairwise_hinge_loss(SCORES, LABELS, **words, return_ids=True, with_counts=True)
    assert (found.ids.tolist(), counts.tolist()) == ([2, 4, 9], [1, 2, 1])


def test_what_has_no_ids_is_an_error():
    loss = fastloss.pairwise_logistic_loss
    for reduction in ("mean", "sum", "none"):
        expected = f"return_ids is True, but reduction is '{reduction}': expected 'per_group'"
        with pytest.raises(ValueError, match=expected):
            loss(SCORES, LABELS, groups=IDS["one"], reduction=reduction, return_ids=True)
    with pytest.raises(ValueError, match="return_ids is True, but reduction is 'mean'"):
        fastloss.auc(SCORES, LABELS, return_ids=True)
    with pytest.raises(ValueError, match="return_ids is True: expected False, since grad_hess"):
        loss.grad_hess(SCORES, LABELS, reduction="per_group", return_ids=True)
    for function in (loss, fastloss.auc):
        with pytest.raises(TypeError, match="return_ids is 1: expected True or False"):
            function(SCORES, LABELS, reduction="per_group", return_ids=1)
        assert type(function(SCORES, LABELS, reduction="mean", return_ids=False)) is float
