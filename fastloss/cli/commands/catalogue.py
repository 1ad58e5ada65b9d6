"""Facts about every registered loss and every metric, for `fastloss list` and `fastloss show`."""

import inspect
from typing import Any

from fastloss.cli.scoring import retrieval
from fastloss.cli.scoring.asked import can_score, can_search, range_of
from fastloss.cli.scoring.metrics import METRICS, OTHER_NAMES, Metric
from fastloss.core.loss import REGISTRY, Loss
from fastloss.core.synonyms import names_of


def entries(words: str = "") -> list[dict[str, Any]]:
    """Return facts about losses, then about metrics, whose name, other names or summary have words in them, sorted."""
    subjects: list[Any] = [*(REGISTRY[name] for name in sorted(REGISTRY)), *(METRICS[name] for name in sorted(METRICS))]
    asked = plain(words).removesuffix(" loss")
    found = [entry(one) for one in subjects]
    return [one for one in found if asked in plain(" ".join([one["loss"], *one["also_known_as"], one["summary"]]))]


def plain(text: str) -> str:
    """Return a text as words are compared: without case, and the same with spaces, dashes or underscores."""
    return text.casefold().replace("_", " ").replace("-", " ")


def entry(loss: Loss | Metric) -> dict[str, Any]:
    """Return facts about one loss or metric."""
    if isinstance(loss, Metric):
        return {
            "loss": loss.name,
            "module": loss.function.__module__,
            "shape": "metric",
            "score": True,
            "arguments": list(loss.arguments),
            "parameters": {
                name: {"range": kind, "default": loss.defaults[name]} for name, kind in loss.parameters.items()
            },
            "second_derivative": False,
            "also_known_as": [plain(other) for other, name in OTHER_NAMES.items() if name == loss.name],
            "summary": loss.summary,
            "reference": None,
        }
    return {
        "loss": loss.name,
        "module": loss.__module__,
        "shape": loss.shape,
        "score": can_score(loss),
        "arguments": list(loss.arguments),
        "parameters": {
            name: {"range": range_of(specification), **default(loss, name)}
            for name, specification in loss.parameters.items()
        },
        "second_derivative": loss.has_curvature,
        "also_known_as": list(names_of(loss.name)),
        "summary": loss.summary,
        "reference": loss.reference,
    }


def default(loss: Loss, name: str) -> dict[str, Any]:
    """Return a parameter's default, or nothing where it must be given."""
    found = loss.defaults.get(name)
    return {} if found is inspect.Parameter.empty else {"default": found}


def text(loss: Loss | Metric) -> str:
    """Return the signature and documentation of a loss or metric, and the ranges of parameters."""
    if isinstance(loss, Metric):
        function = loss.function
        signature = f"fastloss.metrics.{function.__name__}{inspect.signature(function)}"
        return "\n\n".join([signature, inspect.getdoc(function) or "", _taken(loss), _averaged(loss)])
    ranges = [f"  {name}: {range_of(specification)}" for name, specification in loss.parameters.items()]
    parts = [f"{loss.name}{loss.__signature__}", inspect.getdoc(loss) or ""]
    parts += ["\n".join(["Ranges", "------", *ranges])] if ranges else []
    return "\n\n".join([*parts, *filter(None, [_taken(loss)])])


def _averaged(metric: Metric) -> str:
    """Return what the command does with groups, which may be another mean than that of the function."""
    each = "is the mean over the groups that have something to say; average=rows weighs each by its rows."
    if metric is not METRICS["auc"]:
        return f"With --groups it {each}"
    return (
        f"With --groups it {each}\nThat is GAUC (fastloss.metrics.group_auc). fastloss.auc, and fastloss.compare by it,"
        " are the share\nof the pairs of all groups, in which a group counts by its pairs."
    )


def _taken(loss: Loss | Metric) -> str:
    """Return how the command takes a loss or metric; "" if it does not."""
    lines = [f"Columns of scores and labels: fastloss score FILE --loss {loss.name}"] if can_score(loss) else []
    if can_search(retrieval.metric_of(loss.name) or loss):
        lines.append(f"Embeddings: fastloss score --queries FILE --keys FILE --loss {loss.name}")
    return "\n".join(lines)
