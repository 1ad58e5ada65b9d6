"""Reads a built page: its prose without code, its links, its ids, and what it loads."""

import html.parser
import re

CODE = ("code", "pre", "script", "style")
VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
UNRENDERED = {
    "TeX": re.compile(r"\\[A-Za-z]+|\\_|\$[^$\s]"),
    "a role or a directive": re.compile(r":(?:py|math|doc|ref|func|obj|class):|^\s*\.\. \w+::|:`", re.MULTILINE),
    "a link of Markdown": re.compile(r"\]\([^)\s]+\)"),
    "a link of RST": re.compile(r"\]_|`_(?!\w)|\|\w+\|_"),
    "a literal": re.compile(r"`"),
    "a block of a docstring": re.compile(r"\{\w+\}"),
}
LETTERED = re.compile(r"(?:upper|lower)(?:alpha|roman)")  # lists that Docutils makes of initials


class Page(html.parser.HTMLParser):
    """What a page has: `prose`, `links`, `ids`, `loaded` (addresses) and `lists` (classes)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.prose, self.links, self.ids, self.loaded, self.lists = "", [], set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Note what an element says."""
        found = {name: value or "" for name, value in attributes}
        if tag not in VOID:
            self.open.append(tag)
        self.ids.update(found[name] for name in ("id", "name") if found.get(name))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag in ("link", "script", "img", "iframe", "source") and found.get("rel") not in ("canonical", "search"):
            self.loaded += [found[name] for name in ("href", "src") if found.get(name)]
        elif tag == "ol":
            self.lists.append(found.get("class", ""))

    def handle_endtag(self, tag):
        """Leave an element, and those within it that were not closed."""
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, text):
        """Note a text outside code."""
        if not set(CODE) & set(self.open):
            self.prose += text


def unrendered(page: Page) -> list[str]:
    """Return what a reader would see of the source."""
    found = [f"{name}: {one!r}" for name, pattern in UNRENDERED.items() for one in pattern.findall(page.prose)]
    return found + [f"a list by letters: {one}" for one in page.lists if LETTERED.search(one)]
