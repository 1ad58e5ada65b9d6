"""HTML and SVG as text: everything is escaped that is not markup made here."""

import html
import re
from collections.abc import Iterable
from typing import Any

EMPTY = frozenset({"meta", "line", "rect", "circle", "path"})
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # what HTML may not hold


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(content: Any) -> Markup:
    """Return any content as HTML: markup as it is, lists item by item, None as nothing, and the rest escaped."""
    if isinstance(content, Markup):
        return content
    if content is None:
        return Markup()
    if isinstance(content, list | tuple):
        return Markup("".join(map(text, content)))
    return Markup(html.escape(UNSEEN.sub("\N{REPLACEMENT CHARACTER}", str(content))))


def element(tag: str, /, *children: Any, **attributes: Any) -> Markup:
    """Return an element. Attributes are named with _ for -, and may end in one; those that are None are left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in EMPTY and not children:
        return Markup(f"<{tag}{given}>" if tag == "meta" else f"<{tag}{given}/>")
    return Markup(f"<{tag}{given}>{text(children)}</{tag}>")


def _short(value: Any) -> Any:
    """Return a coordinate with two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def name(content: Any, most: int = 80) -> Markup:
    """Return a name out of the data: it keeps its own direction of writing, and is cut if it is long."""
    whole = str(content)
    if len(whole) <= most:
        return element("bdi", whole)
    return element("bdi", whole[: most - 1] + "…", title=whole[:1000])


def table(headings: Iterable[Any], rows: Iterable[Iterable[Any]], right: Iterable[int], kind: str = "") -> Markup:
    """Return a table; columns whose numbers are in `right` are aligned there, and it scrolls where it is too wide."""
    numeric = set(right)

    def cells(tag: str, row: Iterable[Any]) -> Markup:
        scope = {"scope": "col"} if tag == "th" else {}
        found = [element(tag, one, class_="n" if at in numeric else None, **scope) for at, one in enumerate(row)]
        return element("tr", found)

    body = [cells("td", row) for row in rows]
    whole = element("table", element("thead", cells("th", headings)), element("tbody", body))
    return element("div", whole, class_=f"scroll {kind}".strip(), tabindex="0")
