"""How all pictures look: light, on white, the same bytes each time."""

import io
from typing import Any

COLOURS = ("#1f6fb4", "#d1622b", "#2e8b57", "#8a4fb0", "#666666", "#b8860b", "#c23b6b")


def figure(width: float, height: float, columns: int = 1) -> tuple[Any, Any]:
    """A figure and its axes, a tuple of them if there are several."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update(
        {
            "axes.prop_cycle": mpl.cycler(color=COLOURS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 10,
            "axes.labelsize": 9,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "font.size": 9,
            "legend.fontsize": 8,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "svg.hashsalt": "fastloss",
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
        }
    )
    made = Figure(figsize=(width, height), layout="constrained")
    return made, made.subplots(1, columns)


def svg(made: Any) -> str:
    """The figure as text."""
    buffer = io.StringIO()
    made.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
