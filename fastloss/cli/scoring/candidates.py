"""`fastloss score --queries --keys`: losses and metrics of embeddings."""

import contextlib
import dataclasses
import time
from typing import Any, NamedTuple

import numpy as np

from fastloss.cli.errors import UserError, explained
from fastloss.cli.output import records
from fastloss.cli.output.records import Nans, Report, Spent
from fastloss.cli.reading import storage, vectors
from fastloss.cli.reading.vectors import Embeddings
from fastloss.cli.scoring.asked import Asked
from fastloss.cli.scoring.retrieval import RetrievalMetric
from fastloss.cli.scoring.totals import Answer
from fastloss.compile import kernels
from fastloss.embeddings.candidates.loss import CountedLoss
from fastloss.metrics import RetrievalRanks, retrieval_ranks

BLOCK = 1 << 14  # rows that are looked at for NaN at a time


class Files(NamedTuple):
    """Files, or FILE:COLUMN, as the command line has them."""

    queries: str
    keys: str
    positives: str | None  # of each query
    key_ids: str | None = None  # the column of the keys' table by which positives are named


class Inputs(NamedTuple):
    """What has been read."""

    queries: Embeddings
    keys: Embeddings
    positives: tuple[np.ndarray, np.ndarray] | None


def run(files: Files, losses: list[Asked], reduction: str, output: str | None = None) -> Report:
    """Compute everything; each loss reads the keys once, and metrics of one similarity do together."""
    begin, compiled = time.perf_counter(), kernels.seconds
    paths = [path for path in files[:3] if path is not None]
    with contextlib.ExitStack() as stack:
        names = list(dict.fromkeys(vectors.Place.of(path).path for path in paths))
        stack.enter_context(storage.standard_input(names))
        inputs = _read(files)
        reading = time.perf_counter() - begin
        results = None if output is None else stack.enter_context(records.opened(output, names))
        answers = _answers(inputs, files, losses, reduction)
        nans = _nans(inputs) if any(answer.value != answer.value for answer in answers) else None
        seconds, rows = time.perf_counter() - begin, len(inputs.queries.vectors)
        spent = Spent(kernels.seconds - compiled, reading)
        report = Report(answers, names, reduction, rows, None, False, seconds, 0, spent, nans, files._asdict())
        if results is not None:
            results.add(report)
            results.commit()
    return report


def _read(files: Files) -> Inputs:
    """Read the positives, and what embeddings are not mapped into memory."""
    queries, keys = vectors.embeddings(files.queries), vectors.embeddings(files.keys)
    if files.positives is None:
        if files.key_ids is not None:
            raise UserError(f"--key-ids {files.key_ids} does nothing without --positives, which are ids then")
        return Inputs(queries, keys, None)
    ids = None if files.key_ids is None else vectors.key_ids(files.keys, files.key_ids)
    return Inputs(queries, keys, vectors.positives(files.positives, len(queries.vectors), len(keys.vectors), ids))


def _answers(inputs: Inputs, files: Files, losses: list[Asked], reduction: str) -> list[Answer]:
    """Compute every loss and metric."""
    own: dict[str, Any] = {} if inputs.positives is None else {"positives": inputs.positives}
    embedded = inputs.queries.vectors, inputs.keys.vectors
    known: dict[str, RetrievalRanks] = {}  # by similarity
    answers = []
    for one in losses:
        if isinstance(one.loss, RetrievalMetric):
            similarity = one.parameters["similarity"]
            with explained(files.keys if files.positives is None else files.positives):
                if similarity not in known:
                    known[similarity] = retrieval_ranks(*embedded, similarity=similarity, **own)
                found = one.loss.of_ranks(known[similarity], one.parameters)
            answers.append(Answer(one, found.value, float(found.used), left_out=found.left_out))
            continue
        if own and "positives" not in one.loss.parameters:
            raise UserError(f"{one.label} takes no --positives: key i is query i's")
        with explained(files.keys):
            words = {**one.parameters, **own, "reduction": reduction}
            if isinstance(one.loss, CountedLoss):
                value, used = one.loss(*embedded, **words, with_counts=True)
            else:
                value, used = one.loss(*embedded, **words), len(embedded[0])
        if own:
            one = dataclasses.replace(one, parameters={**one.parameters, "positives": files.positives})
        answers.append(Answer(one, value, float(used), left_out=len(embedded[0]) - used))
    return answers


def _nans(inputs: Inputs) -> Nans | None:
    """Count the queries and keys that have a NaN; None if there is none."""
    count, first = 0, ""
    for one in (inputs.queries, inputs.keys):
        for start in range(0, len(one.vectors), BLOCK):
            rows = np.flatnonzero(np.isnan(one.vectors[start : start + BLOCK]).any(1))
            if rows.size and not count:
                first = one.name(start + int(rows[0]))
            count += rows.size
    return Nans(count, first) if count else None
