"""The pairwise shape on CUDA: which groups are summed directly, which by a fast method, and both put together.

Labels and weights may lie on the host, which orders groups and plans the halvings of large ones with the CPU engine's
code; or on the device with the scores, where `direct/cuda_labels.py` finds what the plan needs. Only for groups that
the fast method sorts, by more than `halving.LEVELS` labels, are they copied to the host then. Results stay there.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.columns import add_by_label, give_back, in_float64, taken
from fastloss.compile.cuda.ranges import score_ranges
from fastloss.core import orders
from fastloss.core.gpu import on_gpu
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs import halving, methods
from fastloss.pairs.boxes import cuda as boxes
from fastloss.pairs.direct import cuda as direct_pairs
from fastloss.pairs.direct import cuda_labels as device_labels
from fastloss.pairs.direct.cuda import Arranged, Ranked
from fastloss.pairs.halving import Kind, Large, Levels
from fastloss.pairs.heavy import heaviest
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas, multiplier_sign
from fastloss.pairs.records import Columns, Groups, Results, Rows
from fastloss.pairs.separable import cuda as separable
from fastloss.pairs.sloped import host as sloped
from fastloss.pairs.survey import survey
from fastloss.pairs.thresholds import cuda as thresholds

# Rows from which "auto" takes the fast method. To be measured on a GPU: there a group of 2**15 rows, half a thousand
# million pairs, is about the work that keeps all its threads busy for as long as the fast method's launches take.
FEWEST = 1 << 15
SUMS: dict[str, Any] = {"boxes": boxes.sums, "thresholds": thresholds.sums, "separable": separable.sums}
NOTHING = np.empty(0)


class Fast(NamedTuple):
    """The groups for the fast method, and the rows that hold them: the call's, or those in an `order`."""

    groups: list[Large]
    columns: Columns  # on the device
    order: Any


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


def prepare(formulas: PairFormulas, kind: Kind, rows: Rows, parameters: tuple[float, ...], method: str) -> Prepared:
    """Do what `pairs.cpu.prepare` does; scores may lie on a GPU, then labels and weights too if no order is given."""
    given, offsets = rows.scores, rows.groups.offsets
    parameters = tuple(map(float, parameters))
    place, dtype = Place(given), kernel_dtype(given)
    scores = place.device(given, dtype)
    sizes = np.diff(offsets)
    least = {"auto": FEWEST, "fast": 2, "direct": np.inf}[method]
    large = np.flatnonzero(sizes >= least) if methods.fast_method(formulas) else np.empty(0, np.int64)
    pairs, weight, chosen = np.zeros(sizes.size, np.int64), np.zeros(sizes.size), np.zeros(sizes.size, bool)
    labelled, fast = _labelled(place, rows), None
    if large.size:
        found = labelled.surveyed(place, large)
        if isinstance(labelled, _OnDevice) and any(one.many for one in found.levels):
            labelled = labelled.on_host(place)
            found = labelled.surveyed(place, large)
        fast = _with_scores(place, scores, large, found)
        fast = fast._replace(
            groups=[
                one
                for one in fast.groups
                if methods.suits(formulas, kind, parameters[0], one, method)
                and not _uneven(place, kind, one, fast.columns)
            ]
        )
        for one in fast.groups:
            pairs[one.group], weight[one.group] = halving.count(kind, one)
            chosen[one.group] = True
    rest = np.flatnonzero(~chosen)
    direct = None
    if rest.size:
        ranked = labelled.ranked(place, kind, rest)
        arranged = direct_pairs.arranged(place, formulas, kind, scores, ranked, parameters)
        pairs[rest], weight[rest] = arranged.pairs, arranged.weight
        direct = arranged, rest
    return Prepared(place, formulas, kind, parameters, direct, fast, pairs, weight, scores.size, dtype)


def _uneven(place: Place, kind: Kind, one: Large, columns: Columns) -> bool:
    """Check whether a row that meets itself outweighs all others of its label, see `pairs/heavy.py`."""
    if kind.multiplier is not multiplier_sign or not columns.weights.size:
        return False
    labels, weights = (place.host(column[one.begin : one.end]) for column in (columns.labels, columns.weights))
    return any(heaviest(weights[labels == y]).size > 0 for y in one.levels.values)


class Surveyed(NamedTuple):
    """Large groups as their labels say: (begin, end) and levels of each, and the rows that hold them."""

    bounds: np.ndarray
    levels: list[Levels]
    columns: Columns  # on the device, without scores yet
    host: Columns  # labels and weights where they lie on the host too
    order: np.ndarray | None  # the call's rows in this order, where it is another


class _OnHost(NamedTuple):
    """Labels and weights that lie on the host."""

    labels: np.ndarray
    weights: np.ndarray | None
    order: np.ndarray | None
    offsets: np.ndarray

    def surveyed(self, place: Place, large: np.ndarray) -> Surveyed:
        """Some groups; those with many labels sorted by falling label."""
        columns = Columns.of(self.labels, self.labels, self.weights)  # of labels alone: the host has no scores
        bounds = np.stack((self.offsets[large], self.offsets[large + 1]), 1)
        order = None
        if self.order is not None:
            order = halving.rows_of(self.order, self.offsets, large)
            ends = np.cumsum(bounds[:, 1] - bounds[:, 0])
            bounds = np.stack((np.append(0, ends[:-1]), ends), 1)
            columns = columns.taken(order)
        levels = survey(columns, bounds)
        if any(one.many for one in levels):
            falling = np.arange(columns.labels.size)
            for (begin, end), one in zip(bounds, levels, strict=True):
                if one.many:
                    labels = columns.labels[begin:end].astype(np.float64)
                    falling[begin:end] = begin + orders.stable(-labels)
            order = falling if order is None else order[falling]
            columns = columns.taken(falling)
        on_host = columns._replace(scores=NOTHING)
        on_device = Columns(None, place.device(columns.labels), place.device(columns.weights))
        return Surveyed(bounds, levels, on_device, on_host, order)

    def ranked(self, place: Place, kind: Kind, chosen: np.ndarray) -> Ranked:
        """Order the rows of the chosen groups by falling label."""
        order = halving.rows_of(self.order, self.offsets, chosen)
        bounds = np.append(0, np.cumsum(np.diff(self.offsets)[chosen]))
        return direct_pairs.ranked(place, kind, Rows(None, self.labels, self.weights, Groups(order, bounds, None)))


class _OnDevice(NamedTuple):
    """Labels and weights that lie on the device, group by group."""

    labels: Any
    weights: Any  # empty if there are none
    offsets: np.ndarray

    def surveyed(self, place: Place, large: np.ndarray) -> Surveyed:
        """Some groups as they lie, whether or not they have many labels."""
        bounds = np.stack((self.offsets[large], self.offsets[large + 1]), 1)
        levels = device_labels.survey(place, self.labels, self.weights, bounds)
        on_device = Columns(None, self.labels, self.weights)
        return Surveyed(bounds, levels, on_device, Columns(NOTHING, NOTHING, NOTHING), None)

    def ranked(self, place: Place, kind: Kind, chosen: np.ndarray) -> Ranked:
        """Order the rows of the chosen groups by falling label."""
        bounds = np.append(0, np.cumsum(np.diff(self.offsets)[chosen]))
        return device_labels.ranked(place, kind.unordered, self.labels, self.weights, self.offsets[chosen], bounds)

    def on_host(self, place: Place) -> _OnHost:
        """Copy them to the host."""
        weights = place.host(self.weights) if self.weights.size else None
        return _OnHost(place.host(self.labels), weights, None, self.offsets)


def _labelled(place: Place, rows: Rows) -> _OnHost | _OnDevice:
    """Return labels and weights where they lie."""
    _, labels, weights, (order, offsets, *_) = rows
    if not on_gpu(labels):
        return _OnHost(labels, weights, order, offsets)
    if weights is None:
        factors = place.empty(0)
    else:
        factors = in_float64(weights) if on_gpu(weights) else place.device(weights, np.float64)
    return _OnDevice(place.device(labels, kernel_dtype(labels)), factors, offsets)


def _with_scores(place: Place, scores: Any, large: np.ndarray, found: Surveyed) -> Fast:
    """Return large groups with their scores and the range of these."""
    order = None if found.order is None else place.device(found.order)
    scores = scores if order is None else taken(place, scores, order)
    groups = []
    for g, (begin, end), one, (low, high, finite) in zip(
        large, found.bounds, found.levels, score_ranges(place, scores, found.bounds), strict=True
    ):
        # an infinite weight has no fixed point
        levels = one._replace(low=low, high=high, finite=finite and bool(np.isfinite(one.weights).all()))
        groups.append(Large(int(g), found.host, found.order, int(begin), int(end), levels))
    return Fast(groups, found.columns._replace(scores=scores), order)


def evaluate(prepared: Prepared, scales: np.ndarray, wanted: Wanted) -> Outcome:
    """Return losses and derivatives; `scales` multiplies each group's derivatives."""
    place, fast = prepared.place, prepared.fast
    formulas, kind, parameters = prepared.formulas, prepared.kind, prepared.parameters
    results = Results(*(place.zeros(prepared.size if want else 0, prepared.dtype) for want in wanted[1:]))
    loss = np.zeros(prepared.pairs.size)
    if prepared.direct:
        rows, groups = prepared.direct
        loss[groups] = direct_pairs.evaluate(formulas, kind, rows, scales[groups], parameters, wanted, results)
    if fast is not None and fast.groups:
        run = _Run(prepared, scales, wanted)
        if fast.order is None:
            loss += run.groups(fast.groups, results)
        else:
            local = Results(*(place.zeros(fast.order.size if want else 0) for want in wanted[1:]))
            loss += run.groups(fast.groups, local)
            for result, part in zip(results, local, strict=True):
                if part.size:
                    give_back(place, part, fast.order, result)
    home = (place.home(one) if want else None for one, want in zip(results, wanted[1:], strict=True))
    return wanted.outcome(home, groups=loss)


class _Run(halving.Run):
    """Fast methods for the outputs of one call, on arrays of the device."""

    def __init__(self, prepared: Prepared, scales: np.ndarray, wanted: Wanted):
        super().__init__(prepared.formulas, prepared.kind, prepared.parameters[0], scales, wanted)
        assert prepared.fast is not None
        self.place, self.columns = prepared.place, prepared.fast.columns

    def sums(self, nodes: list[Node], rows: Columns, parameters: Parameters, results: Results) -> np.ndarray:
        method = methods.fast_method(self.formulas)
        assert method is not None
        return SUMS[method](self.formulas, nodes, (self.place, self.columns), parameters, self.wanted, results)

    def fill_nan(self, one: Large, results: Results) -> None:
        for result in results:
            self._add(one, (-np.inf, np.inf), np.nan, 0, result)

    def add(self, one: Large, label: float, number: float, power: int, result: Any) -> None:
        self._add(one, (label, label), number, power, result)

    def _add(self, one: Large, labels: tuple[float, float], number: float, power: int, result: Any) -> None:
        if result.size:
            columns = self.columns.labels, self.columns.weights
            add_by_label(self.place, *columns, (one.begin, one.end), labels, number, power, result)

    def span(self, one: Large, start: int, stop: int) -> tuple[float, float]:
        return one.levels.low, one.levels.high  # the parts' own would take a launch for each depth

    def sloped(self, one: Large, results: Results) -> float:
        """Sum on the host, which sorts for the other thresholds too where CuPy is not installed."""
        rows = Columns(*(self.place.host(c)[one.begin : one.end] if c.size else np.empty(0) for c in self.columns))
        local = Results(*(np.zeros(one.end - one.begin if result.size else 0) for result in results))
        loss = sloped.sums(self.formulas, rows, self.number, self.scales[one.group], self.wanted, local)
        for result, part in zip(results, local, strict=True):
            if part.size:
                where = self.place.device(np.arange(one.begin, one.end))
                give_back(self.place, self.place.device(part), where, result)
        return loss

    def level(self, one: Large, node: Node, m: float, parameters: Parameters, results: Results) -> float:
        return self._level(one, node, m, parameters, results)  # `prepare` has left out what is too uneven

    def leaves(self, one: Large, results: Results) -> float:
        _, labels, weights = one.rows
        starts = np.array([start for start, _ in halving.leaves(labels, one.begin, one.end)])
        bounds = np.append(starts, one.end) - one.begin
        groups, parameters = Groups(np.arange(one.begin, one.end), bounds, None), (self.number,)
        rows = Rows(None, labels, weights if weights.size else None, groups)
        ranked = direct_pairs.ranked(self.place, self.kind, rows)
        scores, scales = self.columns.scores, np.full(bounds.size - 1, self.scales[one.group])
        arranged = direct_pairs.arranged(self.place, self.formulas, self.kind, scores, ranked, parameters)
        losses = direct_pairs.evaluate(self.formulas, self.kind, arranged, scales, parameters, self.wanted, results)
        return float(np.cumsum(losses)[-1])
