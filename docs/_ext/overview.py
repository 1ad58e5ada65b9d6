"""Tables of all losses: by task, for the README and for the page of losses."""

import inspect
import pathlib
from collections.abc import Callable

import fastloss
from fastloss.core.loss import REGISTRY, Loss
from fastloss.core.synonyms import names_of

PACKAGE = pathlib.Path(fastloss.__file__).parent
TASKS = {
    "Regression": "regression huber relative counts positive normal quantiles robust",
    "Two classes": "classification margin overlap",
    "Many classes": "softmax class_margins probability divergence cross_entropy_with_factors angular",
    "Ranking": "pairwise lambdarank ranking bpr bpr_all_negatives margin_all_pairs",
    "Embeddings, whole batches": "contrastive triplets ge2e",
    "Embeddings, given tuples": "tuples metric",
    "Reinforcement learning": "reinforcement",
}


def module(loss: Loss) -> str:
    """Return the name of its module of formulas."""
    return loss.__module__.rsplit(".", 1)[1]


def task(loss: Loss) -> str:
    """Return a loss's task, or its module's name if that is in none yet."""
    own = module(loss)
    return next((name for name, modules in TASKS.items() if own in modules.split()), own.replace("_", " ").capitalize())


def on_gpu(loss: Loss) -> bool:
    """Tell whether there is an engine of the loss's family for CUDA."""
    takes_backend = any(keyword.name == "backend" for keyword in loss.keywords)
    return takes_backend and (PACKAGE / loss.folder.replace(".", "/") / "cuda.py").exists()


def by_task(key: Callable[[Loss], object]) -> dict[str, list[Loss]]:
    """Return the losses of each task, sorted by a key; tasks without losses are left out."""
    found: dict[str, list[Loss]] = {name: [] for name in TASKS}
    for loss in sorted(REGISTRY.values(), key=key):
        found.setdefault(task(loss), []).append(loss)
    return {name: losses for name, losses in found.items() if losses}


def in_order() -> dict[str, list[Loss]]:
    """Return the losses of each task in the order of the page of losses: that of their modules in `TASKS`."""
    places = " ".join(TASKS.values()).split()
    return by_task(lambda loss: [*places, module(loss)].index(module(loss)))


def names() -> str:
    """Return the README's table: names only, a row for each task."""
    lines = [
        f"| {name} | {', '.join(f'`{loss.name}`' for loss in losses)} |"
        for name, losses in by_task(lambda loss: loss.name).items()
    ]
    return "\n".join(["| | |", "|---|---|", *lines])


def functions() -> str:
    """Return the table of public names that are no losses."""
    lines = ["| | |", "|---|---|"]
    for name in sorted(set(fastloss.__all__) - set(REGISTRY), key=str.lower):
        found = getattr(fastloss, name)
        if callable(found):
            summary = (inspect.getdoc(found) or "").partition("\n\n")[0].replace("\n", " ")
            lines.append(f"| `fastloss.{name}` | {summary} |")
    return "\n".join(lines)


def summaries() -> str:
    """Return the tables of the page of losses: what each computes, and its other names, a table for each task."""
    without = [f"`{loss.name}`" for loss in REGISTRY.values() if not on_gpu(loss)]
    lines = [f"All{' but ' + ', '.join(without) if without else ''} run on the CPU and on CUDA.", ""]
    for name, losses in in_order().items():
        lines += [f"## {name}", "", "| loss | description | also known as | second derivative |", "|---|---|---|---|"]
        for loss in losses:
            cells = (loss.summary, ", ".join(names_of(loss.name)), "yes" if loss.has_curvature else "")
            lines.append(f"| `{loss.name}` | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines).rstrip()
