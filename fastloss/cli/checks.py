"""Whether the numbers of a batch are in the losses' domains; an error names file, column and row."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastloss.cli.arrays import first_inexact
from fastloss.cli.asked import Asked
from fastloss.cli.batches import Batch
from fastloss.cli.errors import UserError, named
from fastloss.core.domains import NON_NEGATIVE, REAL, Domain, shown, wrong
from fastloss.pointwise.loss import domain_bits

NOTHING = np.empty(0)


class Checks:
    """The domains of each column, over the whole stream: 0 and 1 in one file, -1 and 1 in the next, are wrong."""

    def __init__(self, losses: Sequence[Asked], roles: dict[str, str]):
        self._roles = roles
        self._domains: dict[tuple[str, Domain], str] = {}  # with the loss that wants it
        self._complete: dict[str, str] = {}  # columns without NaN, with the loss that wants it
        self._exact: dict[
            str, str
        ] = {}  # columns that go through arithmetic: of pairs, only the order of labels counts
        for one in losses:
            for role, domain in zip(("scores", "labels"), one.domains(), strict=True):
                if domain is not REAL:
                    self._domains.setdefault((role, domain), one.loss.name)
            if not one.is_pairwise:
                self._exact.setdefault("scores", one.loss.name)
                self._exact.setdefault("labels", one.loss.name)
            if one.is_pairwise:
                self._complete.setdefault("labels", one.loss.name)
                self._complete.setdefault("weights", one.loss.name)
        if "weights" in roles:
            self._domains["weights", NON_NEGATIVE] = ""
            self._exact["weights"] = ""
        self._bits = dict.fromkeys(self._domains, 0)

    def check(self, batch: Batch) -> None:
        """Raise for the first number that no loss may see."""
        columns = {"scores": batch.scores, "labels": batch.labels}
        if batch.weights is not None:
            columns["weights"] = batch.weights
        for (role, domain), name in self._domains.items():
            array = columns[role]
            before = self._bits[role, domain]
            bits = before | domain_bits(domain, array)
            if wrong(bits):
                index = next(k for k, seen in enumerate(running(domain, array, before)) if wrong(seen))
                self._raise(batch, role, index, array[index], domain.expected, name)
            self._bits[role, domain] = bits
        for role, name in self._exact.items():
            if (at := first_inexact(columns[role])) is not None:
                self._raise(batch, role, at, columns[role][at], "a number that float64 holds", name)
        for role, name in self._complete.items():
            array = columns.get(role, NOTHING)
            if array.dtype.kind == "f" and np.isnan(array).any():
                self._raise(batch, role, int(np.argmax(np.isnan(array))), np.nan, "a number", name)

    def _raise(self, batch: Batch, role: str, index: int, found: Any, expected: str, name: str) -> None:
        by = f" by {name}" if name else ""
        raise UserError(f"{batch.place(index)}: {named(self._roles[role])} is {shown(found)}: expected{by} {expected}")


def running(domain: Domain, array: np.ndarray, bits: int) -> Iterator[int]:
    """The union of the bits of all elements up to each."""
    for start in range(0, array.size, 65536):
        for x in array[start : start + 65536].astype(np.float64).tolist():
            bits |= domain.check(x)
            yield bits
