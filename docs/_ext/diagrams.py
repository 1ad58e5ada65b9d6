"""Pictures that explain how pairs are summed without visiting them; those with numbers compute them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import results
from style import COLOURS, figure, svg

BLUE, ORANGE, GREEN, PURPLE, GREY = COLOURS[:5]


def files() -> Iterator[tuple[str, str]]:
    """Names and SVG."""
    for draw in (boxes, limits, sorted_hinge, strips, time_against_n, triplets):
        yield draw.__name__, draw()


def softplus(x: Any) -> Any:
    """log(1 + e**x)."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def boxes() -> str:
    """One row's view of the axis of scores."""
    made, axes = figure(8.0, 3.0)
    t = np.linspace(-8.0, 8.0, 400)
    axes.plot(t, softplus(t), color=BLUE, label="loss of the row at 0 against a negative with score t")
    axes.plot(t[t > 0], t[t > 0], "--", color=ORANGE, linewidth=1.2, label="far right: a straight line")
    axes.plot(t[t < 0.5], np.exp(t[t < 0.5]), "--", color=GREEN, linewidth=1.2, label="far left: one exponential")
    for edge in np.arange(-8.0, 8.1, 1.0):
        axes.axvline(edge, color="0.8", linewidth=0.7, zorder=0)
    axes.axvspan(-3.0, 3.0, color=BLUE, alpha=0.08, zorder=0)
    axes.text(0.0, 7.3, "near boxes:\npolynomials", ha="center", fontsize=8, color=BLUE)
    axes.text(6.3, 2.3, "far boxes:\nnumber and sum\nof the scores", ha="center", fontsize=8, color=ORANGE)
    axes.text(-6.0, 1.6, "far boxes:\nsum of the\nexponentials", ha="center", fontsize=8, color=GREEN)
    scores = np.random.default_rng(4).normal(0.0, 3.0, 70)
    axes.plot(scores, np.full_like(scores, -0.5), "|", color="0.35", markersize=7)
    axes.plot([0.0], [softplus(0.0)], "o", color=BLUE, markersize=5)
    axes.set(xlim=(-8.0, 8.0), ylim=(-1.0, 8.6), xlabel="score, cut into boxes of one width (not to scale)")
    axes.grid(visible=False)
    axes.legend(loc="upper left")
    return svg(made)


def limits() -> str:
    """How good the two approximations are, computed."""
    made, (left, right) = figure(8.0, 3.0, columns=2)
    gap = np.linspace(1.0, 50.0, 400).astype(np.longdouble)
    decay = np.exp(-gap)
    cancelling = (decay - np.log1p(decay)) / np.log1p(decay)
    left.semilogy(gap, np.where(gap > 15.0, 0.5 * decay, cancelling), color=GREEN, label="exponential side")
    left.semilogy(gap, np.log1p(decay) / (gap + np.log1p(decay)), color=ORANGE, label="straight side")
    left.axhline(1.1e-16, color="0.4", linewidth=0.8, linestyle=":")
    left.axvline(38.0, color="0.4", linewidth=0.8, linestyle=":")
    left.text(39.0, 1e-6, "far from here", fontsize=8)
    left.text(2.0, 2.5e-17, "a rounding", fontsize=8, color="0.3")
    left.set(xlabel="distance, in units of 1 / sigma", ylim=(1e-23, 1.0))
    left.set_title("relative error of the limit alone")
    left.legend(loc="lower left")
    counts = np.arange(2, 13)
    for half, used, colour in ((1 / 4, 10, BLUE), (1 / 64, 6, PURPLE)):
        errors = [interpolation_error(int(count), half) for count in counts]
        label = f"box of width 1/{1 / half / 2:g}; {used} nodes are used"
        right.semilogy(counts, errors, "o-", markersize=3, color=colour, label=label)
        right.plot(used, errors[used - counts[0]], "o", markersize=9, markerfacecolor="none", color=colour)
    right.axhline(1.1e-16, color="0.4", linewidth=0.8, linestyle=":")
    right.set(xlabel="Chebyshev nodes", ylim=(1e-18, 1.0))
    right.set_title("relative error of the polynomial, worst place")
    right.legend(loc="upper right")
    return svg(made)


def interpolation_error(count: int, half: float) -> float:
    """Of softplus(-z) on boxes of a half-width, the worst relative error over many boxes, in extended precision."""
    worst = np.longdouble(0.0)
    nodes = np.cos((2.0 * np.arange(count, dtype=np.longdouble) + 1.0) * (np.longdouble(np.pi) / (2 * count)))
    weights = (-1.0) ** np.arange(count) * np.sqrt(1.0 - nodes * nodes)
    u = np.linspace(-0.97, 0.963, 29).astype(np.longdouble)
    for centre in np.arange(-6.0, 6.1, 0.5).astype(np.longdouble):
        values, exact = softplus(-(centre + half * nodes)), softplus(-(centre + half * u))
        shares = weights / (u[:, None] - nodes)
        worst = max(worst, np.max(np.abs((shares @ values) / shares.sum(axis=1) - exact) / exact))
    return float(worst)


def sorted_hinge() -> str:
    """The sorted sources from which a row's hinges are summed."""
    made, axes = figure(8.0, 2.5)
    scores = np.sort(np.random.default_rng(2).normal(0.0, 1.6, 26))
    margin, x = 1.0, 0.6
    counted = scores > x - margin
    axes.vlines(scores[counted], 0.0, scores[counted] - (x - margin), color=ORANGE, linewidth=2.0)
    axes.plot(
        scores[counted],
        np.zeros(counted.sum()),
        "o",
        color=ORANGE,
        markersize=4,
        label="counted: a suffix of the order",
    )
    axes.plot(scores[~counted], np.zeros((~counted).sum()), "o", color=GREY, markersize=4, label="no loss")
    axes.plot([x - margin, 4.0], [0.0, 4.0 - (x - margin)], color=BLUE, linewidth=1.0)
    axes.axvline(x, color=BLUE, linewidth=1.0, linestyle="--")
    axes.text(x + 0.05, 3.6, "the row's score x", fontsize=8, color=BLUE)
    axes.annotate(
        "x - margin",
        (x - margin, 0.0),
        (x - margin - 1.2, 1.3),
        fontsize=8,
        arrowprops={"arrowstyle": "->", "color": "0.4"},
    )
    axes.set(xlabel="negatives' scores, sorted", ylabel="hinge", ylim=(-0.3, 4.2), xlim=(-4.2, 4.2))
    axes.legend(loc="upper left")
    return svg(made)


def strips() -> str:
    """A strip of the matrix of similarities, and half of a symmetric one."""
    made, (left, right) = figure(7.6, 3.1, columns=2)
    for axes, title in ((left, "queries and keys: strip by strip"), (right, "one set: half of the strips")):
        axes.set_title(title)
        axes.set(xlim=(-0.7, 10.2), ylim=(10.2, -0.7), aspect="equal", xticks=[], yticks=[], xlabel="keys")
        axes.grid(visible=False)
        axes.plot([0, 10, 10, 0, 0], [0, 0, 10, 10, 0], color="0.5", linewidth=0.8)
    left.set_ylabel("queries")
    right.set_ylabel("rows")
    left.fill_between([0, 10], 4, 6, color=ORANGE, alpha=0.75, linewidth=0)
    left.fill_between([0, 10], 0, 4, color=GREY, alpha=0.18, linewidth=0)
    left.text(5, 5, "in memory: one product,\nthen one walk over it", ha="center", va="center", fontsize=8)
    left.text(5, 2, "done: three numbers a row are left", ha="center", va="center", fontsize=8)
    for start in range(0, 10, 2):
        right.fill_between(
            [start, 10],
            start,
            start + 2,
            color=ORANGE if start == 4 else BLUE,
            alpha=0.6 if start == 4 else 0.2,
            linewidth=0,
        )
    right.text(2.4, 8.6, "mirror images:\nnever computed", ha="center", va="center", fontsize=8)
    return svg(made)


def time_against_n() -> str:
    """Seconds of each way to sum a loss over all pairs, as measured, and how far ours is from the fastest other."""
    made, axes = figure(7.0, 4.2)
    (raced,) = (part for part in results.parts() if part.name == "against_n")
    for contender, name in results.RACERS.items():
        own = [row for row in raced.rows if row["contender"] == contender]
        if own:
            sizes, seconds = [int(row["size"]) for row in own], [float(row["seconds_50"]) for row in own]
            width = 2.6 if name == "fastloss" else 1.2
            axes.loglog(sizes, seconds, marker="o", markersize=3, linewidth=width, label=name)
    gap = results.gap(raced.rows)
    arrow = {"arrowstyle": "<->", "color": "0.3", "linewidth": 1.0}
    axes.annotate("", (gap.rows, gap.ours), (gap.rows, gap.theirs), arrowprops=arrow)
    words = gap.words.replace(" takes ", " takes\n").replace(" for ", "\nfor ").replace(" about ", " about\n")
    axes.text(1.2 * gap.rows, (gap.ours * gap.theirs) ** 0.5, words, fontsize=8, va="center", color="0.2")
    axes.set(xlabel="rows, half of them positive", ylabel="seconds")
    axes.set_title("Logistic loss over all pairs of positives and negatives, value")
    axes.legend(loc="lower right")
    return svg(made)


def triplets() -> str:
    """One anchor's distances: each negative is placed among the few positives."""
    made, axes = figure(8.0, 2.2)
    positives = np.array([0.7, 1.3, 1.9, 2.6])
    negatives = np.linspace(0.5, 4.1, 13) + 0.08 * np.sin(9.0 * np.arange(13))
    axes.plot(positives + 0.4, np.full(4, 1.0), "|", color=BLUE, markersize=22, markeredgewidth=2.0)
    for at in positives + 0.4:
        axes.axvline(at, color=BLUE, linewidth=0.7, alpha=0.4)
    axes.plot(negatives, np.zeros_like(negatives), "o", color=ORANGE, markersize=5)
    for n in negatives:
        count = int((positives + 0.4 > n).sum())
        axes.text(n, -0.62, str(count), ha="center", fontsize=8, color=ORANGE if count else GREY)
    axes.text(4.3, 1.0, "positives, moved by the margin", va="center", fontsize=8, color=BLUE)
    axes.text(4.3, 0.0, "negatives", va="center", fontsize=8, color=ORANGE)
    axes.text(4.3, -0.55, "positives beyond each", va="center", fontsize=8, color=GREY)
    axes.set(xlabel="distance from the anchor", ylim=(-1.0, 1.7), xlim=(0.2, 5.9), yticks=[])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    return svg(made)
