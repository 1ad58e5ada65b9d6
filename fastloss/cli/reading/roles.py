"""The columns that are read, by what they are for, and the models whose scores they hold."""

import fnmatch
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from fastloss.cli.errors import UserError, named
from fastloss.cli.reading.arrays import is_list
from fastloss.cli.reading.written import as_uuids

PATTERN = "*?["


class Wanted(NamedTuple):
    """The columns as a command line names them; one of scores may be a pattern, of which each column is a class."""

    scores: tuple[str, ...]
    labels: str = "label"
    weights: str | None = None
    groups: str | None = None

    def is_number(self, column: str) -> bool:
        """Return whether a column is read as numbers; labels are text where they may name classes."""
        names = [*self.scores, *([] if any(map(is_pattern, self.scores)) else [self.labels]), self.weights]
        return any(one is not None and (one == column or matches(column, one)) for one in names)


class Scores(NamedTuple):
    """One model's columns of scores."""

    columns: tuple[str, ...]
    by_class: bool = False  # a column for each class, or one of lists
    classes: tuple[str, ...] = ()  # what the columns' names call the classes, for labels; (): labels count from 0


class Roles(NamedTuple):
    """The columns that are read."""

    scores: dict[str, Scores]  # of each model, by what the command line calls it
    labels: str
    weights: str | None = None
    groups: str | None = None
    are_uuids: bool = False  # the ids of groups, which are read as bytes

    @property
    def by_class(self) -> bool:
        """Whether there is a score for each class."""
        return next(iter(self.scores.values())).by_class

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of classes that labels may have."""
        return next(iter(self.scores.values())).classes

    def items(self) -> Iterator[tuple[str, str]]:
        """Return pairs of a role, as its option is called, and a column."""
        for one in self.scores.values():
            yield from (("scores", column) for column in one.columns)
        yield "labels", self.labels
        if self.weights is not None:
            yield "weights", self.weights
        if self.groups is not None:
            yield "groups", self.groups

    @property
    def columns(self) -> list[str]:
        """The names of all columns, each once."""
        return list(dict.fromkeys(column for _, column in self.items()))

    def own_ids(self, ids: pa.Array) -> pa.Array:
        """Return ids of groups in the type that they have in the files."""
        return as_uuids(ids) if self.are_uuids else ids

    def is_number(self, column: str) -> bool:
        """Return whether a column is read as numbers, and not as ids or names."""
        ids = ("groups", "labels") if self.by_class else ("groups",)
        return any(name == column and role not in ids for role, name in self.items())


def is_pattern(text: str) -> bool:
    """Return whether a name of a column may be a pattern."""
    return any(one in text for one in PATTERN)


def matches(column: str, pattern: str) -> bool:
    """Return whether a pattern matches a column."""
    return is_pattern(pattern) and fnmatch.fnmatchcase(column, pattern)


def resolved(wanted: Wanted, path: str, columns: list[tuple[str, Any]]) -> Roles:
    """Return the columns of the first file that the command line names."""
    kinds = dict(columns)
    scores = {text: scores_of(text, path, kinds) for text in wanted.scores}
    first, *others = scores.items()
    for text, one in others:
        if (one.by_class, len(one.columns)) != (first[1].by_class, len(first[1].columns)):
            raise UserError(f"--scores {text} and --scores {first[0]} differ: expected as many columns of each")
        if one.classes and first[1].classes and one.classes != first[1].classes:
            raise UserError(f"--scores {text} and --scores {first[0]} have other classes")
    return Roles(scores, wanted.labels, wanted.weights, wanted.groups)


def scores_of(text: str, path: str, kinds: dict[str, Any]) -> Scores:
    """Return the columns of one `--scores`."""
    if text in kinds or not is_pattern(text):
        kind = kinds.get(text)
        return Scores((text,), isinstance(kind, pa.DataType) and is_list(kind))
    found = [column for column in kinds if matches(column, text)]
    if len(found) < 2:
        those = f"only {named(found[0])} matches" if found else "no column matches"
        raise UserError(f"{path}: {those} --scores {text!r}: expected a column for each class")
    before, star, after = text.partition("*")
    if not star or is_pattern(before + after):
        return Scores(tuple(found), True)
    names = {column[len(before) : len(column) - len(after)]: column for column in found}
    if all(one.isascii() and one.isdigit() for one in names):
        names = dict(sorted(names.items(), key=lambda item: int(item[0])))
    return Scores(tuple(names.values()), True, tuple(names))
