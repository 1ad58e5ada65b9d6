"""Metrics of embeddings: where the keys that a query should find stand among all keys."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, validate
from fastloss.core.docstrings import Keyword, documented, share
from fastloss.core.domains import Choice
from fastloss.core.errors import wrong_shape
from fastloss.embeddings.ranks import cpu
from fastloss.metrics import cpu_places, results
from fastloss.metrics.cpu import Measure
from fastloss.metrics.ranking import NORMALIZE, K, level_of

__all__ = ["RetrievalRanks", "retrieval_ranks"]

SIMILARITY = Choice(("cos", "dot", "euclidean"))
TIES = Choice(("average", "optimistic", "pessimistic"))
REDUCTIONS = ("mean", "none")
TIES_KEYWORD = Keyword(
    "ties",
    "average",
    '{"average", "optimistic", "pessimistic"}',
    """
    What happens to keys of equal similarity. "average" is the mean of the metric over all orders of them, in closed
    form; "optimistic" puts positives first, "pessimistic" last.
    """,
)
WEIGHT = Keyword(
    "sample_weight", None, "array_like, shape (N,), optional", "Weights w >= 0 of the queries in the mean."
)
REDUCTION = Keyword(
    "reduction",
    "mean",
    '{"mean", "none"}',
    """
    "mean" is over the queries that have a positive, the others are left out; NaN if there is none. "none" returns an
    array with a number for each query, NaN for those.
    """,
)
COUNTS = Keyword(
    "with_counts",
    False,
    "bool",
    "Whether to return the numbers of queries used and left out as well, as `GroupCounts`.",
)
WORDS = (TIES_KEYWORD, WEIGHT, REDUCTION, COUNTS)

share(
    first_ranks=f"\n{K.block}",
    retrieval_result="""
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`
    """,
    retrieval_errors="""
    ValueError
        If `k` is below 1, a weight is negative, or their number is not that of the queries.
    """,
)


class Words(NamedTuple):
    """The keywords that all metrics share."""

    k: Any
    ties: Any
    sample_weight: Any
    reduction: Any
    with_counts: Any


@dataclasses.dataclass(frozen=True, eq=False)
class RetrievalRanks:
    """Where each query's positives stand among all keys, and the metrics of that: see `retrieval_ranks`.

    Attributes
    ----------
    offsets : ndarray, shape (N + 1,)
        The positives of query i are numbers ``offsets[i]`` to ``offsets[i + 1] - 1`` of what follows.
    keys : ndarray
        Which keys they are, the most similar one of each query first.
    above : ndarray
        How many keys are more similar to the query.
    tied : ndarray
        How many keys are as similar, itself included.
    num_keys : ndarray, shape (N,)
        The number of keys that each query ranks: all but those excluded.
    """

    offsets: np.ndarray
    keys: np.ndarray
    above: np.ndarray
    tied: np.ndarray
    num_keys: np.ndarray
    _lost: np.ndarray  # queries that have a NaN similarity

    def ranks(self, ties: str = "average") -> np.ndarray:
        """Return the rank of each positive, from 1; NaN where a similarity is NaN.

        Parameters
        ----------
        ties : {"average", "optimistic", "pessimistic"}
            The rank of a key among those of equal similarity: the mean, the first or the last of theirs.

        Returns
        -------
        ndarray, in the order of `keys`
        """
        shares = {"average": 0.5, "optimistic": 0.0, "pessimistic": 1.0}
        ranks = 1.0 + self.above + shares[TIES.validate("ties", ties)] * (self.tied - 1)
        return np.where(np.repeat(self._lost, np.diff(self.offsets)), np.nan, ranks)

    @documented(*WORDS)
    def recall(
        self,
        *,
        k: int | None = None,
        normalize: str = "relevant",
        ties: str = "average",
        sample_weight: Any = None,
        reduction: str = "mean",
        with_counts: bool = False,
    ) -> Any:
        r"""Recall at k: the share of a query's positives that stands among its k most similar keys.

        .. math:: \frac{1}{P} \sum_{\text{positives}} [\text{rank} \le k]

        With one positive a query it is the hit rate, which others call accuracy at k.

        Parameters
        ----------
        {first_ranks}
        normalize : {"relevant", "attainable"}
            Whether to divide by the number of positives P, or by min(P, k), so that the best ranking has 1.

        Returns
        -------
        {retrieval_result}

        Raises
        ------
        {retrieval_errors}
        """
        words = Words(k, ties, sample_weight, reduction, with_counts)
        return self._measured("recall", words, NORMALIZE.validate("normalize", normalize) == "attainable")

    @documented(*WORDS)
    def hit_rate(
        self,
        *,
        k: int | None = None,
        ties: str = "average",
        sample_weight: Any = None,
        reduction: str = "mean",
        with_counts: bool = False,
    ) -> Any:
        r"""Hit rate at k: 1 for a query with a positive among its k most similar keys, else 0.

        The recall at k of metric learning, and the accuracy at k of Sentence Transformers.

        .. math:: [\min_{\text{positives}} \text{rank} \le k]

        Parameters
        ----------
        {first_ranks}

        Returns
        -------
        {retrieval_result}

        Raises
        ------
        {retrieval_errors}
        """
        return self._measured("hit_rate", Words(k, ties, sample_weight, reduction, with_counts))

    @documented(*WORDS)
    def precision(
        self,
        *,
        k: int | None = None,
        ties: str = "average",
        sample_weight: Any = None,
        reduction: str = "mean",
        with_counts: bool = False,
    ) -> Any:
        r"""Precision at k: the share of positives among a query's k most similar keys.

        .. math:: \frac{1}{k} \sum_{\text{positives}} [\text{rank} \le k]

        Parameters
        ----------
        {first_ranks}

        Returns
        -------
        {retrieval_result}

        Raises
        ------
        {retrieval_errors}
        """
        return self._measured("precision", Words(k, ties, sample_weight, reduction, with_counts))

    @documented(*WORDS)
    def mrr(
        self,
        *,
        k: int | None = None,
        ties: str = "average",
        sample_weight: Any = None,
        reduction: str = "mean",
        with_counts: bool = False,
    ) -> Any:
        r"""Mean reciprocal rank: 1 / rank of each query's first positive, 0 if it is not among the first k.

        .. math:: \frac{1}{\min_{\text{positives}} \text{rank}}

        Parameters
        ----------
        {first_ranks}

        Returns
        -------
        {retrieval_result}

        Raises
        ------
        {retrieval_errors}
        """
        return self._measured("reciprocal_rank", Words(k, ties, sample_weight, reduction, with_counts))

    @documented(*WORDS)
    def average_precision(
        self,
        *,
        k: int | None = None,
        normalize: str = "relevant",
        ties: str = "average",
        sample_weight: Any = None,
        reduction: str = "mean",
        with_counts: bool = False,
    ) -> Any:
        r"""Average precision of each query's ranking (MAP is its mean over queries).

        .. math:: \frac{1}{P} \sum_{\text{positives, rank} \le k} \text{precision@rank}

        Parameters
        ----------
        {first_ranks}
        normalize : {"relevant", "attainable"}
            Whether to divide by the number of positives P, or by min(P, k), so that the best ranking has 1.

        Returns
        -------
        {retrieval_result}

        Raises
        ------
        {retrieval_errors}
        """
        words = Words(k, ties, sample_weight, reduction, with_counts)
        return self._measured("average_precision", words, NORMALIZE.validate("normalize", normalize) == "attainable")

    @documented(*WORDS)
    def ndcg(
        self,
        *,
        k: int | None = None,
        ties: str = "average",
        sample_weight: Any = None,
        reduction: str = "mean",
        with_counts: bool = False,
    ) -> Any:
        r"""Normalised discounted cumulative gain of each query's ranking, where every positive has the gain 1.

        .. math:: \frac{\sum_{\text{positives, rank} \le k} 1 / \log_2(1 + \text{rank})}
            {\sum_{r \le \min(P, k)} 1 / \log_2(1 + r)}

        Parameters
        ----------
        {first_ranks}

        Returns
        -------
        {retrieval_result}

        Raises
        ------
        {retrieval_errors}
        """
        return self._measured("ndcg", Words(k, ties, sample_weight, reduction, with_counts))

    def _measured(self, name: str, words: Words, attainable: bool = False) -> Any:
        """Return the metric of that name in the form that a call asks for."""
        level, tied = level_of(words.k), TIES.validate("ties", words.ties)
        asked = Measure(name, level, 1.0, tied == "average", attainable=attainable, linear=True)
        above, equal = (self.above, self.tied) if tied == "average" else self._in_order(tied)
        values = cpu_places.run(asked, self.offsets, above, equal, self.num_keys)
        used = np.diff(self.offsets) > 0
        asked_for = words.sample_weight, words.reduction, words.with_counts
        return results.over_groups(np.where(self._lost, np.nan, values), used, None, *asked_for, names=REDUCTIONS)

    def _in_order(self, ties: str) -> tuple[np.ndarray, np.ndarray]:
        """Return how many keys stand above each positive where ties are broken, and ones."""
        own = np.arange(self.above.size)
        starts = np.ones(own.size, np.bool_)
        starts[1:] = self.above[1:] != self.above[:-1]
        starts[self.offsets[:-1][np.diff(self.offsets) > 0]] = True
        first = np.flatnonzero(starts)
        group = np.cumsum(starts) - 1
        above = self.above + own - first[group]
        if ties == "pessimistic":
            above += self.tied - np.diff(np.append(first, own.size))[group]
        return above, np.ones_like(above)


def retrieval_ranks(
    query: Any, key: Any, *, positives: Any = None, exclude: Any = None, similarity: str = "cos"
) -> RetrievalRanks:
    r"""Where each query's positives stand among all keys, by similarity: recall at k, MRR and others follow from it.

    .. math:: \text{rank}_{ip} = 1 + \sum_j [s_{ij} > s_{ip}] \qquad \text{(equal ones aside)}

    The keys are read once, a tile at a time, and the N x M matrix of similarities is never stored. Most are products
    in the embeddings' precision, which are compared only where rounding cannot matter; the others are computed again
    in float64. So ranks are those of similarities in float64: they depend neither on the order of the keys or queries,
    nor on BLAS or the number of threads, and equal keys are tied.

    Parameters
    ----------
    query : array_like, shape (N, D)
        The queries' embeddings q.
    key : array_like, shape (M, D)
        The embeddings k of all keys; without `positives` key i is the positive of query i, and M >= N. A
        memory-mapped file may be larger than memory.
    positives : (offsets, key numbers), optional
        The positives of each query, as of `info_nce_loss`: CSR offsets, shape (N + 1,), and key numbers, each at most
        once a query. A query without positives has nothing to say.
    exclude : (offsets, key numbers), optional
        Keys that a query does not rank, in the same form: itself, where the queries are keys, or what it has seen.
    similarity : {"cos", "dot", "euclidean"}
        The similarity s: the cosine (0 for a vector of zeros), the inner product, or the negated distance.

    Returns
    -------
    RetrievalRanks
        It has the methods `recall`, `hit_rate`, `precision`, `mrr`, `average_precision`, `ndcg` and `ranks`.

    Raises
    ------
    ValueError
        If shapes do not fit, a query names a key twice, or excludes a positive.

    Notes
    -----
    If a similarity is NaN, as those of an embedding with a NaN or an infinity may be, the metrics of that query are
    NaN, and their means. Similarities beyond float64's range are infinite.

    References
    ----------
    C. D. Manning, P. Raghavan and H. Schütze, Introduction to information retrieval, 2008, chapter 8.

    Examples
    --------
    >>> import numpy as np
    >>> from fastloss import metrics
    >>> key = np.random.default_rng(0).normal(size=(5000, 64))
    >>> query = key[:300] + np.random.default_rng(1).normal(size=(300, 64), scale=1.5)
    >>> found = metrics.retrieval_ranks(query, key)
    >>> round(found.recall(k=1), 3), round(found.recall(k=10), 3), round(found.mrr(), 3)
    (0.867, 0.98, 0.914)
    """
    queries, keys = (validate.matrix(name, backend.to_host(one)) for name, one in (("query", query), ("key", key)))
    if keys.shape[1] != queries.shape[1]:
        raise wrong_shape("key", keys.shape, f"{queries.shape[1]} columns, as query")
    count = len(queries)
    if positives is None and len(keys) < count:
        raise wrong_shape("key", keys.shape, f"at least {count} rows: key i is the positive of query i")
    own = cpu.Lists(np.arange(count + 1), np.arange(count))
    if positives is not None:
        own = _lists("positives", positives, count, len(keys))
    without = None if exclude is None else _lists("exclude", exclude, count, len(keys))
    if without is not None:
        _refuse_common(own, without)
    kind = SIMILARITY.validate("similarity", similarity)
    places = cpu.run(queries, keys, own, kind, without)
    sizes = len(keys) - (np.zeros(count, np.int64) if without is None else np.diff(without.offsets))
    return RetrievalRanks(places.offsets, places.numbers, places.above, places.tied, sizes, places.lost)


def _lists(name: str, given: Any, count: int, keys: int) -> cpu.Lists:
    """Return key numbers of each query, none of them twice."""
    expected = "a pair of CSR offsets and key numbers"
    lists = cpu.Lists(*validate.lists(name, backend.lists(given), expected, (count, "query"), keys))
    at = _repeated(lists.owners, lists.numbers)
    if at is not None:
        raise ValueError(f"{name}[1][{at}] is {lists.numbers[at]}: query {lists.owners[at]} has this key twice")
    return lists


def _refuse_common(own: cpu.Lists, without: cpu.Lists) -> None:
    """Raise if a key is both a positive of a query and excluded from its keys."""
    both = np.concatenate((own.owners, without.owners)), np.concatenate((own.numbers, without.numbers))
    found = _repeated(*both)
    if found is not None:
        at = found - own.numbers.size
        raise ValueError(f"exclude[1][{at}] is {without.numbers[at]}: a positive of query {without.owners[at]}")


def _repeated(owners: np.ndarray, numbers: np.ndarray) -> int | None:
    """Return the first place of a pair that has come before; None if there is none."""
    order = np.lexsort((numbers, owners))
    again = (owners[order][1:] == owners[order][:-1]) & (numbers[order][1:] == numbers[order][:-1])
    return int(order[1:][again].min()) if again.any() else None
