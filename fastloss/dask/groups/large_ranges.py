"""Hinges and counts of large groups: each is cut into ranges by score as all rows are (`ranges/`), all in one pass.

There are as many places for ranges as there are partitions, at most 64. A group has its share of them by its rows, one
at least; the ranges of all groups, one after another, are dealt to the places in turn.
"""

import itertools
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from fastloss.dask.calls import Call
from fastloss.dask.exchange import Parcels, exchanged
from fastloss.dask.graphs import Blocks, Each, mapped, merged, picked, tasks
from fastloss.dask.groups.ids import Deal
from fastloss.dask.groups.large_rows import Found, arguments, named, parts_by_group
from fastloss.dask.groups.rows import Part
from fastloss.dask.ranges import graph as ranges
from fastloss.dask.ranges import pieces as range_pieces
from fastloss.dask.ranges import plan as range_plan
from fastloss.dask.ranges import sums as range_sums
from fastloss.dask.ranges.pieces import Back
from fastloss.dask.ranges.plan import Given, Plan, Rule, Summary, rule_of
from fastloss.dask.ranges.sums import Carried
from fastloss.dask.workers import Job, at_work
from fastloss.streaming.state import Sums


class Spread(NamedTuple):
    """How a large group is cut, and the number of its first range among those of all groups."""

    plan: Plan
    first: int


class Range(NamedTuple):
    """A range of a group."""

    group: int
    at: int


class Sent(NamedTuple):
    """A range's rows in a partition, or their slopes."""

    range: Range
    partition: int
    rows: Any


class Cut(NamedTuple):
    """A partition's rows of all large groups in pieces; the rest is a list of one for each group."""

    pieces: Parcels
    backs: list[Back]
    totals: list[np.ndarray]


class _Steps(NamedTuple):
    spreads: Blocks
    cuts: Blocks
    places: Blocks
    totals: Blocks


def found(call: Call, deal: Blocks, parts: Blocks) -> Blocks:
    """Return what the large groups add up to."""
    steps, name = _steps(call, deal, parts), call.loss.name
    inside = mapped(f"{name}-inside", _inside, call.job, steps.spreads, steps.places)
    both = merged(f"{name}-insides", _joined, inside)
    return mapped(f"{name}-found", _found, call.job, steps.spreads, steps.totals, both)


def gradients(call: Call, deal: Blocks, parts: Blocks, again: Blocks) -> Blocks:
    """Return for each partition a list of the gradients of its rows in each group."""
    steps, name = _steps(call, deal, parts), call.loss.name
    carried = mapped(f"{name}-carried", _carried, call.job, steps.spreads, steps.totals)
    slopes = mapped(f"{name}-slopes", _slopes, call.job, call.reduction, steps.spreads, carried, steps.places)
    items = exchanged(f"{name}-returned", slopes, len(call.partitions))
    backs = picked(f"{name}-backs", steps.cuts, Cut._fields.index("backs"))
    return mapped(f"{name}-placed", _placed, call.job, Each(tuple(call.partitions)), steps.spreads, backs, items)


def _steps(call: Call, deal: Blocks, parts: Blocks) -> _Steps:
    name, places = call.loss.name, min(len(call.partitions), ranges.RANGES)
    about = mapped(f"{name}-summaries", _summaries, call.job, deal, parts)
    refs = ranges.refs(about)
    centred = call.reduction == "mean"
    (deal_ref,) = ranges.refs(deal)
    spreads = tasks(f"{name}-spreads", _spreads, [(call.job, places, centred, deal_ref, refs)], [deal, about])
    cuts = mapped(f"{name}-cuts", _cut, call.job, places, deal, spreads, parts)
    pieces, totals = (picked(f"{name}-{one}", cuts, Cut._fields.index(one)) for one in ("pieces", "totals"))
    return _Steps(spreads, cuts, exchanged(f"{name}-ranges", pieces, places), merged(f"{name}-totals", _added, totals))


# Functions of the workers.


def _given(rule: Rule, deal: Deal, part: Part) -> list[Given]:
    made = []
    for at, one in enumerate(parts_by_group(deal, part)):
        rows = arguments(one)
        with named(deal, at, one):
            made.append(range_plan.given(rule, "scores", rows["scores"], rows["labels"], rows.get("sample_weight")))
    return made


def _summaries(job: Job, deal: Deal, part: Part) -> list[Summary]:
    with at_work(job):
        rule = rule_of(job)
        return [range_plan.summary(rule, rows) for rows in _given(rule, deal, part)]


def _spreads(job: Job, places: int, centred: bool, deal: Deal, parts: list[list[Summary]]) -> list[Spread]:
    with at_work(job):
        rule, groups = rule_of(job), list(zip(*parts, strict=True))
        rows = [sum(one.rows for one in group) for group in groups]
        made, first = [], 0
        for at, group in enumerate(groups):
            wanted = max(1, round(places * rows[at] / sum(rows)))
            with named(deal, at):
                plan = range_plan.plan(rule, wanted, -1, centred, list(group))
            made.append(Spread(plan, first))
            first += plan.ranges
        return made


def _cut(job: Job, places: int, deal: Deal, spreads: list[Spread], part: Part) -> Cut:
    with at_work(job):
        rule = rule_of(job)
        parcels: defaultdict[int, tuple[Sent, ...]] = defaultdict(tuple)
        backs, totals = [], []
        for group, (spread, rows) in enumerate(zip(spreads, _given(rule, deal, part), strict=True)):
            pieces, back, sums = range_pieces.cut(rule, spread.plan, spread.plan.ranges, rows)
            for at, piece in enumerate(pieces):
                if piece.scores.size:
                    parcels[(spread.first + at) % places] += (Sent(Range(group, at), part.partition, piece),)
            backs.append(back)
            totals.append(sums)
        return Cut(dict(parcels), backs, totals)


def _added(parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    return [range_sums.added(list(one)) for one in zip(*parts, strict=True)]


def _by_range(items: tuple[Sent, ...]) -> dict[Range, list[Sent]]:
    ordered = sorted(items, key=lambda one: (one.range, one.partition))
    return {one: list(some) for one, some in itertools.groupby(ordered, lambda item: item.range)}


def _inside(job: Job, spreads: list[Spread], items: tuple[Sent, ...]) -> dict[Range, float]:
    return {
        one: ranges.inside_of(job, "sum", spreads[one.group].plan, [item.rows for item in some])
        for one, some in _by_range(items).items()
    }


def _joined(parts: list[dict[Range, float]]) -> dict[Range, float]:
    return {one: value for part in parts for one, value in part.items()}


def _found(job: Job, spreads: list[Spread], totals: list[np.ndarray], inside: dict[Range, float]) -> list[Found]:
    with at_work(job):
        formulas, made = rule_of(job).formulas, []
        for group, (plan, _) in enumerate(spreads):
            own = [inside.get(Range(group, at), 0.0) for at in range(plan.ranges)]
            sums = Sums(2 * plan.power, *range_sums.together(formulas, plan, totals[group], own))
            made.append(Found(sum(plan.counts), plan.pairs(), plan.weighted, sums))
        return made


def _carried(job: Job, spreads: list[Spread], totals: list[np.ndarray]) -> list[Carried]:
    with at_work(job):
        return [range_sums.carried(one.plan, own) for one, own in zip(spreads, totals, strict=True)]


def _slopes(
    job: Job, reduction: str, spreads: list[Spread], carried: list[Carried], items: tuple[Sent, ...]
) -> Parcels:
    made: defaultdict[int, tuple[Sent, ...]] = defaultdict(tuple)
    for one, some in _by_range(items).items():
        whole = carried[one.group]
        own = whole._replace(table=whole.table[one.at])
        slopes = ranges.slopes_of(job, reduction, spreads[one.group].plan, one.at, own, [item.rows for item in some])
        for item, slope in zip(some, slopes, strict=True):
            made[item.partition] += (item._replace(rows=slope),)
    return dict(made)


def _placed(
    job: Job, partition: int, spreads: list[Spread], backs: list[Back], items: tuple[Sent, ...]
) -> list[np.ndarray]:
    by_range = _by_range(items)
    nothing = np.empty(0)
    made = []
    for group, ((plan, _), back) in enumerate(zip(spreads, backs, strict=True)):
        some = (by_range.get(Range(group, at)) for at in range(plan.ranges))
        made.append(ranges.placed_back(job, partition, plan, back, [one[0].rows if one else nothing for one in some]))
    return made
