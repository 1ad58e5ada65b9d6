"""Formulas of several lines, and the characters of their font."""

import importlib
import pathlib
import re

import pytest

EXTENSION = pathlib.Path(__file__).parents[2] / "docs" / "_ext"
MINUS = "\u2212"
SUM = f"<math><mi>a</mi>\n  <mo>=</mo>\n  <mo>{MINUS}</mo><mi>b</mi><mo>+</mo><mi>c</mi></math>"


@pytest.fixture
def made_from(monkeypatch):
    """Modules of `docs/_ext` by name."""
    monkeypatch.syspath_prepend(str(EXTENSION))
    return importlib.import_module


def pieces(text):
    """The texts of the pieces of each part."""
    parts = re.findall(r'<span class="formula">(.*?)</span>', text, re.DOTALL)
    return [[re.sub("<[^>]*>", "", one) for one in re.findall("<math.*?</math>", part)] for part in parts]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (f"<mi>a</mi><mo>=</mo><mo>{MINUS}</mo><mi>b</mi><mo>+</mo><mi>c</mi>", [["a", f"={MINUS}b", "+c"]]),
        ("<mi>a</mi><mo>,</mo><mspace width='2em'></mspace><mi>b</mi>", [["a,"], ["b"]]),
        ("<mi>a</mi><mo>,</mo><mspace width='0.28em'></mspace><mi>b</mi>", [["a,", "b"]]),
        (
            f"<mo>|</mo><mi>a</mi><mo>{MINUS}</mo><mi>b</mi><mo>|</mo><mo>{MINUS}</mo><mn>1</mn>",
            [[f"|a{MINUS}b|", f"{MINUS}1"]],
        ),
        ("<mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow>", [["a+b"]]),
    ],
)
def test_a_line_may_begin_with_an_operator(made_from, inside, expected):
    assert pieces(made_from("wrapping").wrapped(f"<math>{inside}</math>")) == expected


def test_an_operator_that_begins_a_piece_has_a_left_side(made_from):
    made = made_from("wrapping").wrapped(SUM)
    assert made.count('<mo form="infix">') == 2
    assert f'<mo form="prefix">{MINUS}</mo>' in made


def test_a_formula_in_a_line_stays_one(made_from):
    made = made_from("wrapping").inline(SUM)
    assert made == f'<math><mi>a</mi><mo>=</mo><mo form="prefix">{MINUS}</mo><mi>b</mi><mo>+</mo><mi>c</mi></math>'


def test_what_is_below_a_brace_stands_there(made_from):
    brace = "<munder><mi>a</mi><mo>\u23df</mo></munder>"
    made = made_from("wrapping").inline(f"<math><msub>{brace}<mi>b</mi></msub><msub><mi>c</mi><mi>d</mi></msub></math>")
    assert made == f"<math><munder>{brace}<mi>b</mi></munder><msub><mi>c</mi><mi>d</mi></msub></math>"


def test_characters_that_the_font_lacks_are_found(made_from):
    lacking = made_from("font").lacking
    assert lacking(f"x = {MINUS}∑ ∂β") == []
    assert lacking("a ⨿ b ж") == ["ж", "⨿"]


def test_the_font_has_what_the_style_sheet_says(made_from):
    """fontTools comes with Matplotlib, which draws the documentation's pictures."""
    tools = pytest.importorskip("fontTools.ttLib")
    font = tools.TTFont(EXTENSION.parent / "_static" / "fonts" / "maths.woff")
    assert "MATH" in font
    assert made_from("font").characters() - set(font.getBestCmap()) == set()
