"""Sections about groups: how a loss is distributed over them, and which ones are worst."""

import numpy as np

from fastloss.cli.page import charts
from fastloss.cli.page.data import Groups, Measure, Page
from fastloss.cli.page.histograms import grid, histogram
from fastloss.cli.page.markup import Markup, element, name, table
from fastloss.cli.page.scales import NOTHING, linear, number
from fastloss.cli.page.shared import by_model, card, key, section

QUANTILES = {"smallest": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95, "largest": 1.0}


def distributions(page: Page) -> Markup | None:
    """Return a card for each loss: a histogram of its groups and their quantiles."""
    cards = [_distribution(page, one, one.groups) for one in page.measures if one.groups is not None]
    about = "Each group counts once. The dashed line is the mean over groups."
    return section("Over groups", about, cards) if cards else None


def _distribution(page: Page, measure: Measure, groups: Groups) -> Markup:
    found = [histogram(values) for values in groups.values]
    bars = grid(*found)
    axis = linear(float(bars.edges[0]), float(bars.edges[-1]))
    said = [values[~np.isnan(values)] for values in groups.values]
    with np.errstate(over="ignore", invalid="ignore"):
        means = [float(values.mean()) if values.size else np.nan for values in said]
    panels = [
        charts.Panel(label, one.bars(bars), look, (mean,) if np.isfinite(mean) else ())
        for (label, look), one, mean in zip(by_model(page), found, means, strict=True)
    ]
    summary = f"Histogram of {measure.label} over groups"
    with np.errstate(over="ignore", invalid="ignore"):
        quantiles = [np.quantile(values, list(QUANTILES.values())) if values.size else None for values in said]
    rows: list[list[object]] = [["mean", *map(number, means)]]
    for at, share in enumerate(QUANTILES):
        rows.append([share, *(number(None if one is None else float(one[at])) for one in quantiles)])
    rows.append(["groups", *(f"{values.size:,}" for values in said)])
    rows.append(["nothing to say", *(f"{one:,}" for one in groups.left_out)])
    nans = [int(np.isnan(one).sum()) - two for one, two in zip(groups.values, groups.left_out, strict=True)]
    if any(nans):
        rows.append(["NaN", *(f"{one:,}" for one in nans)])
    outside = [(one.bars(bars).below, one.bars(bars).above) for one in found]
    note = _outside(sum(one[0] for one in outside), sum(one[1] for one in outside), axis.low, axis.high)
    count = len(page.models)
    headings = ["", *(key(page, model) for model in range(count))] if count > 1 else ["", "value"]
    drawing = charts.histograms(panels, axis, "groups", summary)
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
