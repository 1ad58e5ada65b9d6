"""Softmax losses over the cosines to class vectors, with a margin between the angles."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.core import validate
from fastloss.core.docstrings import share
from fastloss.core.domains import SCALE, Flag, Range
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.candidates.loss import Candidates, candidates_loss, left_out, to_arrays
from fastloss.embeddings.candidates.terms import Listed

__all__ = ["arcface_loss", "cosface_loss", "sphereface_loss"]

Margin = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def _with_margin(embeddings: Any, weights: Any, labels: Any, scale: float, margin: Margin) -> Candidates:
    """Return the candidates of a loss; `margin` maps the target's cosine to its replacement and the slope of that."""
    arrays = to_arrays(("embeddings", "weights"), (embeddings, weights))
    targets = validate.indices("labels", labels, (len(arrays[0]),), len(arrays[1]))
    dtype = validate.common_dtype(arrays)
    rows, columns = Scaled((arrays[0],), dtype, scale, True), Scaled((arrays[1],), dtype, 1.0, True)

    def bend(logits):
        value, slope = margin(np.clip(logits / scale, -1.0, 1.0))
        return scale * value, slope

    def public(gradient, total) -> dict[str, Any]:
        return {"embeddings": gradient.rows, "weights": gradient.columns, "scale": total / scale}

    excluded = left_out(targets, np.arange(len(arrays[1])))
    return Candidates(rows, columns, (Listed(targets),), public, bend=bend, excluded=excluded)


share(
    directions_and_labels="""
    embeddings : array_like, shape (N, D)
        The examples' vectors, of any length.
    weights : array_like, shape (C, D)
        A vector for each class, of any length.
    labels : array_like of whole numbers, shape (N,)
        The class y of each example, in [0, C).
    """,
    cosine_scale="""
    scale : float in [1e-30, 1e30]
        The scale s of the cosines.
    """,
)


@candidates_loss(
    tables=("weights",),
    by=("embeddings", "weights", "scale"),
    parameters={"margin": Range(0.0, math.pi), "scale": SCALE, "literal": Flag()},
    reference="Deng, Guo, Xue & Zafeiriou, ArcFace: additive angular margin loss for deep face recognition, 2019",
)
def arcface_loss(embeddings, weights, labels, *, margin=0.5, scale=64.0, literal=False):
    r"""Softmax over the cosines to class vectors, with a margin added to the target's angle.

    .. math:: \ell_i = -\log \frac{e^t}{e^t + \sum_{j \ne y} e^{s \cos\theta_j}}, \qquad t = s \cos(\theta_y + m)

    theta_j is the angle between embedding i and class vector j. Where theta_y + m > pi, the cosine rises again with the
    angle: unless `literal`, :math:`\cos\theta_y - m \sin m` replaces it. The N x C cosines are never stored.

    Parameters
    ----------
    {directions_and_labels}
    margin : float in [0, pi]
        The margin m, in radians.
    {cosine_scale}
    literal : bool
        Whether to use :math:`\cos(\theta_y + m)` beyond pi too, where its slope drives a row away from its class.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` returns the gradients as a named tuple: embeddings, weights, scale. At angles of 0 and pi,
        where the slope of the angle is unbounded, the slope at a cosine 1e-15 away is used.

    Raises
    ------
    ValueError
        If shapes do not fit, or a label is not a class.

    References
    ----------
    J. Deng, J. Guo, N. Xue & S. Zafeiriou, ArcFace: additive angular margin loss for deep face recognition, CVPR 2019.

    Examples
    --------
    >>> import fastloss
    >>> classes = [[2.0, 0.0], [0.0, 1.0]]
    >>> print(f"{fastloss.arcface_loss([[1.0, 1.0]], classes, [0], scale=1.0):.6f}")
    0.928400
    >>> value, (by_embeddings, by_weights, by_scale) = fastloss.arcface_loss.value_and_grad(
    ...     [[1.0, 1.0]], classes, [0], scale=1.0
    ... )
    >>> by_embeddings.round(4).tolist(), by_weights.round(4).tolist(), round(by_scale, 4)
    ([[-0.504, 0.504]], [[0.0, -0.2902], [0.4277, 0.0]], 0.2574)
    """

    def bent(cosine):
        sine = np.sqrt(np.maximum(1.0 - cosine * cosine, 1e-15))
        inside = (np.arccos(cosine) + margin <= math.pi) | literal
        value = np.where(
            inside,
            cosine * math.cos(margin) - np.sqrt(1.0 - cosine * cosine) * math.sin(margin),
            cosine - margin * math.sin(margin),
        )
        return value, np.where(inside, math.cos(margin) + math.sin(margin) * cosine / sine, 1.0) + 0.0 * cosine

    return _with_margin(embeddings, weights, labels, scale, bent)


@candidates_loss(
    tables=("weights",),
    by=("embeddings", "weights", "scale"),
    parameters={"margin": Range(0.0, 1e30), "scale": SCALE},
    reference="Wang et al., CosFace: large margin cosine loss for deep face recognition, 2018",
)
def cosface_loss(embeddings, weights, labels, *, margin=0.35, scale=64.0):
    r"""Softmax over the cosines to class vectors, with a margin subtracted from the target's cosine.

    .. math:: \ell_i = -\log \frac{e^t}{e^t + \sum_{j \ne y} e^{s \cos\theta_j}}, \qquad t = s (\cos\theta_y - m)

    Parameters
    ----------
    {directions_and_labels}
    margin : float in [0, 1e30]
        The margin m.
    {cosine_scale}

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` returns the gradients as a named tuple: embeddings, weights, scale.

    Raises
    ------
    ValueError
        If shapes do not fit, or a label is not a class.

    References
    ----------
    H. Wang et al., CosFace: large margin cosine loss for deep face recognition, CVPR 2018.

    Examples
    --------
    >>> import fastloss
    >>> classes = [[2.0, 0.0], [0.0, 1.0]]
    >>> print(f"{fastloss.cosface_loss([[1.0, 1.0]], classes, [0], scale=1.0):.6f}")
    0.883382
    >>> value, (by_embeddings, by_weights, by_scale) = fastloss.cosface_loss.value_and_grad(
    ...     [[1.0, 1.0]], classes, [0], scale=1.0
    ... )
    >>> by_embeddings.round(4).tolist(), by_weights.round(4).tolist(), round(by_scale, 4)
    ([[-0.4148, 0.4148]], [[0.0, -0.2074], [0.4148, 0.0]], 0.2053)
    """
    return _with_margin(embeddings, weights, labels, scale, lambda cosine: (cosine - margin, np.ones(len(cosine))))


@candidates_loss(
    tables=("weights",),
    by=("embeddings", "weights", "scale"),
    parameters={"margin": Range(1.0, 1e6), "scale": SCALE},
    reference="Liu et al., SphereFace: deep hypersphere embedding for face recognition, 2017",
)
def sphereface_loss(embeddings, weights, labels, *, margin=4.0, scale=1.0):
    r"""Softmax over the cosines to class vectors, with the target's angle multiplied.

    .. math:: \ell_i = -\log \frac{e^{s \psi(\theta_y)}}{e^{s \psi(\theta_y)} + \sum_{j \ne y} e^{s \cos\theta_j}},
        \qquad \psi(\theta) = (-1)^k \cos(m \theta) - 2 k, \quad k = \lfloor m \theta / \pi \rfloor

    Parameters
    ----------
    {directions_and_labels}
    margin : float in [1, 1e6]
        The factor m of the target's angle.
    {cosine_scale}

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` returns the gradients as a named tuple: embeddings, weights, scale.

    Raises
    ------
    ValueError
        If shapes do not fit, or a label is not a class.

    References
    ----------
    W. Liu et al., SphereFace: deep hypersphere embedding for face recognition, CVPR 2017.

    Examples
    --------
    >>> import fastloss
    >>> classes = [[2.0, 0.0], [0.0, 1.0]]
    >>> print(f"{fastloss.sphereface_loss([[1.0, 1.0]], classes, [0]):.6f}")
    1.873798
    >>> value, (by_embeddings, by_weights, by_scale) = fastloss.sphereface_loss.value_and_grad(
    ...     [[1.0, 1.0]], classes, [0]
    ... )
    >>> by_embeddings.round(4).tolist()
    [[-0.2993, 0.2993]]
    """

    def bent(cosine):
        angle = np.arccos(cosine)
        turns = np.floor(margin * angle / math.pi)
        sign = np.where(turns % 2 == 0, 1.0, -1.0)
        sine = np.sqrt(np.maximum(1.0 - cosine * cosine, 1e-15))
        return sign * np.cos(margin * angle) - 2.0 * turns, sign * margin * np.sin(margin * angle) / sine

    return _with_margin(embeddings, weights, labels, scale, bent)
