"""The Dice loss: how little two masks overlap."""

import operator
from typing import Any

from fastloss.core import validate
from fastloss.core.domains import AT_LEAST_ZERO, UNIT, Flag, Free
from fastloss.core.errors import wrong_type, wrong_value
from fastloss.rows import terms
from fastloss.rows.loss import RowLoss, Rows, along, row_loss
from fastloss.rows.row import formulas

__all__ = ["dice_loss"]

OVERLAP = formulas("dice_loss", terms.of_overlap, check_first=UNIT.check, check_second=UNIT.check)


def _axes(axis: Any, dimensions: int) -> tuple[int, ...]:
    """The axes to sum over, from None (all), an integer or a tuple of them."""
    if axis is None:
        return tuple(range(dimensions))
    try:
        axes = tuple(operator.index(one) for one in (axis if isinstance(axis, tuple) else (axis,)))
    except TypeError:
        raise wrong_type("axis", axis, "None, an integer or a tuple of them") from None
    found = tuple(sorted({one % dimensions for one in axes if -dimensions <= one < dimensions}))
    if len(found) != len(axes):
        raise wrong_value("axis", axis, f"distinct axes of an array of {dimensions} dimensions")
    return found


class OverlapLoss(RowLoss):
    """One whose examples may run over any axes."""

    def require_additive(self, parameters):
        axis = parameters.get("axis")
        if axis is None or axis <= 0:
            raise wrong_value("axis", axis, f"an axis above 0, since {self.name} is computed by parts of the first")

    def shape_of_losses(self, given):
        shape = tuple(given["input"].shape)
        axes = _axes(given["axis"], len(shape))
        return tuple(length for at, length in enumerate(shape) if at not in axes)


@row_loss(
    kind=OverlapLoss,
    parameters={
        "squared": Flag(),
        "smooth": AT_LEAST_ZERO,
        "axis": Free("an axis, a tuple of them, or None for all", "integers"),
    },
    curvature=True,
    reference="Milletari, Navab & Ahmadi, V-Net: fully convolutional neural networks, 2016",
)
def dice_loss(input, target, *, squared=True, smooth=0.0, axis=None):
    r"""One minus the Dice coefficient of a predicted and a true mask.

    .. math:: \ell = 1 - \frac{2 \sum_k p_k g_k + m}{\sum_k p_k^2 + \sum_k g_k^2 + m}, \qquad
        p = \text{input}, \; g = \text{target}, \; m = \text{smooth}

    An empty prediction of an empty mask costs 0.

    Parameters
    ----------
    input : array_like
        Probabilities in [0, 1], of any shape.
    target : array_like of the input's shape
        The true mask: numbers in [0, 1].
    squared : bool
        Whether the denominator sums squares, as above; False sums p and g themselves.
    smooth : float >= 0
        The number m added to numerator and denominator.
    axis : int or tuple of ints, optional
        The axes to sum over; every index along the other axes has a loss of its own. None sums over all axes, which
        makes one loss.

    Returns
    -------
    float, or an array of the shape of the axes that are not summed over for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a number is outside [0, 1], or an axis does not exist.

    References
    ----------
    F. Milletari, N. Navab & S.-A. Ahmadi, V-Net: fully convolutional neural networks for volumetric medical image
    segmentation, 3DV 2016.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.dice_loss([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], squared=False)
    0.3333333333333333
    >>> value, gradient = fastloss.dice_loss.value_and_grad([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], squared=False)
    >>> gradient.round(4).tolist()
    [-0.4444, 0.2222, 0.2222, 0.2222]
    """
    arrays = validate.array("input", input), validate.array("target", target)
    validate.same_shape(("input", "target"), arrays)
    prediction, truth = (along(array, _axes(axis, array.ndim)) for array in arrays)
    checked = (("input", UNIT, arrays[0]), ("target", UNIT, arrays[1]))
    return Rows(OVERLAP, (prediction,), (truth.rows,), (float(squared), smooth), checked=checked)
