"""Tables of sentences: on a narrow screen a row's cells stand below each other, each behind its column's heading."""

from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

SENTENCE = 45  # characters of a cell; tables of numbers and names have less in each, and are moved sideways


class LabelCells(SphinxPostTransform):
    """Marks such tables, and puts headings, which `site.css` shows on narrow screens alone, into their cells."""

    default_priority = 900
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Change the tables."""
        for table in self.document.findall(nodes.table):
            heads, bodies = list(table.findall(nodes.thead)), list(table.findall(nodes.tbody))
            rows = [row.children for body in bodies for row in body.children]
            if not heads or max(len(cell.astext()) for row in rows for cell in row) <= SENTENCE:
                continue
            table["classes"].append("sentences")
            names = [cell.astext() for cell in heads[0].children[0].children]
            for row in rows:
                for name, cell in zip(names[1:], row[1:], strict=True):
                    label(cell, name)


def label(cell: nodes.Element, name: str) -> None:
    """Put a column's heading before what a cell says, if both say something."""
    paragraph = next(iter(cell.findall(nodes.paragraph)), None)
    if name and paragraph is not None:
        paragraph.insert(0, nodes.inline("", f"{name}: ", classes=["heading"]))


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.add_post_transform(LabelCells)
