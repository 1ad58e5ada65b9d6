"""Translate errors of the library from argument and index to file, row and column."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastloss.cli.batches import Places
from fastloss.cli.errors import UserError, explained, named
from fastloss.core.loss import Loss
from fastloss.pairs.boxes.sums import NoState

ELEMENT = re.compile(r"(\w+)\[(\d+)\] is (.*?): expected (.*)", re.DOTALL)
MIXED = re.compile(r"(\w+) mixes 0 \(at index (\d+)\) and -1 \(at index (\d+)\): expected (.*)")
MIXED_IN_BATCHES = re.compile(r"(\w+) mixes 0 and -1 in different batches \((\S+) at index (\d+)\): expected (.*)")


class Offender(NamedTuple):
    """An element that a loss refuses, and the earlier one that it contradicts, if there is one."""

    argument: str
    position: int
    found: str
    expected: str
    earlier: int | None = None


def offender(message: str) -> Offender | None:
    """Parse the element that a message is about; return None if it names none."""
    if match := ELEMENT.fullmatch(message):
        return Offender(match[1], int(match[2]), match[3], match[4])
    if match := MIXED_IN_BATCHES.fullmatch(message):
        return Offender(match[1], int(match[3]), match[2], match[4])
    if match := MIXED.fullmatch(message):
        zero, minus_one = int(match[2]), int(match[3])
        found = "0" if zero > minus_one else "-1"
        return Offender(match[1], max(zero, minus_one), found, match[4], min(zero, minus_one))
    return None


class Naming(NamedTuple):
    """The columns' names by their roles, and the files of rows."""

    roles: dict[str, str]
    places: Places

    @contextlib.contextmanager
    def explained(self, loss: Loss, rows: Sequence[int] | np.ndarray) -> Iterator[None]:
        """Turn a loss's errors into a `UserError`; `rows` are the stream's rows that its messages count."""
        arguments: dict[str, Any] = dict(
            zip((*loss.arguments, "sample_weight"), ("scores", "labels", "weights"), strict=True)
        )
        with explained(loss.name):
            try:
                yield
            except NoState:
                raise
            except ValueError as error:
                found = offender(str(error))
                if found is None or arguments.get(found.argument) not in self.roles:
                    raise
                column = named(self.roles[arguments[found.argument]])
                where = self.places.name(int(rows[found.position]))
                what = f"{where}: {column} is {found.found}"
                if found.earlier is not None:
                    other = "-1" if found.found == "0" else "0"
                    what += f", but {other} in {self.places.name(int(rows[found.earlier]))}"
                raise UserError(f"{what}: expected by {loss.name} {found.expected}") from error
