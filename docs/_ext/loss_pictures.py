"""Value and slope of every loss, drawn against one number that moves: an SVG picture for each.

A pointwise loss of two arguments needs no entry: its curves follow from its domains. The others have a function here.
"""

import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from style import figure, svg

from fastloss.core.loss import REGISTRY, Loss, lookup
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss

POINTS = 141
Point = Callable[[float], tuple[tuple[Any, ...], dict[str, Any]]]


@dataclasses.dataclass(frozen=True)
class Curve:
    """One line of both panels."""

    label: str
    x: np.ndarray
    value: np.ndarray
    slope: np.ndarray


@dataclasses.dataclass(frozen=True)
class Picture:
    """What the axis is, what is drawn, and the lines."""

    axis: str
    caption: str
    curves: tuple[Curve, ...]


RECIPES: dict[str, Callable[[Loss], Picture]] = {}


def recipe(*names: str) -> Callable[[Callable[[Loss], Picture]], Callable[[Loss], Picture]]:
    """Register how losses are drawn."""

    def register(function: Callable[[Loss], Picture]) -> Callable[[Loss], Picture]:
        RECIPES.update(dict.fromkeys(names, function))
        return function

    return register


def first(gradient: Any) -> np.ndarray:
    """The gradient of the first differentiable argument."""
    return np.asarray(gradient[0] if isinstance(gradient, tuple) else gradient)


def leading(gradient: Any, _: float) -> float:
    """Its first number: what moves."""
    return float(first(gradient).reshape(-1)[0])


def along_circle(gradient: Any, angle: float) -> float:
    """The slope by the angle of the first row, (cos, sin)."""
    by_x, by_y = first(gradient).reshape(-1, 2)[0]
    return float(by_y * np.cos(angle) - by_x * np.sin(angle))


def curve(
    loss: Loss, label: str, x: np.ndarray, point: Callable[[float], tuple[Any, ...]], pick: Any = leading, **words: Any
) -> Curve:
    """Value and slope where `point` puts the arguments."""
    values, slopes = [], []
    for one in x.tolist():
        value, gradient = loss.value_and_grad(*point(one), **words)
        values.append(float(value))
        slopes.append(pick(gradient, one))
    return Curve(label, x, np.array(values), np.array(slopes))


def steps(low: float, high: float) -> np.ndarray:
    """The places of a curve."""
    return np.linspace(low, high, POINTS)


def picture(loss: Loss) -> Picture:
    """What is drawn of a loss."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if loss.name in RECIPES:
            return _made(loss.name)
        if isinstance(loss, PointwiseLoss):
            return pointwise(loss)
        if isinstance(loss, PairwiseLoss):
            return pairs(loss)
    raise KeyError(f"docs/_ext/loss_pictures.py has no recipe for {loss.name}")


@functools.cache
def _made(name: str) -> Picture:
    return RECIPES[name](lookup(name))


def has_recipe(loss: Loss) -> bool:
    """Whether the loss can be drawn."""
    return loss.name in RECIPES or isinstance(loss, PointwiseLoss | PairwiseLoss)


# Pointwise losses: what is tried beside the defaults, as (label, target, parameters)

VARIANTS: dict[str, list[tuple[str, float, dict[str, Any]]]] = {
    "asymmetric_huber_loss": [
        ("alpha 3", 0.0, {"alpha": 3.0}),
        ("alpha 3, continuous", 0.0, {"alpha": 3.0, "continuous": True}),
        ("delta_below 2", 0.0, {"delta_below": 2.0}),
    ],
    "binary_cross_entropy_with_logits": [
        ("target 1", 1.0, {}),
        ("target 0", 0.0, {}),
        ("target 1, label_smoothing 0.2", 1.0, {"label_smoothing": 0.2}),
    ],
    "expectile_loss": [(f"tau {tau:g}", 0.0, {"tau": tau}) for tau in (0.1, 0.5, 0.9)],
    "fair_loss": [(f"c {c:g}", 0.0, {"c": c}) for c in (0.5, 1.0, 2.0)],
    "focal_loss": [(f"target 1, gamma {g:g}", 1.0, {"gamma": g}) for g in (0.0, 1.0, 2.0, 5.0)],
    "gamma_nll_loss": [(f"target {t:g}", t, {}) for t in (0.0, 1.0, 4.0)],
    "huber_loss": [(f"delta {d:g}", 0.0, {"delta": d}) for d in (0.5, 1.0, 2.0)],
    "mape_loss": [("target 1", 1.0, {}), ("target 2", 2.0, {})],
    "msle_loss": [("target 0", 0.0, {}), ("target 2", 2.0, {})],
    "nmae_loss": [("target 0, norm 2", 0.0, {"norm": 2.0})],
    "poisson_nll_loss": [(f"target {t:g}", t, {}) for t in (0.0, 1.0, 4.0)],
    "pseudo_huber_loss": [(f"delta {d:g}", 0.0, {"delta": d}) for d in (0.5, 1.0, 2.0)],
    "quantile_loss": [(f"q {q:g}", 0.0, {"q": q}) for q in (0.1, 0.5, 0.9)],
    "smooth_l1_loss": [(f"beta {b:g}", 0.0, {"beta": b}) for b in (0.5, 1.0, 2.0)],
    "tweedie_loss": [(f"target 2, power {p:g}", 2.0, {"power": p}) for p in (1.1, 1.5, 1.9)],
}
RANGES = {"hinge_embedding_loss": (0.0, 2.5), "msle_loss": (-0.9, 5.0), "mape_loss": (-1.0, 3.0)}


def pointwise(loss: PointwiseLoss) -> Picture:
    """The first argument moves; all places in one call."""
    domain, targets = list(loss.domains.values())
    low, high = max(domain.low, -3.0), min(domain.high, 3.0)
    if (low, high) == (0.0, 1.0):
        low, high = 0.01, 0.99
    x = np.linspace(*RANGES.get(loss.name, (low, high)), 301)
    values = targets.values or ((0.0, 1.0) if targets.high == 1.0 else (0.0,))
    variants = VARIANTS.get(loss.name) or [(f"target {t:g}", t, {}) for t in values]
    curves = []
    for label, target, words in variants:
        value, slope = loss.value_and_grad(x, np.full_like(x, target), reduction="none", **words)
        curves.append(Curve(label, x, value, slope))
    return Picture(loss.arguments[0], "The loss of one element and its slope.", tuple(curves))


@recipe("gaussian_nll_loss")
def _normal(loss: Loss) -> Picture:
    curves = [curve(loss, f"var {v:g}", steps(-3.0, 3.0), lambda x, v=v: ([x], [0.0], [v])) for v in (0.25, 1.0, 4.0)]
    return Picture("input", "The loss of one prediction of 0 by its mean, and its slope.", tuple(curves))


@recipe("rmse_loss")
def _root(loss: Loss) -> Picture:
    curves = [
        curve(loss, f"differences (x, {b:g})", steps(-3.0, 3.0), lambda x, b=b: ([x, b], [0.0, 0.0]))
        for b in (0.0, 1.0)
    ]
    return Picture("x", "The root of the mean square of two differences, the first of which moves.", tuple(curves))


@recipe("margin_ranking_loss")
def _margin_ranking(loss: Loss) -> Picture:
    x = steps(-2.0, 2.0)
    curves = [curve(loss, f"target {t}, margin 0.5", x, lambda x, t=t: ([x], [0.0], [t]), margin=0.5) for t in (1, -1)]
    return Picture("input1 - input2", "The loss of one pair and its slope by input1.", tuple(curves))


# Pairs of scores


def pairs(loss: Loss) -> Picture:
    """The gap of two rows of different labels moves."""
    name = next(iter(set(loss.parameters) - {"pairs"}))
    values = {"sigma": (0.5, 1.0, 2.0), "margin": (0.5, 1.0, 2.0)}[name]
    labels = [1, -1] if loss.name == "soft_pairwise_loss" else [1, 0]
    high = 1.5 if "exponential" in loss.name else 3.0
    curves = [
        curve(loss, f"{name} {one:g}", steps(-high, 3.0), lambda x: ([x, 0.0], labels), **{name: one}) for one in values
    ]
    words = "The mean over all four pairs of two rows" if labels[1] < 0 else "The loss of one pair"
    return Picture("score of the preferred row minus the other's", f"{words}, and its slope.", tuple(curves))


@recipe("lambdarank_loss")
def _lambdarank(loss: Loss) -> Picture:
    x = np.linspace(-2.0, 3.0, 401)
    curves = [
        curve(loss, f"truncation_level {level}", x, lambda x: ([x, 1.0, 0.0], [2, 1, 0]), truncation_level=level)
        for level in (None, 1)
    ]
    caption = (
        "A query of three rows with labels 2, 1, 0; the first one's score moves, the others stand at 1 and 0. "
        "The weights of the pairs jump where ranks change."
    )
    return Picture("score of the best row", caption, tuple(curves))


@recipe("bpr_loss")
def _bpr(loss: Loss) -> Picture:
    x = steps(-3.0, 4.0)
    curves = [
        curve(loss, label, x, lambda x, negatives=negatives: ([x], [negatives]))
        for label, negatives in (("one negative at 0", [0.0]), ("negatives at 0 and 2", [0.0, 2.0]))
    ]
    return Picture("score of the positive", "The loss of one positive, and its slope.", tuple(curves))


@recipe("bpr_all_negatives_loss")
def _bpr_all(loss: Loss) -> Picture:
    made = curve(
        loss,
        "unobserved items at 0, 1, 2",
        steps(-3.0, 5.0),
        lambda x: ([[1.0]], [[x], [0.0], [1.0], [2.0]]),
        _second,
        interactions=([0, 1], [0]),
    )
    return Picture("score of the observed item", "One user with one observed item.", (made,))


def _second(gradient: Any, _: float) -> float:
    return float(np.asarray(gradient[1]).reshape(-1)[0])


@recipe("margin_all_pairs_loss")
def _all_pairs(loss: Loss) -> Picture:
    made = curve(loss, "corrupted triples at 1, 2, 4", steps(-1.0, 5.0), lambda x: ([x], [1.0, 2.0, 4.0]))
    return Picture("distance of the observed triple", "One observed triple against three corrupted ones.", (made,))


# Rows of scores or probabilities: (x, 0, 0), or (x, 1 - x)

ROWS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "cross_entropy": [("", {}), ("label_smoothing 0.3", {"label_smoothing": 0.3})],
    "softmax_focal_loss": [(f"gamma {g:g}", {"gamma": g}) for g in (0.0, 1.0, 2.0, 5.0)],
    "poly_loss": [(f"epsilon {e:g}", {"epsilon": e}) for e in (-1.0, 0.0, 1.0, 4.0)],
    "multi_margin_loss": [("p 1", {}), ("p 2", {"p": 2})],
    "crammer_singer_loss": [("margin 1", {}), ("margin 2", {"margin": 2.0})],
}


@recipe(*ROWS)
def _logits(loss: Loss) -> Picture:
    curves = []
    for target, words in (("true", 0), ("wrong", 1)):
        for label, parameters in ROWS[loss.name][: None if target == "true" else 1]:
            text = f"x is the {target} class" + (f", {label}" if label else "")
            curves.append(curve(loss, text, steps(-4.0, 4.0), lambda x, t=words: ([[x, 0.0, 0.0]], [t]), **parameters))
    return Picture("x", "The loss of the row (x, 0, 0) of three classes' scores, and its slope by x.", tuple(curves))


@recipe("multi_quantile_loss")
def _quantiles(loss: Loss) -> Picture:
    curves = [
        curve(loss, f"quantile {q:g}", steps(-3.0, 3.0), lambda x: ([x, 0.0, 0.0], 0.0), quantiles=(q, 0.2, 0.8))
        for q in (0.1, 0.5, 0.9)
    ]
    return Picture("x", "One of three predicted quantiles moves, the others equal the target.", tuple(curves))


DATA = {"(1, 0)": [1.0, 0.0], "(0.5, 0.5)": [0.5, 0.5], "(0.2, 0.8)": [0.2, 0.8]}


@recipe("categorical_cross_entropy", "soft_cross_entropy", "kl_divergence")
def _distributions(loss: Loss) -> Picture:
    model_first = loss.name == "categorical_cross_entropy"
    curves = []
    for label, data in DATA.items():

        def point(x: float, data: list[float] = data) -> tuple[Any, ...]:
            model = [x, 1.0 - x]
            return ([model], [data]) if model_first else ([data], [model])

        curves.append(curve(loss, f"data {label}", steps(0.02, 0.98), point))
    caption = "The model's distribution is (x, 1 - x). The slope is the partial one by its first probability."
    return Picture("x", caption, tuple(curves))


@recipe("entropy")
def _entropy(loss: Loss) -> Picture:
    made = curve(loss, "distribution (x, 1 - x)", steps(0.01, 0.99), lambda x: ([[x, 1.0 - x]],))
    return Picture("x", "The slope is the partial one by the first probability.", (made,))


@recipe("nll_loss")
def _nll(loss: Loss) -> Picture:
    curves = [curve(loss, f"target {t}", steps(-4.0, 0.0), lambda x, t=t: ([[x, -1.0]], [t])) for t in (0, 1)]
    return Picture("x", "The row of log-probabilities is (x, -1).", tuple(curves))


@recipe("dice_loss")
def _dice(loss: Loss) -> Picture:
    curves = [
        curve(loss, label, steps(0.0, 1.0), lambda x: ([x, 0.6, 0.3, 0.0], [1.0, 1.0, 0.0, 0.0]), **words)
        for label, words in (("squared", {}), ("not squared", {"squared": False}), ("smooth 1", {"smooth": 1.0}))
    ]
    return Picture("x", "The prediction (x, 0.6, 0.3, 0) of the mask (1, 1, 0, 0).", tuple(curves))


@recipe("td_loss")
def _td(loss: Loss) -> Picture:
    curves = [
        curve(
            loss,
            f'kind "{kind}"',
            steps(-3.0, 5.0),
            lambda x: ([[x, 0.0]], [0], [1.0], [[0.0, 1.0]], [0]),
            gamma=0.5,
            kind=kind,
        )
        for kind in ("mse", "huber")
    ]
    return Picture("Q(s, a)", "Reward 1, gamma 0.5, greatest next value 1: y is 1.5.", tuple(curves))


@recipe("policy_gradient_loss")
def _policy(loss: Loss) -> Picture:
    curves = [
        curve(
            loss,
            f"advantage {a:g}, entropy_coef {b:g}",
            steps(-4.0, 4.0),
            lambda x, a=a: ([[x, 0.0, 0.0]], [0], [a]),
            entropy_coef=b,
        )
        for a, b in ((1.0, 0.0), (-1.0, 0.0), (1.0, 0.5))
    ]
    return Picture("logit of the action taken", "One step with the logits (x, 0, 0).", tuple(curves))


# Given tuples of vectors


@recipe("triplet_margin_loss")
def _triplet(loss: Loss) -> Picture:
    curves = [
        curve(loss, f"margin {m:g}", steps(0.0, 4.0), lambda x: ([[0.0]], [[1.0]], [[x]]), _third, margin=m)
        for m in (0.5, 1.0, 2.0)
    ]
    caption = "Anchor at 0, positive at 1, the negative moves; the slope is by its place."
    return Picture("place of the negative", caption, tuple(curves))


def _third(gradient: Any, _: float) -> float:
    return float(gradient[2][0, 0])


@recipe("two_term_contrastive_loss")
def _two_terms(loss: Loss) -> Picture:
    variants: list[tuple[str, dict[str, Any]]] = [("margin 1", {}), ("margin 1.5", {"margin": 1.5})]
    variants.append(("margin 1, squared", {"squared": True}))
    curves = [
        curve(loss, label, steps(0.0, 2.0), lambda x: ([[0.0]], [[0.5]], [[x]]), _third, **words)
        for label, words in variants
    ]
    caption = "Anchor at 0, positive at 0.5, the negative moves; the slope is by its place."
    return Picture("place of the negative", caption, tuple(curves))


@recipe("contrastive_loss")
def _contrastive(loss: Loss) -> Picture:
    curves = [
        curve(loss, label, steps(0.0, 2.0), lambda x, t=t: ([[x]], [[0.0]], [t]), **words)
        for label, t, words in (
            ("similar", 1, {}),
            ("others", 0, {}),
            ("similar, not squared", 1, {"squared": False}),
            ("others, not squared", 0, {"squared": False}),
        )
    ]
    return Picture("distance", "The loss of one pair and its slope by the distance.", tuple(curves))


@recipe("cosine_embedding_loss")
def _cosine(loss: Loss) -> Picture:
    curves = [
        curve(
            loss,
            f"target {t}, margin {m:g}",
            steps(-3.1, 3.1),
            lambda x, t=t: ([[np.cos(x), np.sin(x)]], [[1.0, 0.0]], [t]),
            along_circle,
            margin=m,
        )
        for t, m in ((1, 0.0), (-1, 0.0), (-1, 0.5))
    ]
    return Picture("angle", "The loss of one pair and its slope by the angle.", tuple(curves))


@recipe("center_loss")
def _center(loss: Loss) -> Picture:
    made = curve(loss, "center at 0", steps(-2.0, 2.0), lambda x: ([[x]], [0], [[0.0]]))
    return Picture("x", "One vector of one number.", (made,))


def files() -> Iterator[tuple[str, str]]:
    """Every loss's name and SVG."""
    for name, loss in REGISTRY.items():
        yield name, drawn(picture(loss))


def drawn(what: Picture) -> str:
    """The picture as SVG: the value on the left, the slope on the right."""
    made, (left, right) = figure(7.4, 2.9, columns=2)
    for each in what.curves:
        left.plot(each.x, each.value, label=each.label)
        right.plot(each.x, each.slope)
    for axes, title in ((left, "value"), (right, "slope")):
        axes.set_title(title)
        axes.set_xlabel(what.axis)
        axes.axhline(0.0, color="0.75", linewidth=0.8, zorder=0)
    if len(what.curves) < 4:
        left.legend(loc="best")
    else:
        made.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return svg(made)
