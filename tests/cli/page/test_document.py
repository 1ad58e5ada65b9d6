"""The page as text: well formed, escaped, without anything that is loaded."""

import html.parser
import re

import numpy as np
import pytest

from fastloss.cli.page import scales, theme
from fastloss.cli.page.data import Groups
from fastloss.cli.page.document import document
from fastloss.cli.page.markup import element, name, table, text
from tests.cli.page.made import HOSTILE, page

VOID = {"meta"}


class Checked(html.parser.HTMLParser):
    """Reads a page, and requires that each element is closed where it belongs."""

    def __init__(self, source):
        super().__init__()
        self.open, self.seen, self.attributes, self.words = [], [], [], []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [(tag, *one) for one in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [(tag, *one) for one in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


def hostile():
    return page((HOSTILE, "b" + HOSTILE), identifier=HOSTILE + "{}", column=HOSTILE, parameters={"<i>": "<b>"})


PAGES = {
    "two models": page,
    "one model": lambda: page(("only",)),
    "five models": lambda: page(tuple("abcde")),
    "hostile names": hostile,
}


@pytest.mark.parametrize("which", PAGES)
def test_it_is_well_formed_and_loads_nothing(which):
    source = document(PAGES[which]())
    found = Checked(source)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "image", "use"} & {
        *found.seen
    }
    for tag, key, value in found.attributes:
        assert key not in ("src", "href", "srcset", "style", "xlink:href"), (tag, key)
        assert not key.startswith("on"), (tag, key, value)
    assert not re.search(r"https?:|url\(|@import|//[a-z]", re.sub("<[^>]*>[^<]*", "", source) + theme.stylesheet())
    assert "prefers-color-scheme: dark" in source
    assert ("meta", "content", "default-src 'none'; style-src 'unsafe-inline'") in found.attributes
    assert "\x00" not in source
    source.encode()


def test_the_checker_finds_what_is_wrong():
    for wrong in ("<p><b></p></b>", "<p>"):
        with pytest.raises((AssertionError, IndexError)):
            Checked(wrong)


def test_hostile_names_are_shown_and_do_nothing():
    words = "".join(Checked(document(hostile())).words)
    assert "</td></style><script>alert('&\"')</script>\N{REPLACEMENT CHARACTER}" in words
    assert "<i>=<b>" in words


def test_what_it_says():
    words = " ".join(Checked(document(page())).words)
    for section in ("Results", "Over groups", "Worst groups", "Models beside", "Margins", "Gradients", "Reliability"):
        assert section in words
    for one in (
        "4,000 rows",
        "300",
        "over 900 pairs",
        "sigma=1.0",
        "a.parquet",
        "user-",
        "nothing to say",
        "new",
        "old",
        "margin=1.0",
    ):
        assert one in words
    alone = " ".join(Checked(document(page(("only",)))).words)
    assert "beside" not in alone


def test_wins_are_counted_by_what_is_better():
    made = page()
    values = np.array([[1.0, 2.0, 3.0, np.nan], [0.5, 2.5, 1.0, 1.0]])
    for greater, old, new in ((False, 1, 2), (True, 2, 1)):
        measure = made.measures[0]._replace(groups=Groups(values, ((), ()), (1, 0)), greater_is_better=greater)
        words = [one.strip() for one in Checked(document(made._replace(measures=(measure,)))).words if one.strip()]
        at = [k for k, word in enumerate(words) if word == "better"]
        assert [words[k + 1] for k in at] == [str(old), str(new)]
        assert words[words.index("equal") + 1] == "0"


def test_equal_models_have_no_histogram_of_differences():
    made = page()
    both = np.repeat(made.measures[0].groups.values[:1], 2, axis=0)

    def drawn():
        measure = made.measures[0]._replace(groups=Groups(both, ((), ()), (7, 7)))
        return document(made._replace(measures=(measure,)))

    source = drawn()
    assert "Histogram of differences" not in source
    assert source.count(">293</td>") == 3  # the groups of two models, and those that are equal
    both[1, 50] += 1.0
    counts = re.findall(
        r"<title>[^<]* to [^<]*: ([0-9,]+) groups</title>", drawn().split("Histogram of differences")[1]
    )
    assert counts[0] == "1"  # without the 292 zeros


def test_differences_with_intervals():
    words = [one.strip() for one in Checked(document(page())).words if one.strip()]
    at = words.index("Differences") + 2
    assert words[at : at + 4] == ["loss", "difference", "95 % interval", "p"]
    about = ["new", "less", "old", "; 300 groups, sandwich"]
    assert words[at + 4 : at + 12] == ["pairwise_logistic_loss", *about, "-0.25", "-0.27 to -0.23", "1e-12"]
    assert "Differences" not in document(page(("only",)))


def test_files_beyond_a_few_are_counted():
    made = page()._replace(files=["-", *(f"{k}.csv" for k in range(1, 12))])
    words = "".join(Checked(document(made)).words)
    assert "standard input, 1.csv, 2.csv, 3.csv, 4.csv and 7 more" in words


@pytest.mark.parametrize("kind", ["nothing", "one", "infinite"])
def test_groups_with_nothing_to_draw(kind):
    values = {
        "nothing": np.full((2, 3), np.nan),
        "one": np.array([[0.5, np.nan, np.nan], [0.5, np.nan, 0.1]]),
        "infinite": np.array([[np.inf, 1.0, 2.0], [1.0, np.nan, np.inf]]),
    }[kind]
    made = page()
    measure = made.measures[0]._replace(groups=Groups(values, ((), ()), (1, 0)))
    assert "nothing to say" in "".join(Checked(document(made._replace(measures=(measure,)))).words)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_contrast(colours):  # WCAG 2.2, 1.4.3 and 1.4.11
    for ground in (colours.ground, colours.card):
        for ink in (colours.ink, colours.muted):
            assert contrast(ink, ground) >= 4.5
        for mark in colours.models:
            assert contrast(mark, ground) >= 3.0


def test_contrast_of_known_colours():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)  # WCAG's example of what just fails


def test_markup_escapes():
    assert element("p", "<&>", [None, 3], class_='a"b') == '<p class="a&quot;b">&lt;&amp;&gt;3</p>'
    assert text("\ud800\x07") == "\ufffd\ufffd"
    assert name("a" * 100, 5) == f'<bdi title="{"a" * 100}">aaaa…</bdi>'
    assert table(["x"], [["<"]], [0]).count("&lt;") == 1


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-3.0, 4.0, ["-3", "-2", "-1", "0", "1", "2", "3", "4"]),
        (0.0, 0.0, ["0"]),
    ],
)
def test_linear_axes(low, high, labels):
    axis = scales.linear(low, high)
    assert [tick.label for tick in axis.ticks] == labels
    assert all(0.0 <= axis.place(tick.at) <= 1.0 for tick in axis.ticks)


def test_logarithmic_axes():
    assert [tick.label for tick in scales.magnitudes(0.002, 200.0).ticks] == ["0.01", "0.1", "1", "10", "100"]
    assert scales.magnitudes(0.25, 0.5).place(0.5) == 1.0
    far = scales.magnitudes(1e-300, 1e300)
    assert len(far.ticks) <= 5 and far.place(1.0) == pytest.approx(0.5)


def test_numbers_as_people_read_them():
    expected = {0.1234567: "0.123457", -2.0: "-2", 1234567.0: "1,234,567", 1e-9: "1e-09", 1e300: "1.00000e+300"}
    for x, words in {**expected, 0.0: "0", float("nan"): "NaN", float("-inf"): "-∞"}.items():
        assert scales.number(x) == words
    assert [scales.count(n) for n in (0, 999, 9999, 12345, 2.5e6)] == ["0", "999", "9,999", "12.3k", "2.5M"]
    assert [scales.share(*x) for x in ((0, 9), (1, 10**6), (999_999, 10**6), (1, 3), (3, 3), (0, 0))] == [
        "0 %", "<0.01 %", ">99.99 %", "33.3 %", "100 %", "\N{EN DASH}",
    ]  # fmt: skip
