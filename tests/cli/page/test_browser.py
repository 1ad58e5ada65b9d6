"""The page in headless Chromium: nothing is cut, both schemes, nothing is run or loaded."""

import json

import pytest

from fastloss.cli.page import theme
from fastloss.cli.page.document import document
from tests.cli.data import PAIRWISE, score
from tests.cli.page.browser import dump
from tests.cli.page.made import HOSTILE, page

# What sticks out: the document, and each element that is not inside a box that scrolls.
CUT = """
const wide = view.innerWidth, found = [];
if (page.documentElement.scrollWidth > wide) found.push('the page: ' + page.documentElement.scrollWidth);
for (const one of page.querySelectorAll('body *')) {
  if (one.closest('.scroll') && !one.matches('.scroll')) continue;
  const box = one.getBoundingClientRect();
  const isOut = box.width && (box.right > wide + 0.5 || box.left < -0.5);
  if (isOut) found.push(one.tagName + ' ' + one.textContent.slice(0, 40));
}
return {found, wide, cards: page.querySelectorAll('article').length, scripts: page.scripts.length};
"""
LOOK = """
const style = (one, what) => view.getComputedStyle(page.querySelector(one)).getPropertyValue(what);
return {ground: style('body', 'background-color'), ink: style('body', 'color'), bar: style('rect.m0', 'fill'),
        align: style('td.n', 'text-align'), loaded: view.performance.getEntriesByType('resource').length};
"""


def asked(tmp_path, source, script, **more):
    return json.loads(dump(source, tmp_path, script, **more))


def rgb(colour):
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut(tmp_path, width):
    hostile = page((HOSTILE, "b" + HOSTILE), identifier=HOSTILE + "{}", column=HOSTILE, parameters={"p": HOSTILE})
    for made in (page(), hostile):
        found = asked(tmp_path, document(made), CUT, width=width)
        assert found["found"] == []
        assert (found["wide"], found["scripts"]) == (width, 0)
        assert found["cards"] >= 9


def test_the_file_that_the_command_writes(tmp_path, parquet):
    out = tmp_path / "page.html"
    score(parquet, "--groups", "query", "--loss", PAIRWISE, "--loss", "mse_loss", "--loss", "auc", "--report", out)
    for width in (390, 1280):
        found = asked(tmp_path, out.read_text(), CUT, width=width)
        assert (found["found"], found["scripts"]) == ([], 0)
        assert found["cards"] == 1 + 3 + 3 + 2 + 2 + 0  # results, over groups, worst, margins, gradients


def test_tables_of_two_models_fit_a_telephone(tmp_path):
    script = "return [...page.querySelectorAll('.scroll')].filter(x => x.scrollWidth > x.clientWidth).length"
    assert asked(tmp_path, document(page()), script, width=390) == 0


def test_the_check_finds_what_is_cut(tmp_path):
    wide = document(page()).replace("<main>", '<main><div style="width:2000px">wide</div>')
    assert len(asked(tmp_path, wide, CUT)["found"]) == 2


@pytest.mark.parametrize(("is_dark", "colours"), [(False, theme.LIGHT), (True, theme.DARK)])
def test_light_and_dark(tmp_path, is_dark, colours):
    found = asked(tmp_path, document(page()), LOOK, is_dark=is_dark)
    assert (found["ground"], found["ink"]) == (rgb(colours.ground), rgb(colours.ink))
    assert found["bar"] == rgb(colours.models[0])
    assert (found["align"], found["loaded"]) == ("right", 0)
