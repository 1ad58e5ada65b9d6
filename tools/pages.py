"""Write what Markdown pages say of the registry, of results and of other libraries: `python tools/pages.py`.

Each such part stands between `<!-- NAME: written by tools/pages.py -->` and `<!-- end -->`, so that the pages can be
read where they lie, without being built.
"""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable

ROOT = pathlib.Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_ext")]

import overview  # noqa: E402
import peers  # noqa: E402
import results  # noqa: E402
import sources  # noqa: E402

PART = re.compile(r"(<!-- ([\w-]+): written by tools/pages\.py -->\n).*?(<!-- end -->)", re.DOTALL)


def options() -> str:
    """Return what `fastloss score --help` prints, as a block of code."""
    run = [sys.executable, "-m", "fastloss", "score", "--help"]
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", "PYTHONPATH": str(ROOT)}
    text = subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout
    return "\n".join(["```text", *(line.rstrip() for line in text.strip("\n").splitlines()), "```"])


PARTS: dict[str, Callable[[], str]] = {
    "names-of-losses": overview.names,
    "losses": overview.summaries,
    "functions": overview.functions,
    "headlines": lambda: results.headlines(results.parts()),
    "gap": lambda: results.racing(results.parts()),
    "results": lambda: results.page(results.parts()),
    "score-options": options,
    "l1_loss": lambda: sources.declaration("l1_loss"),
    "hinge_loss": lambda: sources.declaration("hinge_loss"),
    **{f"peers-{name}": table for name, table in peers.tables().items()},
}


def pages() -> list[pathlib.Path]:
    """Return the README and all pages with parts."""
    every = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in every if PART.search(page.read_text())]


def updated(text: str) -> str:
    """Return a page with its parts of today.

    Raises
    ------
    KeyError
        If it names a part that nothing writes.
    """
    return PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", text)


def draw() -> None:
    """Draw the diagrams of how losses are computed, if Matplotlib is installed."""
    if importlib.util.find_spec("matplotlib") is None:
        return
    import diagrams

    for name, picture in diagrams.files():
        (ROOT / "docs" / "pictures" / f"{name}.svg").write_text(picture)


if __name__ == "__main__":
    for page in pages():
        page.write_text(updated(page.read_text()))
    draw()
