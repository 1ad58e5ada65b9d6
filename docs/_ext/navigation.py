"""What built pages have beyond their Markdown: the tree of pages, and the reference of functions.

These are directives of Sphinx, which a page that is read as Markdown would show as code; so they are added to the pages
as Sphinx reads them.
"""

import pathlib
import re
from collections.abc import Iterable
from typing import Any

import overview

ROOT = pathlib.Path(__file__).parents[2]
FIRST = (
    "install",
    "tutorial",
    "choosing",
    "losses",
    "guides/index",
    "how",
    "performance",
    "migration",
    "questions",
    "api",
    "contributing",
    "changes",
)
LISTS = ("guides/index", "how", "profiles/index")  # pages whose links are the pages below them
LINK = re.compile(r"\]\(([\w./-]+)\.md\)")
TITLES = {
    "losses": "Losses",
    "api": "Reference",
    "contributing": "Contributing",
    "accuracy": "Accuracy",
    "changes": "Changes",
}
REPLACED = {"changes": "CHANGELOG.md"}  # pages that are a file of the repository
ENDS = {"contributing": "CONTRIBUTING.md"}  # pages that end with a file of the repository, without its title
REST = "The rest stands in "  # how the line begins that leads to that file


def tree(caption: str, pages: Iterable[str]) -> str:
    """Return a hidden tree of pages."""
    entries = [f"{TITLES[page]} <{page}>" if page in TITLES else page for page in pages]
    options = [":hidden:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["", "```{toctree}", *options, "", *entries, "```", ""])


def trees(page: str, text: str) -> str:
    """Return the trees below a page."""
    if page == "index":
        return tree("", FIRST)
    if page == "losses":
        tasks = overview.in_order().items()
        return "".join(tree(name, [f"generated/losses/{loss.name}" for loss in losses]) for name, losses in tasks)
    return tree("", list(dict.fromkeys(LINK.findall(text)))) if page in LISTS else ""


def completed(page: str, text: str) -> str:
    """Return a page's Markdown with what only built pages have."""
    if page in REPLACED:
        text = (ROOT / REPLACED[page]).read_text()
    if page in ENDS:
        own = text.partition(REST)[0]
        text = own + (ROOT / ENDS[page]).read_text().partition("\n")[2]
    if page == "api":
        text += "\n```{include} reference.md\n```\n"
    return text + trees(page, text)


def on_read(app: Any, page: str, content: list[str]) -> None:
    """Complete a page that Sphinx has read."""
    content[0] = completed(page, content[0])


def setup(app: Any) -> None:
    """Register the event."""
    app.connect("source-read", on_read)
