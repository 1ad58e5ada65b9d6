"""Losses over groups of rows that come in batches of whole groups, from many machines, in any order."""

from typing import Any

import numpy as np

from fastloss import reduce, validate
from fastloss.loss import Loss, lookup
from fastloss.stored import pack, unpack


class GroupAccumulator:
    """The sums of a loss over groups seen so far; made by ``fastloss.accumulate(name, grouped=True)``.

    Every batch holds whole groups: no group may come in two of them. Where groups are given by ids, these are kept (8
    bytes a number) and one that comes back is an error; with offsets nothing is kept, and nothing can be found out.
    Sums are exact until they are read, so that neither the batches nor their order change a bit.
    """

    def __init__(self, loss: Loss, parameters: dict[str, Any]):
        if not hasattr(loss, "group_sums"):
            raise ValueError(f"{loss.name} has no groups: expected a loss over pairs or queries")
        unknown = [word for word in parameters if word not in loss.parameters]
        if unknown:
            raise TypeError(f"{loss.name} has no parameter {unknown[0]!r}: expected one of {list(loss.parameters)}")
        self.loss = loss
        self.parameters = {word: loss.parameters[word].validate(word, value) for word, value in parameters.items()}
        self.rows = self.groups = self._pairs = 0
        self._loss, self._weight = reduce.ExactSum(), reduce.ExactSum()
        self._ids: list[np.ndarray] = []  # sorted, each at most half as long as the one before

    def update(
        self, scores: Any, labels: Any, sample_weight: Any = None, *, groups: Any = None, offsets: Any = None
    ) -> None:
        """Add a batch of whole groups: the arguments are those of the loss.

        Raises
        ------
        ValueError
            If neither `groups` nor `offsets` is given, or both, or a group has come before.
        """
        if groups is None and offsets is None:
            raise ValueError("groups and offsets are both missing: expected one of them")
        words = {"groups": groups, "offsets": offsets, "sample_weight": sample_weight}
        sums = self.loss.group_sums(scores, labels, **words, **self.parameters)
        if groups is not None:
            self._remember(np.unique(np.asarray(groups)))
        self._loss.add(sums.loss)
        self._weight.add(sums.weight)
        self._pairs += int(sums.pairs.sum())
        self.groups += sums.loss.size
        self.rows += int(np.size(scores))

    def merge(self, other: "GroupAccumulator") -> None:
        """Add what another state of the same loss has seen."""
        if (other.loss.name, other.parameters) != (self.loss.name, self.parameters):
            raise ValueError(f"states differ: {other.loss.name} {other.parameters}, expected {self.loss.name}")
        for ids in list(other._ids):
            self._remember(ids)
        self._loss.add(other._loss.terms())
        self._weight.add(other._weight.terms())
        self._pairs += other._pairs
        self.groups += other.groups
        self.rows += other.rows

    def pairs(self) -> int:
        """The number of pairs."""
        return self._pairs

    def weight(self) -> float:
        """What the mean is divided by."""
        return self._weight.value()

    def result(self, reduction: str = "mean") -> float:
        """The loss over all groups given so far; more may follow."""
        validate.reduction(reduction, ("mean", "sum"))
        total = self._loss.value()
        return total if reduction == "sum" else reduce.mean(total, self.weight())

    def gradient(
        self, scores: Any, labels: Any, sample_weight: Any = None, *, reduction: str = "mean", **groups: Any
    ) -> np.ndarray:
        """The gradient for rows of whole groups, given again in any batches, with `groups` or `offsets`."""
        validate.reduction(reduction, ("mean", "sum"))
        words = {"sample_weight": sample_weight, "reduction": "sum", **groups}
        slope: np.ndarray = self.loss.value_and_grad(scores, labels, **words, **self.parameters)[1]
        slope *= slope.dtype.type(reduce.inverse(self.weight()) if reduction == "mean" else 1.0)
        return slope

    def to_bytes(self) -> bytes:
        """The state as bytes, for `from_bytes` on any machine."""
        about = {"loss": self.loss.name, "parameters": self.parameters, "rows": self.rows, "groups": self.groups}
        arrays = {f"ids{at}": ids for at, ids in enumerate(self._ids)}
        sums = {"sums": self._loss.terms(), "weights": self._weight.terms()}
        return pack({**about, "pairs": self._pairs}, {**sums, **arrays})

    @classmethod
    def from_bytes(cls, data: bytes) -> "GroupAccumulator":
        """The state that `to_bytes` wrote."""
        about, arrays = unpack(data)
        state = cls(lookup(about["loss"]), about["parameters"])
        state.rows, state.groups, state._pairs = about["rows"], about["groups"], about["pairs"]
        state._loss.add(arrays.pop("sums"))
        state._weight.add(arrays.pop("weights"))
        state._ids = [arrays[f"ids{at}"] for at in range(len(arrays))]
        return state

    def _remember(self, ids: np.ndarray) -> None:
        if not ids.size:
            return
        for old in self._ids:
            if old.dtype.kind in "US" and ids.dtype.kind != old.dtype.kind:
                raise TypeError(f"groups has dtype {ids.dtype}: expected strings, as before")
            again = ids[np.isin(ids, old, assume_unique=True)]
            if again.size:
                first = again.tolist()[0]
                raise ValueError(f"groups has {first!r}, which came before: expected whole groups in every batch")
        self._ids.append(ids)
        while len(self._ids) > 1 and self._ids[-2].size < 2 * self._ids[-1].size:
            last = self._ids.pop()
            self._ids[-1] = np.union1d(self._ids[-1], last)
