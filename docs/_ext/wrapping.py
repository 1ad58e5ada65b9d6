"""Displayed formulas in pieces, which browsers put on as many lines as they need: one element `math` never wraps."""

import itertools
import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

MINUS, BRACE = "\u2212", "\u23df"
SIGNS = frozenset("+" + MINUS)
BEFORE = SIGNS | frozenset("=≤≥<>≠∈")  # a line may begin with these where they have a left side
CLOSING, BAR = frozenset(")]}⌋"), frozenset("|‖")
INDENT = re.compile(r">\n\s*<")
GAP = 1.0  # em of space that part two formulas


def inline(made: str) -> str:
    """Return what Docutils made of a formula within a line."""
    return f"<math>{text_of(read(made))}</math>"


def wrapped(made: str) -> str:
    """Return what Docutils made of a formula: its parts by wide spaces, each in pieces that begin with an operator."""
    parts = [f'<span class="formula">{"".join(pieces(part))}</span>' for part in parted(read(made))]
    return "\n".join(parts)


def read(made: str) -> ElementTree.Element:
    """Return the formula as a tree, with two things that Docutils does not do.

    A minus sign without a left side is one before a number, closer to it. What is written below a brace stands there.
    """
    plain = made.replace("&ApplyFunction;", "\u2061").replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    formula = ElementTree.fromstring(plain)
    for row in formula.iter():
        for before, child in itertools.pairwise(row):
            if child.tag == "mo" and child.text in SIGNS and not ends_operand(before):
                child.set("form", "prefix")
    for lowered in formula.iter("msub"):
        if lowered[0].tag == "munder" and lowered[0][-1].text == BRACE:
            lowered.tag = "munder"
    return formula


def parted(formula: ElementTree.Element) -> Iterator[list[ElementTree.Element]]:
    """Yield the elements between wide spaces."""
    part: list[ElementTree.Element] = []
    for child in formula:
        if child.tag == "mspace" and float(child.attrib["width"].removesuffix("em")) >= GAP:
            yield part
            part = []
        else:
            part.append(child)
    yield part


def pieces(part: list[ElementTree.Element]) -> Iterator[str]:
    """Yield elements `math`, of which each but the first may begin a line."""
    piece: list[ElementTree.Element] = []
    bars, before = 0, None
    for child in part:
        sign = child.text if child.tag == "mo" else None
        if sign in BEFORE and not bars and ends_operand(before):
            yield as_math(piece)
            child.set("form", "infix")  # which the first of its row would not be
            piece = []
        elif before is not None and before.text == "," and not bars:
            yield as_math(piece)
            piece = []
        piece.append(child)
        bars ^= sign in BAR
        before = child
    yield as_math(piece)


def ends_operand(element: ElementTree.Element | None) -> bool:
    """Tell whether an operator after an element has a left side."""
    if element is None or element.tag == "mspace":
        return False
    return element.tag != "mo" or element.text in CLOSING | BAR


def as_math(piece: list[ElementTree.Element]) -> str:
    """Return elements as one of MathML, as large as in a displayed formula."""
    return f'<math displaystyle="true">{text_of(piece)}</math>'


def text_of(elements: Iterable[ElementTree.Element]) -> str:
    """Return elements without the space between them."""
    text = "".join(ElementTree.tostring(one, "unicode", short_empty_elements=False) for one in elements)
    return INDENT.sub("><", text).strip()
