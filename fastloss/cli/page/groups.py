"""Sections about groups: how a loss is distributed over them, and which ones are worst."""

import numpy as np

from fastloss.cli.page import charts
from fastloss.cli.page.data import Groups, Measure, Page
from fastloss.cli.page.histograms import grid, histogram
from fastloss.cli.page.markup import Markup, element, name, table
from fastloss.cli.page.scales import NOTHING, linear, number
from fastloss.cli.page.shared import by_model, card, key, section
from fastloss.cli.scoring.over_groups import QUANTILES
from fastloss.metrics import summarize_groups

NAMED = {0.0: "smallest", 0.5: "median", 1.0: "largest"}
LEVELS = tuple(NAMED.get(level, f"{100.0 * level:g} %") for level in QUANTILES)


def distributions(page: Page) -> Markup | None:
    """Return a card for each loss: a histogram of its groups and their quantiles."""
    cards = [_distribution(page, one, one.groups) for one in page.measures if one.groups is not None]
    about = "Each group counts once. The dashed line is the mean over groups."
    return section("Over groups", about, cards) if cards else None


def _distribution(page: Page, measure: Measure, groups: Groups) -> Markup:
    found = [histogram(values) for values in groups.values]
    summaries = [summarize_groups(values, quantiles=QUANTILES, worst=0) for values in groups.values]
    bars = grid(*found)
    axis = linear(float(bars.edges[0]), float(bars.edges[-1]))
    drawn = [one.bars(bars) for one in found]
    panels = [
        charts.Panel(label, one, look, (summary.mean,) if np.isfinite(summary.mean) else ())
        for (label, look), one, summary in zip(by_model(page), drawn, summaries, strict=True)
    ]
    rows: list[list[object]] = [["mean", *(number(one.mean) for one in summaries)]]
    for at, level in enumerate(LEVELS):
        rows.append([level, *(number(float(one.quantiles[at])) for one in summaries)])
    rows.append(["groups", *(f"{one.used:,}" for one in summaries)])
    rows.append(["nothing to say", *(f"{one:,}" for one in groups.left_out)])
    nans = [one.left_out - silent for one, silent in zip(summaries, groups.left_out, strict=True)]
    if any(nans):
        rows.append(["NaN", *(f"{one:,}" for one in nans)])
    note = _outside(sum(one.below for one in drawn), sum(one.above for one in drawn), axis.low, axis.high)
    count = len(page.models)
    headings = ["", *(key(page, model) for model in range(count))] if count > 1 else ["", "value"]
    drawing = charts.histograms(panels, axis, "groups", f"Histogram of {measure.label} over groups")
    return card(measure.label, [drawing, note], table(headings, rows, range(1, count + 1)))


def _outside(below: int, above: int, low: float, high: float) -> Markup | None:
    if not below + above:
        return None
    text = f"Not drawn: {below:,} groups below {number(low)} and {above:,} above {number(high)}."
    return element("p", text, class_="note")


def worst(page: Page) -> Markup | None:
    """Return a table for each loss and model: the groups that it does worst on."""
    cards = [
        _worst(page, measure, measure.groups, model)
        for measure in page.measures
        if measure.groups is not None
        for model in range(len(page.models))
        if measure.groups.worst[model]
    ]
    return section("Worst groups", "Those of the largest loss, or of the smallest metric.", cards) if cards else None


def _worst(page: Page, measure: Measure, groups: Groups, model: int) -> Markup:
    has_pairs = any(one.pairs is not None for one in groups.worst[model])
    order = [model, *(other for other in range(len(page.models)) if other != model)]
    several = len(order) > 1
    headings = [name(page.id_name), "rows", *(["pairs"] if has_pairs else [])]
    headings += [key(page, other) for other in order] if several else ["value"]
    rows = []
    for one in groups.worst[model]:
        pairs = [f"{one.pairs:,}" if one.pairs is not None else NOTHING] if has_pairs else []
        rows.append([name(one.id, 40), f"{one.rows:,}", *pairs, *(number(one.values[other], 5) for other in order)])
    title = [measure.label, ": ", key(page, model)] if several else measure.label
    return card(title, table(headings, rows, range(1, len(headings))))
