"""Cross-entropy over a large catalogue of classes, straight from factors."""

from typing import Any

import numpy as np

from fastloss.core import units, validate
from fastloss.core.domains import Free, Range
from fastloss.embeddings.candidates.heads import Head, smoothed
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.candidates.loss import Candidates, candidates_loss, left_out, to_arrays
from fastloss.embeddings.candidates.reach import reach
from fastloss.embeddings.candidates.terms import Average, Listed

__all__ = ["cross_entropy_with_factors"]


@candidates_loss(
    tables=("class_weights",),
    by=("hidden", "class_weights", "bias"),
    parameters={
        "bias": Free("an array of shape (C,), or None"),
        "weight": Free("an array of shape (C,), or None"),
        "ignore_index": Free("an integer", "integer"),
        "label_smoothing": Range(0.0, 1.0),
    },
    reference="PyTorch, torch.nn.functional.cross_entropy",
)
def cross_entropy_with_factors(
    hidden, class_weights, target, *, bias=None, weight=None, ignore_index=-100, label_smoothing=0.0
):
    r"""``cross_entropy(hidden @ class_weights.T + bias, target)`` without storing the logits.

    .. math:: \ell_i = -(1 - \epsilon) \, w_{t_i} \log p_{i t_i} - \frac{\epsilon}{C} \sum_c w_c \log p_{ic},
        \qquad p_{ic} = \frac{e^{h_i \cdot W_c + b_c}}{\sum_k e^{h_i \cdot W_k + b_k}}

    Parameters
    ----------
    hidden : array_like, shape (N, D)
        The rows h, such as hidden states or embeddings.
    class_weights : array_like, shape (C, D)
        The class vectors W.
    target : array_like of whole numbers, shape (N,)
        The class t of each row, in [0, C) or `ignore_index`.
    bias : array_like, shape (C,), optional
        The bias b of each class.
    weight : array_like, shape (C,), optional
        The weight w >= 0 of each class; the mean divides by the sum of the targets' weights.
    ignore_index : int
        Rows with this target are left out, of the mean's denominator too.
    label_smoothing : float in [0, 1]
        The share epsilon of the target that is spread evenly over all classes.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` returns the gradients as a named tuple: hidden, class_weights, bias if given.

    Raises
    ------
    ValueError
        If shapes do not fit, a target is not a class, or a weight is negative.

    References
    ----------
    The definition is that of PyTorch's `cross_entropy`.

    Examples
    --------
    >>> import fastloss
    >>> hidden, class_weights = [[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
    >>> print(f"{fastloss.cross_entropy_with_factors(hidden, class_weights, [0]):.6f}")
    0.407606
    >>> value, (by_hidden, by_class_weights) = fastloss.cross_entropy_with_factors.value_and_grad(
    ...     hidden, class_weights, [0]
    ... )
    >>> by_hidden.round(4).tolist(), by_class_weights.round(4).tolist()
    ([[-0.4248, 0.2447]], [[-0.3348, 0.0], [0.2447, 0.0], [0.09, 0.0]])
    """
    arrays = to_arrays(("hidden", "class_weights"), (hidden, class_weights))
    height, count = (len(array) for array in arrays)
    ignored = validate.integer("ignore_index", ignore_index)
    targets = validate.indices("target", target, (height,), count, ignored)
    weights = None if weight is None else validate.per_class("weight", weight, count)
    biases = np.empty(0) if bias is None else validate.vector("bias", bias, (count,))
    known = targets >= 0
    listed = Listed(targets[known], np.append(0, np.cumsum(known)))
    targets = np.where(known, targets, 0)
    own = known.astype(np.float64)
    if weights is not None:
        own[known] = weights[targets[known]]
    within = reach(arrays)
    rows, columns = (
        Scaled((array,), within.dtype, 1.0 / divisor) for array, divisor in zip(arrays, within.divisors, strict=True)
    )
    biases = np.ldexp(biases, -within.exponent)

    def public(gradient, total) -> dict[str, Any]:
        result: dict[str, Any] = {"hidden": gradient.rows, "class_weights": gradient.columns}
        return result if bias is None else {**result, "bias": gradient.bias}

    call = Candidates(rows, columns, (listed,), public, bias=biases, factor=own, mass=own)
    call.within = within
    call.excluded, call.there = left_out(targets, np.arange(count)), known
    if label_smoothing:
        every = np.ones(count) if weights is None else weights
        call.factor = known.astype(np.float64)
        if weights is not None and units.unit(weights) != 1.0:
            call.inner = lambda: np.full(height, weights.max())
        call.head = Head(smoothed, 2, (label_smoothing, every.sum() / max(count, 1)))
        call.known = (own,)
        call.terms = listed, Average(every / max(count, 1))
    return call
