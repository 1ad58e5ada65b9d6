"""Charts in SVG, 360 units wide: about a card of the page on a telephone, so that text stays readable there."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastloss.cli.page import theme
from fastloss.cli.page.histograms import Bars
from fastloss.cli.page.markup import Markup, element
from fastloss.cli.page.scales import Axis, count, counts, number

WIDTH, LEFT, RIGHT, FOOT = 360.0, 42.0, 6.0, 20.0
PANEL, GAP = 84.0, 27.0  # the height of a histogram, and what its heading takes


class Panel(NamedTuple):
    """A histogram in a stack of them."""

    label: str  # empty: it needs none
    bars: Bars
    look: Any  # the classes of its bars, one for all or one for each
    marks: tuple[float, ...] = ()  # numbers with a line through them


class Curve(NamedTuple):
    """Points of a model that are joined by lines."""

    label: str
    x: np.ndarray
    y: np.ndarray
    notes: Sequence[str]
    look: str


def look(model: int) -> str:
    """Return the class of a model's colour."""
    return f"m{model % theme.MODELS}"


def across(axis: Axis, x: float) -> float:
    """Return where a number lies from left to right."""
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.place(x)


def histograms(panels: Sequence[Panel], axis: Axis, what: str, summary: str) -> Markup:
    """Return histograms one below the other, on the same axes, of `what` is counted."""
    heights = counts(max(int(panel.bars.counts.max(initial=0)) for panel in panels))
    parts, top = [], 0.0
    for panel in panels:
        top += GAP if panel.label else 8.0
        parts.append(_bars(panel, axis, heights, top, what))
        top += PANEL
    return _drawing(top + FOOT, summary, [parts, _along(axis, top)])


def _bars(panel: Panel, axis: Axis, heights: Axis, top: float, what: str) -> list[Markup]:
    foot = top + PANEL
    parts = []
    if panel.label:
        parts.append(element("text", panel.label, x=LEFT, y=top - 8.0, class_="ink"))
    for tick in heights.ticks:
        y = foot - PANEL * heights.place(tick.at)
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(element("text", tick.label, x=LEFT - 5.0, y=y + 4.0, class_="end"))
    edges = panel.bars.edges
    for k in np.flatnonzero(panel.bars.counts).tolist():
        found = int(panel.bars.counts[k])
        left, right = across(axis, edges[k]), across(axis, edges[k + 1])
        height = max(PANEL * heights.place(found), 1.0)  # a bar of one is seen beside one of a million
        looks = panel.look if isinstance(panel.look, str) else panel.look[k]
        about = f"{number(float(edges[k]))} to {number(float(edges[k + 1]))}: {found:,} {what}"
        width = max(right - left - 1.0, 0.5)
        bar = element("title", about)
        parts.append(element("rect", bar, x=left + 0.5, y=foot - height, width=width, height=height, class_=looks))
    for mark in panel.marks:
        x = across(axis, mark)
        parts.append(element("line", x1=x, x2=x, y1=top, y2=foot, class_="guide"))
    parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=foot, y2=foot, class_="axis"))
    return parts


def _along(axis: Axis, y: float) -> list[Markup]:
    """Return the labels below a horizontal axis, as many as there is room for."""
    parts, last = [], -100.0
    for tick in axis.ticks:
        x, half = across(axis, tick.at), 3.2 * len(tick.label)
        at = min(max(x, LEFT - 20.0 + half), WIDTH - half)
        if at - half < last + 6.0:
            continue
        last = at + half
        parts.append(element("line", x1=x, x2=x, y1=y, y2=y + 4.0, class_="axis"))
        parts.append(element("text", tick.label, x=at, y=y + 16.0, class_="mid"))
    return parts


def curves(found: Sequence[Curve], axis: Axis, names: tuple[str, str], summary: str) -> Markup:
    """Return curves in a square with one axis for both sides, and its diagonal."""
    top, side = 20.0, WIDTH - LEFT - RIGHT
    foot = top + side
    parts = [element("text", names[1], x=2.0, y=12.0)]
    for tick in axis.ticks:
        y = foot - side * axis.place(tick.at)
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(element("text", tick.label, x=LEFT - 5.0, y=y + 4.0, class_="end"))
    parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=foot, y2=top, class_="guide"))
    for curve in found:
        points = [(across(axis, x), foot - side * axis.place(y)) for x, y in zip(curve.x, curve.y, strict=True)]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(element("path", d=path, class_=f"curve {curve.look}"))
        for (x, y), note in zip(points, curve.notes, strict=True):
            about = element("title", f"{curve.label}: {note}" if curve.label else note)
            parts.append(element("circle", about, cx=x, cy=y, r=3.5, class_=curve.look))
    parts += [element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=foot, y2=foot, class_="axis"), *_along(axis, foot)]
    parts.append(element("text", names[0], x=WIDTH - RIGHT, y=foot + 30.0, class_="end"))
    return _drawing(foot + 34.0, summary, parts)


def density(cells: np.ndarray, axis: Axis, names: tuple[str, str], summary: str) -> Markup:
    """Return counts in the cells of a square (rows from below) by how dark they are, and the diagonal."""
    top, side = 20.0, WIDTH - LEFT - RIGHT
    foot, each = top + side, side / len(cells)
    parts = [element("text", names[1], x=2.0, y=12.0)]
    for tick in axis.ticks:
        y = foot - side * axis.place(tick.at)
        parts.append(element("text", tick.label, x=LEFT - 5.0, y=y + 4.0, class_="end"))
    most = max(int(cells.max(initial=0)), 1)
    for row, column in np.argwhere(cells).tolist():
        found = int(cells[row, column])
        dark = 0.25 + 0.75 * (found / most) ** 0.5
        x, y = LEFT + column * each, foot - (row + 1) * each
        about = element("title", f"{found:,} groups")
        box = {"x": x, "y": y, "width": each - 0.5, "height": each - 0.5}
        parts.append(element("rect", about, **box, class_="m0", fill_opacity=round(dark, 2)))
    parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=foot, y2=top, class_="guide"))
    parts += [element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=foot, y2=foot, class_="axis"), *_along(axis, foot)]
    parts.append(element("text", names[0], x=WIDTH - RIGHT, y=foot + 30.0, class_="end"))
    return _drawing(foot + 34.0, summary, parts)


def shares(parts: Sequence[tuple[str, int, str]], summary: str) -> Markup:
    """Return a bar that is cut into parts: label, count and class of each."""
    whole, x, found = sum(part for _, part, _ in parts) or 1, 0.0, []
    for label, part, looks in parts:
        width = WIDTH * part / whole
        if part:
            about = element("title", f"{label}: {count(part)}")
            box = {"x": x, "y": 0.0, "width": max(width - 1.0, 0.5), "height": 12.0}
            found.append(element("rect", about, **box, class_=looks))
        x += width
    return _drawing(12.0, summary, found)


def _drawing(height: float, summary: str, parts: Any) -> Markup:
    return element("svg", parts, viewBox=f"0 0 {WIDTH:g} {height:g}", role="img", aria_label=summary)
