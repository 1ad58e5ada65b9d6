"""Every loss part by part: values that merge to that of one call, derivatives in a second pass, and what is refused."""

import itertools

import numpy as np
import pytest

import fastloss
from fastloss.ahead.cases import all_cases, grown
from fastloss.core.loss import REGISTRY, lookup
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.rows.loss import RowLoss
from fastloss.streaming.accumulate import accumulate
from fastloss.streaming.examples import ExampleAccumulator

# Losses that are no sums over examples, and why: a new loss must be listed, or be computed by parts. Pairs and queries
# have states of their own, with `grouped=True`.
REFUSED = {
    **dict.fromkeys(
        [
            "batch_all_triplet_loss",
            "batch_contrastive_loss",
            "batch_hard_triplet_loss",
            "batch_semihard_triplet_loss",
            "ge2e_loss",
            "info_nce_loss",
            "lambdarank_loss",
            "margin_all_pairs_loss",
            "multiple_negatives_ranking_loss",
            "nt_xent_loss",
            "supcon_loss",
        ],
        "is no sum over examples: expected a loss that can be computed part by part",
    ),
    "policy_gradient_loss": "divides by the number of episodes",
}
# Parameters that make a loss none: the loss, the parameter, its values, and the message.
REFUSED_WORDS = [
    ("nmae_loss", "norm", ("range", "mean", "std", "iqr", "max"), "a function of all targets: expected a number"),
    ("dice_loss", "axis", (None, 0, -1), "axis is .*: expected an axis above 0"),
    ("bpr_loss", "shared", (True,), "shared is True: expected False, since bpr_loss is computed by parts"),
    ("bpr_loss", "reg", (0.5,), r"reg is 0.5: expected 0.0"),
    ("bpr_all_negatives_loss", "reg", (0.5,), r"reg is 0.5: expected 0, since"),
]
NOT_HERE = {  # calls whose words no state takes, by the loss: all at their default, or arrays for each column
    "nmae_loss": lambda words: isinstance(words.get("norm", "range"), str),
    "dice_loss": lambda words: words.get("axis") in (None, 0, (1,)),
    "bpr_loss": lambda words: words.get("shared") or words.get("reg") or "offsets" in words,
    "bpr_all_negatives_loss": lambda words: words.get("reg"),
    "binary_cross_entropy": lambda words: np.ndim(words.get("weight")),
    "binary_cross_entropy_with_logits": lambda words: np.ndim(words.get("weight")) or np.ndim(words.get("pos_weight")),
}
OF_EXAMPLES = ("next_q_online",)  # parameters of an entry for each example
KEYS = {str(at): case for at, case in enumerate(all_cases()) if not isinstance(case.loss, PairwiseLoss)}
CASES = [
    pytest.param(case, id=f"{case} {at}")
    for at, case in KEYS.items()
    if case.loss.name not in REFUSED and not NOT_HERE.get(case.loss.name, lambda words: False)(case.keywords)
]


def test_every_loss_has_its_place():
    here = {param.values[0].loss.name for param in CASES}
    assert here.isdisjoint(REFUSED)
    pairs = {name for name, loss in REGISTRY.items() if isinstance(loss, PairwiseLoss)}
    assert here | set(REFUSED) | pairs == set(REGISTRY)


@pytest.mark.parametrize("name", REFUSED)
def test_losses_that_are_no_sums(name):
    with pytest.raises(ValueError, match=f"{name} .*{REFUSED[name]}"):
        accumulate(name)


@pytest.mark.parametrize(("name", "word", "values", "message"), REFUSED_WORDS)
def test_parameters_that_make_no_sums(name, word, values, message):
    for value in values:
        with pytest.raises(ValueError, match=message):
            accumulate(name, **{word: value})


def cut_lists(lists, some):
    """The lists of some rows, from CSR offsets and numbers."""
    bounds, numbers = lists
    parts = [numbers[bounds[row] : bounds[row + 1]] for row in some]
    return np.cumsum([0, *map(len, parts)]), np.concatenate([*parts, np.empty(0, np.int64)])


class Parts:
    """A call of a loss that is cut into parts of its examples."""

    def __init__(self, case, dtype=np.float64, weighted=False):
        self.loss = case.loss
        floats = [x.dtype.kind == "f" if isinstance(x, np.ndarray) else False for x in case.arrays]
        arrays = [x.astype(dtype) if is_float else x for x, is_float in zip(case.arrays, floats, strict=True)]
        self.named = dict(zip(case.loss.arguments, arrays, strict=False))
        self.words = {}
        for name, value in case.keywords.items():
            own = name in case.loss.arguments or name in OF_EXAMPLES
            (self.named if own else self.words)[name] = value
        self.size = len(arrays[0])
        self.differentiable = [case.loss.arguments[at] for at in case.differentiable]
        self.scale = 0.0  # the mean size of a loss
        if "none" in self.loss.reductions and self.loss.name != "rmse_loss":
            self.scale = float(np.abs(self.loss(**self.named, **self.words, reduction="none")).mean())
        # BLAS may sum the products of other numbers of rows in another order.
        of_products = case.loss.folder.startswith("embeddings.") and dtype == np.float32
        self.rounding = 1e-6 if of_products else 2e-15
        in_double = 1e-13 if case.loss.tables else 4e-15  # what a row of a table gets is summed one by one
        self.rounding_of_slopes = 1e-6 if dtype == np.float32 else in_double
        rng = np.random.default_rng(6)
        self.weights = rng.random(self.size) + 0.25 if weighted else None

    def part(self, some):
        """The arguments, by name, and the weights of some examples."""
        found = {}
        for name, value in self.named.items():
            whole = name in self.loss.tables
            cut = cut_lists if name == "interactions" else lambda value, some: value[some]
            found[name] = value if whole else cut(value, some)
        return found, None if self.weights is None else self.weights[some]

    def state(self):
        """A new state, and the parameters that are given with every batch."""
        numbers = {name: x for name, x in self.words.items() if not np.ndim(x)}
        arrays = {name: x for name, x in self.words.items() if np.ndim(x)}
        return accumulate(self.loss, **numbers), arrays

    def give(self, state, some, arrays):
        named, weights = self.part(some)
        if isinstance(state, ExampleAccumulator):
            state.update(**named, sample_weight=weights, **arrays)
        else:
            state.update(*named.values(), weights)

    def merged(self, parts):
        """One state of all parts, of which each had its own, merged in another order."""
        states = []
        for some in parts:
            state, arrays = self.state()
            self.give(state, some, arrays)
            states.append(type(state).from_bytes(state.to_bytes()))
        whole = self.state()[0]
        for at in np.random.default_rng(1).permutation(len(states)):
            whole.merge(states[at])
        return whole

    def derivatives(self, state, what, parts, reduction="mean"):
        """For each kind of derivative, those of all arguments: cut ones end to end, others added up."""
        found, (_, arrays) = [], self.state()
        for some in parts:
            named, weights = self.part(some)
            words = {"sample_weight": weights, "reduction": reduction, **arrays}
            found.append([several(one) for one in state.derivatives(what, **named, **words)])
        return [
            [self.joined(at, pieces) for at, pieces in enumerate(zip(*kind, strict=True))]
            for kind in zip(*found, strict=True)
        ]

    def joined(self, at, pieces):
        is_cut = at < len(self.differentiable) and self.differentiable[at] not in self.loss.tables
        return np.concatenate(pieces) if is_cut else np.sum(pieces, 0, dtype=np.float64)


def several(derivatives):
    return list(derivatives) if isinstance(derivatives, tuple) else [derivatives]


def cuts(size, *at):
    return np.split(np.arange(size), at)


def close(found, expected, rounding):
    assert len(found) == len(expected)
    for one, two in zip(found, expected, strict=True):
        # Of the largest: sums over parts of what a table's row gets may cancel.
        most = float(np.max(np.abs(two), initial=0.0))
        np.testing.assert_allclose(one, two, rtol=rounding, atol=rounding * most)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_parts_have_the_value_and_the_derivatives_of_one_call(case, weighted, dtype):
    parts = Parts(case, dtype, weighted)
    words = {**parts.named, **parts.words, "sample_weight": parts.weights}
    size = parts.size
    for some in (cuts(size), cuts(size, 1), cuts(size, 0, size // 2), cuts(size, *range(1, size))):
        state = parts.merged(some)
        assert state.rows == (size if isinstance(state, ExampleAccumulator) else case.arrays[0].size)
        for reduction in ("mean", "sum"):
            if reduction == "sum" and parts.loss.name == "rmse_loss":
                continue
            value, slopes = parts.loss.value_and_grad(**words, reduction=reduction)
            most = parts.scale * (1.0 if reduction == "mean" else size)
            assert state.result(reduction) == pytest.approx(value, rel=parts.rounding, abs=parts.rounding * most)
            (found,) = parts.derivatives(state, "value_and_grad", some, reduction)
            close(found, several(slopes), parts.rounding_of_slopes)
            if parts.loss.has_curvature:
                expected = parts.loss.grad_hess(**words, reduction=reduction)
                for one, two in zip(parts.derivatives(state, "grad_hess", some, reduction), expected, strict=True):
                    close(one, several(two), parts.rounding_of_slopes)
    if not parts.loss.has_curvature:
        with pytest.raises(TypeError, match="has no second derivative"):
            parts.derivatives(state, "grad_hess", some)


FIRST = {param.values[0].loss.name: param.values[0] for param in reversed(CASES)}


@pytest.mark.compiled
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", FIRST)
def test_many_examples(name, weighted):
    """The bits of one call, where it adds up chunks and they are cut between them."""
    made = grown(FIRST[name], 20_000)
    if not made:
        return
    parts = Parts(made[0], np.float64, weighted)
    words = {**parts.named, **parts.words, "sample_weight": parts.weights}
    by_chunks = isinstance(parts.loss, (PointwiseLoss, RowLoss)) and name != "rmse_loss"
    value, slopes = parts.loss.value_and_grad(**words)
    for some in (cuts(parts.size, 8192, 16384), cuts(parts.size, 5, parts.size // 3)):
        state = parts.merged([one for one in some if one.size])
        # Cut elsewhere, other rows are added up in a chunk, one by one: up to 2048 of them here.
        assert state.result() == pytest.approx(value, rel=4e-15, abs=4e-15 * parts.scale)
        if by_chunks and some[0].size == 8192:
            assert state.result("sum") == parts.loss(**words, reduction="sum")
            assert weighted or state.result() == parts.loss(**words)
        (found,) = parts.derivatives(state, "value_and_grad", [one for one in some if one.size])
        close(found, several(slopes), parts.rounding_of_slopes)


@pytest.mark.parametrize("unit", [1e-200, 1.0, 1e200])
def test_the_gradient_of_a_root_needs_the_whole(unit):
    scores, targets = np.random.default_rng(3).normal(size=(2, 100))
    weights = np.linspace(0.0, 1.0, 100)
    state = accumulate("rmse_loss")
    for some in cuts(100, 30):
        state.update(scores[some] * unit, targets[some] * unit, weights[some])
    for what in ("value_and_grad", "grad_hess"):
        parts = [
            state.derivatives(what, scores[some] * unit, targets[some] * unit, sample_weight=weights[some])
            for some in cuts(100, 30)
        ]
        found = [np.concatenate(one) for one in zip(*parts, strict=True)]
        result = getattr(fastloss.rmse_loss, what)(scores * unit, targets * unit, sample_weight=weights)
        expected = result if what == "grad_hess" else result[1:]
        for one, two in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-14)
    with pytest.raises(ValueError, match="expected 'mean'"):
        state.gradient(scores, targets, weights, reduction="sum")


def test_class_weights_and_ignored_classes_are_global():
    rng = np.random.default_rng(0)
    logits, target, weight = rng.normal(size=(50, 3)), rng.integers(0, 3, 50), [0.5, 1.0, 7.0]
    target[:10] = -100  # a batch in which nothing counts
    state = accumulate("cross_entropy")
    for some in cuts(50, 10, 11, 30):
        state.update(logits[some], target[some], weight=weight)
    value, slope = fastloss.cross_entropy.value_and_grad(logits, target, weight=weight)
    assert state.result() == pytest.approx(value, rel=1e-15)
    assert state.weight() == pytest.approx(np.take(weight, target[10:]).sum(), rel=1e-15)
    found = [state.gradient(logits[some], target[some], weight=weight) for some in cuts(50, 20)]
    np.testing.assert_allclose(np.concatenate(found), slope, rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "parameters", "arguments", "words", "error", "message"),
    [
        (
            "cross_entropy",
            {},
            ([[0.0, 1.0]] * 2, [1, 2]),
            {},
            ValueError,
            r"target\[1\] is 2: expected an id in \[0, 2\)",
        ),
        ("cross_entropy", {}, ([[0.0, 1.0]] * 2, [1]), {}, ValueError, "target has shape"),
        ("cross_entropy", {}, ([[0.0, 1.0]],), {}, TypeError, "missing a required argument: 'target'"),
        ("cross_entropy", {}, (), {}, TypeError, "missing a required argument: 'input'"),
        ("cross_entropy", {}, ([[0.0, 1.0]], [1], None), {}, TypeError, "takes input, target: 3 arguments"),
        ("cross_entropy", {}, ([[0.0, 1.0]], [1]), {"target": [1]}, TypeError, "target is given twice"),
        (
            "cross_entropy",
            {},
            ([[0.0, 1.0]], [1]),
            {"gamma": 1.0},
            TypeError,
            "has no argument 'gamma': expected one of",
        ),
        ("cross_entropy", {}, ([[0.0, 1.0]], [1]), {"backend": "cpu"}, TypeError, "has no argument 'backend'"),
        ("cross_entropy", {}, ([[0.0, 1.0]], [1]), {"ignore_index": 1}, ValueError, "but the state has -100"),
        ("cross_entropy", {}, ([[0.0, 1.0]], [1]), {"weight": [1.0, -2.0]}, ValueError, r"weight\[1\] is -2"),
        ("softmax_focal_loss", {}, ([[0.0, 1.0]], [1]), {"alpha": 0.5}, ValueError, "alpha is 0.5: expected an array"),
        ("softmax_focal_loss", {"alpha": 0.5}, ([[0.0, 1.0]], [1]), {"alpha": [0.5, 1.0]}, ValueError, "state has 0.5"),
        (
            "margin_ranking_loss",
            {},
            ([0.0, 1.0], [0.5, 1.0], [1, 0]),
            {},
            ValueError,
            r"target\[1\] is 0: expected -1 or 1",
        ),
        (
            "td_loss",
            {"gamma": 0.5},
            ([[1.0]], [0], [1.0], [[1.0]], [2]),
            {},
            ValueError,
            r"done\[0\] is 2: expected 0 or 1",
        ),
        (
            "center_loss",
            {},
            ([[1.0]], [2], [[1.0], [2.0]]),
            {},
            ValueError,
            r"labels\[0\] is 2: expected an id in \[0, 2\)",
        ),
        ("center_loss", {}, ([[1.0]], [1]), {"sample_weight": [1.0]}, TypeError, "'centers'"),
    ],
)
def test_batches_that_are_refused(name, parameters, arguments, words, error, message):
    state = accumulate(name, **parameters)
    before = state.to_bytes()
    with pytest.raises(error, match=message):
        state.update(*arguments, **words)
    with pytest.raises(error, match=message):
        state.gradient(*arguments, **words)
    assert state.to_bytes() == before


def test_weights_of_a_second_pass_are_those_of_the_first():
    logits, target = np.eye(3), [0, 1, 2]
    state = accumulate("cross_entropy")
    state.update(logits, target, sample_weight=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="for some batches only"):
        state.gradient(logits, target)
    with pytest.raises(ValueError, match="what is 'gradient': expected one of"):
        state.derivatives("gradient", logits, target, sample_weight=[1.0, 2.0, 3.0])


def test_one_example_may_have_no_axis():
    state, other = accumulate("cross_entropy"), accumulate("margin_ranking_loss")
    state.update([0.0, 1.0, 2.0], 1)
    state.update([[0.0, 1.0, 2.0]], [0], sample_weight=None)
    assert state.rows == 2
    assert state.result() == pytest.approx(fastloss.cross_entropy([[0.0, 1.0, 2.0]] * 2, [1, 0]), rel=1e-15)
    other.update(0.5, 1.5, 1)
    assert (other.rows, other.result()) == (1, 1.0)


def test_negatives_by_offsets_are_those_of_the_batch():
    rng = np.random.default_rng(2)
    positives, negatives, offsets = rng.normal(size=6), rng.normal(size=9), np.array([0, 2, 2, 5, 6, 8, 9])
    state = accumulate("bpr_loss")
    batches = []
    for first, last in itertools.pairwise([0, 3, 6]):
        own = offsets[first : last + 1]
        batches.append((positives[first:last], negatives[own[0] : own[-1]], own - own[0]))
        state.update(*batches[-1][:2], offsets=batches[-1][2])
    value, slopes = lookup("bpr_loss").value_and_grad(positives, negatives, offsets=offsets)
    assert state.result() == pytest.approx(value, rel=1e-15)
    found = [state.gradient(one, two, offsets=own) for one, two, own in batches]
    for one, two in zip(zip(*found, strict=True), slopes, strict=True):
        np.testing.assert_allclose(np.concatenate(one), two, rtol=1e-15)


@pytest.mark.compiled
def test_sums_that_overflow_where_their_mean_does_not():
    state = accumulate("margin_ranking_loss")
    for _ in range(3):
        state.update([-1.5e308, -1.5e308], [0.0, 0.0], 1)
    assert state.result() == pytest.approx(1.5e308, rel=1e-15) and state.result("sum") == np.inf
    again = type(state).from_bytes(state.to_bytes())
    assert again.result() == state.result()
    np.testing.assert_allclose(again.gradient([-1.0], [0.0], 1), [[-1 / 6], [1 / 6]], rtol=1e-15)
