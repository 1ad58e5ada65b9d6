"""What all sections are made of."""

from collections.abc import Sequence
from typing import Any

from fastloss.cli.page.charts import look
from fastloss.cli.page.data import Page
from fastloss.cli.page.markup import Markup, element, name


def section(title: str, about: Any, cards: Sequence[Markup]) -> Markup:
    """Return a section of cards."""
    said = element("p", about, class_="note") if about else None
    return element("section", element("h2", title), said, element("div", list(cards), class_="cards"))


def card(title: Any, drawing: Any, *content: Any) -> Markup:
    """Return a card: a drawing or a table, and what is below it, or beside it where the card is alone."""
    both = [element("div", drawing), element("div", list(content))] if content else element("div", drawing)
    heading = element("h3", title) if title else None
    return element("article", heading, element("div", both, class_="beside"), class_="card")


def key(page: Page, model: int) -> Markup:
    """Return a model's name with its colour before it."""
    return element("span", element("span", class_=f"key {look(model)}"), name(page.models[model], 40))


def by_model(page: Page) -> list[tuple[str, str]]:
    """Return for each model what a chart calls it and its colour's class; the only one needs no name."""
    shortened = [one if len(one) <= 40 else one[:39] + "…" for one in page.models]
    return [(one if len(page.models) > 1 else "", look(at)) for at, one in enumerate(shortened)]
