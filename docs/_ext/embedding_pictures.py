"""Recipes of `loss_pictures` for losses of whole batches of embeddings: one row moves, the others stand still."""

from typing import Any

import numpy as np
from loss_pictures import Curve, Picture, along_circle, curve, recipe, steps

from fastloss.core.loss import Loss

HALF_TURN = (-3.1, 3.1)


def at(*angles: float) -> list[list[float]]:
    """Vectors of length 1."""
    return [[float(np.cos(angle)), float(np.sin(angle))] for angle in angles]


@recipe("info_nce_loss")
def _info_nce(loss: Loss) -> Picture:
    curves = [
        curve(
            loss,
            f"temperature {t:g}",
            steps(*HALF_TURN),
            lambda x: (at(x), at(0.0, 2.0, -1.5)),
            along_circle,
            temperature=t,
        )
        for t in (0.2, 0.5, 1.0)
    ]
    return Picture("angle of the query", "One query; its own key is at 0, two others at 2 and -1.5.", tuple(curves))


@recipe("multiple_negatives_ranking_loss")
def _multiple(loss: Loss) -> Picture:
    curves = [
        curve(loss, f"scale {s:g}", steps(*HALF_TURN), lambda x: (at(x), at(0.0), at(2.0, -1.5)), along_circle, scale=s)
        for s in (1.0, 5.0, 20.0)
    ]
    return Picture("angle of the anchor", "One anchor; its positive is at 0, negatives at 2 and -1.5.", tuple(curves))


@recipe("nt_xent_loss")
def _nt_xent(loss: Loss) -> Picture:
    curves = [
        curve(
            loss,
            f"temperature {t:g}",
            steps(*HALF_TURN),
            lambda x: (at(x, 2.0), at(0.0, 2.2)),
            along_circle,
            temperature=t,
        )
        for t in (0.2, 0.5, 1.0)
    ]
    caption = "Two examples of two views. One view moves; its partner is at 0, the other example's views at 2 and 2.2."
    return Picture("angle of the view", caption, tuple(curves))


@recipe("supcon_loss")
def _supcon(loss: Loss) -> Picture:
    curves = [
        curve(
            loss,
            f"temperature {t:g}",
            steps(*HALF_TURN),
            lambda x: (at(x, 0.0, 0.3, 2.0), [0, 0, 0, 1]),
            along_circle,
            temperature=t,
        )
        for t in (0.2, 0.5, 1.0)
    ]
    caption = "Three rows of a class, of which one moves and two are at 0 and 0.3; a row of another class is at 2."
    return Picture("angle of the row", caption, tuple(curves))


@recipe("arcface_loss", "cosface_loss", "sphereface_loss")
def _angular(loss: Loss) -> Picture:
    margins = {"arcface_loss": (0.0, 0.25, 0.5), "cosface_loss": (0.0, 0.2, 0.35), "sphereface_loss": (1.0, 2.0, 4.0)}
    curves = [
        curve(
            loss,
            f"margin {m:g}",
            steps(*HALF_TURN),
            lambda x: (at(x), at(0.0, 2.0), [0]),
            along_circle,
            margin=m,
            scale=5.0,
        )
        for m in margins[loss.name]
    ]
    return Picture("angle of the row", "Scale 5. The row's class is at 0, another at 2.", tuple(curves))


@recipe("ge2e_loss")
def _ge2e(loss: Loss) -> Picture:
    curves = [
        curve(
            loss,
            f'variant "{v}"',
            steps(*HALF_TURN),
            lambda x: ([at(x, 0.0, 0.3), at(2.0, 2.2, 1.9)],),
            along_circle,
            variant=v,
        )
        for v in ("softmax", "contrast")
    ]
    caption = "Two speakers with three utterances each. One utterance moves; its speaker's others are at 0 and 0.3."
    return Picture("angle of the utterance", caption, tuple(curves))


@recipe("cross_entropy_with_factors")
def _factors(loss: Loss) -> Picture:
    curves = [
        curve(
            loss,
            f"label_smoothing {s:g}",
            steps(-4.0, 4.0),
            lambda x: ([[x]], [[1.0], [0.0], [-0.5]], [0]),
            label_smoothing=s,
        )
        for s in (0.0, 0.2)
    ]
    return Picture("x", "One row x; the classes' vectors are 1, 0 and -0.5, and the first is true.", tuple(curves))


def _moving(gradient: Any, _: float) -> float:
    return float(gradient[-1, 0])


@recipe("batch_all_triplet_loss", "batch_hard_triplet_loss", "batch_semihard_triplet_loss")
def _triplets(loss: Loss) -> Picture:
    variants: list[tuple[str, dict[str, Any]]] = [("margin 0.5", {"margin": 0.5}), ("margin 1", {"margin": 1.0})]
    if "soft" in loss.parameters:
        variants.append(("soft", {"soft": True}))
    curves: list[Curve] = [
        curve(
            loss, label, np.linspace(-2.5, 3.5, 301), lambda x: ([[0.0], [1.0], [x]], ["a", "a", "b"]), _moving, **words
        )
        for label, words in variants
    ]
    caption = "Two rows of a class at 0 and 1; a row of another class moves."
    if loss.name == "batch_all_triplet_loss":
        caption += " The mean is over active triplets: it jumps where one becomes active."
    return Picture("place of the other row", caption, tuple(curves))


@recipe("batch_contrastive_loss")
def _contrastive(loss: Loss) -> Picture:
    curves = [
        curve(loss, label, np.linspace(-2.5, 3.5, 301), lambda x: ([[0.0], [1.0], [x]], [0, 0, 1]), _moving, **words)
        for label, words in (("margin 1", {}), ("margin 1, not squared", {"squared": False}))
    ]
    return Picture(
        "place of the other row", "Two rows of a class at 0 and 1; a row of another class moves.", tuple(curves)
    )
