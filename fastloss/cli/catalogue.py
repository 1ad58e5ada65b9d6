"""Facts about every registered loss, for `fastloss list` and `fastloss show`."""

import inspect
from typing import Any

from fastloss.cli.asked import can_score, range_of
from fastloss.core.loss import REGISTRY, Loss


def entries() -> list[dict[str, Any]]:
    """Return facts about all losses, sorted by name."""
    return [entry(REGISTRY[name]) for name in sorted(REGISTRY)]


def entry(loss: Loss) -> dict[str, Any]:
    """Return facts about one loss."""
    return {
        "loss": loss.name,
        "module": loss.__module__,
        "shape": loss.shape,
        "score": can_score(loss),
        "arguments": list(loss.arguments),
        "parameters": {
            name: {"range": range_of(specification), "default": loss.defaults.get(name)}
            for name, specification in loss.parameters.items()
        },
        "second_derivative": loss.has_curvature,
        "summary": loss.summary,
        "reference": loss.reference,
    }


def text(loss: Loss) -> str:
    """Return a loss's signature and documentation, and the ranges of its parameters."""
    ranges = [f"  {name}: {range_of(specification)}" for name, specification in loss.parameters.items()]
    taken = "Columns of scores and labels: fastloss score FILE --loss " + loss.name
    parts = [f"{loss.name}{loss.__signature__}", inspect.getdoc(loss) or ""]
    parts += ["\n".join(["Ranges", "------", *ranges])] if ranges else []
    return "\n\n".join([*parts, *([taken] if can_score(loss) else [])])
