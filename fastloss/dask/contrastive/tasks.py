"""What the workers do for losses of rows against candidates: functions of names and arrays, a task each."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core.requests import Request
from fastloss.core.summation import ordered_sum
from fastloss.dask.gathered import joined, located
from fastloss.dask.workers import Job, at_work
from fastloss.embeddings.candidates import parts as blocks_of
from fastloss.embeddings.candidates.loss import Candidates, evaluated, weighing
from fastloss.embeddings.candidates.parts import Found, Outline, Part, Parts, Pulled, Scored, Slopes


class Layout(NamedTuple):
    """Which arguments of a loss are vectors, and by what else there is a gradient."""

    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()  # none where columns are rows
    number: str | None = None
    bias: str | None = None  # of columns

    @property
    def vectors(self) -> tuple[str, ...]:
        return self.rows + self.columns


LAYOUTS = {
    "arcface_loss": Layout(("embeddings",), ("weights",), "scale"),
    "cosface_loss": Layout(("embeddings",), ("weights",), "scale"),
    "cross_entropy_with_factors": Layout(("hidden",), ("class_weights",), bias="bias"),
    "info_nce_loss": Layout(("query",), ("key", "negatives"), "temperature"),
    "multiple_negatives_ranking_loss": Layout(("anchors",), ("positives", "negatives"), "scale"),
    "nt_xent_loss": Layout(("z1", "z2"), (), "temperature"),
    "sphereface_loss": Layout(("embeddings",), ("weights",), "scale"),
    "supcon_loss": Layout(("embeddings",), (), "temperature"),
}


def outline(job: Job, name: str, block: Any, partition: int) -> Outline:
    with at_work(job, partition):
        return blocks_of.outline(name, block)


class Described(NamedTuple):
    request: Request
    call: Candidates
    rows: list[int]  # of each block
    columns: list[int]


def described(
    job: Job,
    reduction: str,
    plain: dict[str, Any],
    small: dict[str, list[Any]],
    outlines: dict[str, list[Outline]],
) -> Described:
    layout, loss = LAYOUTS[job.loss], job.function()
    with located(small):
        vectors = {name: blocks_of.stand_in(name, one) for name, one in outlines.items()}
        arrays = {name: joined(name, one) for name, one in small.items()}
        request, call = loss.described(**{**job.given, **plain, **arrays, **vectors, "reduction": reduction})
    sizes = {name: [blocks_of.rows_in(one.shape) for one in few] for name, few in outlines.items()}
    rows, columns = (
        [size for name in names for size in sizes.get(name, ())] for names in (layout.rows, layout.columns)
    )
    return Described(request, call, rows, columns)


def parts(job: Job, *about: Any) -> Parts:
    with at_work(job):
        made = described(job, *about)
        return blocks_of.divided(made.call, made.rows, made.columns)


def count(job: Job, *about: Any) -> int | None:
    with at_work(job):
        return described(job, *about).call.counted


def item(made: Any, field: int, at: int) -> Any:
    return made[field][at]


def first_pass(
    job: Job, kind: str, rows: Part, columns: Part, row_block: np.ndarray, column_block: np.ndarray
) -> tuple[Found, Found]:
    with at_work(job):
        return blocks_of.first_pass(kind, (rows, columns), (row_block, column_block))


def second_pass(
    job: Job,
    kind: str,
    rows: Part,
    columns: Part,
    row_block: np.ndarray,
    column_block: np.ndarray,
    row_slopes: Slopes,
    column_slopes: Slopes | None,
) -> Pulled:
    with at_work(job):
        blocks, slopes = (row_block, column_block), (row_slopes, column_slopes)
        return blocks_of.second_pass(kind, (rows, columns), blocks, slopes)


def score(
    job: Job,
    reduction: str,
    plain: dict[str, Any],
    small: dict[str, list[Any]],
    outlines: dict[str, list[Outline]],
    rows: list[Found],
    columns: list[Found],
) -> tuple[Scored, float]:
    with at_work(job):
        made = described(job, reduction, plain, small, outlines)
        with located(small):
            weights = weighing(made.call, made.request.sample_weight, made.request.reduction)
        scored = blocks_of.score(made.call, weights, rows, columns)
        value = made.request.reduction.value(evaluated(made.call, weights, scored.losses))
        return scored._replace(losses=np.empty(0)), value


@blocks_of.quietly
def number(name: str, scored: Scored, part: Part, alongs: list[float]) -> float:
    total = ordered_sum(np.array([scored.total, *alongs]))
    return scored.factors[name] * float(part.within.restored(total))


def narrowed(part: Part, gradient: np.ndarray) -> np.ndarray:
    return part.within.narrowed(gradient)
