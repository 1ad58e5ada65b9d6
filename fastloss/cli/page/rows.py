"""Sections about rows: margins, gradients, and how far probabilities hold."""

import numpy as np

from fastloss.cli.page import charts
from fastloss.cli.page.data import Margins, Measure, Page, Reliability
from fastloss.cli.page.histograms import Histogram, grid, octave_grid
from fastloss.cli.page.margins import KINDS
from fastloss.cli.page.markup import Markup, element, table
from fastloss.cli.page.scales import NOTHING, linear, magnitudes, number, share
from fastloss.cli.page.shared import by_model, card, key, section

SHOWN = {"5 %": 0.05, "median": 0.5, "95 %": 0.95}


def margins(page: Page) -> Markup | None:
    """Return a card for each kind of margins."""
    cards = [_margins(page, one) for one in page.margins if any(found.count for found in one.found)]
    return section("Margins", "", cards) if cards else None


def _margins(page: Page, one: Margins) -> Markup:
    kind, bars = KINDS[one.kind], grid(*one.found)
    axis = linear(float(bars.edges[0]), float(bars.edges[-1]))
    marks = (0.0,) if axis.low <= 0.0 <= axis.high else ()
    panels = [
        charts.Panel(label, found.bars(bars), look, marks)
        for (label, look), found in zip(by_model(page), one.found, strict=True)
    ]
    rows: list[list[object]] = [
        [label, *(number(found.quantiles((level,))[0], 4) for found in one.found)] for label, level in SHOWN.items()
    ]
    rows.append(["below 0", *(share(_below(found), found.count) for found in one.found)])
    rows.append(["exactly 0", *(share(found.zeros, found.count) for found in one.found)])
    rows.append([kind.unit, *(f"{found.count:,}" for found in one.found)])
    _add_not_finite(rows, one.found)
    drawing = charts.histograms(panels, axis, kind.unit, kind.title)
    return card(kind.title, [element("p", kind.about, class_="note"), drawing], _table(page, rows))


def _below(found: Histogram) -> int:
    bins = found.bins()
    return int(bins.counts[bins.middle < 0.0].sum())


def gradients(page: Page) -> Markup | None:
    """Return a card for each loss: how large the derivatives of its rows are."""
    cards = [_gradients(page, one) for one in page.measures if one.gradients]
    about = (
        "The size of each row's derivative: of its own loss by its score, or of its group's sum over pairs. A row whose"
        " derivative is 0 teaches nothing any more; few rows that have most of the sum decide where training goes."
    )
    return section("Gradients", about, cards) if cards else None


def _gradients(page: Page, measure: Measure) -> Markup:
    bars = octave_grid(*measure.gradients)
    axis = magnitudes(float(bars.edges[0]), float(bars.edges[-1]))
    panels = [
        charts.Panel(label, found.octaves(bars), look)
        for (label, look), found in zip(by_model(page), measure.gradients, strict=True)
    ]
    some = measure.gradients
    rows: list[list[object]] = [
        ["exactly 0", *(share(found.zeros, found.count) for found in some)],
        ["below 1 % of the largest", *(share(_small(found), found.count) for found in some)],
        ["median", *(number(found.quantiles((0.5,))[0], 4) for found in some)],
        ["largest", *(number(found.high if found.count else None, 4) for found in some)],
        ["half of the sum is of", *(_half(found) for found in some)],
    ]
    _add_not_finite(rows, some)
    drawing = charts.histograms(panels, axis, "rows", f"Histogram of magnitudes of gradients of {measure.label}")
    note = element("p", "On a logarithmic axis; zeros are not drawn.", class_="note")
    return card(measure.label, [drawing, note], _table(page, rows))


def _small(found: Histogram) -> int:
    bins = found.bins()
    return int(bins.counts[bins.middle < 0.01 * found.high].sum())


def _half(found: Histogram) -> str:
    """Return which share of the rows has half of the sum."""
    bins = found.bins()
    counts, sizes = bins.counts[::-1], bins.middle[::-1]
    sums = np.cumsum(counts * (sizes / sizes.max(initial=1e-300)))
    if not sums.size or not sums[-1] > 0.0:
        return NOTHING
    at = int(np.searchsorted(sums, 0.5 * sums[-1]))
    before, within = (sums[at - 1] if at else 0.0), sums[at] - (sums[at - 1] if at else 0.0)
    rows = counts[:at].sum() + counts[at] * (0.5 * sums[-1] - before) / within
    return share(float(rows), found.count) + " of rows"


def _add_not_finite(rows: list[list[object]], some: tuple[Histogram, ...]) -> None:
    for label, found in (("NaN", [one.nans for one in some]), ("infinite", [one.infinite for one in some])):
        if any(found):
            rows.append([label, *(f"{one:,}" for one in found)])


def _table(page: Page, rows: list[list[object]]) -> Markup:
    count = len(page.models)
    headings = ["", *(key(page, model) for model in range(count))] if count > 1 else ["", "value"]
    return table(headings, rows, range(1, count + 1))


def reliability(page: Page) -> Markup | None:
    """Return the curve of rates against probabilities."""
    found = [(model, one) for model, one in enumerate(page.reliability) if one is not None]
    if not found:
        return None
    cards = [_curve(page, found), _calibration(page, found)]
    about = (
        "Rows in bins of about as many each, by their probability: a point is a bin's mean probability and its rate of"
        " class 1. On the dashed line they agree; below it, probabilities are too high."
    )
    return section("Reliability", about, cards)


def _curve(page: Page, found: list[tuple[int, Reliability]]) -> Markup:
    far = max(float(max(one.predicted.max(), one.rates.max())) for _, one in found)
    names = by_model(page)
    curves = [
        charts.Curve(names[model][0], one.predicted, one.rates, _notes(one), names[model][1]) for model, one in found
    ]
    axis = linear(0.0, min(1.0, 1.05 * far) if far < 0.9 else 1.0)
    drawing = charts.curves(curves, axis, ("mean probability", "rate of class 1"), "Rates against probabilities")
    keys = [element("span", key(page, model), " ") for model, _ in found] if len(page.models) > 1 else None
    return card("Rates against probabilities", [keys, drawing])


def _notes(one: Reliability) -> list[str]:
    return [
        f"{rows:,} rows, mean {number(float(p), 4)}, rate {number(float(rate), 4)}"
        for rows, p, rate in zip(one.rows.tolist(), one.predicted, one.rates, strict=True)
    ]


def _calibration(page: Page, found: list[tuple[int, Reliability]]) -> Markup:
    headings = ["", *(key(page, model) for model, _ in found)] if len(page.models) > 1 else ["", "value"]
    some = [one for _, one in found]
    rows: list[list[object]] = [
        ["calibration error", *(number(one.error, 4) for one in some)],
        ["mean probability", *(number(one.mean, 4) for one in some)],
        ["rate of class 1", *(number(one.rate, 4) for one in some)],
        ["bins", *(f"{one.rows.size}" for one in some)],
        ["rows in a bin", *(f"{one.rows.min():,} to {one.rows.max():,}" for one in some)],
    ]
    about = "The calibration error is the mean distance of a bin's mean probability from its rate, by the bins' weight."
    if any(one.is_of_logits for one in some):
        about += " Probabilities are the logistic function of the scores."
    return card(
        "How far they are off", table(headings, rows, range(1, len(headings))), element("p", about, class_="note")
    )
