"""The rows of large groups in a partition, group by group."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fastloss.core.errors import shown
from fastloss.dask.groups.ids import Deal
from fastloss.dask.groups.rows import Part, located, places_of
from fastloss.streaming.state import Sums


class Found(NamedTuple):
    """What the rows of a large group add up to."""

    rows: int
    pairs: int
    weighted: bool
    sums: Sums


def places_by_group(deal: Deal, part: Part) -> list[np.ndarray]:
    """Return the places of each large group's rows among the part's."""
    at = places_of(deal.large, part.columns["groups"])
    order = np.argsort(at, kind="stable")
    return np.split(order, np.searchsorted(at[order], np.arange(1, deal.large.size))) if deal.large.size else []


def parts_by_group(deal: Deal, part: Part) -> list[Part]:
    """Return the rows of each large group."""
    return [part.only(places) for places in places_by_group(deal, part)]


def arguments(part: Part) -> dict[str, np.ndarray]:
    """Return the arguments of a loss of one group."""
    return {name: one for name, one in part.columns.items() if name != "groups"}


@contextlib.contextmanager
def named(deal: Deal, at: int, part: Part | None = None) -> Iterator[None]:
    """Name the group that an error is about; with its rows in a partition, the row as well."""
    try:
        with located((part,)) if part is not None else contextlib.nullcontext():
            yield
    except ValueError as error:
        raise ValueError(f"group {shown(deal.large[at])}: {error}") from error
