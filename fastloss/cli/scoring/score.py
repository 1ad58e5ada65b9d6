"""`fastloss score`: one pass over the files, or two if the rows of groups have to be brought together first."""

import contextlib
import dataclasses
import functools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from fastloss.cli.errors import UserError, explained
from fastloss.cli.output import records
from fastloss.cli.output.records import Nans, Report, Spent
from fastloss.cli.output.result_files import TableFile
from fastloss.cli.reading import storage
from fastloss.cli.reading.ahead import ahead
from fastloss.cli.reading.arrays import Inexact, is_text, plain
from fastloss.cli.reading.batches import Batch, Places, Reading, batches, group_columns
from fastloss.cli.reading.files import Opened, expand, opened
from fastloss.cli.reading.joined import Join
from fastloss.cli.reading.readers import Given
from fastloss.cli.reading.roles import Roles, Wanted
from fastloss.cli.scoring.asked import Asked
from fastloss.cli.scoring.compared import Comparing
from fastloss.cli.scoring.groups import Contiguous, OneGroup, Scattered, WholeGroups
from fastloss.cli.scoring.naming import Naming
from fastloss.cli.scoring.over_groups import Summaries, Tables
from fastloss.cli.scoring.partition import in_order, whole_groups
from fastloss.cli.scoring.totals import Totals, Watcher
from fastloss.comparing.every_pair import How
from fastloss.compile import kernels
from fastloss.pairs.boxes.sums import NoState

FEWER = 1 << 18  # rows that are read at a time where they are kept in memory, if ids need no dictionaries


@dataclasses.dataclass
class Job:
    """What to compute, of which files."""

    files: list[str]
    wanted: Wanted
    losses: list[Asked]
    reduction: str = "mean"
    per_group: str | None = None
    batch_rows: int = 1 << 20
    output: str | None = None  # a file for the results
    given: Given = dataclasses.field(default_factory=Given)
    nulls: str = "error"  # or "drop", or "nan"
    dask: str | None = None  # "local", or a scheduler's address
    processes: int | None = None  # of a local cluster; None: one for each core
    report: str | None = None  # a file for a page about the results
    worst: int | None = None  # how many groups are listed for each loss
    join: Join | None = None  # of files of several models
    how: How = dataclasses.field(default_factory=How)  # intervals of differences between models are made
    watchers: Sequence[Callable[[Roles], Watcher]] = ()  # made anew for each pass over the data


def run(job: Job, progress: Any) -> Report:
    """Score all files, and report progress."""
    begin, compiled = time.perf_counter(), kernels.seconds
    for option, value in (("--per-group", job.per_group), ("--worst", job.worst)):
        if value is not None and job.wanted.groups is None:
            raise UserError(f"{option} needs --groups")
    with contextlib.ExitStack() as stack:
        stack.enter_context(storage.standard_input(job.files))
        files = job.files if job.join else expand(job.files)
        found = job.join.opened() if job.join else opened(files, job.wanted, job.given)
        opening = time.perf_counter() - begin
        require_fit(job.losses, found.roles)
        written = Written(job, files, stack)
        summaries = None if job.worst is None else Summaries(job.worst)
        tables = Tables([one for one in (written.per_group, summaries) if one is not None])
        watched = dataclasses.replace(job, watchers=[*job.watchers, *_watchers(job, found.roles, written)])
        scoring = _scoring(watched, found, tables, progress, stack)
        try:
            totals, partitioned = scoring.totals()
        except Inexact:
            scoring.whole = True
            tables.restart()
            totals, partitioned = scoring.totals()
        if not totals.rows:
            raise UserError(f"no rows in {', '.join(files)}")
        with explained():
            answers = totals.answers(job.reduction)
        comparing = next((one for one in totals.watchers if isinstance(one, Comparing)), None)
        report = Report(
            answers,
            files,
            job.reduction,
            totals.rows,
            totals.groups if totals.needs_groups and job.wanted.groups is not None else None,
            partitioned,
            dropped=totals.naming.places.dropped,
            unmatched=job.join.dropped if job.join else None,
            spent=None if job.dask else Spent(kernels.seconds - compiled, opening + scoring.reading),
            nans=scoring.nans() if any(answer.value != answer.value for answer in answers) else None,
            comparisons=comparing.comparisons() if comparing else None,
            over_groups=summaries.found([answer.asked for answer in answers]) if summaries else None,
        )
        report.seconds = time.perf_counter() - begin
        written.add(report)
    return report


class Written:
    """The files that results are written to, opened before anything is computed."""

    def __init__(self, job: Job, files: list[str], stack: contextlib.ExitStack):
        self.per_group = None if job.per_group is None else stack.enter_context(TableFile(job.per_group, files))
        self._results = None if job.output is None else stack.enter_context(records.opened(job.output, files))
        self.page: Any = None
        if job.report is not None:
            from fastloss.cli.page.file import PageFile

            self.page = stack.enter_context(PageFile(job.report, files, job.losses))

    def add(self, report: Report) -> None:
        """Write the results, and move all files to their places."""
        for one in (self._results, self.page):
            if one is not None:
                one.add(report)
        for one in (self.per_group, self._results, self.page):
            if one is not None:
                one.commit()


def _watchers(job: Job, roles: Roles, written: Written) -> Iterator[Callable[[Roles], Watcher]]:
    """Return what makes the watchers of a pass: for the page, and for differences between models."""
    if written.page is not None:
        yield written.page.begin
    compare = functools.partial(Comparing, losses=job.losses, how=job.how)
    has_several = len(roles.scores) > 1 and job.reduction == "mean"
    if has_several and (job.dask is None or compare(roles).is_summed):
        yield compare


def _scoring(job: Job, opened: Opened, tables: Tables, progress: Any, stack: contextlib.ExitStack) -> "Scoring":
    """Return what makes passes over the files, here or on a cluster that `stack` closes."""
    if job.dask is None:
        return Scoring(job, opened, tables, progress)
    from fastloss.cli.cluster.client import Cluster
    from fastloss.cli.cluster.dask_score import DaskScoring

    progress.update("starting" if job.dask == "local" else "connecting", 0.0, 0)
    cluster = stack.enter_context(Cluster(job.dask, job.processes))
    return DaskScoring(cluster, job, opened, tables, progress)


class Scoring:
    """One pass over the data, or two if the rows of groups are scattered."""

    def __init__(self, job: Job, opened: Opened, tables: Tables, progress: Any):
        self._job = job
        self._sources, self._roles = opened
        self._tables = tables
        self._progress = progress
        self._bytes = sum(source.size for source in self._sources)
        self.reading = 0.0  # seconds in which batches were waited for
        # Whether labels are read as int64, where only their order counts; False: once float64 does not hold one.
        self.whole: bool | None = False if all(one.orders_labels for one in job.losses) else None

    def totals(self) -> tuple[Totals, bool]:
        """Return the states over all data, and whether its rows were sorted first."""
        try:
            return self.in_one_pass(stream=self._roles.groups is None), False
        except Scattered:
            again = self.in_parts
        except NoState:  # many labels, or a score that is not finite: the rows are kept after all
            again = self.in_one_pass
        return again(), again == self.in_parts  # here, the error does not keep the first pass's batches any longer

    def in_one_pass(self, stream: bool = False) -> Totals:
        """Score groups whose rows lie together as they come; with `stream`, keep a state of one group's pairs."""
        totals = self._begin(stream)
        groups = Contiguous(self._ids_before) if self._roles.groups is not None else OneGroup()
        for batch in self._batches(totals, "scoring", 1.0):
            self._add(totals, groups.feed(batch) if totals.needs_groups else None)
        self._add(totals, groups.finish())
        return totals

    def in_parts(self) -> Totals:
        """Bring together groups whose rows lie apart, and score them."""
        tables: list[pa.Table] = []
        first_rows: list[np.ndarray] = []
        self._tables.restart()
        totals = self._begin()
        pa.default_memory_pool().release_unused()  # what the first pass has read
        done = 0
        kind = self._sources[0].type_of(str(self._roles.groups))
        most = None if isinstance(kind, str) or is_text(plain(kind)) else FEWER
        for groups in whole_groups(self._batches(totals, "sorting by group", 0.5, most)):
            table = totals.add_groups(groups)
            if table is not None:
                tables.append(table)
                first_rows.append(np.asarray(groups.rows)[groups.offsets[:-1]])
            done += groups.labels.size
            self._progress.update("scoring groups", 0.5 + 0.5 * done / max(totals.rows, 1), totals.rows)
        if tables:
            self._tables.append(in_order(tables, first_rows))
        return totals

    def _begin(self, stream: bool = False) -> Totals:
        watchers = [make(self._roles) for make in self._job.watchers]
        naming = Naming(self._roles, Places())
        return Totals(self._job.losses, naming, bool(self._tables), stream, watchers=watchers)

    def _add(self, totals: Totals, groups: WholeGroups | None) -> None:
        table = None if groups is None else totals.add_groups(groups)
        if table is not None:
            self._tables.append(table)

    def _batches(self, totals: Totals, what: str, share: float, most: int | None = None) -> Iterator[Batch]:
        """Read all batches, and add their rows to the states that take them in any batches."""
        self._progress.update(what, 0.0, 0)
        reading = self._reading(totals)
        reading = reading._replace(rows=min(reading.rows, most or reading.rows))
        for batch in self._timed(ahead(batches(self._sources, reading, totals.naming.places))):
            totals.add_rows(batch)
            yield batch
            self._progress.update(what, share * batch.bytes_done / self._bytes, totals.rows)

    def _timed(self, some: Iterator[Batch]) -> Iterator[Batch]:
        """Add up the seconds that it takes to read batches."""
        while True:
            begin = time.perf_counter()
            batch = next(some, None)
            self.reading += time.perf_counter() - begin
            if batch is None:
                return
            yield batch

    def nans(self) -> Nans | None:
        """Read the numbers again, and count the rows that have a NaN; None if there is none."""
        places, count, first = Places(), 0, ""
        roles = self._roles._replace(groups=None)
        reading = Reading(roles, self._job.batch_rows, self.whole, self._job.nulls)
        for batch in batches(self._sources, reading, places):
            found = {roles.scores[model].columns: one for model, one in batch.scores.items()}
            found[(roles.labels,)] = batch.labels
            if batch.weights is not None:
                found[(str(roles.weights),)] = batch.weights
            nan = {names: np.isnan(one).reshape(batch.size, -1) for names, one in found.items()}
            rows = np.flatnonzero(functools.reduce(np.logical_or, (one.any(axis=1) for one in nan.values())))
            if rows.size and not count:
                names, own = next((names, one[rows[0]]) for names, one in nan.items() if one[rows[0]].any())
                column = names[int(np.argmax(own))] if len(names) > 1 else names[0]
                first = str(places.cell(batch.start + int(rows[0]), column))
            count += rows.size
        return Nans(count, first) if count else None

    def _reading(self, totals: Totals) -> Reading:
        is_needed = totals.needs_groups or self._job.nulls == "drop"  # the same rows, whatever is computed
        roles = self._roles if is_needed else self._roles._replace(groups=None)
        return Reading(roles, self._job.batch_rows, self.whole, self._job.nulls)

    def _ids_before(self, rows: int) -> Iterator[pa.Array]:
        reading = Reading(self._roles, self._job.batch_rows, nulls=self._job.nulls)
        return group_columns(self._sources, reading, rows)


def require_fit(losses: Sequence[Asked], roles: Roles) -> None:
    """Raise unless all losses take scores of the kind that the columns hold."""
    for one in losses:
        if one.by_class and not roles.by_class:
            raise UserError(f"{one.name} takes a score for each class: expected --scores 'PATTERN*', or one of lists")
        if roles.by_class and not one.by_class:
            name = next(iter(roles.scores))
            raise UserError(f"{one.name} takes one score for each row: --scores {name!r} has one for each class")
