"""The keywords that losses over pairs share, and the blocks that recur in their docstrings."""

from fastloss.core.docstrings import Keyword, share
from fastloss.core.domains import Choice, Flag
from fastloss.core.loss import BACKEND, REDUCTION, SAMPLE_WEIGHT

GROUPS = Keyword(
    "groups",
    None,
    "array_like, shape (N,), optional",
    """
    An id for each row, in any order: pairs are made within a group (a query, a user). Without `groups` or `offsets`,
    all rows are one group.
    """,
)
OFFSETS = Keyword(
    "offsets",
    None,
    "array_like of int, shape (G + 1,), optional",
    """
    CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
    """,
)
ROW_WEIGHT = Keyword(
    "sample_weight",
    None,
    "array_like, shape (N,), optional",
    """
    Weights w >= 0 of the rows; a pair weighs w_i w_j. A row of weight 0 adds nothing unless its score is NaN.
    """,
)
PAIR_REDUCTION = Keyword(
    "reduction",
    "mean",
    '{"mean", "sum", "none", "per_group"}',
    """
    "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs. "per_group" returns
    each group's mean, NaN for a group without a pair (or whose pairs all weigh 0), in the order of
    `numpy.unique(groups)` or of `offsets`. "none" returns each row's sum over the pairs of which it is the first item.
    Gradients are those of the mean, or of the sum of what is returned.
    """,
)
METHOD = Keyword(
    "method",
    "auto",
    '{"auto", "direct", "fast"}',
    """
    How pairs are summed. "direct" computes each pair. "fast" takes time in proportion to the rows (to N log N where it
    sorts) and gives the same to 12 digits. "auto" takes the cheaper for each group. With ``pairs="all"`` the hinges
    take N log N for any labels; the logistic and the exponential loss, whose multiplier is the difference of the
    labels, go by pairs of labels: K different labels take the time of K N rows for K up to 64. With more than 64
    different labels, or so few rows of many labels that all pairs are far cheaper, every method takes N². Under "fast"
    and "auto", a group of more than 20,000 rows with a score that is not finite is NaN throughout.
    """,
    Choice(("auto", "direct", "fast")),
)
WITH_COUNTS = Keyword("with_counts", False, "bool", "Whether to return the number of pairs as well.", Flag())
RETURN_IDS = Keyword(
    "return_ids",
    False,
    "bool",
    """
    Whether ``reduction="per_group"`` returns ``PerGroup(ids, values)``, a named tuple with each group's id beside its
    loss; with `offsets` the ids are the groups' numbers.
    """,
    Flag(),
)
PAIR_BACKEND = Keyword(
    "backend",
    "auto",
    '{"auto", "cpu", "cuda"}',
    """
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each row come back as arrays of the scores' kind. Labels and weights on the GPU stay there too, unless `groups`
    are given, or the fast method meets a group with more than 16 different labels: these are ordered on the host. The
    fast method of hinges sorts on the GPU if CuPy is installed, else on the host.
    """,
)
SCORES_BACKEND = Keyword(
    "backend",
    "auto",
    '{"auto", "cpu", "cuda"}',
    """
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each score come back as arrays of the scores' kind. All else is read on the host.
    """,
)

QUERY_WEIGHT = Keyword(
    "sample_weight",
    None,
    "array_like, shape (G,), optional",
    "Weights w >= 0 of the queries, in the order of `numpy.unique(groups)` or of `offsets`.",
)
QUERY_REDUCTION = Keyword(
    "reduction",
    "mean",
    '{"mean", "sum", "none", "per_group"}',
    """
    "mean" is over the queries that have a pair: the sum of w * loss divided by the sum of w, without queries whose
    labels are all equal, which have nothing to say; 0 where there is none. "sum" is that sum, "none" each query's
    w * loss. "per_group" is each query's loss, NaN for one whose labels are all equal or whose weight is 0. Queries are
    in the order of the weights. Gradients are those of the mean, or of the sum of what is returned.
    """,
)
QUERY_COUNTS = Keyword(
    "with_counts",
    False,
    "bool",
    """
    Whether to return as well how many queries the mean is over and how many are left out,
    ``GroupCounts(used, left_out)``; with "per_group" the number of pairs of each query, whatever the truncation.
    """,
    Flag(),
)

QUERY_METHOD = Keyword(
    "method",
    "auto",
    '{"auto", "direct", "fast"}',
    """
    How pairs are summed. "direct" computes each pair. "fast" takes time in proportion to the rows once they are sorted,
    and gives the same to 12 digits. It sums a query directly that has scores that are not finite, or few rows for the
    range of its scores, and all where the queries summed at a time have more than 64 different labels together.
    "auto" takes the cheaper for each query of 1000 rows or more, and "direct" for others. CUDA computes each pair.
    """,
    Choice(("auto", "direct", "fast")),
)

PAIRWISE = (GROUPS, OFFSETS, ROW_WEIGHT, PAIR_REDUCTION, METHOD, WITH_COUNTS, RETURN_IDS, PAIR_BACKEND)
QUERIES = (GROUPS, OFFSETS, QUERY_WEIGHT, QUERY_REDUCTION, QUERY_METHOD, QUERY_COUNTS, RETURN_IDS, SCORES_BACKEND)
NEGATIVES = (SAMPLE_WEIGHT, REDUCTION, SCORES_BACKEND)
TWO_ARRAYS = (SAMPLE_WEIGHT, REDUCTION, METHOD, BACKEND)

share(
    scores="""
    scores : array_like, shape (N,)
        The model's scores. The gradient has their shape; it is float32 for scores of float32 or float16, else
        float64.
    """,
    ordered_labels="""
    labels : array_like, shape (N,)
        Any numbers: binary, graded or real-valued. Only their order counts, except with ``pairs="all"``.
    """,
    sigma="""
    sigma : float in (0, 1e100]
        The steepness, in units of 1 / score.
    """,
    pair_margin="""
    margin : float >= 0
        The gap m from which on a pair costs nothing, in units of the score.
    """,
    pair_errors="""
    ValueError
        If shapes differ, labels or weights are NaN or outside their domain, offsets do not fit, or both `groups` and
        `offsets` are given.
    """,
)
