"""The characters that the font of formulas has: those that the style sheet says."""

import pathlib
import re

STYLE = pathlib.Path(__file__).parents[1] / "_static" / "site.css"
RANGE = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?")


def characters() -> frozenset[int]:
    """Return the code points of `unicode-range`."""
    (listed,) = re.findall(r"unicode-range:([^;]*);", STYLE.read_text())
    ranges = ((int(first, 16), int(last or first, 16)) for first, last in RANGE.findall(listed))
    return frozenset(one for first, last in ranges for one in range(first, last + 1))


def lacking(text: str) -> list[str]:
    """Return the characters of a text that the font has not, which would be drawn in another."""
    return sorted({one for one in text if not one.isspace() and ord(one) not in characters()})
