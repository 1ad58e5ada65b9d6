"""Facts about every registered loss, for `fastloss list`."""

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


def line(one: dict[str, Any]) -> str:
    """Return a line about a loss: name, whether `fastloss score` takes it, parameters with defaults and ranges."""
    parameters = [f"{name}={about['default']} ({about['range']})" for name, about in one["parameters"].items()]
    return f"{one['loss']:<34} {'score' if one['score'] else '-':<6} {'; '.join(parameters)}".rstrip()
