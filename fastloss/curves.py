"""Four checks of why a validation loss is below the training loss, or far above it, in plain NumPy.

A training loss may contain a penalty that the validation loss lacks (`split_regularization`), may be an average over an
epoch in which the model still improved (`shift_half_epoch`), may differ by chance (`compare_losses`); and validation
rows may have been seen in training (`find_leaks`). `fastloss/classes.py` has a fifth: validation may have more of the
easy classes.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import summation, validate
from fastloss.core.arrays import converted
from fastloss.core.domains import ANY, AT_LEAST_ZERO
from fastloss.core.errors import wrong_dtype, wrong_shape, wrong_type
from fastloss.core.exact import exact

__all__ = ["compare_losses", "find_leaks", "shift_half_epoch", "split_regularization"]


class SplitLoss(NamedTuple):
    """The parts of a regularised loss: `total` is `data` plus `penalty`."""

    data: float
    penalty: float
    total: float


class ShiftedCurve(NamedTuple):
    """A training curve on the time axis of the validation losses.

    `loss` is the mean loss of each epoch, `time` the time to which it belongs, in epochs since the start, and
    `at_epoch_end` the loss at the end of each epoch, interpolated; NaN for the last epoch, which no other follows.
    """

    time: np.ndarray
    loss: np.ndarray
    at_epoch_end: np.ndarray


class LossGap(NamedTuple):
    """Two mean losses, `gap = valid - train`, its standard error, and `z`, the gap in standard errors."""

    train: float
    valid: float
    gap: float
    standard_error: float
    z: float


class Leaks(NamedTuple):
    """The validation rows that are also training rows: their number, their fraction, and their indices in both sets."""

    count: int  # type: ignore[assignment]  # hides tuple.count
    fraction: float
    valid_rows: np.ndarray
    train_rows: np.ndarray


def split_regularization(
    loss: float, params: Any, *, l1: float = 0.0, l2: float = 0.0, included: bool = True
) -> SplitLoss:
    r"""Split a regularised loss into its data term and its penalty.

    .. math:: \text{penalty} = \lambda_1 \sum_k |\theta_k| + \lambda_2 \sum_k \theta_k^2

    Only the data term can be compared with a validation loss, which has no penalty.

    Parameters
    ----------
    loss : float
        The training loss.
    params : array_like, or an iterable or mapping of them
        The penalised parameters, of any shapes.
    l1, l2 : float >= 0
        The coefficients lambda_1 and lambda_2. There is no factor 1/2: for PyTorch's ``weight_decay`` pass half of it
        as `l2`.
    included : bool
        Whether `loss` contains the penalty, as the loss that Keras reports does. False if the optimiser applies the
        penalty, as with ``weight_decay``.

    Returns
    -------
    SplitLoss
        The parts `data` and `penalty`, and their `total`.

    Raises
    ------
    ValueError
        If a coefficient is negative or `loss` is not finite.

    Examples
    --------
    >>> from fastloss import split_regularization
    >>> split_regularization(1.5, [[1.0, -2.0], [3.0]], l2=0.0625)
    SplitLoss(data=0.625, penalty=0.875, total=1.5)
    """
    loss = ANY.validate("loss", loss)
    l1, l2 = AT_LEAST_ZERO.validate("l1", l1), AT_LEAST_ZERO.validate("l2", l2)
    penalty = 0.0
    for name, array in _parameters(params):
        values = validate.real(name, array).astype(np.float64, copy=False)
        with np.errstate(all="ignore"):
            if l1:
                penalty += l1 * float(np.abs(values).sum())
            if l2:
                penalty += summation.penalty(l2, values)
    return SplitLoss(loss - penalty, penalty, loss) if included else SplitLoss(loss, penalty, loss + penalty)


def _parameters(params: Any) -> Iterable[tuple[str, Any]]:
    """Return the arrays of a model with their names."""
    if hasattr(params, "items"):
        return [(f"params[{key!r}]", value) for key, value in params.items()]
    if isinstance(params, np.ndarray) or np.isscalar(params):
        return [("params", params)]
    if not isinstance(params, Iterable):
        raise wrong_type("params", params, "an array, or several")
    return [(f"params[{index}]", value) for index, value in enumerate(params)]


def shift_half_epoch(train_curve: Any) -> ShiftedCurve:
    r"""Shift a training curve by half an epoch, to the time axis of the validation losses.

    The training loss reported for epoch e = 1, 2, ... is a mean over the epoch, so it belongs to the model in the
    middle of the epoch, while the validation loss is measured at its end:

    .. math:: \text{time}_e = e - \tfrac12, \qquad
        \text{at\_epoch\_end}_e = \tfrac12 (\text{loss}_e + \text{loss}_{e+1})

    Parameters
    ----------
    train_curve : array_like of shape (epochs,)
        The mean training loss of each epoch.

    Returns
    -------
    ShiftedCurve
        `time` and `loss`, to be plotted with the validation loss of epoch e at time e; and `at_epoch_end`, to be
        compared with the validation losses element by element.

    Raises
    ------
    ValueError
        If the curve does not have one dimension.

    Examples
    --------
    >>> from fastloss import shift_half_epoch
    >>> time, loss, at_epoch_end = shift_half_epoch([1.0, 0.5, 0.25])
    >>> time.tolist(), at_epoch_end.tolist()
    ([0.5, 1.5, 2.5], [0.75, 0.375, nan])
    """
    loss = _losses("train_curve", train_curve)
    at_epoch_end = np.full(loss.size, np.nan)
    with np.errstate(invalid="ignore"):  # of infinite losses
        at_epoch_end[:-1] = 0.5 * loss[:-1] + 0.5 * loss[1:]
    return ShiftedCurve(np.arange(loss.size) + 0.5, loss, at_epoch_end)


def compare_losses(train: Any, valid: Any) -> LossGap:
    r"""Compute the gap between validation and training loss, and whether it may be chance.

    .. math:: \text{gap} = \bar v - \bar t, \qquad
        \text{standard\_error} = \sqrt{\frac{s_t^2}{n_t} + \frac{s_v^2}{n_v}}, \qquad
        z = \text{gap} / \text{standard\_error}

    A gap within about two standard errors is no evidence of a difference, whatever its sign.

    Parameters
    ----------
    train, valid : array_like of shape (examples,)
        The loss of each example (``reduction="none"``), both by the same model in the same mode: evaluated without
        dropout, augmentation or penalty. The two may differ in length.

    Returns
    -------
    LossGap
        `train`, `valid`, `gap`, `standard_error` and `z`, which is infinite, or 0, where the losses do not vary.

    Raises
    ------
    ValueError
        If either has fewer than two losses or more than one dimension.

    References
    ----------
    B. L. Welch, The generalization of "Student's" problem when several different population variances are involved,
    Biometrika, 1947.

    Examples
    --------
    >>> from fastloss import compare_losses
    >>> result = compare_losses([0.0, 1.0, 2.0, 1.0], [2.0, 3.0, 1.0, 2.0])
    >>> result.gap, round(result.standard_error, 3), round(result.z, 3)
    (1.0, 0.577, 1.732)
    """
    means, errors = [], []
    for name, given in (("train", train), ("valid", valid)):
        losses = _losses(name, given)
        if losses.size < 2:
            raise ValueError(f"{name} has {losses.size} losses: expected at least 2, or there is no standard error")
        unit = _unit(losses)
        with np.errstate(all="ignore"):  # of infinite losses
            means.append(float((losses / unit).mean()) * unit)
            errors.append(float((losses / unit).std(ddof=1)) * unit / math.sqrt(losses.size))
    gap, error = means[1] - means[0], math.hypot(*errors)
    if error == 0.0:
        z = math.copysign(math.inf, gap) if gap else 0.0
    else:
        z = gap / error
    return LossGap(means[0], means[1], gap, error, z)


def _unit(losses: np.ndarray) -> float:
    """Return a power of two near the largest loss if squares would overflow or underflow, else 1."""
    largest = float(np.max(np.abs(losses)))
    return 1.0 if 1e-140 < largest < 1e150 or not 0.0 < largest < math.inf else 2.0 ** (math.frexp(largest)[1] - 1)


def _losses(name: str, value: Any) -> np.ndarray:
    """Return losses as a one-dimensional float64 array."""
    losses = validate.real(name, value)
    if losses.ndim != 1:
        raise wrong_shape(name, losses.shape, "one dimension")
    return losses.astype(np.float64)


def find_leaks(train: Any, valid: Any) -> Leaks:
    """Find the rows of a validation set that are also in the training set.

    Parameters
    ----------
    train, valid : array_like of shapes (n, ...) and (m, ...)
        Examples along the first axis, of one shape: numbers, bools or strings. Put inputs and targets side by side to
        find whole examples. Rows are equal if all their elements are; NaN, a missing value, equals NaN here.

    Returns
    -------
    Leaks
        `count` and `fraction` of these validation rows; `valid_rows`, their indices in ascending order; and
        `train_rows`, the index of the first equal training row for each.

    Raises
    ------
    ValueError
        If the rows of the two sets differ in shape.
    TypeError
        If the elements are neither numbers, bools nor strings, or only one set holds numbers.

    Examples
    --------
    >>> from fastloss import find_leaks
    >>> find_leaks([[1, 2], [3, 4]], [[3, 4], [5, 6], [1, 2]])
    Leaks(count=2, fraction=0.6666666666666666, valid_rows=array([0, 2]), train_rows=array([1, 0]))
    """
    train, valid = converted("train", train), converted("valid", valid)
    if train.ndim < 1 or train.shape[1:] != valid.shape[1:] or valid.ndim < 1:
        raise ValueError(f"train has shape {train.shape}, valid {valid.shape}: expected rows of one shape")
    dtype = _common_dtype(train, valid)
    first: dict[bytes, int] = {}
    for index, row in enumerate(train):
        first.setdefault(_key(row, dtype), index)
    found = [first.get(_key(row, dtype), -1) for row in valid]
    train_rows = np.array(found, dtype=np.int64)
    valid_rows = np.flatnonzero(train_rows >= 0)
    count = int(valid_rows.size)
    return Leaks(count, count / len(valid) if len(valid) else 0.0, valid_rows, train_rows[valid_rows])


def _common_dtype(train: np.ndarray, valid: np.ndarray) -> np.dtype:
    """Return the dtype in which rows of both sets are compared."""
    kinds = train.dtype.kind, valid.dtype.kind
    for name, array in (("train", train), ("valid", valid)):
        if array.dtype.kind not in "fiubUS":
            raise wrong_dtype(name, array.dtype, "numbers, bools or strings")
    if len({kind if kind in "US" else "number" for kind in kinds}) > 1:
        raise TypeError(f"train has dtype {train.dtype}, valid {valid.dtype}: expected the same kind of elements")
    dtype = np.result_type(train, valid)
    if dtype.kind == "f":
        exact("train", train)
        exact("valid", valid)
    return np.dtype(np.float64) if dtype.char == "g" else dtype  # the longest floats have bytes without meaning


def _key(row: Any, dtype: np.dtype) -> bytes:
    """Return bytes that are equal for equal rows, and only for these."""
    values = np.asarray(row, dtype=dtype)
    if dtype.kind == "f":
        values = np.where(np.isnan(values), dtype.type(np.nan), values + dtype.type(0.0))  # -0.0 equals 0.0
    return values.tobytes()
