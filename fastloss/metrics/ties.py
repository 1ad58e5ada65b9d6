"""Who stands first among rows of equal scores."""

from typing import Any

import numpy as np

from fastloss.core import backend, validate
from fastloss.core.docstrings import Keyword
from fastloss.core.domains import Choice
from fastloss.pairs.records import Rows

ORDERS = ("stable", "reversed", "optimistic", "pessimistic", "trec_eval")
TIES = Choice(("average", *ORDERS))
THRESHOLDS = Choice((*TIES.values, "thresholds"))

KEYWORD = Keyword(
    "ties",
    "average",
    '{"average", "stable", "reversed", "optimistic", "pessimistic", "trec_eval"}',
    """
    What happens to rows of equal scores. "average" is the mean of the metric over all orders of them, in closed form
    (McSherry & Najork 2008), as `sklearn.metrics.ndcg_score` has it. "stable" leaves them as they stand, "reversed"
    puts the last one first. "optimistic" puts those of larger labels first, "pessimistic" those of smaller ones.
    "trec_eval" does as that program: scores are rounded to float32, and of equal ones the row of the greater id is the
    first.
    """,
)
IDS = Keyword(
    "ids",
    None,
    "array_like, shape (N,), optional",
    """
    Ids of the rows (documents), compared as strings as trec_eval does: "9" is greater than "10". For
    ``ties="trec_eval"`` alone, which needs them.
    """,
)


def ordered(rows: Rows, ties: str, ids: Any) -> Rows:
    """Return the rows with those of a group in an order in which the first of equal ones stands first."""
    if ids is None and ties == "trec_eval":
        raise ValueError("ids is missing: expected an id of each row, as ties is 'trec_eval'")
    if ids is not None and ties != "trec_eval":
        raise ValueError(f"ids is given, but ties is {ties!r}: expected ids only with 'trec_eval'")
    if ties not in ORDERS or ties == "stable":
        return rows
    if ties == "trec_eval":
        rows = rows._replace(scores=rows.scores.astype(np.float32))
    row_order, offsets = rows.groups.rows, rows.groups.offsets
    keys = _keys(rows, ties, ids)
    own_group = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    if row_order is None:
        return rows._replace(groups=rows.groups._replace(rows=np.lexsort((keys, own_group))))
    return rows._replace(groups=rows.groups._replace(rows=row_order[np.lexsort((keys[row_order], own_group))]))


def _keys(rows: Rows, ties: str, ids: Any) -> np.ndarray:
    """Return numbers that rise in the order of equal rows."""
    if ties == "reversed":
        return -np.arange(rows.scores.size)
    if ties == "trec_eval":
        given = validate.ids("ids", backend.to_host(ids), rows.scores.shape)
        return -np.unique(given if given.dtype.kind in "USO" else given.astype(np.str_), return_inverse=True)[1]
    return np.asarray(-rows.labels if ties == "optimistic" else rows.labels, np.float64)
