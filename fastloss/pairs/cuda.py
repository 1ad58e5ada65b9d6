"""The pairwise shape on CUDA: which groups are summed directly, which by a fast method, and both put together.

Labels and weights may lie on the host, which orders groups and plans the halvings of large ones with the CPU engine's
code; or on the device with the scores, where `labels.py` finds what the plan needs. Only for groups that the fast
method sorts, by more than `halving.LEVELS` labels, are they copied to the host then. Results stay on the device.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.columns import add_by_label, give_back, in_float64, taken
from fastloss.compile.cuda.ranges import score_ranges
from fastloss.core.gpu import on_gpu
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs import differences, halving
from fastloss.pairs.boxes import cuda as boxes
from fastloss.pairs.direct import cuda as direct_pairs
from fastloss.pairs.direct import cuda_labels as device_labels
from fastloss.pairs.direct.cuda import Arranged, Ranked
from fastloss.pairs.halving import Kind, Large, Levels
from fastloss.pairs.heavy import heaviest
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas, multiplier_difference, multiplier_first, multiplier_sign
from fastloss.pairs.separable import cuda as separable
from fastloss.pairs.sloped import host as sloped
from fastloss.pairs.survey import survey
from fastloss.pairs.thresholds import cuda as thresholds

# Rows from which "auto" takes the fast method. To be measured on a GPU: there a group of 2**15 rows, half a thousand
# million pairs, is about the work that keeps all its threads busy for as long as the fast method's launches take.
FEWEST = 1 << 15


class Fast(NamedTuple):
    """The groups for the fast method, and the rows that hold them: the call's, or its rows `own` in their order."""

    groups: list[Large]
    columns: tuple[Any, Any, Any]  # scores, labels and weights on the device
    own: Any


class Prepared(NamedTuple):
    """The checked rows of a call, and what is known of its groups before any pair is summed."""

    place: Place
    formulas: PairFormulas
    kind: Kind
    parameters: tuple[float, ...]
    direct: tuple[Arranged, np.ndarray] | None  # rows, and their groups
    fast: Fast | None
    pairs: np.ndarray  # of each group
    weight: np.ndarray
    size: int
    dtype: np.dtype


def method_of(formulas: PairFormulas) -> Any:
    """The loss's fast method."""
    if formulas.tails is not None:
        return boxes.sums
    if formulas.power is not None:
        return thresholds.sums
    return separable.sums if formulas.separable else None


def prepare(formulas: PairFormulas, kind: Kind, arrays: Any, parameters: tuple[float, ...], method: str) -> Prepared:
    """As `pairs.cpu.prepare`; the scores may lie on a GPU, then labels and weights too if no order is given."""
    given, offsets = arrays[0], arrays[4]
    parameters = tuple(map(float, parameters))
    place, dtype = Place(given), kernel_dtype(given)
    scores = place.device(given, dtype)
    sizes = np.diff(offsets)
    least = {"auto": FEWEST, "fast": 2, "direct": np.inf}[method]
    large = np.flatnonzero(sizes >= least) if method_of(formulas) else np.empty(0, np.int64)
    pairs, weight, chosen = np.zeros(sizes.size, np.int64), np.zeros(sizes.size), np.zeros(sizes.size, bool)
    rows, fast = _rows(place, arrays), None
    if large.size:
        found = rows.surveyed(place, large)
        if isinstance(rows, _OnDevice) and any(one.many for one in found.levels):
            rows = rows.on_host(place)
            found = rows.surveyed(place, large)
        fast = _with_scores(place, scores, large, found)
        fast = fast._replace(
            groups=[
                one
                for one in fast.groups
                if _suits(formulas, kind, parameters, one, method) and not _uneven(place, kind, one, fast.columns)
            ]
        )
        for one in fast.groups:
            pairs[one.group], weight[one.group] = halving.count(kind, one)
            chosen[one.group] = True
    rest = np.flatnonzero(~chosen)
    direct = None
    if rest.size:
        ranked = rows.ranked(place, kind, rest)
        arranged = direct_pairs.arranged(place, formulas, kind, (scores, ranked), parameters)
        pairs[rest], weight[rest] = arranged.pairs, arranged.weight
        direct = arranged, rest
    return Prepared(place, formulas, kind, parameters, direct, fast, pairs, weight, scores.size, dtype)


def _suits(formulas: PairFormulas, kind: Kind, parameters: tuple[float, ...], one: Large, method: str) -> bool:
    if kind.multiplier is multiplier_difference and one.levels.finite:
        return differences.suits(formulas, parameters[0], one, method == "auto")
    possible = kind.multiplier is not multiplier_first or halving.can_slope(one, parameters[0], formulas.power or 0)
    return halving.suits(kind, one, possible)


def _uneven(place: Place, kind: Kind, one: Large, columns: Any) -> bool:
    """Whether a row that meets itself outweighs all others of its label, see `pairs/heavy.py`."""
    if kind.multiplier is not multiplier_sign or not columns[2].size:
        return False
    labels, weights = (place.host(column[one.begin : one.end]) for column in columns[1:])
    return any(heaviest(weights[labels == y]).size > 0 for y in one.levels.values)


class Surveyed(NamedTuple):
    """Large groups as their labels say: (begin, end) and levels of each, and the rows that hold them."""

    bounds: np.ndarray
    levels: list[Levels]
    columns: tuple[Any, Any]  # labels and weights on the device, the latter empty if there are none
    host: tuple[np.ndarray, np.ndarray]  # the same where they lie on the host too
    own: np.ndarray | None  # the call's rows in this order, where it is another


class _OnHost(NamedTuple):
    """Labels and weights that lie on the host."""

    labels: np.ndarray
    weights: np.ndarray | None
    order: np.ndarray | None
    offsets: np.ndarray

    def surveyed(self, place: Place, large: np.ndarray) -> Surveyed:
        """Some groups; those with many labels sorted by falling label."""
        labels = np.ascontiguousarray(self.labels, kernel_dtype(self.labels))
        weights = np.empty(0) if self.weights is None else np.ascontiguousarray(self.weights, np.float64)
        bounds = np.stack((self.offsets[large], self.offsets[large + 1]), 1)
        own = None
        if self.order is not None:
            own = halving.rows_of(self.order, self.offsets, large)
            ends = np.cumsum(bounds[:, 1] - bounds[:, 0])
            bounds = np.stack((np.append(0, ends[:-1]), ends), 1)
            labels, weights = _taken((labels, weights), own)
        levels = survey((labels, labels, weights), bounds)  # of labels alone: the host has no scores
        if any(one.many for one in levels):
            order = np.arange(labels.size)
            for (begin, end), one in zip(bounds, levels, strict=True):
                if one.many:
                    order[begin:end] = begin + np.argsort(-labels[begin:end].astype(np.float64), kind="stable")
            own = order if own is None else own[order]
            labels, weights = _taken((labels, weights), order)
        return Surveyed(bounds, levels, (place.device(labels), place.device(weights)), (labels, weights), own)

    def ranked(self, place: Place, kind: Kind, some: np.ndarray) -> Ranked:
        """The rows of some groups in the order of falling labels."""
        rows = halving.rows_of(self.order, self.offsets, some)
        bounds = np.append(0, np.cumsum(np.diff(self.offsets)[some]))
        return direct_pairs.ranked(place, kind, (self.labels, self.weights, rows, bounds))


class _OnDevice(NamedTuple):
    """Labels and weights that lie on the device, group by group."""

    labels: Any
    weights: Any  # empty if there are none
    offsets: np.ndarray

    def surveyed(self, place: Place, large: np.ndarray) -> Surveyed:
        """Some groups as they lie, whether or not they have many labels."""
        bounds = np.stack((self.offsets[large], self.offsets[large + 1]), 1)
        levels = device_labels.survey(place, self[:2], bounds)
        return Surveyed(bounds, levels, self[:2], (np.empty(0), np.empty(0)), None)

    def ranked(self, place: Place, kind: Kind, some: np.ndarray) -> Ranked:
        """The rows of some groups in the order of falling labels."""
        bounds = np.append(0, np.cumsum(np.diff(self.offsets)[some]))
        return device_labels.ranked(place, kind.unordered, self[:2], self.offsets[some], bounds)

    def on_host(self, place: Place) -> _OnHost:
        """A copy."""
        weights = place.host(self.weights) if self.weights.size else None
        return _OnHost(place.host(self.labels), weights, None, self.offsets)


def _rows(place: Place, arrays: Any) -> _OnHost | _OnDevice:
    _, given, weights, order, offsets = arrays
    if not on_gpu(given):
        return _OnHost(given, weights, order, offsets)
    if weights is None:
        factors = place.empty(0)
    else:
        factors = in_float64(weights) if on_gpu(weights) else place.device(weights, np.float64)
    return _OnDevice(place.device(given, kernel_dtype(given)), factors, offsets)


def _with_scores(place: Place, scores: Any, large: np.ndarray, found: Surveyed) -> Fast:
    """Large groups, with their scores and the range of these."""
    rows = None if found.own is None else place.device(found.own)
    scores = scores if rows is None else taken(place, scores, rows)
    groups = []
    for g, (begin, end), one, (low, high, finite) in zip(
        large, found.bounds, found.levels, score_ranges(place, scores, found.bounds), strict=True
    ):
        # an infinite weight has no fixed point
        levels = one._replace(low=low, high=high, finite=finite and bool(np.isfinite(one.weights).all()))
        groups.append(Large(int(g), (np.empty(0), *found.host), found.own, int(begin), int(end), levels))
    return Fast(groups, (scores, *found.columns), rows)


def _taken(columns: Any, rows: np.ndarray) -> Any:
    return tuple(column[rows] if column.size else column for column in columns)


def evaluate(prepared: Prepared, scales: np.ndarray, wanted: Wanted) -> Outcome:
    """Losses and derivatives; `scales` multiplies each group's derivatives."""
    place, fast = prepared.place, prepared.fast
    results = tuple(place.zeros(prepared.size if want else 0, prepared.dtype) for want in wanted[1:])
    loss = np.zeros(prepared.pairs.size)
    if prepared.direct:
        rows, groups = prepared.direct
        task = (prepared.parameters, wanted), results
        loss[groups] = direct_pairs.evaluate(prepared.formulas, prepared.kind, rows, scales[groups], task)
    if fast is not None and fast.groups:
        run = _Run(prepared, scales, wanted)
        if fast.own is None:
            loss += run.groups(fast.groups, results)
        else:
            local = tuple(place.zeros(fast.own.size if want else 0) for want in wanted[1:])
            loss += run.groups(fast.groups, local)
            for result, part in zip(results, local, strict=True):
                if part.size:
                    give_back(place, part, fast.own, result)
    home = (place.home(one) if want else None for one, want in zip(results, wanted[1:], strict=True))
    return wanted.outcome(home, groups=loss)


class _Run(halving.Run):
    """Fast methods for what one call wants, on arrays of the device."""

    def __init__(self, prepared: Prepared, scales: np.ndarray, wanted: Wanted):
        super().__init__(prepared.formulas, prepared.kind, prepared.parameters[0], scales, wanted)
        assert prepared.fast is not None
        self.place, self.columns = prepared.place, prepared.fast.columns

    def sums(self, nodes: list[Node], rows: Any, parameters: Parameters, results: Any) -> np.ndarray:
        where, task = (self.place, self.columns), (self.wanted, results)
        return method_of(self.formulas)(self.formulas, nodes, where, parameters, task)

    def spoil(self, one: Large, results: Any) -> None:
        for result in results:
            self._add(one, (-np.inf, np.inf, np.nan, 0), result)

    def add(self, one: Large, label: float, term: tuple[float, int], result: Any) -> None:
        self._add(one, (label, label, *term), result)

    def _add(self, one: Large, term: Any, result: Any) -> None:
        if result.size:
            add_by_label(self.place, self.columns[1:], (one.begin, one.end), term, result)

    def span(self, one: Large, start: int, stop: int) -> tuple[float, float]:
        return one.levels.low, one.levels.high  # the parts' own would take a launch for each depth

    def sloped(self, one: Large, results: Any) -> float:
        """On the host, which sorts for the other thresholds too where CuPy is not installed."""
        rows = tuple(self.place.host(c)[one.begin : one.end] if c.size else np.empty(0) for c in self.columns)
        local = tuple(np.zeros(one.end - one.begin if result.size else 0) for result in results)
        numbers = self.number, self.scales[one.group]
        loss = sloped.sums(self.formulas, rows, numbers, (self.wanted, local))
        for result, part in zip(results, local, strict=True):
            if part.size:
                where = self.place.device(np.arange(one.begin, one.end))
                give_back(self.place, self.place.device(part), where, result)
        return loss

    def level(self, one: Large, node: Node, gap: tuple[float, Parameters], results: Any) -> float:
        return self._level(one, node, gap, results)  # `prepare` has left out what is too uneven

    def leaves(self, one: Large, results: Any) -> float:
        _, labels, weights = one.rows
        starts = np.array([part[0] for part in halving.leaves(labels, one.begin, one.end)])
        bounds = np.append(starts, one.end) - one.begin
        rows = np.arange(one.begin, one.end)
        ranked = direct_pairs.ranked(self.place, self.kind, (labels, weights if weights.size else None, rows, bounds))
        parameters = (self.number,)
        arranged = direct_pairs.arranged(self.place, self.formulas, self.kind, (self.columns[0], ranked), parameters)
        scales = np.full(bounds.size - 1, self.scales[one.group])
        task = (parameters, self.wanted), results
        return float(np.cumsum(direct_pairs.evaluate(self.formulas, self.kind, arranged, scales, task))[-1])
