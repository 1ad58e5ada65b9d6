"""A page for each registered loss: RST made from the registry."""

import contextlib
import inspect
import re
import textwrap
from typing import Any

import embedding_pictures  # noqa: F401  its recipes
import loss_pictures
import overview
import peers
from numpydoc.docscrape_sphinx import SphinxDocString

from fastloss.cli.scoring.asked import can_score, can_search
from fastloss.core.loss import REGISTRY, Loss
from fastloss.core.synonyms import names_of
from fastloss.streaming.accumulate import accumulate

FUNCTIONS = (
    "accumulate",
    "auc",
    "class_shift",
    "compare_losses",
    "count_inversions",
    "find_leaks",
    "lookup",
    "shift_half_epoch",
    "split_regularization",
)
LETTER = re.compile(r"^(\s*)([A-Za-z])\.(?=\s|$)", re.MULTILINE)  # "m." or "C. J. C. Burges": no list's item
SHAPES = {
    "pointwise": "pointwise: element i of every argument makes one loss",
    "rows": "rows: row i of every argument makes one loss",
    "pairs": "all pairs of scores of a group",
    "queries": "all pairs of scores of a query, weighted by their ranks",
    "negatives": "each positive's score against its negatives' scores",
    "factors": "all pairs of a user's scores, from factors",
    "candidates": "rows of embeddings against many candidates, a strip of similarities at a time",
    "mining": "all pairs or triplets of a batch of embeddings, a strip of distances at a time",
}


def files() -> dict[str, str]:
    """All pages by their names under `generated/`."""
    return {f"losses/{name}.rst": page(loss) for name, loss in REGISTRY.items()}


def page(loss: Loss) -> str:
    """One loss: formula, picture, arguments, example, facts, peers."""
    doc = SphinxDocString(inspect.cleandoc(loss.__doc__ or ""))
    summary, formula = doc["Summary"], doc["Extended Summary"]
    examples, references = doc["Examples"], lines(doc["References"])
    doc["Summary"], doc["Extended Summary"], doc["Examples"], doc["References"] = [""], [], [], ""
    parts = [
        loss.name,
        "=" * len(loss.name),
        "",
        ".. py:currentmodule:: fastloss",
        "",
        *indexed(loss),
        *summary,
        "",
        *formula,
        "",
        *picture(loss),
        f".. py:function:: {loss.name}{loss.__signature__}",
        "   :module: fastloss",
        "",
        textwrap.indent(without_lists(str(doc)), "   "),
        *headed("Example"),
        *examples,
        *headed("At a glance"),
        *list_table(facts(loss), "22 78", headings=0),
        *elsewhere(loss),
        *headed("Reference"),
        without_lists("\n".join(references)),
    ]
    return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines()) + "\n"


def lines(section: str | list[str]) -> list[str]:
    """A section's lines."""
    return section.splitlines() if isinstance(section, str) else section


def without_lists(text: str) -> str:
    """The text without letters at the beginning of a line that RST would take for the numbers of a list."""
    return LETTER.sub(r"\1\\\2.", text)


def headed(title: str) -> list[str]:
    """A section's heading."""
    return ["", title, "-" * len(title), ""]


def indexed(loss: Loss) -> list[str]:
    """Entries of the index by other names, of which a search in the site shows a match first."""
    found = names_of(loss.name)
    return [".. index::", *(f"   single: {name}" for name in found), ""] if found else []


def picture(loss: Loss) -> list[str]:
    """The figure of value and slope."""
    made = loss_pictures.picture(loss)
    return [f".. figure:: {loss.name}.svg", f"   :alt: value and slope of {loss.name}", "", f"   {made.caption}", ""]


def list_table(rows: Any, widths: str, headings: int = 1) -> list[str]:
    """A table of RST."""
    lines = [".. list-table::", f"   :widths: {widths}", *([f"   :header-rows: {headings}"] if headings else []), ""]
    for row in rows:
        lines += [("     - " if at else "   * - ") + cell for at, cell in enumerate(row)]
    return [*lines, ""]


def facts(loss: Loss) -> list[tuple[str, str]]:
    """What the registry and the engines know of a loss."""
    names = names_of(loss.name)
    found = [("Also known as", ", ".join(names))] if names else []
    found += [
        ("Computation", SHAPES.get(loss.shape, loss.shape)),
        ("Derivatives", "value, gradient, second derivative" if loss.has_curvature else "value, gradient"),
        ("Runs on", "CPU and CUDA" if overview.on_gpu(loss) else "CPU"),
    ]
    if getattr(loss, "has_fast", False):
        found.append(("Time", "without visiting the pairs: see :doc:`/linear_time`"))
    found.append(("In batches", " and ".join(states(loss)) or "no state"))
    if can_score(loss) or can_search(loss):
        how = f"``fastloss score FILE --loss {loss.name}``"
        found.append(("Command", how if can_score(loss) else how.replace("FILE", "--queries FILE --keys FILE")))
    return found


def states(loss: Loss) -> list[str]:
    """The calls that make states that take batches of it."""
    made = []
    needed = {"nmae_loss": {"norm": 1.0}, "td_loss": {"gamma": 0.9}, "dice_loss": {"axis": 1}}.get(loss.name, {})
    for words, call in (({}, ""), ({"grouped": True}, ", grouped=True")):
        with contextlib.suppress(ValueError):
            accumulate(loss.name, **words, **needed)
            made.append(f'``accumulate("{loss.name}"{call})``')
    return made


def elsewhere(loss: Loss) -> list[str]:
    """What other libraries call it."""
    rows = [row for row in peers.rows() if row.loss == loss.name]
    if not rows:
        return []
    cells = [(row.library, as_rst(row.there), as_rst(row.here), as_rst(row.note)) for row in rows]
    table = list_table((("Library", "There", "Here", "Difference"), *cells), "16 29 31 24")
    return [*headed("Elsewhere"), table[0], "   :class: peers", *table[1:]]


def as_rst(text: str) -> str:
    """Markdown's code as that of RST, and bars that mean themselves."""
    return text.replace("`", "``").replace("|", "\\|")
