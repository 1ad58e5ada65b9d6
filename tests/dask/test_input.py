"""What collections cannot be given is refused when the graph is built, by an error that says what to call."""

import re

import dask
import numpy as np
import pandas as pd
import pytest
from dask import array as da
from dask import bag, delayed
from dask import dataframe as dd

import fastloss
import fastloss.dask
from fastloss.core.loss import REGISTRY

COUNT, CHUNK = 10, 4
SCORES = np.linspace(-1.0, 1.0, COUNT)
LABELS = np.arange(COUNT) % 2
MATRIX = np.random.default_rng(3).normal(size=(COUNT, 3))
LOGISTIC = fastloss.dask.pairwise_logistic_loss


def chunks(array, rows=CHUNK):
    array = np.asarray(array)
    return da.from_array(array, chunks=(rows, *array.shape[1:]))


X, Y, GROUPS, ROWS = chunks(SCORES), chunks(LABELS), chunks(np.arange(COUNT) // 3), chunks(MATRIX)
CLASSES = chunks(np.arange(COUNT) % 3)
FRAME = dd.from_pandas(pd.DataFrame({"score": SCORES, "label": LABELS}), npartitions=3)
UNKNOWN = X[X > -9.0]
PARTS = [delayed(SCORES[at : at + CHUNK]) for at in range(0, COUNT, CHUNK)]


class Elsewhere:
    """A block that is no array of NumPy, as those of CuPy."""

    ndim, shape, dtype = 1, (0,), np.dtype(float)


def on_a_gpu():
    made = X.copy()
    made._meta = Elsewhere()
    return made


@pytest.fixture(autouse=True)
def nothing_is_computed(request):
    """A refusal is one of the graph's: no task runs. Tests that compute say so."""

    def refuse(*_, **__):
        raise AssertionError("a task ran")

    with dask.config.set(scheduler="sync" if "computes" in request.fixturenames else refuse):
        yield


@pytest.fixture
def computes():
    """Tasks may run."""


def refused(kind, message, function, *args, **kwargs):
    with pytest.raises(kind, match=re.escape(message)):
        function(*args, **kwargs)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"method": "direct"}, "method is given as 'direct': expected 'auto' or 'fast' for collections"),
        ({"method": "quick"}, "method is given as 'quick'"),
        ({"method": np.zeros(3)}, "method is given as array([0., 0., 0.])"),
        ({"backend": "cuda"}, "backend is given as 'cuda': expected 'auto' or 'cpu' for collections"),
        ({"offsets": [0, 10]}, "offsets is given as [0, 10]: expected None for collections: give ids as `groups`"),
        ({"with_counts": True}, "with_counts is given as True: expected False"),
        ({"reduction": "none"}, "reduction is 'none': expected 'mean' or 'sum' for collections"),
        ({"reduction": "none", "groups": GROUPS}, "reduction is 'none': expected 'mean' or 'sum' for collections"),
        ({"reduction": "per_group"}, "reduction is 'per_group': expected 'mean' or 'sum' for "),
        ({"return_ids": True}, "return_ids is True, but reduction is 'mean': expected 'per_group'"),
        ({"return_ids": 1}, "return_ids is given as 1: expected False or True"),
        ({"reduction": "median"}, "reduction is 'median': expected one of"),
        ({"pairs": "every"}, "pairs is 'every': expected one of 'ordered', 'all'"),
        ({"sigma": -1}, "sigma is -1: expected a number in"),
    ],
)
def test_keywords(words, message):
    refused(ValueError, message, LOGISTIC, X, Y, **words)
    refused(ValueError, message, LOGISTIC.value_and_grad, X, Y, **words)


def test_keywords_are_named_if_there_are_none():
    refused(TypeError, "pairwise_logistic_loss: got an unexpected keyword argument 'sigm'", LOGISTIC, X, Y, sigm=1.0)
    refused(TypeError, "pairwise_logistic_loss: missing a required argument: 'labels'", LOGISTIC, X)
    refused(TypeError, "pairwise_logistic_loss: too many positional arguments", LOGISTIC, X, Y, Y)
    refused(TypeError, "pairwise_logistic_loss: labels is None: expected a collection", LOGISTIC, X, None)
    for name in ("auc", "count_inversions"):
        message = f"{name}: got an unexpected keyword argument 'with_counts'"
        refused(TypeError, message, getattr(fastloss.dask, name), X, Y, with_counts=1)
    refused(ValueError, "auc: reduction is 'per_group' without groups", fastloss.dask.auc, X, Y, reduction="per_group")
    message = "reduction is 'sum': expected one of 'mean', 'per_group'"
    refused(ValueError, message, fastloss.dask.auc, X, Y, reduction="sum")
    with pytest.raises(AttributeError, match="has no attribute 'msee_loss'"):
        _ = fastloss.dask.msee_loss


def test_gradients_of_means_of_groups():
    words = {"groups": GROUPS, "reduction": "per_group"}
    refused(ValueError, "reduction is 'per_group': expected 'mean' or 'sum'", LOGISTIC.value_and_grad, X, Y, **words)


OWN = {  # parameters that the loss checks itself, and others
    "asymmetric_huber_loss": ({"delta": 1.0, "delta_below": -1}, "delta_below is -1: expected a number in (0, inf)"),
    "contrastive_loss": ({"similar": 5}, "similar is 5: expected 0 or 1"),
    "cross_entropy": ({"ignore_index": "a"}, "ignore_index is 'a': expected an integer"),
    "dice_loss": ({"axis": 5}, "axis is 5: expected distinct axes"),
    "huber_loss": ({"delta": np.ones(COUNT)}, "expected a number in (0, inf)"),
    "lambdarank_loss": ({"truncation_level": -1}, "truncation_level is -1: expected an integer >= 1"),
    "multi_margin_loss": ({"p": 3}, "p is 3: expected 1 or 2"),
    "multi_quantile_loss": ({"quantiles": (0.5, 1.0, 0.2)}, "quantiles[1] is 1: expected a number in (0, 1)"),
    "nmae_loss": ({"norm": "median"}, "norm is 'median': expected one of 'range'"),
    "poly_loss": ({"epsilon": "much"}, "epsilon has dtype <U4: expected real numbers"),
    "tweedie_loss": ({"power": 0}, "power is 0: expected a number in [1, 2]"),
    "softmax_focal_loss": ({"alpha": -1}, "alpha is -1: expected a number in [0, inf)"),
    "binary_cross_entropy_with_logits": ({"pos_weight": -1}, "pos_weight is -1: expected a number in [0, inf)"),
}
OF = {"contrastive_loss": (ROWS, ROWS, Y), "dice_loss": (ROWS, ROWS), "multi_quantile_loss": (ROWS, Y)}
OF |= dict.fromkeys(("cross_entropy", "multi_margin_loss", "poly_loss", "softmax_focal_loss"), (ROWS, CLASSES))


@pytest.mark.parametrize("name", OWN)
def test_parameters(name):
    words, message = OWN[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        getattr(fastloss.dask, name)(*OF.get(name, (X, Y)), **words)
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [X.sum(), X, delayed(1.0), PARTS], ids=["number", "array", "delayed", "list"])
def test_a_number_is_no_collection(value):
    with pytest.raises(TypeError, match=r"^delta is .*: expected a number in \(0, inf\)"):
        fastloss.dask.huber_loss(X, Y, delta=value)


@pytest.mark.parametrize("name", [name for name in REGISTRY if not REGISTRY[name].has_curvature])
def test_no_second_derivative(name):
    refused(TypeError, f"{name} has no second derivative", getattr(fastloss.dask, name).grad_hess, X)


@pytest.mark.parametrize("words", [{}, {"groups": GROUPS}], ids=["", "grouped"])
def test_no_second_derivative_of_collections(words):
    message = "pairwise_logistic_loss has no second derivative of collections: expected value_and_grad"
    refused(ValueError, message, LOGISTIC.grad_hess, X, Y, **words)


@pytest.mark.parametrize("name", [*REGISTRY, "auc", "count_inversions"])
def test_no_collection(name):
    count = len(REGISTRY[name].arguments) if name in REGISTRY else 2
    required = {"td_loss": {"gamma": 0.9}, "multi_quantile_loss": {"quantiles": (0.5,)}}
    message = f"{name}: no argument is a Dask collection: expected one, or call fastloss.{name}"
    refused(TypeError, message, getattr(fastloss.dask, name), *[SCORES] * count, **required.get(name, {}))


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (UNKNOWN, LABELS, "labels is in memory, and the lengths of the partitions of scores are not known: "),
        (UNKNOWN, LABELS, "use scores.compute_chunk_sizes()"),
        (FRAME.score, LABELS, "use scores.to_dask_array(lengths=True)"),
        (SCORES, FRAME.label, "use labels.to_dask_array(lengths=True)"),
        (PARTS, LABELS, "use dask.array.from_delayed for each of scores"),
        (X, LABELS[:9], "labels has shape (9,): expected 10 rows, as scores"),
        (X, Y[:9], "labels has 9 rows: expected 10, as scores"),
        (X, 0.5, "labels has shape (): expected 10 rows, as scores"),
        (UNKNOWN, Y.rechunk(3), "labels has 4 partitions: expected 3, as scores; use scores.compute_chunk_sizes()"),
        (X.rechunk(2), UNKNOWN, "labels has 3 partitions: expected 5, as scores; use labels.compute_chunk_sizes()"),
        (FRAME.score, Y.rechunk(5), "expected 3, as scores; use scores.to_dask_array(lengths=True)"),
        (X, FRAME.label.repartition(npartitions=2), "use labels.repartition(npartitions=3)"),
        (PARTS, PARTS[:2], "labels has 2 partitions: expected 3, as scores"),
        (
            FRAME.score,
            FRAME.label.repartition(divisions=[0, 2, 7, 9]),
            "labels has other divisions than scores: expected the same; use "
            "labels.repartition(divisions=scores.divisions)",
        ),
    ],
)
def test_rows_that_do_not_match(scores, labels, message):
    refused(ValueError, message, LOGISTIC, scores, labels)


def test_weights_and_groups_that_do_not_match():
    refused(ValueError, "sample_weight has shape (3,): expected 10 rows", LOGISTIC, X, Y, sample_weight=np.ones(3))
    refused(ValueError, "groups has 9 rows: expected 10, as scores", LOGISTIC, X, Y, groups=GROUPS[:9])
    message = "weight has shape (4,): expected 10 rows, as input"  # one for each row of a partition
    refused(ValueError, message, fastloss.dask.binary_cross_entropy, abs(X), Y, weight=np.ones(CHUNK))
    message = "weight has shape (2,): expected (3,)"
    refused(ValueError, message, fastloss.dask.cross_entropy, ROWS, CLASSES, weight=[1, 2])


def test_chunks_within_rows():
    message = "input has chunks of parts of rows: expected whole rows; use input.rechunk({1: -1})"
    refused(ValueError, message, fastloss.dask.cross_entropy, ROWS.rechunk((4, 1)), CLASSES)
    three = da.ones((10, 3, 4), chunks=(4, 1, 2))
    refused(ValueError, "use target.rechunk({1: -1, 2: -1})", fastloss.dask.mse_loss, three.rechunk((4, 3, 4)), three)
    refused(ValueError, "scores is a single number: expected an array of rows", LOGISTIC, X.sum(), Y)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (on_a_gpu(), "expected a NumPy array: use map_blocks(numpy.asarray)"),
        (chunks(SCORES.astype(object)), "has dtype object: expected real numbers: convert it with .astype(float)"),
        (chunks(SCORES.astype(str)), "expected real numbers: convert numbers with .astype(float)"),
        (X + 1j, "has dtype complex128: expected real numbers, as of its .real"),
        (chunks(SCORES.astype("M8[s]")), "has dtype datetime64[s]: expected real numbers"),
        (FRAME.score.astype(str), "expected real numbers: convert it with .astype(float)"),
        (FRAME.score.astype(object), "has dtype object: expected real numbers: convert it with .astype(float)"),
        (bag.from_sequence(range(COUNT), npartitions=3), "expected a Dask array, Series or DataFrame, or a list of"),
        (delayed(SCORES), "expected a list of delayed partitions: write [x] for one, or use dask.array.from_delayed"),
        ([*PARTS, 3], "is a list of delayed partitions and other things"),
    ],
)
def test_blocks_of_another_type(wrong, message):
    for name, args in (("scores", (wrong, Y)), ("labels", (X, wrong)), ("sample_weight", (X, Y))):
        words = {"sample_weight": wrong} if name == "sample_weight" else {}
        with pytest.raises(TypeError, match=rf"^(a block of )?{name} .*{re.escape(message)}"):
            LOGISTIC(*args, **words)


def same(found, expected):
    found = dask.compute(*found)
    assert found[0] == pytest.approx(expected[0], rel=1e-14, nan_ok=True)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12, atol=1e-15)


ONE_OF_EACH = ("mse_loss", "pairwise_logistic_loss", "pairwise_hinge_loss", "pairwise_exponential_loss")


@pytest.mark.usefixtures("computes")
@pytest.mark.parametrize(
    ("name", "grouped"), [*((name, False) for name in ONE_OF_EACH), *((name, True) for name in ONE_OF_EACH[1:])]
)
@pytest.mark.parametrize("rows", [0, 1, COUNT], ids=["no rows", "one row", "one partition"])
def test_few_rows(name, grouped, rows):
    args, groups = (SCORES[:rows], LABELS[:rows]), np.arange(rows) // 3
    words = {"groups": groups} if grouped else {}
    lazy = {"groups": chunks(groups, COUNT)} if grouped else {}
    found = getattr(fastloss.dask, name).value_and_grad(*(chunks(one, COUNT) for one in args), **lazy)
    same(found, getattr(fastloss, name).value_and_grad(*args, **words))


@pytest.mark.usefixtures("computes")
def test_partitions_without_rows():
    cut = [da.from_array(one, chunks=((0, 4, 0, 6, 0),)) for one in (SCORES, LABELS)]
    for name in ONE_OF_EACH:
        same(getattr(fastloss.dask, name).value_and_grad(*cut), getattr(fastloss, name).value_and_grad(SCORES, LABELS))
    assert fastloss.dask.auc(*cut).compute() == fastloss.auc(SCORES, LABELS)
    assert np.isnan(fastloss.dask.auc(*(one[:0] for one in cut)).compute())


def test_no_partitions():
    message = "mse_loss: no argument is a Dask collection"
    refused(TypeError, message, fastloss.dask.mse_loss, [], [])


@pytest.mark.usefixtures("computes")
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_unknown_lengths(name):
    """Chunks that a condition picks: the gradient's lengths are not known either."""
    some, labels = X[X > -0.5], Y[X > -0.5]
    kept = SCORES > -0.5
    value, gradient = getattr(fastloss.dask, name).value_and_grad(some, labels)
    assert np.isnan(gradient.chunks[0]).all() and gradient.numblocks == some.numblocks
    same((value, gradient), getattr(fastloss, name).value_and_grad(SCORES[kept], LABELS[kept]))


@pytest.mark.usefixtures("computes")
def test_unknown_lengths_that_differ():
    lazy = LOGISTIC(UNKNOWN, Y[X > -0.5])
    message = "pairwise_logistic_loss, partition 0: labels has shape (1,): expected the shape of scores, (4,)"
    refused(ValueError, message, lazy.compute)


@pytest.mark.usefixtures("computes")
def test_arguments_in_memory_beside_collections():
    """They are cut as the collections are; what is cut by itself may be beside others in memory."""
    weights = np.linspace(1.0, 2.0, COUNT)
    same(LOGISTIC.value_and_grad(SCORES, Y), fastloss.pairwise_logistic_loss.value_and_grad(SCORES, LABELS))
    for name, args in (("binary_cross_entropy", (abs(SCORES), LABELS)), ("mse_loss", (SCORES, LABELS))):
        words = {"sample_weight": weights, **({"weight": weights[::-1]} if name != "mse_loss" else {})}
        found = getattr(fastloss.dask, name).value_and_grad(chunks(args[0]), args[1], **words)
        same(found, getattr(fastloss, name).value_and_grad(*args, **words))
    for weight in (weights[:3], weights[:, None], weights[:1, None]):  # of columns, of rows, of all
        found = fastloss.dask.binary_cross_entropy(chunks(abs(MATRIX) % 1.0), chunks(abs(MATRIX) % 1.0), weight=weight)
        expected = fastloss.binary_cross_entropy(abs(MATRIX) % 1.0, abs(MATRIX) % 1.0, weight=weight)
        assert found.compute() == pytest.approx(expected, rel=1e-14)
    for first, second in ((ROWS, MATRIX), (MATRIX, ROWS)):
        value, (by_query, by_key, _) = dask.compute(*fastloss.dask.info_nce_loss.value_and_grad(first, second))
        expected, slopes = fastloss.info_nce_loss.value_and_grad(MATRIX, MATRIX)
        assert value == pytest.approx(expected, rel=1e-14)
        np.testing.assert_allclose(by_query, slopes.query, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(by_key, slopes.key, rtol=1e-12, atol=1e-15)
    for pos, neg in ((X, SCORES[:7]), (SCORES, X[:7])):
        assert fastloss.dask.margin_all_pairs_loss(pos, neg).compute() == pytest.approx(
            fastloss.margin_all_pairs_loss(SCORES, SCORES[:7]), rel=1e-14
        )
    args, episodes = (MATRIX, np.arange(COUNT) % 3, SCORES), np.arange(COUNT) // 4
    expected = fastloss.policy_gradient_loss(*args, episodes=episodes)
    found = fastloss.dask.policy_gradient_loss(*map(chunks, args), episodes=episodes)
    assert found.compute() == pytest.approx(expected, rel=1e-14)
    ids = np.arange(COUNT) % 7
    found = fastloss.dask.info_nce_loss(ROWS, ROWS[::-1], ids=ids)
    assert found.compute() == pytest.approx(fastloss.info_nce_loss(MATRIX, MATRIX[::-1], ids=ids), rel=1e-13)
    args = MATRIX, np.arange(COUNT) % 3, SCORES, MATRIX + 1.0, LABELS
    words = {"gamma": 0.9, "next_q_online": -MATRIX}
    expected = fastloss.td_loss(*args, **words)
    assert fastloss.dask.td_loss(*map(chunks, args), **words).compute() == pytest.approx(expected, rel=1e-14)


@pytest.mark.usefixtures("computes")
def test_gradients_beside_losses_of_each_example():
    """As in one process: the gradient is that of the sum."""
    for name in ("mse_loss", "huber_loss"):
        same(
            getattr(fastloss.dask, name).value_and_grad(X, Y, reduction="none"),
            getattr(fastloss, name).value_and_grad(SCORES, LABELS, reduction="none"),
        )
    found = dask.compute(*fastloss.dask.huber_loss.grad_hess(X, Y, reduction="none"))
    for own, other in zip(found, fastloss.huber_loss.grad_hess(SCORES, LABELS, reduction="none"), strict=True):
        np.testing.assert_array_equal(own, other)


@pytest.mark.usefixtures("computes")
def test_categories_may_be_numbers():
    found = LOGISTIC(FRAME.score, FRAME.label.astype("category"))
    assert found.compute() == pytest.approx(fastloss.pairwise_logistic_loss(SCORES, LABELS), rel=1e-14)
