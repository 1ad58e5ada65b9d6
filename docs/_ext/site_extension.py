"""The Sphinx extension of this site: pages of losses with pictures; links from names of losses."""

import pathlib
import re
from typing import Any

import loss_pages
import loss_pictures
import mathml
import navigation
import search_index
import tables
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

import fastloss
from fastloss.core.loss import REGISTRY

CALL = re.compile(r"(?:fastloss\.)?(\w+)(?:\(.*\))?", re.DOTALL)


def write(path: pathlib.Path, text: str) -> None:
    """Write what has changed, so that Sphinx reads nothing else again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def generate(app: Any) -> None:
    """Write the pages of losses and their pictures, under `generated/`."""
    folder = pathlib.Path(app.srcdir) / "generated"
    everything = {
        **loss_pages.files(),
        **{f"losses/{name}.svg": picture for name, picture in loss_pictures.files()},
    }
    for name, text in everything.items():
        write(folder / name, text)
    for old in folder.rglob("*.*"):
        if str(old.relative_to(folder)) not in everything:
            old.unlink()


def keep_letters(_app: Any, _what: str, _name: str, _one: Any, _options: Any, lines: list[str]) -> None:
    """Initials, as that of an author of a reference, are no numbers of a list."""
    lines[:] = [loss_pages.without_lists(line) for line in lines]


class LinkNames(SphinxTransform):
    """Makes `huber_loss` and `huber_loss(x, y)`, as code, a link to that loss, but not on its own page."""

    default_priority = 400

    def apply(self, **_: Any) -> None:
        """Wrap the literals."""
        for literal in list(self.document.findall(nodes.literal)):
            found = CALL.fullmatch(literal.astext())
            name = found[1] if found else ""
            known = name in REGISTRY or name in loss_pages.FUNCTIONS
            if not known or self.env.docname.endswith(f"/{name}") or within_link(literal):
                continue
            link = addnodes.pending_xref(
                "", refdomain="py", reftype="obj", reftarget=f"fastloss.{name}", refexplicit=True, refwarn=True
            )
            literal.replace_self(link)
            link += literal


def within_link(node: nodes.Node | None) -> bool:
    """Whether a node is part of a link, or of the name of what is described."""
    while node is not None:
        if isinstance(node, nodes.reference | addnodes.pending_xref | addnodes.desc_signature | nodes.title):
            return True
        node = node.parent
    return False


def setup(app: Any) -> dict[str, Any]:
    """What Sphinx calls."""
    app.connect("builder-inited", generate)
    app.connect("autodoc-process-docstring", keep_letters, priority=600)  # after numpydoc
    app.add_transform(LinkNames)
    mathml.setup(app)
    navigation.setup(app)
    search_index.setup(app)
    tables.setup(app)
    return {"version": fastloss.__version__, "parallel_read_safe": True, "parallel_write_safe": True}
