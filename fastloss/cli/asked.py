"""The losses that `--loss NAME:param=value,...` asks for, with their parameters checked."""

import dataclasses
from typing import Any

from fastloss.cli.errors import UserError, explained
from fastloss.core.domains import REAL, Choice, Domain, Flag
from fastloss.core.loss import REGISTRY, Loss, lookup
from fastloss.embeddings.candidates.loss import CandidatesLoss
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.streaming.additive import Accumulator
from fastloss.streaming.all_pairs import can_accumulate
from fastloss.streaming.grouped import GroupAccumulator

WORDS: dict[str, Any] = {"true": True, "false": False, "none": None}


@dataclasses.dataclass(frozen=True)
class Asked:
    """One loss to be computed."""

    label: str  # its name; with the parameters as given, where one name is asked for twice
    loss: Any
    parameters: dict[str, Any]

    @property
    def is_pairwise(self) -> bool:
        """Whether it runs over the pairs of a group."""
        return isinstance(self.loss, PairwiseLoss)

    @property
    def can_accumulate(self) -> bool:
        """Whether a state of its pairs stands for the rows."""
        return self.is_pairwise and can_accumulate(self.loss, self.parameters)

    @property
    def orders_labels(self) -> bool:
        """Whether only the order of labels counts."""
        return self.is_pairwise and self.all_parameters().get("pairs", "all") != "all"

    def all_parameters(self) -> dict[str, Any]:
        """Those given and the defaults of the others."""
        return {**self.loss.defaults, **self.parameters}

    def domains(self) -> tuple[Domain, Domain]:
        """What scores and labels may be."""
        if not self.is_pairwise:
            scores, labels = self.loss.domains.values()
            return scores, labels
        return REAL, self.loss.labels if self.all_parameters().get("pairs", "all") == "all" else REAL


def can_score(loss: Loss) -> bool:
    """Whether a loss takes scores and labels."""
    return isinstance(loss, PairwiseLoss) or (isinstance(loss, PointwiseLoss) and len(loss.arguments) == 2)


def can_search(loss: Loss) -> bool:
    """Whether a loss takes queries and keys."""
    return isinstance(loss, CandidatesLoss) and loss.arguments[:2] in (("query", "key"), ("anchors", "positives"))


def asked(texts: list[str], reduction: str, embedded: bool = False) -> list[Asked]:
    """The losses of all `--loss` options: of scores and labels, or of queries and keys."""
    if not texts:
        raise UserError("no --loss is given (`fastloss list` shows what there is)")
    pieces = [text.partition(":") for text in texts]
    names = [name for name, _, _ in pieces]
    labels = [name if names.count(name) == 1 else text for name, text in zip(names, texts, strict=True)]
    for label in labels:
        if labels.count(label) > 1:
            raise UserError(f"--loss {label} is given twice")
    return [
        one(label, name, words, (reduction, embedded)) for label, (name, _, words) in zip(labels, pieces, strict=True)
    ]


def one(label: str, name: str, words: str, how: tuple[str, bool]) -> Asked:
    """The loss of one `--loss` option."""
    reduction, embedded = how
    with explained():
        loss = lookup(name)
    fits, what = (can_search, "queries and keys") if embedded else (can_score, "scores and labels")
    if not fits(loss):
        known = ", ".join(sorted(other for other in REGISTRY if fits(REGISTRY[other])))
        raise UserError(f"{name} cannot be scored: expected a loss of {what}, one of {known}")
    parameters: dict[str, Any] = {}
    for word in filter(None, words.split(",")):
        key, equals, text = word.partition("=")
        if key not in loss.parameters:
            has = ", ".join(loss.parameters) or "none"
            raise UserError(f"{name} has no parameter {key!r} (its parameters: {has})")
        if not equals:
            raise UserError(f"{name}: {word!r} has no value: expected {key}=VALUE, {loss.parameters[key]}")
        if key in parameters:
            raise UserError(f"{name}: {key} is given twice")
        with explained(name):
            parameters[key] = loss.parameters[key].validate(key, value(loss.parameters[key], text))
    result = Asked(label, loss, parameters)
    with explained(name):  # what only the state, or the loss's own body, finds wrong with the parameters
        if isinstance(loss, PointwiseLoss):
            Accumulator(loss, parameters)
            loss.require_reduction(reduction)
        elif isinstance(loss, PairwiseLoss):
            GroupAccumulator(loss, parameters)
    return result


def value(specification: Any, text: str) -> Any:
    """What a parameter's text means; the loss's own check follows."""
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
    """How `fastloss list` writes what a parameter may be."""
    if isinstance(specification, Choice):
        return " or ".join(specification.values)
    return str(specification).removeprefix("a number ")
