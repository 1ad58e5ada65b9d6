"""Write the README's table of losses from the registry: `python tools/readme_table.py`."""

import pathlib
import re

from fastloss.core.loss import REGISTRY

README = pathlib.Path(__file__).parents[1] / "README.md"
TASKS = {
    "Regression": "regression huber relative counts positive normal quantiles robust",
    "Two classes": "classification margin overlap",
    "Many classes": "softmax class_margins probability divergence cross_entropy_with_factors angular",
    "Ranking": "pairwise lambdarank ranking bpr bpr_all_negatives margin_all_pairs",
    "Embeddings, whole batches": "contrastive triplets ge2e",
    "Embeddings, given tuples": "tuples metric",
    "Reinforcement learning": "reinforcement",
}
PLACE = re.compile(r"(<!-- losses: .*? -->\n).*?(<!-- end -->)", re.DOTALL)


def task(module: str) -> str:
    """The row of a module of losses: its task, or its own name if it is in none yet."""
    own = module.rsplit(".", 1)[1]
    return next((name for name, modules in TASKS.items() if own in modules.split()), own.replace("_", " ").capitalize())


def table() -> str:
    """Names only, a row for each task."""
    rows: dict[str, list[str]] = {name: [] for name in TASKS}
    for loss in sorted(REGISTRY.values(), key=lambda loss: loss.name):
        rows.setdefault(task(loss.__module__), []).append(f"`{loss.name}`")
    lines = [f"| {name} | {', '.join(names)} |" for name, names in rows.items() if names]
    return "\n".join(["", "| | |", "|---|---|", *lines, "", ""])


def updated(text: str) -> str:
    """A README with the table of today."""
    return PLACE.sub(lambda found: found[1] + table() + found[2], text)


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))
