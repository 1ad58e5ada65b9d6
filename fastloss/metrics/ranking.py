"""Metrics of rankings: how far above stand the relevant rows of each group."""

from typing import Any, NamedTuple

from fastloss.core import backend, orders, validate
from fastloss.core.docstrings import Keyword, documented, share
from fastloss.core.domains import REAL, RELEVANCE, Choice, Domain, Range
from fastloss.metrics import results, ties
from fastloss.metrics.cpu import Measure, run
from fastloss.pairs.keywords import OFFSETS
from fastloss.pairs.loss import checked_rows, grouped
from fastloss.pairs.records import Rows

__all__ = ["average_precision", "hit_rate", "mrr", "ndcg", "precision", "recall"]

LARGEST = 1 << 53  # ranks, which kernels take as float64
SMALLEST = 5e-324  # a label above 0 is at least this
K = Keyword(
    "k",
    None,
    "int >= 1, optional",
    "How many of the first ranks count. None counts all.",
)
RELEVANCE_LEVEL = Keyword(
    "relevance_level",
    1.0,
    "float",
    "Rows of labels that are at least this are relevant, all others are not.",
)
NORMALIZE = Choice(("relevant", "attainable"))
WORDS = (ties.KEYWORD, ties.IDS, results.GROUPS, OFFSETS, results.GROUP_WEIGHT, results.REDUCTION, results.WITH_COUNTS)
BINARY = (K, RELEVANCE_LEVEL, *WORDS)


class Words(NamedTuple):
    """The keywords that all metrics of rankings share."""

    k: Any
    ties: Any
    ids: Any
    groups: Any
    offsets: Any
    sample_weight: Any
    reduction: Any
    with_counts: Any


def level_of(k: Any) -> int:
    """Return how many ranks count, 0 for all."""
    if k is None:
        return 0
    level = validate.integer("k", k)
    if level < 1:
        raise ValueError(f"k is {level}: expected an integer >= 1, or None")
    return min(level, LARGEST)


def ranked_rows(scores: Any, labels: Any, groups: Any, offsets: Any, domain: Domain) -> Rows:
    """Return checked rows on the host; scores are compared, never added."""
    scores = orders.comparable(validate.array("scores", backend.to_host(scores)), known=True)
    rows = checked_rows(scores, backend.to_host(labels), None, domain)
    return rows._replace(groups=grouped(groups, offsets, rows.scores.size))


def _measured(name: str, scores: Any, labels: Any, words: Words, least: Any = SMALLEST, **options: Any) -> Any:
    """Return the metric of that name in the form that a call asks for."""
    level = level_of(words.k)
    tied = (ties.THRESHOLDS if name == "average_precision" else ties.TIES).validate("ties", words.ties)
    least = Range().validate("relevance_level", least)
    rows = ranked_rows(scores, labels, words.groups, words.offsets, RELEVANCE if name == "ndcg" else REAL)
    rows = ties.ordered(rows, tied, words.ids)
    if tied == "thresholds" and level:
        raise ValueError("k is given: expected None, since ties='thresholds' takes whole thresholds")
    shared, thresholds = tied in ("average", "thresholds"), tied == "thresholds"
    found = run(Measure(name, level, least, shared, thresholds, **options), rows)
    used = found.relevant != 0
    words_of_groups = words.sample_weight, words.reduction, words.with_counts
    return results.over_groups(found.values, used, rows.groups.order, *words_of_groups)


def _attainable(normalize: Any) -> bool:
    return NORMALIZE.validate("normalize", normalize) == "attainable"


share(
    ranked_scores="""
    scores : array_like, shape (N,)
        Any numbers, infinite ones included: they are compared, never added. A NaN among the scores of a group with a
        relevant row makes its metric NaN, and the mean.
    """,
    relevance_labels="""
    labels : array_like, shape (N,)
        Any numbers. A group without a relevant row has nothing to say.
    """,
    ranking_errors="""
    ValueError
        If shapes differ, a label is NaN or outside its range, a weight is negative, offsets do not fit, or `k` is
        below 1.
    """,
)


@documented(K, *WORDS)
def ndcg(
    scores: Any,
    labels: Any,
    *,
    k: int | None = None,
    gains: str = "exp2",
    ties: str = "average",
    ids: Any = None,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Normalised discounted cumulative gain of each group's ranking, and its mean over groups.

    .. math:: \text{NDCG@k} = \frac{\text{DCG@k}}{\max \text{DCG@k}}, \qquad
        \text{DCG@k} = \sum_{\text{rank} \le k} \frac{g}{\log_2(1 + \text{rank})}, \qquad g = 2^y - 1

    The largest DCG is that of the best order of all rows of the group. A group without a label above 0 has nothing to
    say.

    Parameters
    ----------
    {ranked_scores}
    labels : array_like, shape (N,)
        Relevance grades y from 0 to 1000.
    gains : {"exp2", "linear"}
        The gain g of a grade: "exp2" is 2**y - 1, as in `lambdarank_loss` and in LightGBM; "linear" is y, as in
        scikit-learn, in trec_eval and in ranx.

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {ranking_errors}

    References
    ----------
    K. Järvelin and J. Kekäläinen, Cumulated gain-based evaluation of IR techniques, ACM TOIS 2002.

    Examples
    --------
    >>> from fastloss import metrics
    >>> scores, labels, queries = [0.9, 0.2, 0.5, 0.7, 0.1], [1, 2, 0, 0, 0], [1, 1, 1, 2, 2]
    >>> value, counts = metrics.ndcg(scores, labels, groups=queries, with_counts=True)
    >>> print(f"{value:.6f}", counts)
    0.688529 GroupCounts(used=1, left_out=1)
    >>> metrics.ndcg(scores, labels, k=1, groups=queries, reduction="per_group").round(4)
    array([0.3333,    nan])
    """
    linear = Choice(("exp2", "linear")).validate("gains", gains) == "linear"
    words = Words(k, ties, ids, groups, offsets, sample_weight, reduction, with_counts)
    return _measured("ndcg", scores, labels, words, linear=linear)


@documented(*BINARY)
def mrr(
    scores: Any,
    labels: Any,
    *,
    k: int | None = None,
    relevance_level: float = 1.0,
    ties: str = "average",
    ids: Any = None,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Mean reciprocal rank: 1 / rank of the first relevant row of each group, 0 if it is not among the first k.

    .. math:: \frac{1}{\min_{y_i \text{ relevant}} \text{rank}_i}

    Parameters
    ----------
    {ranked_scores}
    {relevance_labels}

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {ranking_errors}

    References
    ----------
    E. M. Voorhees, The TREC-8 question answering track report, TREC 1999.

    Examples
    --------
    >>> from fastloss import metrics
    >>> metrics.mrr([0.9, 0.2, 0.5, 0.7, 0.8], [0, 1, 1, 1, 0], groups=[1, 1, 1, 2, 2])
    0.5
    >>> metrics.mrr([0.5, 0.5, 0.1], [1, 0, 0])  # first or second: the mean of 1 and 1/2
    0.75
    """
    words = Words(k, ties, ids, groups, offsets, sample_weight, reduction, with_counts)
    return _measured("reciprocal_rank", scores, labels, words, relevance_level)


@documented(*BINARY)
def average_precision(
    scores: Any,
    labels: Any,
    *,
    k: int | None = None,
    relevance_level: float = 1.0,
    normalize: str = "relevant",
    ties: str = "average",
    ids: Any = None,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Average precision of each group's ranking (MAP is its mean over groups).

    .. math:: \text{AP@k} = \frac{1}{R} \sum_{\text{rank} \le k,\ y \text{ relevant}} \text{precision@rank}

    Parameters
    ----------
    {ranked_scores}
    {relevance_labels}
    normalize : {"relevant", "attainable"}
        Whether to divide by the number of relevant rows R, or by min(R, k), so that the best ranking has 1.
    ties : {"average", "stable", "reversed", "optimistic", "pessimistic", "trec_eval", "thresholds"}
        As in `ndcg`, and "thresholds": each score is a threshold, and rows of equal scores are found together, as in
        `sklearn.metrics.average_precision_score`; without `k`. Of one large group this is the area under the steps
        of the precision-recall curve.

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {ranking_errors}

    References
    ----------
    C. Buckley and E. M. Voorhees, Evaluating evaluation measure stability, SIGIR 2000.

    Examples
    --------
    >>> from fastloss import metrics
    >>> round(metrics.average_precision([0.9, 0.2, 0.5], [1, 1, 0]), 6)
    0.833333
    >>> metrics.average_precision([0.5, 0.5], [1, 0]), metrics.average_precision([0.5, 0.5], [1, 0], ties="thresholds")
    (0.75, 0.5)
    >>> scores, labels, queries = [0.9, 0.2, 0.5, 0.7], [1, 0, 1, 0], [1, 1, 2, 2]
    >>> metrics.average_precision(scores, labels, groups=queries, reduction="per_group").tolist()
    [1.0, 0.5]
    """
    words = Words(k, ties, ids, groups, offsets, sample_weight, reduction, with_counts)
    return _measured("average_precision", scores, labels, words, relevance_level, attainable=_attainable(normalize))


@documented(*BINARY)
def precision(
    scores: Any,
    labels: Any,
    *,
    k: int | None = None,
    relevance_level: float = 1.0,
    ties: str = "average",
    ids: Any = None,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Precision at k: the share of relevant rows among the first k of each group.

    .. math:: \frac{1}{k} \sum_{\text{rank} \le k} [y \text{ relevant}]

    A group of fewer rows is divided by k all the same, as trec_eval and ranx do; without `k`, by its rows.

    Parameters
    ----------
    {ranked_scores}
    {relevance_labels}

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {ranking_errors}

    References
    ----------
    C. D. Manning, P. Raghavan and H. Schütze, Introduction to information retrieval, 2008, chapter 8.

    Examples
    --------
    >>> from fastloss import metrics
    >>> metrics.precision([0.9, 0.2, 0.5], [1, 1, 0], k=2)
    0.5
    >>> metrics.precision([0.9, 0.2, 0.5, 0.7], [1, 0, 0, 0], k=1, groups=[1, 1, 2, 2])
    1.0
    """
    words = Words(k, ties, ids, groups, offsets, sample_weight, reduction, with_counts)
    return _measured("precision", scores, labels, words, relevance_level)


@documented(*BINARY)
def recall(
    scores: Any,
    labels: Any,
    *,
    k: int | None = None,
    relevance_level: float = 1.0,
    normalize: str = "relevant",
    ties: str = "average",
    ids: Any = None,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Recall at k: the share of the relevant rows of each group that stands among its first k.

    .. math:: \frac{1}{R} \sum_{\text{rank} \le k} [y \text{ relevant}]

    Parameters
    ----------
    {ranked_scores}
    {relevance_labels}
    normalize : {"relevant", "attainable"}
        Whether to divide by the number of relevant rows R, or by min(R, k), so that the best ranking has 1.

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {ranking_errors}

    References
    ----------
    C. D. Manning, P. Raghavan and H. Schütze, Introduction to information retrieval, 2008, chapter 8.

    Examples
    --------
    >>> from fastloss import metrics
    >>> metrics.recall([0.9, 0.2, 0.5], [1, 1, 1], k=2) == 2 / 3
    True
    >>> metrics.recall([0.9, 0.2, 0.5], [1, 1, 1], k=2, normalize="attainable")
    1.0
    >>> metrics.recall([0.9, 0.2, 0.5, 0.7], [1, 0, 1, 0], k=1, groups=[1, 1, 2, 2])
    0.5
    """
    words = Words(k, ties, ids, groups, offsets, sample_weight, reduction, with_counts)
    return _measured("recall", scores, labels, words, relevance_level, attainable=_attainable(normalize))


@documented(*BINARY)
def hit_rate(
    scores: Any,
    labels: Any,
    *,
    k: int | None = None,
    relevance_level: float = 1.0,
    ties: str = "average",
    ids: Any = None,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Hit rate at k (success, HR): 1 for a group with a relevant row among its first k, else 0.

    .. math:: [\min_{y_i \text{ relevant}} \text{rank}_i \le k]

    Where ties are averaged it is the share of their orders in which there is one.

    Parameters
    ----------
    {ranked_scores}
    {relevance_labels}

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {ranking_errors}

    References
    ----------
    M. Deshpande and G. Karypis, Item-based top-N recommendation algorithms, ACM TOIS 2004.

    Examples
    --------
    >>> from fastloss import metrics
    >>> metrics.hit_rate([0.9, 0.2, 0.5, 0.7, 0.8], [0, 0, 1, 0, 1], k=1, groups=[1, 1, 1, 2, 2])
    0.5
    """
    words = Words(k, ties, ids, groups, offsets, sample_weight, reduction, with_counts)
    return _measured("hit_rate", scores, labels, words, relevance_level)
