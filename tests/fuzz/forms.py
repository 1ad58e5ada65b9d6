"""Which arguments of a loss fit together: one line for each way of calling it.

An argument is written as the letters of its axes and, behind a colon, what it holds: nothing for real numbers, a
capital letter for ids below the length of that axis, or a key of `values.KINDS`. "?" at the end of a keyword's line
says that it may be left out. What is no such string is a constant, or a function of the generator and the lengths.
`rows` is the axis along which examples may come in any order; they are independent where `repeat` holds, so that a row
of weight 2 is two rows.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastloss.core.loss import Loss
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss


@dataclasses.dataclass(frozen=True)
class Form:
    """One way of calling a loss."""

    arguments: Mapping[str, Any]
    items: str = "N"  # the shape of the weights and of the result of "none"
    rows: str = "N"  # the axis whose order does not matter, "" for none
    repeat: bool = True
    repeat_mean: bool = True  # False where the mean's denominator is something else than the weights' sum
    silent: tuple[str, ...] = ()  # arguments that are not always read: a NaN in them may have no effect


def form(items: str = "N", rows: str = "N", repeat: bool = True, **arguments: Any) -> Form:
    """A form, its settings before its arguments."""
    settings = {word: arguments.pop(f"_{word}") for word in ("repeat_mean", "silent") if f"_{word}" in arguments}
    return Form(arguments, items, rows, repeat, **settings)


def cut(rows: str, entries: str) -> Any:
    """CSR offsets: the entries along one axis, cut into as many pieces as another is long."""

    def draw(rng: np.random.Generator, sizes: dict[str, int]) -> np.ndarray:
        count, total = sizes[rows], sizes[entries]
        if not count:
            sizes[entries] = total = 0
        inner = np.sort(rng.integers(0, total + 1, max(count - 1, 0)))
        return np.array([0, *inner, *[total] * (count > 0)], np.int64)

    return draw


def liked(users: str, items: str) -> Any:
    """CSR offsets and numbers, none twice for a user."""

    def draw(rng: np.random.Generator, sizes: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
        count = sizes[items]
        parts = [rng.permutation(count)[: rng.integers(0, count + 1)] for _ in range(sizes[users])]
        ends = np.concatenate(([0], np.cumsum([part.size for part in parts]))).astype(np.int64)
        return ends, np.concatenate([*parts, np.empty(0, np.int64)]).astype(np.int64)

    return draw


def factors(rng: np.random.Generator, sizes: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """A model's parameters."""
    return rng.normal(size=(3, 2)), rng.normal(size=4)


def levels(columns: str) -> Any:
    """A quantile's level for each column, of which there is one at least."""

    def draw(rng: np.random.Generator, sizes: dict[str, int]) -> tuple[float, ...]:
        sizes[columns] = max(sizes[columns], 1)
        return tuple(rng.uniform(0.01, 0.99, sizes[columns]).tolist())

    return draw


CLASSES = {"input": "NC", "target": "N:C"}
TRIPLET = {"anchor": "ND", "positive": "ND", "negative": "ND"}
MARGINS = {"embeddings": "ND", "weights": "CD", "labels": "N:C"}
LABELLED = {"embeddings": "ND", "labels": "N:g"}
STEPS = {"q": "NA", "actions": "N:A", "rewards": "N", "next_q": "NA", "done": "N:binary"}
ACTED = {"logits": "NA", "actions": "N:A", "advantages": "N"}

FORMS: dict[str, list[Form]] = {
    "cross_entropy": [
        form(**CLASSES, weight="C:weight?", _silent=("weight",)),
        form(input="NC", target="NC:simplex", weight="C:weight?", _silent=("target",)),
        form(items="NE", input="NCE", target="NE:C", weight="C:weight?", _silent=("weight",)),
    ],
    "softmax_focal_loss": [form(**CLASSES, alpha="C:weight?", _silent=("alpha",)), form(**CLASSES, alpha=0.25)],
    "poly_loss": [form(**CLASSES), form(**CLASSES, epsilon=(0.5, -1.5)), form(**CLASSES, epsilon=())],
    "multi_margin_loss": [form(**CLASSES, weight="C:weight?", _silent=("weight",)), form(**CLASSES, p=2)],
    "crammer_singer_loss": [form(**CLASSES)],
    "nll_loss": [form(input="NC:log_simplex", target="N:C", weight="C:weight?", _silent=("input", "weight"))],
    "categorical_cross_entropy": [
        form(input="NC:simplex", target="NC:simplex"),
        form(input="NC:simplex", target="N:C"),
        form(items="NE", input="NCE:unit", target="NE:C"),
    ],
    "soft_cross_entropy": [form(p="NC:simplex", q="NC:simplex")],
    "entropy": [form(p="NC:simplex")],
    "kl_divergence": [
        form(p="NC:log_simplex", q="NC:log_simplex", log_p=True, log_q=True),
        form(p="NC:simplex", q="NC:simplex", log_p=False, log_q=False),
        form(p="NC:log_simplex", q="NC:simplex", log_p=True, log_q=False),
        form(p="NC:simplex", q="NC:log_simplex", log_p=False, log_q=True),
    ],
    "multi_quantile_loss": [form(quantiles=levels("Q"), input="NQ", target="N")],
    "dice_loss": [
        form(input="NC:unit", target="NC:unit", axis=1),
        form(items="C", rows="", repeat=False, input="NC:unit", target="NC:unit", axis=0),
        form(items="", repeat=False, input="NC:unit", target="NC:unit", axis=None),
    ],
    "triplet_margin_loss": [form(**TRIPLET)],
    "two_term_contrastive_loss": [form(**TRIPLET)],
    "contrastive_loss": [form(x1="ND", x2="ND", target="N:binary", similar=1)],
    "cosine_embedding_loss": [form(input1="ND", input2="ND", target="N:sign")],
    "center_loss": [form(embeddings="ND", labels="N:K", centers="KD", _silent=("centers",))],
    "td_loss": [form(**STEPS, next_q_online="NA?", _silent=("q", "next_q", "next_q_online", "rewards"))],
    "policy_gradient_loss": [
        form(**ACTED, log_probs=False, _repeat_mean=False),
        form(**ACTED, log_probs=False, episodes="N:g", _repeat_mean=False),
        form(**{**ACTED, "logits": "NA:log_simplex"}, log_probs=True, _repeat_mean=False, _silent=("logits",)),
        form(logits="N", actions=None, advantages="N", log_probs=True, entropy_coef=0.0, _repeat_mean=False),
    ],
    "lambdarank_loss": [
        form(items="G", repeat=False, scores="N", labels="N:relevance", groups="N:g"),
        form(items="G", rows="", repeat=False, offsets=cut("G", "N"), scores="N", labels="N:relevance"),
    ],
    "margin_all_pairs_loss": [form(items="P", rows="P", pos="P", neg="Q")],
    "bpr_loss": [
        form(pos_scores="N", neg_scores="N", shared=False, reg=0.0),
        form(pos_scores="N", neg_scores="NK", shared=False, reg=0.0),
        form(pos_scores="N", neg_scores="K", shared=True, reg=0.0),
        form(rows="", repeat=False, offsets=cut("N", "K"), pos_scores="N", neg_scores="K", shared=False, reg=0.0),
        form(pos_scores="N", neg_scores="NK", shared=False, reg=0.5, params=factors),
    ],
    "bpr_all_negatives_loss": [
        form(
            items="U",
            rows="",
            repeat=False,
            user_factors="UD",
            item_factors="ID",
            interactions=liked("U", "I"),
            item_bias="I?",
            _silent=("user_factors", "item_factors", "item_bias"),
        )
    ],
    "info_nce_loss": [
        form(repeat=False, query="ND", key="ND", symmetric=False, negatives="KD?", ids="N:g?"),
        form(repeat=False, query="ND", key="ND", symmetric=True, ids="N:g?"),
        form(
            rows="",
            repeat=False,
            query="ND",
            key="MD",
            symmetric=False,
            positives=liked("N", "M"),
            _silent=("query", "key"),
        ),
    ],
    "multiple_negatives_ranking_loss": [
        form(repeat=False, anchors="ND", positives="ND", ids="N:g?"),
        form(repeat=False, anchors="ND", positives="ND", negatives="KD"),
    ],
    "nt_xent_loss": [form(items="V", rows="N", repeat=False, z1="ND", z2="ND")],
    "supcon_loss": [form(repeat=False, **LABELLED)],
    "cross_entropy_with_factors": [
        form(hidden="ND", class_weights="CD", target="N:C", bias="C?", weight="C:weight?", _silent=("bias", "weight"))
    ],
    "arcface_loss": [form(**MARGINS)],
    "cosface_loss": [form(**MARGINS)],
    "sphereface_loss": [form(**MARGINS)],
    "ge2e_loss": [
        form(repeat=False, **LABELLED),
        form(items="W", rows="N", repeat=False, embeddings="NLD", labels=None),
    ],
    "batch_all_triplet_loss": [form(repeat=False, **LABELLED)],
    "batch_hard_triplet_loss": [form(repeat=False, **LABELLED)],
    "batch_semihard_triplet_loss": [form(repeat=False, **LABELLED)],
    "batch_contrastive_loss": [form(repeat=False, **LABELLED)],
}

OF_MEANS = [{"log_input": True}, {"log_input": False, "input": "S:target"}]
# Other ways than with an array for each argument, S being any shape.
POINTWISE: dict[str, list[dict[str, Any]]] = {
    "binary_cross_entropy": [{"weight": "S:weight?"}],
    "binary_cross_entropy_with_logits": [{"weight": "S:weight?", "pos_weight": "S:weight?"}],
    "nmae_loss": [{"norm": norm} for norm in (2.5, "range", "mean", "std", "iqr", "max")],
    "poisson_nll_loss": OF_MEANS,
    "gamma_nll_loss": OF_MEANS,
    "tweedie_loss": OF_MEANS,
}
# Losses that are not a mean of the elements' own losses.
WHOLE = ("nmae_loss", "rmse_loss")


def forms(loss: Loss) -> list[Form]:
    """Every way of calling a loss."""
    if loss.name in FORMS:
        return FORMS[loss.name]
    if isinstance(loss, PointwiseLoss):
        arrays = {name: f"S:{name}" for name in loss.arguments}
        return [Form({**arrays, **more}, "S", "S") for more in POINTWISE.get(loss.name, [{}])]
    if isinstance(loss, PairwiseLoss):
        arrays = {"scores": "N", "labels": "N:label"}
        return [
            form(**arrays, groups="N:g?"),
            form(rows="", repeat=False, offsets=cut("G", "N"), **arrays),
        ]
    raise LookupError(f"{loss.name} has no form: write one in tests/fuzz/forms.py")
