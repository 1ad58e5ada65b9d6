"""Write the README's table of losses from the registry: `python tools/readme_table.py`."""

import itertools
import pathlib
import re

import fastloss.losses  # noqa: F401  fills the registry
from fastloss.loss import REGISTRY

README = pathlib.Path(__file__).parents[1] / "README.md"
PLACE = re.compile(r"(<!-- losses: .*? -->\n).*?(<!-- end -->)", re.DOTALL)


def table() -> str:
    """Names only, a row for each module of `fastloss/losses`."""
    losses = sorted(REGISTRY.values(), key=lambda loss: (loss.__module__, loss.name))
    lines = ["", "| | |", "|---|---|"]
    for module, group in itertools.groupby(losses, key=lambda loss: loss.__module__):
        title = module.rsplit(".", 1)[1].replace("_", " ").capitalize()
        lines.append(f"| {title} | {', '.join(f'`{loss.name}`' for loss in group)} |")
    return "\n".join([*lines, "", ""])


def updated(text: str) -> str:
    """A README with the table of today."""
    return PLACE.sub(lambda found: found[1] + table() + found[2], text)


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))
