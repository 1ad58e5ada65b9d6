"""What workers of a Dask cluster do: read a part of the files and return states, tables of groups, and rows at borders.

What travels to them are names, numbers and readers of files; back come arrays, bytes of states, and in place of errors
that a user can correct, `Refused`: raised, they would be logged by every worker with their traces.
"""

import functools
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fastloss.cli.errors import UserError
from fastloss.cli.reading.arrays import Inexact
from fastloss.cli.reading.batches import Batch, Part, Places, Reading, batches_of, explained_batches, group_columns
from fastloss.cli.reading.ids import Runs, digest, keys
from fastloss.cli.reading.readers import Source
from fastloss.cli.scoring.asked import Asked, subject
from fastloss.cli.scoring.chunks import Aligned
from fastloss.cli.scoring.compared import Comparing
from fastloss.cli.scoring.groups import Bordered, Scattered, WholeGroups
from fastloss.cli.scoring.naming import Naming
from fastloss.cli.scoring.partition import by_group, dealt, in_one_table, parts_of
from fastloss.cli.scoring.totals import PartTotals, Totals
from fastloss.comparing.every_pair import How
from fastloss.dask import workers
from fastloss.pairs.boxes.sums import NoState

PARTS_OF_AN_OWNER = 2  # of whose rows one owner has as many: there is a task for each part and each owner
MOST_OWNERS = 256


class Refused(NamedTuple):
    """In place of a result: an error's message, or the name of what makes the whole pass go another way."""

    message: str
    way: str = ""


class Work(NamedTuple):
    """What to compute: the same for all tasks."""

    job: workers.Job
    losses: tuple[tuple[str, str, dict[str, Any]], ...]  # label, name and parameters of each
    reading: Reading
    per_group: bool
    stream: bool
    owners: int = 0  # over how many workers rows are dealt by group; 0: they stay where they are
    how: How | None = None  # in which way models are compared

    def totals(self, places: Places, first: int = 0) -> Totals:
        """Make empty states."""
        losses = [Asked(label, subject(name), parameters) for label, name, parameters in self.losses]
        roles = self.reading.roles
        watchers = () if self.how is None else (Comparing(roles, losses, self.how),)
        return Totals(losses, Naming(roles, places), self.per_group, self.stream, first, watchers)


class Task(NamedTuple):
    """A part of the files, and where it lies in the stream of rows."""

    part: Part
    file_start: int
    start: int


class Scored(NamedTuple):
    """What a worker found in a part."""

    totals: PartTotals
    table: pa.Table | None  # of the groups in `totals`
    first: WholeGroups | None  # the first and the last group, which may go on in other parts
    last: WholeGroups | None
    rises: bool  # whether each id is greater than the one before
    pieces: dict[int, pa.Table]  # rows by their owner


class Owned(NamedTuple):
    """What a worker found in the groups that were dealt to it."""

    totals: PartTotals
    table: pa.Table | None
    first_rows: np.ndarray  # of each group, in the stream


def task(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of a `Work` a task: it requires the same package, and returns errors that a user can correct."""

    @functools.wraps(function)
    def call(work: Work, *arguments: Any) -> Any:
        with workers.at_work(work.job):
            try:
                return function(work, *arguments)
            except (Scattered, NoState, Inexact) as error:
                return Refused(str(error), type(error).__name__)
            except UserError as error:
                return Refused(f"{error} (on worker {_name()})" if isinstance(error.__cause__, OSError) else str(error))
            except MemoryError:
                return Refused("out of memory")

    return call


def _name() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def dask_setup(_: Any) -> None:
    """Prepare a worker that the command has started: Ctrl-C, which a terminal sends to it too, is not for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@task
def counted(work: Work, source: Source) -> int:
    """Count the rows of a file by reading its labels."""
    column = work.reading.roles.labels
    return sum(len(some[column]) for some, _ in explained_batches(source, [column], work.reading.rows))


@task
def scored(work: Work, one: Task) -> Scored:
    """Read a part of the files."""
    places = Places()
    places.begin(one.part.source.path, one.file_start)
    aligned = Aligned(one.start)
    totals = work.totals(places, one.start)
    in_groups = not work.owners and totals.needs_groups
    groups = Bordered(lambda stop: _ids_of(work, one, stop - one.start))
    tables: list[pa.Table] = []
    pieces: dict[int, list[pa.RecordBatch]] = {}
    for batch in batches_of(one.part, work.reading, places, one.start):
        totals.rows += batch.size
        for whole in aligned.feed(batch):
            totals.add_elements(whole)
        totals.add_pairs(batch)
        for watcher in totals.watchers:
            watcher.rows(batch)
        for owner, rows in _dealt(batch, work.owners) if work.owners else ():
            pieces.setdefault(owner, []).append(rows)
        found = groups.feed(batch) if in_groups else None
        table = None if found is None else totals.add_groups(found)
        if table is not None:
            tables.append(table)
    groups.finish()
    return Scored(
        totals.as_part(aligned.head, aligned.tail),
        pa.concat_tables(tables) if tables else None,
        groups.first,
        groups.last,
        groups.rises,
        {owner: in_one_table([pa.Table.from_batches([some]) for some in rows]) for owner, rows in pieces.items()},
    )


def _ids_of(work: Work, one: Task, rows: int) -> Iterator[pa.Array]:
    return group_columns([one.part.source], work.reading, rows)


def _dealt(batch: Batch, owners: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    if batch.groups is None:
        return dealt(batch, np.zeros(batch.size, np.uint8), 1)
    return dealt(batch, parts_of(keys(batch.groups, digest), owners.bit_length() - 1), owners)


def without_pieces(found: Scored | Refused) -> Scored | Refused:
    """Return what goes to the process that asked."""
    return found if isinstance(found, Refused) else found._replace(pieces={})


def piece(found: Scored | Refused, owner: int) -> Refused | pa.Table | None:
    """Return the rows for one owner."""
    return found if isinstance(found, Refused) else found.pieces.get(owner)


@task
def owned(work: Work, starts: Sequence[tuple[str, int]], pieces: Sequence[Any]) -> Owned | Refused:
    """Score the groups whose rows have been dealt to one worker."""
    for one in pieces:
        if isinstance(one, Refused):
            return one
    some = [one for one in pieces if one is not None]
    places = Places()
    for path, start in starts:
        places.begin(path, start)
    totals = work.totals(places)
    if not some:
        return Owned(totals.as_part(), None, np.empty(0, np.int64))
    groups = by_group(in_one_table(some))
    table = totals.add_groups(groups)
    return Owned(totals.as_part(), table, np.asarray(groups.rows)[groups.offsets[:-1]])


@task
def identified(work: Work, one: Task) -> np.ndarray:
    """Return a number for each group of a part, in order."""
    heads = Runs()
    arrays = [keys(heads.new(ids)[1], digest) for ids in _ids_of(work, one, 1 << 62)]
    return np.concatenate([np.empty(0, np.int64), *arrays])
