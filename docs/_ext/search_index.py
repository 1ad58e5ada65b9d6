"""The built site's search: each of a loss's other names must lead to its page."""

import json
import pathlib
from typing import Any

from sphinx.errors import ExtensionError

from fastloss.core.loss import REGISTRY
from fastloss.core.synonyms import names_of


def missing(text: str) -> list[str]:
    """What `searchindex.js` lacks: names of losses whose entries of the index are not on their pages."""
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    pages = {entry: {index["docnames"][at] for at, *_ in places} for entry, places in index["indexentries"].items()}
    expected = ((name, loss) for loss in REGISTRY for name in names_of(loss))
    found = ((name, loss, pages.get(name.lower(), ())) for name, loss in expected)
    return [f"{name} ({loss})" for name, loss, places in found if f"generated/losses/{loss}" not in places]


def check(app: Any, error: Exception | None) -> None:
    """Fail a build whose search does not find the losses by their other names."""
    path = pathlib.Path(app.outdir) / "searchindex.js"
    if error is None and path.exists() and (found := missing(path.read_text())):
        raise ExtensionError(f"the search finds no page for {', '.join(found)}")


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.connect("build-finished", check)
