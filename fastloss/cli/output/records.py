"""What `fastloss score` found: as a document, as a table, and in a file."""

import dataclasses
import json
import os
from typing import Any, NamedTuple, Protocol, Self

import pyarrow as pa

from fastloss.cli.errors import UserError
from fastloss.cli.output.result_files import ResultFile, TableFile
from fastloss.cli.output.tables import WRITERS, plain
from fastloss.cli.scoring.over_groups import OverGroups
from fastloss.cli.scoring.totals import Answer
from fastloss.cli.version import version
from fastloss.comparing.results import Comparison

SCHEMA = pa.schema(  # of a table of results
    {
        "loss": pa.string(),
        "label": pa.string(),
        "scores": pa.string(),
        "against": pa.string(),  # of a row of the difference between two models
        "parameters": pa.string(),
        "value": pa.float64(),
        "standard_error": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "level": pa.float64(),
        "p_value": pa.float64(),
        "method": pa.string(),
        "units": pa.int64(),
        "unit": pa.string(),
        "weight": pa.float64(),
        "pairs": pa.int64(),
        "groups_left_out": pa.int64(),
        "fastloss": pa.string(),
        "reduction": pa.string(),
        "rows": pa.int64(),
        "groups": pa.int64(),
        "dropped": pa.int64(),
        "seconds": pa.float64(),
        "files": pa.string(),
    }
)


class Spent(NamedTuple):
    """Where the seconds went, but for the rest, which was computing."""

    compiling: float
    reading: float


class Nans(NamedTuple):
    """Rows with a NaN in a column that was read."""

    rows: int
    first: str  # file, row and column


@dataclasses.dataclass
class Report:
    """The results."""

    answers: list[Answer]
    files: list[str]
    reduction: str
    rows: int
    groups: int | None  # None if no loss needed them
    partitioned: bool
    seconds: float = 0.0
    dropped: int = 0  # rows with nulls
    spent: Spent | None = None  # None: by workers
    nans: Nans | None = None  # of the rows read, where a result is NaN
    embeddings: dict[str, str | None] | None = None  # files of queries, keys and positives, by what they are
    over_groups: list[OverGroups] | None = None  # of each loss and model, where it is wanted
    unmatched: int | None = None  # keys that not all files have, where files are joined
    comparisons: list[Comparison] | None = None  # of several models; None where they are not made


def record(report: Report) -> dict[str, Any]:
    """Return all results as one document."""
    return {
        "fastloss": version(),
        "files": report.files,
        **(report.embeddings or {}),
        "rows": report.rows,
        "groups": report.groups,
        "reduction": report.reduction,
        "dropped": report.dropped,
        "partitioned": report.partitioned,
        "seconds": report.seconds,
        "rows_per_second": report.rows / max(report.seconds, 1e-9),
        "losses": [
            {
                "loss": answer.asked.loss.name,
                "label": answer.asked.name,
                "scores": answer.asked.model,
                "parameters": {name: plain(value) for name, value in answer.asked.parameters.items()},
                "value": plain(answer.value),
                "pairs": answer.pairs,
                "weight": plain(answer.weight),
                "groups_left_out": answer.left_out,
            }
            for answer in report.answers
        ],
        **({} if report.over_groups is None else {"over_groups": [one.record for one in report.over_groups]}),
        **({} if report.unmatched is None else {"unmatched": report.unmatched}),
        **({} if report.comparisons is None else {"differences": [difference(one) for one in report.comparisons]}),
    }


def difference(found: Comparison) -> dict[str, Any]:
    """Return a difference: of the model `scores`, less that of the model `against`."""
    first, second = found.models
    numbers = ("difference", "standard_error", "low", "high", "level", "p_value", "method", "units", "unit")
    about = found._asdict()
    return {
        "label": found.loss,
        "scores": second,
        "against": first,
        **{name: plain(about[name]) for name in numbers},
    }


def table(report: Report) -> pa.Table:
    """Return all results as a table, a row for each loss, and one for each difference between models."""
    document = record(report)
    names = ("fastloss", "reduction", "rows", "groups", "dropped", "seconds", *(report.embeddings or ()))
    shared = {name: document[name] for name in names}
    rows = [
        {
            "loss": answer.asked.loss.name,
            "label": answer.asked.name,
            "scores": answer.asked.model,
            "parameters": json.dumps(one["parameters"]),
            "value": float(answer.value),
            "weight": float(answer.weight),
            "pairs": answer.pairs,
            "groups_left_out": answer.left_out,
            "files": json.dumps(report.files),
            **shared,
        }
        for answer, one in zip(report.answers, document["losses"], strict=True)
    ]
    by_name = {one["label"]: one for one in rows}
    for found in report.comparisons or []:
        about = found._asdict()
        rows.append(
            {
                **{name: by_name[found.loss][name] for name in ("loss", "label", "parameters", "files")},
                "scores": found.models[1],
                "against": found.models[0],
                "value": found.difference,
                **{name: about[name] for name in about.keys() & set(SCHEMA.names) - {"loss"}},
                **shared,
            }
        )
    more = [pa.field(name, pa.string()) for name in report.embeddings or ()]
    return pa.Table.from_pylist(rows, pa.schema([*SCHEMA, *more]))


class Results(Protocol):
    """A file for the results, open."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *about: Any) -> None: ...

    def add(self, report: Report) -> None:
        """Write the results."""

    def commit(self) -> None:
        """Move the file to its place."""


class JsonFile(ResultFile):
    """A file of the document that `--json` prints."""

    def add(self, report: Report) -> None:
        """Write the results."""
        self.write((json.dumps(record(report), indent=2, allow_nan=False) + "\n").encode())


class ResultTable(TableFile):
    """A file of the table of results."""

    def add(self, report: Report) -> None:
        """Write the results."""
        self.append(table(report))


def opened(path: str, inputs: list[str]) -> Results:
    """Open the file of `--output`, before anything is computed."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in WRITERS:
        raise UserError(f"--output is {path!r}: expected a name that ends in {', '.join(WRITERS)}")
    return JsonFile(path, inputs, "--output") if suffix == ".json" else ResultTable(path, inputs, "--output")
