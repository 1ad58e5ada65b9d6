"""Two models beside each other: on how many groups each is better, and by how much."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.cli.output.words import counted, p_value
from fastloss.cli.page import charts
from fastloss.cli.page.charts import look
from fastloss.cli.page.data import MOST_MODELS, Measure, Page, compared
from fastloss.cli.page.histograms import Histogram, grid, histogram, less
from fastloss.cli.page.markup import Markup, element, name, table
from fastloss.cli.page.scales import linear, share, signed
from fastloss.cli.page.shared import card, key, section
from fastloss.comparing.results import Comparison

CELLS = 28  # of the square's side


class Difference(NamedTuple):
    """What the second of two models has more than the first, of all groups or rows."""

    first: int
    second: int
    unit: str
    found: Histogram
    negative: int
    zero: int
    positive: int


def intervals(page: Page) -> Markup | None:
    """Return a table of the differences between models, with intervals."""
    if not page.comparisons:
        return None
    rows = [
        [
            [element("div", one.loss), element("div", _of_what(one), class_="note")],
            signed(one.difference, 5),
            f"{signed(one.low, 5)} to {signed(one.high, 5)}",
            p_value(one),
        ]
        for one in page.comparisons
    ]
    level = f"{100.0 * page.comparisons[0].level:g} % interval"
    about = "What the difference may be on other data of the same kind; p is of the hypothesis that there is none."
    return section(
        "Differences", about, [card("", table(("loss", "difference", level, "p"), rows, (1, 2, 3), "results"))]
    )


def _of_what(one: Comparison) -> list[object]:
    second, first = name(one.models[1], 40), name(one.models[0], 40)
    return [second, " less ", first, f"; {counted(one.units, one.unit)}, {one.method}"]


def differences(page: Page) -> Markup | None:
    """Return cards for each two models and each loss."""
    cards: list[Markup] = []
    for measure in page.measures:
        for one in _differences(page, measure):
            if not one.found.count:
                continue
            cards.append(_difference(page, measure, one))
            if measure.groups is not None:
                cards.append(_beside(page, measure, measure.groups.values[[one.first, one.second]], one))
    about = "Groups, or rows where there are no groups, that have a value for both models; each counts once."
    if len(page.models) > MOST_MODELS:
        about += " Every model is compared with the first one."
    return section("Models beside each other", about, cards) if cards else None


def _differences(page: Page, measure: Measure) -> list[Difference]:
    if measure.groups is None:
        return [_signed(one.first, one.second, "rows", one.found) for one in measure.differences]
    found = []
    for first, second in compared(len(page.models)):
        values = less(measure.groups.values[first], measure.groups.values[second])
        found.append(_signed(first, second, "groups", histogram(values)))
    return found


def _signed(first: int, second: int, unit: str, found: Histogram) -> Difference:
    bins = found.bins()
    negative, positive = (int(bins.counts[one].sum()) for one in (bins.middle < 0.0, bins.middle > 0.0))
    return Difference(first, second, unit, found, negative, found.count - negative - positive, positive)


def _difference(page: Page, measure: Measure, one: Difference) -> Markup:
    better = (one.first, one.second) if measure.greater_is_better else (one.second, one.first)  # below 0, and above
    wins = {better[0]: one.negative, better[1]: one.positive}
    counts = [
        (f"{page.models[one.first]} better", wins[one.first], look(one.first)),
        ("equal", one.zero, "same"),
        (f"{page.models[one.second]} better", wins[one.second], look(one.second)),
    ]
    keys = [[key(page, one.first), " better"], [element("span", class_="key same"), "equal"]]
    keys.append([key(page, one.second), " better"])
    rows = [[who, f"{found:,}", share(found, one.found.count)] for who, (_, found, _) in zip(keys, counts, strict=True)]
    title = [measure.label, ": ", name(page.models[one.second], 40), " less ", name(page.models[one.first], 40)]
    drawing = _histogram(one, (look(better[0]), look(better[1]))) if one.negative + one.positive else None
    bar = charts.shares(counts, f"Shares of {one.unit} on which each model is better")
    return card(title, [drawing, bar], table(["", one.unit, "share"], rows, (1, 2)))


def _histogram(one: Difference, looks: tuple[str, str]) -> Markup:
    """Return a histogram of the differences but for zeros, in the colours of who is better below 0 and above."""
    bars = one.found.bars(grid(one.found))
    counts = bars.counts - np.where(bars.edges[:-1] == 0.0, one.zero, 0)
    by_bar = [looks[0] if edge < 0.0 else looks[1] for edge in bars.edges[:-1]]
    axis = linear(float(bars.edges[0]), float(bars.edges[-1]))
    marks = (0.0,) if axis.low < 0.0 < axis.high else ()
    panel = charts.Panel("", bars._replace(counts=counts), by_bar, marks)
    return charts.histograms([panel], axis, one.unit, f"Histogram of differences over {one.unit}")


def _beside(page: Page, measure: Measure, values: np.ndarray, one: Difference) -> Markup:
    """Return a square of the groups by both models' losses."""
    both = values[:, np.isfinite(values).all(axis=0)]
    bars = grid(histogram(both))
    axis = linear(float(bars.edges[0]), float(bars.edges[-1]))
    shares = np.clip((both / 2 - axis.low / 2) / (axis.high / 2 - axis.low / 2), 0.0, 1.0)
    column, row = np.minimum((CELLS * shares).astype(np.int64), CELLS - 1)
    cells = np.bincount(row * CELLS + column, minlength=CELLS * CELLS).reshape(CELLS, CELLS)
    names: Any = (page.models[one.first][:40], page.models[one.second][:40])
    summary = f"{measure.label} of each group by {names[0]} and by {names[1]}"
    note = element("p", f"Each square holds groups; below the line, {names[1]} has the smaller value.", class_="note")
    return card([measure.label, ": group by group"], [charts.density(cells, axis, names, summary), note])
