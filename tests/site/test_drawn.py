"""Pages at the widths of a phone and of a small laptop, in Chromium: nothing is cut, and formulas have their font."""

import pytest

from tests.site.browser import measured

PHONE, LAPTOP = 390, 1024


@pytest.fixture(scope="module", params=[PHONE, LAPTOP])
def drawn(request, site, pages):
    """What pages look like at a width."""
    return measured(site, pages, request.param)


def test_nothing_is_cut(drawn, pages):
    assert sorted(drawn) == sorted(pages)
    assert {page: one["cut"] for page, one in drawn.items() if one["cut"] or one["wide"]} == {}


def test_the_header_is_one_line(drawn):
    wrong = [page for page, one in drawn.items() if one["lines"] != 1 or one["spread"] > 2 or one["items"] < 3]
    assert wrong == []


def test_formulas_have_their_font(drawn):
    """A page without formulas does not load it."""
    with_formulas = {page for page, one in drawn.items() if one["formulas"]}
    assert "generated/losses/lambdarank_loss.html" in with_formulas
    assert {page for page, one in drawn.items() if one["fonts"] == ["loaded"]} == with_formulas


HEAD = '<!doctype html><meta charset="utf-8"><style>body { margin: 0 }</style><div class="bd-header__inner">%s</div>'
ITEMS = "<a href='#'>one</a> <a href='#'>two</a> <a href='#'>three</a>"


@pytest.mark.parametrize(
    ("header", "main", "wrong"),
    [
        (ITEMS, "<p style='white-space: nowrap'>" + "word " * 200 + "</p>", {"cut", "wide"}),
        (ITEMS, "<div style='overflow: hidden; width: 50px'><code>a_very_long_name_of_a_loss</code></div>", {"cut"}),
        (ITEMS, "<table style='table-layout: fixed; width: 90px'><td>a_very_long_name<td>b</table>", {"cut"}),
        (ITEMS.replace(" <a", "<br><a"), "<p>short</p>", {"spread"}),
        (ITEMS, "<p>short</p>", set()),
    ],
)
def test_a_page_that_is_cut_is_found(tmp_path, header, main, wrong):
    (tmp_path / "a.html").write_text(HEAD % header + f"<main>{main}</main>")
    (one,) = measured(tmp_path, ["a.html"], PHONE).values()
    assert {name for name in ("cut", "wide", "spread") if one[name]} == wrong
    assert one["fonts"] == []
