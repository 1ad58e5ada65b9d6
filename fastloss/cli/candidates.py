"""`fastloss score --queries --keys`: losses of embeddings in .npy files, which are mapped into memory."""

import contextlib
import time
from typing import Any, NamedTuple

import numpy as np

from fastloss.cli import records
from fastloss.cli.asked import Asked
from fastloss.cli.errors import UserError, explained
from fastloss.cli.records import Report
from fastloss.cli.totals import Answer


class Files(NamedTuple):
    """Paths of the files; `positives` has the index of each query's own key."""

    queries: str
    keys: str
    positives: str | None


def run(files: Files, losses: list[Asked], reduction: str, output: str | None = None) -> Report:
    """Compute every loss; each reads the keys once. `output` is a file for the results."""
    begin = time.perf_counter()
    queries, keys = _mapped(files.queries, 2), _mapped(files.keys, 2)
    own: dict[str, Any] = {}
    if files.positives is not None:
        numbers = _mapped(files.positives, 1)
        if numbers.shape != (len(queries),):
            raise UserError(
                f"{files.positives}: has {len(numbers)} numbers: expected one for each of {len(queries)} queries"
            )
        own = {"positives": (np.arange(len(queries) + 1), numbers)}
    with contextlib.ExitStack() as stack:
        inputs = [path for path in files if path is not None]
        results = None if output is None else stack.enter_context(records.opened(output, inputs))
        answers = _answers(queries, keys, own, files, losses, reduction)
        seconds = time.perf_counter() - begin
        report = Report(answers, inputs, reduction, len(queries), None, False, seconds)
        if results is not None:
            results.add(report)
            results.commit()
    return report


def _answers(
    queries: np.ndarray, keys: np.ndarray, own: dict[str, Any], files: Files, losses: list[Asked], reduction: str
) -> list[Answer]:
    """Compute every loss."""
    answers = []
    for one in losses:
        if own and "positives" not in one.loss.parameters:
            raise UserError(f"{one.label} takes no --positives: key i is query i's")
        with explained(files.keys):
            value = one.loss(queries, keys, reduction=reduction, **{**one.parameters, **own})
        answers.append(Answer(one, value, float(len(queries))))
    return answers


def _mapped(path: str, dimensions: int) -> np.ndarray:
    wrong = UserError(f"{path}: expected a .npy file of an array of {dimensions} dimension{'s' * (dimensions > 1)}")
    with explained(path):
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError:  # no such file, or one of objects
            raise wrong from None
    if not isinstance(array, np.ndarray) or array.ndim != dimensions:
        raise wrong
    return array
