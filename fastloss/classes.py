"""The mix of classes in training and validation, and what it does to the difference of their mean losses."""

import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, orders, summation, units, validate
from fastloss.core.domains import NON_NEGATIVE
from fastloss.core.errors import wrong_shape
from fastloss.core.identities import as_ids

__all__ = ["class_shift"]

KINDS = {**dict.fromkeys("biuf", "numbers"), "U": "strings", "S": "bytes", "M": "dates", "m": "durations"}
OF_OBJECTS = {int: "numbers", str: "strings", bytes: "bytes"}
SPREAD = 4  # integers of up to so many times their number are counted in a table, others are sorted


class LossShift(NamedTuple):
    """Where the gap between the mean losses comes from: ``gap = mix + within + unmatched``."""

    train: float
    valid: float
    gap: float
    mix: float
    within: float
    unmatched: float
    valid_at_train_mix: float
    train_means: np.ndarray
    valid_means: np.ndarray
    mix_by_class: np.ndarray


class ClassShift(NamedTuple):
    """The shares of the classes in training and validation, how far they differ, and what that does to the loss."""

    classes: np.ndarray
    train: np.ndarray
    valid: np.ndarray
    ratio: np.ndarray
    missing_in_train: np.ndarray
    missing_in_valid: np.ndarray
    total_variation: float
    chi_square: float
    degrees_of_freedom: int
    p_value: float
    least_expected: float
    losses: LossShift | None


class _Side(NamedTuple):
    """One set by class: how many rows count, their share of the weight, and their mean loss."""

    rows: np.ndarray
    shares: np.ndarray
    means: np.ndarray | None

    def only(self, some: np.ndarray) -> "_Side":
        """Return some of the classes."""
        return _Side(self.rows[some], self.shares[some], None if self.means is None else self.means[some])


def class_shift(
    train: Any,
    valid: Any,
    *,
    train_losses: Any = None,
    valid_losses: Any = None,
    train_weight: Any = None,
    valid_weight: Any = None,
) -> ClassShift:
    r"""Compare the mix of classes in training and validation, and split the gap of the mean losses by it.

    With p and q the shares of the classes in training and validation, and t and v the mean losses of their rows,

    .. math:: \underbrace{\sum_c q_c v_c - \sum_c p_c t_c}_{\text{gap}}
        = \underbrace{\sum_c (q_c - p_c) \, v_c}_{\text{mix}} + \underbrace{\sum_c p_c (v_c - t_c)}_{\text{within}}

    The mix is what another share of easy classes does; what remains, within classes, is what the model does worse on
    new rows of the same classes. It is the training loss subtracted from the validation loss at training's mix,
    :math:`\sum_c p_c v_c`. If some classes are on one side only, both sums are over the others, with shares that add up
    to 1, and `unmatched` is what those change: the sum of three parts is always the gap.

    Parameters
    ----------
    train, valid : array_like of shapes (n,) and (m,)
        The class of each row: numbers, strings or other ids, of one kind.
    train_losses, valid_losses : array_like of shapes (n,) and (m,), optional
        The loss of each row (``reduction="none"``), both by the same model in the same mode.
    train_weight, valid_weight : array_like of shapes (n,) and (m,), optional
        Weights w >= 0 of the rows, in shares and mean losses. Rows of weight 0 are left out.

    Returns
    -------
    ClassShift
        `classes`, in order, and for each its share in `train` and in `valid`, and the `ratio` valid / train, infinite
        for a class that training lacks; the classes `missing_in_train` and `missing_in_valid`. `total_variation` is
        :math:`\tfrac12 \sum_c |p_c - q_c|`, from 0 for equal mixes to 1 for no class in common: the fraction of rows
        that would have to change their class.

        `chi_square`, `degrees_of_freedom` and `p_value` are those of Pearson's test that both sides were drawn from one
        mix. It counts rows, whatever their weights, as drawn one by one: rows that come in groups (of one user or one
        video) make it reject too often. It is an approximation, coarse where `least_expected`, the least number of rows
        that a class would have on a side, is below about 5. Of many rows it finds differences that do not matter: read
        `total_variation` and the part `mix` for their size.

        `losses` is None without losses, else a `LossShift`: the mean losses `train` and `valid`, their `gap` with its
        parts `mix`, `within` and `unmatched`, `valid_at_train_mix`, and by class `train_means` and `valid_means`, NaN
        for a class that is missing, and `mix_by_class`, which adds up to `mix`: the difference of the shares times that
        of the class's loss from the mean one, negative for an easy class that validation has more of.

    Raises
    ------
    ValueError
        If shapes differ, a class is missing (None or NaN), a weight is negative, one side has no row, or losses are
        given for one side only.
    TypeError
        If one side has numbers and the other strings.

    References
    ----------
    E. M. Kitagawa, Components of a difference between two rates, Journal of the American Statistical Association, 1955.

    R. Oaxaca, Male-female wage differentials in urban labor markets, International Economic Review, 1973: two parts.

    H. Ñopo, Matching as a tool to decompose wage gaps, Review of Economics and Statistics, 2008: the unmatched.

    Examples
    --------
    >>> from fastloss import class_shift
    >>> found = class_shift(["cat", "dog", "dog", "owl"], ["cat", "cat", "cat", "dog"])
    >>> found.train.tolist(), found.valid.tolist(), found.missing_in_valid.tolist(), found.total_variation
    ([0.25, 0.5, 0.25], [0.75, 0.25, 0.0], ['owl'], 0.5)

    Validation has more of the easy class; of equal mixes its loss would be above that of training:

    >>> parts = class_shift(
    ...     [0, 0, 1, 1], [0, 0, 0, 1], train_losses=[0.1, 0.1, 0.9, 0.9], valid_losses=[0.2, 0.2, 0.2, 1.0]
    ... ).losses
    >>> round(parts.gap, 3), round(parts.mix, 3), round(parts.within, 3), round(parts.valid_at_train_mix, 3)
    (-0.1, -0.2, 0.1, 0.6)
    """
    if (train_losses is None) != (valid_losses is None):
        missing, given = ("train", "valid") if train_losses is None else ("valid", "train")
        raise ValueError(f"{missing}_losses is missing, but {given}_losses is given: expected both or neither")
    ids = _of_one_kind(_labels("train", train), _labels("valid", valid))
    classes, codes = _coded(np.concatenate(ids))
    cut = ids[0].size
    with np.errstate(all="ignore"):  # of what is not finite, and of classes that are missing
        own = _side("train", codes[:cut], classes.size, train_losses, train_weight)
        other = _side("valid", codes[cut:], classes.size, valid_losses, valid_weight)
        there = (own.rows > 0) | (other.rows > 0)  # classes of rows of weight 0 alone are none
        classes, own, other = classes[there], own.only(there), other.only(there)
        return ClassShift(
            classes,
            own.shares,
            other.shares,
            other.shares / own.shares,
            classes[own.rows == 0],
            classes[other.rows == 0],
            0.5 * float(np.abs(own.shares - other.shares).sum()),
            *_chi_square(own.rows, other.rows),
            None if own.means is None else _split(own, other),
        )


def _labels(name: str, value: Any) -> np.ndarray:
    found = as_ids(name, backend.to_host(value))
    if found.ndim != 1:
        raise wrong_shape(name, found.shape, "one dimension")
    return found


def _kind(ids: np.ndarray) -> str:
    """Name what the ids are: those of one kind can be equal."""
    return OF_OBJECTS[type(ids[0])] if ids.dtype.kind == "O" else KINDS[ids.dtype.kind]


def _of_one_kind(train: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of both sides in a dtype that holds them all exactly; Python's objects where NumPy has none."""
    if not train.size or not valid.size:
        name = "valid" if train.size else "train"
        raise ValueError(f"{name} is empty: expected a class for each row")
    kinds = _kind(train), _kind(valid)
    if kinds[0] != kinds[1]:
        raise TypeError(f"train holds {kinds[0]}, valid {kinds[1]}: expected classes of one kind")
    both = train, valid
    common = np.result_type(*both)
    if common.kind == "f" and any(map(orders.is_large, both)):
        return train.astype(object), valid.astype(object)  # int64 beside uint64 or floats
    return train.astype(common), valid.astype(common)


def _coded(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids that occur, in order, and the place of each row's among them."""
    if ids.dtype.kind in "iu":
        low, high = int(ids.min()), int(ids.max())
        if high - low <= SPREAD * ids.size:
            wide = np.uint64 if ids.dtype == np.uint64 else np.int64
            places = (ids.astype(wide) - wide(low)).astype(np.int64)
            found = np.bincount(places) > 0
            classes = (np.flatnonzero(found).astype(wide) + wide(low)).astype(ids.dtype)
            return classes, (np.cumsum(found) - 1)[places]
    classes, codes = np.unique(ids, return_inverse=True)
    return classes, codes.reshape(-1)


def _side(name: str, codes: np.ndarray, count: int, losses: Any, weight: Any) -> _Side:
    """Add up one side by class."""
    numbers = None if losses is None else validate.vector(f"{name}_losses", backend.to_host(losses), codes.shape)
    weights = None
    if weight is not None:
        given = backend.to_host(weight)
        weights = units.in_unit(validate.vector(f"{name}_weight", given, codes.shape, NON_NEGATIVE))
        kept = weights != 0.0
        codes, weights = codes[kept], weights[kept]
        numbers = None if numbers is None else numbers[kept]
        if not codes.size:
            raise ValueError(f"{name}_weight is 0 for every row: expected a weight above 0")
    rows = np.bincount(codes, minlength=count)
    totals = rows.astype(np.float64) if weights is None else _sums(codes, weights, rows)
    means = None
    if numbers is not None:
        unit = _unit(numbers)
        scaled = numbers / unit
        sums = _sums(codes, scaled if weights is None else weights * scaled, rows)
        means = np.where(rows > 0, sums / totals * unit, np.nan)
    return _Side(rows, totals / totals.sum(), means)


def _sums(codes: np.ndarray, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Add the values of each class; what its mean leaves is added once more, so that many roundings become few."""
    first = np.bincount(codes, values, rows.size)
    means = first / np.maximum(rows, 1)
    rest = np.bincount(codes, values - means[codes], rows.size)
    return np.where(np.isfinite(first), means * rows + rest, first)


def _unit(losses: np.ndarray) -> float:
    """Return a power of two by which losses are divided, so that neither their sums nor products leave the range."""
    largest = float(np.max(np.abs(losses), initial=0.0, where=np.isfinite(losses)))
    return 1.0 if 2.0**-400 < largest < 2.0**400 or largest == 0.0 else 2.0 ** (math.frexp(largest)[1] - 1)


def _split(train: _Side, valid: _Side) -> LossShift:
    """Split the gap of the mean losses."""
    assert train.means is not None and valid.means is not None
    p, q, t, v = train.shares, valid.shares, train.means, valid.means
    means = _mean(p, np.where(p > 0.0, t, 0.0)), _mean(q, np.where(q > 0.0, v, 0.0))
    both = (p > 0.0) & (q > 0.0)
    if not both.any():
        parts = (math.nan,) * 4
        by_class = np.full(p.size, math.nan)
    else:
        p, q = (np.where(both, one, 0.0) / one[both].sum() for one in (p, q))
        t, v = np.where(both, t, 0.0), np.where(both, v, 0.0)
        own = _mean(q, v)
        by_class = np.where(both, (q - p) * (v - own), math.nan)
        unmatched = 0.0 if both.all() else (means[1] - own) + (_mean(p, t) - means[0])
        parts = summation.sum_of_many(by_class[both]), _mean(p, v - t), unmatched, _mean(p, v)
    return LossShift(*means, means[1] - means[0], *parts, train.means, valid.means, by_class)


def _mean(shares: np.ndarray, values: np.ndarray) -> float:
    return summation.sum_of_many(shares * values)


def _chi_square(train: np.ndarray, valid: np.ndarray) -> tuple[float, int, float, float]:
    """Return Pearson's statistic of two rows of counts, its degrees of freedom, the p-value, the least expected count.

    Each class's term is (x - e)**2 / e on both sides, where x - e differs in sign alone.
    """
    sizes = float(train.sum()), float(valid.sum())
    pooled = (train + valid) / (sizes[0] + sizes[1])
    away = train - sizes[0] * pooled
    statistic = float((away * away / pooled).sum()) * (1.0 / sizes[0] + 1.0 / sizes[1])
    freedom = train.size - 1
    return statistic, freedom, _upper_tail(statistic, freedom), float(pooled.min()) * min(sizes)


def _upper_tail(x: float, freedom: int) -> float:
    r"""Return the chance that chi-square of some degrees of freedom is above x.

    By Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1), with y = x / 2, from Q(1/2, y) = erfc(sqrt y) or
    Q(1, y) = e^-y: a sum of positive terms for whole numbers of degrees (Abramowitz and Stegun, 26.4.4 and 26.4.5).
    To 9 digits for a hundred thousand degrees, to 12 for a thousand.
    """
    if freedom == 0 or x <= 0.0:
        return 1.0
    y, odd = 0.5 * x, freedom % 2
    first = 0.5 if odd else 1.0
    start = math.erfc(math.sqrt(y)) if odd else math.exp(-y)
    steps = np.log(y / (first + np.arange((freedom - 1) // 2)))
    terms = math.log(y) * (first - 1.0) - y - math.lgamma(first) + np.cumsum(steps)
    return min(start + summation.sum_of_many(np.exp(terms)), 1.0)
