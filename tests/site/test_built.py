"""Built pages show no source, load nothing from elsewhere, and their links lead somewhere."""

import pathlib
import posixpath
import urllib.parse

import pytest

from tests.site.reading import Page, unrendered


@pytest.fixture(scope="module")
def read(site, pages):
    """All pages, read."""
    return {page: Page((site / page).read_text()) for page in pages}


def dead(page: str, found: Page, read: dict[str, Page], site: pathlib.Path) -> list[str]:
    """Return the links of a page to nothing."""
    missing = []
    for link in found.links:
        address = urllib.parse.urlsplit(link)
        if address.scheme or link in ("", "#"):
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), address.path)) if address.path else page
        there = (site / path).is_file()
        fragment = urllib.parse.unquote(address.fragment)
        if not there or (fragment and path in read and fragment not in read[path].ids):
            missing.append(link)
    return missing


def test_no_source_is_shown(read):
    assert len(read) > 90
    assert {page: wrong for page, found in read.items() if (wrong := unrendered(found))} == {}


def test_links_lead_somewhere(read, site):
    assert {page: wrong for page, found in read.items() if (wrong := dead(page, found, read, site))} == {}


def test_nothing_is_loaded_from_elsewhere(read):
    addresses = {one for found in read.values() for one in found.loaded}
    assert [one for one in addresses if urllib.parse.urlsplit(one).netloc] == []
    assert any("site.css" in one for one in addresses)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (r"<p>half: \frac12</p>", "TeX"),
        (r"<p>log\_input</p>", "TeX"),
        ("<p>of $N^2$ pairs</p>", "TeX"),
        ("<p>:math:`x`</p>", "a role"),
        ("<p>see [1]_</p>", "a link of RST"),
        ("<p>see `Knight`_</p>", "a link of RST"),
        ("<p>[Guides](guides.md)</p>", "a link of Markdown"),
        ("<p>`huber_loss`</p>", "a literal"),
        ("<p>{groups}</p>", "a block"),
        ('<ol class="upperalpha simple"><li>Knight</li></ol>', "a list"),
    ],
)
def test_a_source_that_shows_is_found(text, wrong):
    assert any(wrong in one for one in unrendered(Page(text)))


@pytest.mark.parametrize("text", [r"<pre>\frac</pre><p>a_b</p>", "<p><code>log\\_x `y`</code></p><br><p>x</p>"])
def test_code_may_look_like_a_source(text):
    assert unrendered(Page(text)) == []


def test_a_dead_link_is_found(tmp_path):
    (tmp_path / "a.html").write_text("")
    found = Page('<a href="b.html">b</a><a href="#x">x</a><a href="#y">y</a><h2 id="y">y</h2><a href="https://z">z</a>')
    assert dead("a.html", found, {"a.html": found}, tmp_path) == ["b.html", "#x"]
