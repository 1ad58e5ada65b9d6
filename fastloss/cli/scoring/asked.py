"""The losses and metrics that `--loss NAME:param=value,...` asks for, with their parameters checked."""

import dataclasses
from collections.abc import Collection
from typing import Any

import pyarrow as pa

from fastloss.cli.errors import UserError, explained, require_choice
from fastloss.cli.reading.files import FORMATS
from fastloss.cli.reading.readers import Given
from fastloss.cli.scoring import retrieval
from fastloss.cli.scoring.metrics import METRICS, OTHER_NAMES, GroupMean, Metric, metric_of
from fastloss.core.domains import Choice, Flag
from fastloss.core.loss import REGISTRY, lookup
from fastloss.core.spelling import did_you_mean, nearest
from fastloss.core.synonyms import question, spelt_out
from fastloss.embeddings.candidates.loss import CandidatesLoss
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pairs.queries.loss import QueryLoss
from fastloss.rows.loss import RowLoss
from fastloss.streaming.additive import Accumulator, takes_batches
from fastloss.streaming.all_pairs import PairAccumulator, can_accumulate
from fastloss.streaming.examples import ExampleAccumulator
from fastloss.streaming.grouped import GroupAccumulator
from fastloss.streaming.state import checked

WORDS: dict[str, Any] = {"true": True, "false": False, "none": None}


@dataclasses.dataclass(frozen=True, eq=False)
class Asked:
    """One loss or metric to be computed, of one model."""

    name: str  # with the parameters as given, if there are any
    loss: Any  # or a `Metric`
    parameters: dict[str, Any]  # all of them, checked
    model: str = ""  # whose scores
    is_only: bool = True  # whether there is one model

    @property
    def label(self) -> str:
        """The name, with the model where there are several."""
        return self.name if self.is_only else f"{self.name}({self.model})"

    @property
    def is_pairwise(self) -> bool:
        """Whether it is a loss over the pairs of a group."""
        return hasattr(self.loss, "group_sums")

    @property
    def is_metric(self) -> bool:
        """Whether it is a metric."""
        return isinstance(self.loss, Metric)

    @property
    def is_over_groups(self) -> bool:
        """Whether its value is a mean over groups, not over rows or pairs."""
        return isinstance(self.loss, Metric | QueryLoss)

    @property
    def greater_is_better(self) -> bool:
        """Whether it is a metric that is to be large."""
        return isinstance(self.loss, Metric) and self.loss.greater_is_better

    @property
    def by_class(self) -> bool:
        """Whether it takes a score for each class."""
        return takes_classes(self.loss)

    @property
    def orders_labels(self) -> bool:
        """Whether only the order of labels counts."""
        return self.is_pairwise and self.parameters.get("pairs") == "ordered"

    def of_models(self, models: Collection[str]) -> list["Asked"]:
        """Return the same for each model."""
        return [dataclasses.replace(self, model=model, is_only=len(models) == 1) for model in models]

    def state(self, stream: bool = False) -> Any:
        """Make an empty state; with `stream`, one of all pairs that keeps no rows, if there is one."""
        return new_state(self.loss, self.parameters, stream)


def subject(name: str) -> Any:
    """Return the metric or the loss of a name; the error for an unknown name says what is near."""
    found = metric_of(name)
    if found is not None:
        return found
    if name not in REGISTRY:
        raise ValueError(f"unknown loss {name!r}{_hint(name)}")
    return lookup(name)


def _hint(name: str) -> str:
    """Return what an error says of a name that is none, and of several in one."""
    known = [*REGISTRY, *METRICS, *OTHER_NAMES]
    parts = [part.partition(":")[0].strip() for part in name.split(",")]
    if len(parts) > 1 and parts[0] in known:
        return "; repeat --loss for several"
    spelt = spelt_out(name, known)
    if spelt is not None and "k" in subject(spelt.name).parameters:
        return did_you_mean([f"{spelt.name}:{spelt.words}"])
    return question(name, known)


def new_state(loss: Any, parameters: dict[str, Any], stream: bool = False) -> Any:
    """Make the state of a metric, or of a loss, of scores and labels."""
    if isinstance(loss, Metric):
        return GroupMean(loss, loss.checked(parameters))
    if takes_classes(loss):
        return ExampleAccumulator(loss, parameters)
    if not hasattr(loss, "group_sums"):
        return Accumulator(loss, parameters)
    may_stream = stream and isinstance(loss, PairwiseLoss) and can_accumulate(loss, parameters)
    return (PairAccumulator if may_stream else GroupAccumulator)(loss, parameters)


def takes_classes(loss: Any) -> bool:
    """Return whether a loss takes a score for each class, and classes as labels."""
    return isinstance(loss, RowLoss) and loss.arguments == ("input", "target") and loss.ids == ("target",)


def can_score(loss: Any) -> bool:
    """Return whether it takes scores and labels."""
    return isinstance(loss, Metric) or hasattr(loss, "group_sums") or takes_batches(loss) or takes_classes(loss)


def can_search(loss: Any) -> bool:
    """Return whether it takes queries and keys."""
    if isinstance(loss, retrieval.RetrievalMetric):
        return True
    return isinstance(loss, CandidatesLoss) and loss.arguments[:2] in (("query", "key"), ("anchors", "positives"))


def asked(texts: list[str], reduction: str, embedded: bool = False) -> list[Asked]:
    """Parse all `--loss` options: losses of scores and labels or, if `embedded`, of queries and keys."""
    if not texts:
        raise UserError("no --loss is given (`fastloss list` shows what there is)")
    pieces = [text.partition(":") for text in texts]
    labels = [text if words.strip(",") else name for text, (name, _, words) in zip(texts, pieces, strict=True)]
    for label in labels:
        if labels.count(label) > 1:
            raise UserError(f"--loss {label} is given twice")
    return [
        one(label, name, words, reduction, embedded) for label, (name, _, words) in zip(labels, pieces, strict=True)
    ]


def one(label: str, name: str, words: str, reduction: str, embedded: bool) -> Asked:
    """Parse one `--loss` option."""
    with explained():
        loss = (retrieval.metric_of(name) if embedded else None) or subject(name)
    fits, what = (can_search, "queries and keys") if embedded else (can_score, "scores and labels")
    if not fits(loss):
        known = "see `fastloss list`"
        if embedded:  # few take them, and the list does not say which
            with explained():
                names = [*retrieval.METRICS, *(other for other in REGISTRY if fits(REGISTRY[other]))]
            known = f"one of {', '.join(sorted(names))}"
        raise UserError(f"{name} cannot be scored: expected a loss or metric of {what} ({known})")
    parameters: dict[str, Any] = {}
    for word in filter(None, words.split(",")):
        key, equals, text = word.partition("=")
        if key not in loss.parameters:
            has = ", ".join(loss.parameters) or "none"
            several = key in REGISTRY or metric_of(key.partition(":")[0]) is not None
            meant = "; repeat --loss for several" if several else did_you_mean(nearest(key, loss.parameters))
            raise UserError(f"{name} has no parameter {key!r}{meant} (its parameters: {has})")
        if not equals:
            raise UserError(f"{name}: {word!r} has no value: expected {key}=VALUE, {loss.parameters[key]}")
        if key in parameters:
            raise UserError(f"{name}: {key} is given twice")
        parameters[key] = value(loss.parameters[key], text)
    if isinstance(loss, Metric):
        if reduction != "mean":
            raise UserError(f"{name} is a mean over {loss.over}: expected --reduction mean")
    else:
        with explained(name):
            loss.require_reduction(reduction)
    with explained(name):
        if isinstance(loss, Metric):
            return Asked(label, loss, loss.checked(parameters))
        return Asked(label, loss, checked(loss, parameters) if embedded else new_state(loss, parameters).parameters)


def contents_given(format: str | None, delimiter: str | None, types: list[str]) -> Given:
    """Parse `--format`, `--delimiter` and `--types`."""
    if format is not None:
        require_choice("--format", format, FORMATS)
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter or "", delimiter or "")
    if delimiter and (len(delimiter) > 1 or not delimiter.isascii() or delimiter in '"\r\n'):
        raise UserError(f"--delimiter is {delimiter!r}: expected one character, or 'tab'")
    found: dict[str, pa.DataType] = {}
    for text in types:
        column, equals, name = text.rpartition("=")
        try:
            kind = pa.type_for_alias(name)
        except ValueError:
            kind = None
        if not equals or not column or kind is None:
            raise UserError(f"--types {text}: expected COLUMN=TYPE, with a type such as int64, float64, string, date32")
        if column in found:
            raise UserError(f"--types names {column!r} twice")
        found[column] = kind
    return Given(format or "", delimiter, found)


def value(specification: Any, text: str) -> Any:
    """Parse a parameter's text; the loss's own check follows."""
    if isinstance(specification, Choice):
        return text
    if text.lower() in WORDS and not (isinstance(specification, Flag) and text.lower() == "none"):
        return WORDS[text.lower()]
    if isinstance(specification, Flag) and text in ("0", "1"):
        return text == "1"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def range_of(specification: Any) -> str:
    """Return how `fastloss list` writes what a parameter may be."""
    if isinstance(specification, Choice):
        return " or ".join(specification.values)
    return str(specification).removeprefix("a number ")
