"""The whole page as one file: no script, no picture, no font, nothing that is loaded."""

from typing import Any

from fastloss.cli.output.tables import plain
from fastloss.cli.page import groups, models, rows
from fastloss.cli.page.data import Measure, Page
from fastloss.cli.page.markup import Markup, element, name, table
from fastloss.cli.page.scales import number, signed
from fastloss.cli.page.shared import card, key, section
from fastloss.cli.page.theme import stylesheet

MOST_FILES = 5
POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # browsers load nothing for it, whatever it holds
SECTIONS = (
    models.intervals,
    groups.distributions,
    groups.worst,
    models.differences,
    rows.margins,
    rows.gradients,
    rows.reliability,
)


def document(page: Page) -> str:
    """Return the page."""
    title = f"fastloss: {', '.join(one.label for one in page.measures)}"
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", title[:200]),
        element("style", Markup(stylesheet())),
    ]
    sections = [totals(page), *(make(page) for make in SECTIONS)]
    footer = element(
        "footer", f"Written by fastloss {page.version}. Numbers of charts show when the pointer rests on them."
    )
    body = element("body", header(page), element("main", sections), footer)
    return "<!DOCTYPE html>\n" + element("html", element("head", head), body, lang="en") + "\n"


def header(page: Page) -> Markup:
    """Return the head of the page: what was scored."""
    facts = [("rows", f"{page.rows:,}")]
    if page.groups is not None:
        facts.append(("groups", f"{page.groups:,}"))
    if page.dropped:
        facts.append(("rows with nulls, left out", f"{page.dropped:,}"))
    facts.append(("seconds", f"{page.seconds:.2f}"))
    columns = [(role, name(column, 60)) for role, column in page.columns.items()]
    files = ["standard input" if one == "-" else name(one, 120) for one in page.files[:MOST_FILES]]
    more = len(page.files) - len(files)
    listed = [[one, ", "] for one in files[:-1]] + [files[-1:], f" and {more:,} more" if more else None]
    found = [element("div", element("dt", what), element("dd", said)) for what, said in (*facts, *columns)]
    title = "Scores of " + (f"{len(page.models)} models" if len(page.models) > 1 else "one model")
    about = element("p", listed, class_="note")
    return element("header", element("h1", title), about, element("dl", found, class_="facts"))


def totals(page: Page) -> Markup:
    """Return the table of results."""
    two = len(page.models) == 2
    headings = ["loss", *(key(page, model) for model in range(len(page.models)))]
    if two:
        headings.append("difference")
    if len(page.models) == 1:
        headings[1] = page.reduction
    lines = []
    for one in page.measures:
        values = [number(total.value, 8) for total in one.totals]
        if two:
            values.append(signed(one.totals[1].value - one.totals[0].value))
        lines.append([_asked(one), *values])
    about = f"The {page.reduction} over what each line says."
    notes = [element("p", one, class_="note") for one in page.notes]
    return section("Results", about, [card("", [table(headings, lines, range(1, len(headings)), "results"), notes])])


def _written(value: Any) -> str:
    """Return a parameter's value as `--loss` takes it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(plain(value))


def _asked(measure: Measure) -> list[Markup]:
    """Return what a line of the table is of."""
    given = ", ".join(f"{key}={_written(value)}" for key, value in measure.parameters.items())
    about = ["over ", measure.totals[0].over, "; " if given else "", element("code", given) if given else None]
    return [element("div", measure.label), element("div", about, class_="note")]
