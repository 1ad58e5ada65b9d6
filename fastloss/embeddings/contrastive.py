"""Contrastive losses on whole batches of embeddings: one positive, or several, against all other candidates."""

import math
from typing import Any

import numpy as np

from fastloss.core import backend, validate
from fastloss.core.domains import SCALE, Choice, Flag, Free
from fastloss.core.errors import both_given, wrong_shape
from fastloss.core.identities import as_ids
from fastloss.embeddings.candidates.heads import AGAINST_SOME
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.candidates.loss import (
    Candidates,
    CountedLoss,
    candidates_loss,
    codes,
    left_out,
    to_arrays,
)
from fastloss.embeddings.candidates.reach import Reach, reach
from fastloss.embeddings.candidates.terms import Classmates, Listed

__all__ = ["info_nce_loss", "multiple_negatives_ranking_loss", "nt_xent_loss", "supcon_loss"]

SIMILARITY = Choice(("cos", "dot"))
IDS = Free("an id for each candidate, or None")
EMBEDDINGS = Free("an array of shape (K, D), or None")


@candidates_loss(
    by=("query", "key", "negatives", "temperature"),
    parameters={
        "temperature": SCALE,
        "similarity": SIMILARITY,
        "negatives": EMBEDDINGS,
        "ids": IDS,
        "positives": Free("the pair (offsets, key numbers), or None", "arrays"),
        "symmetric": Flag(),
    },
    reference="van den Oord, Li & Vinyals, Representation learning with contrastive predictive coding, 2018",
    kind=CountedLoss,
)
def info_nce_loss(
    query,
    key,
    *,
    temperature=0.07,
    similarity="cos",
    negatives=None,
    ids=None,
    positives=None,
    symmetric=False,
):
    r"""Cross-entropy of each query's key among all keys of the batch; CLIP's loss if symmetric.

    .. math:: \ell_i = -\log \frac{e^{z_{ii}}}{\sum_j e^{z_{ij}}}, \qquad z_{ij} = \mathrm{sim}(q_i, k_j) / \tau

    The N x M matrix of similarities is never stored. With several positives of a query, its loss is the mean over them.

    Parameters
    ----------
    query : array_like, shape (N, D)
        The embeddings q.
    key : array_like, shape (M, D), M >= N
        The embeddings k: key i is the positive of query i, those after the N-th are negatives for all queries. With
        `positives`, M may be any number. A memory-mapped file is read a tile at a time, and may be larger than memory.
    temperature : float in [1e-30, 1e30]
        The temperature tau.
    similarity : {"cos", "dot"}
        The cosine (0 for a vector of zeros), or the inner product.
    negatives : array_like, shape (K, D), optional
        Further candidates, which are negatives for all queries.
    ids : array_like, shape (M,) or (M + K,), optional
        An id for each key: for query i, other keys with the id of key i are left out, as they are no negatives. With M
        ids, none of the `negatives` is left out.
    positives : (offsets, key numbers), optional
        The positives of each query: CSR offsets, shape (N + 1,), and key numbers. All of them stay in the denominator.
        A query without positives has no loss, and does not count in the mean.
    symmetric : bool
        Whether to take the mean of this loss and the one with query and key exchanged, as CLIP does.
    with_counts : bool
        Whether to return the number of queries that have a positive as well.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` returns the gradients as a named tuple: query, key, negatives if given, temperature.

    Raises
    ------
    ValueError
        If shapes do not fit, or arguments exclude each other.

    References
    ----------
    A. van den Oord, Y. Li & O. Vinyals, Representation learning with contrastive predictive coding, 2018,
    https://arxiv.org/abs/1807.03748; for the symmetric form A. Radford et al., Learning transferable visual models
    from natural language supervision, ICML 2021.

    Examples
    --------
    >>> import fastloss
    >>> query, key = [[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [1.0, 1.0]]
    >>> print(f"{fastloss.info_nce_loss(query, key, temperature=0.5):.6f}")
    0.330085
    >>> value, (by_query, by_key, by_temperature) = fastloss.info_nce_loss.value_and_grad(query, key, temperature=0.5)
    >>> by_query.round(4).tolist(), by_key.round(4).tolist(), round(by_temperature, 4)
    ([[0.0, 0.2529], [0.0573, 0.0]], [[0.0, 0.0978], [0.1956, -0.1956]], 0.4861)
    """
    if symmetric and (negatives is not None or positives is not None):
        raise ValueError("symmetric: not possible together with negatives or positives")
    if positives is not None and ids is not None:
        raise both_given("ids", "positives")
    arrays = to_arrays(("query", "key", "negatives"), (query, key, negatives))
    names = ("query", "key", "negatives")
    call = _against(arrays, 1.0 / temperature, similarity, names, ids, positives, equal=symmetric)
    call.symmetric = symmetric
    call.public = _gradients(names, arrays, "temperature", -1.0 / temperature)
    return call


@candidates_loss(
    by=("anchors", "positives", "negatives", "scale"),
    parameters={"negatives": EMBEDDINGS, "scale": SCALE, "similarity": SIMILARITY, "ids": IDS},
    reference="Henderson et al., Efficient natural language response suggestion for Smart Reply, 2017",
)
def multiple_negatives_ranking_loss(anchors, positives, negatives=None, *, scale=20.0, similarity="cos", ids=None):
    r"""Cross-entropy of each anchor's positive among all positives and negatives of the batch.

    .. math:: \ell_i = -\log \frac{e^{s \, \mathrm{sim}(a_i, c_i)}}{\sum_j e^{s \, \mathrm{sim}(a_i, c_j)}}

    Parameters
    ----------
    anchors : array_like, shape (N, D)
        The embeddings a.
    positives : array_like, shape (N, D)
        The first candidates c: candidate i is the positive of anchor i.
    negatives : array_like, shape (K, D) or (N, K, D), optional
        Further candidates, which are negatives for all anchors.
    scale : float in [1e-30, 1e30]
        The factor s of the similarities: the reciprocal of a temperature.
    similarity : {"cos", "dot"}
        The cosine (0 for a vector of zeros), or the inner product.
    ids : array_like, one for each positive, or for each candidate, optional
        For anchor i, other candidates with the id of positive i are left out.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` returns the gradients as a named tuple: anchors, positives, negatives if given, scale.

    Raises
    ------
    ValueError
        If shapes do not fit.

    References
    ----------
    M. Henderson et al., Efficient natural language response suggestion for Smart Reply, 2017,
    https://arxiv.org/abs/1705.00652. The defaults are those of the Sentence-Transformers library.

    Examples
    --------
    >>> import fastloss
    >>> anchors, positives = [[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [1.0, 1.0]]
    >>> print(f"{fastloss.multiple_negatives_ranking_loss(anchors, positives, scale=2.0):.6f}")
    0.330085
    >>> value, (by_anchors, by_positives, by_scale) = fastloss.multiple_negatives_ranking_loss.value_and_grad(
    ...     anchors, positives, scale=2.0
    ... )
    >>> by_anchors.round(4).tolist(), by_positives.round(4).tolist(), round(by_scale, 4)
    ([[0.0, 0.2529], [0.0573, 0.0]], [[0.0, 0.0978], [0.1956, -0.1956]], -0.1215)
    """
    names = ("anchors", "positives", "negatives")
    arrays = to_arrays(names, (anchors, positives, negatives), deep=2)
    call = _against(arrays, scale, similarity, names, ids, equal=True)
    call.public = _gradients(names, arrays, "scale", 1.0 / scale)
    return call


def _against(arrays, scale, similarity, names, ids, positives=None, *, equal) -> Candidates:
    """Set rows of the first array against those of the others; `equal`: there must be as many keys as queries."""
    query, key, *more = arrays
    height = len(query)
    within = reach(arrays, scale) if similarity == "dot" else Reach(validate.common_dtype(arrays))
    by_row, by_column = within.divisors
    flat = (one.reshape(math.prod(one.shape[:-1]), one.shape[-1]) for one in more)
    rows = Scaled((query,), within.dtype, scale / by_row, similarity == "cos")
    columns = Scaled((key, *flat), within.dtype, 1.0 / by_column, similarity == "cos")
    call = Candidates(rows, columns, (), lambda gradient, total: {}, counted=height)
    call.within = within
    if positives is not None:
        expected = "the pair (offsets, key numbers)"
        offsets, numbers = validate.lists("positives", backend.lists(positives), expected, (height, names[0]), len(key))
        call.terms, call.head = (Listed(numbers, offsets),), AGAINST_SOME
        call.known = np.zeros(height, bool), _spread(offsets, numbers)
        call.there = np.diff(offsets) > 0
        call.factor = call.mass = call.there.astype(np.float64)
        call.counted = int(call.mass.sum())
        return call
    if len(key) < height or (len(key) > height and equal):
        least = "" if equal else "at least "
        raise wrong_shape(names[1], key.shape, f"{least}{height} rows, as {names[0]}")
    itself = np.arange(height)
    call.terms, call.excluded = (Listed(itself),), left_out(itself, itself)
    if ids is not None:
        known = as_ids("ids", ids)
        count = len(columns) if known.shape == (len(columns),) else len(key)
        known = codes("ids", known, count)
        call.excluded = left_out(known[:height], known)
    return call


def _spread(offsets: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return the entropy of each row's list, a key that is listed twice having two shares: no loss is less."""
    sizes = np.diff(offsets)
    owners = np.repeat(np.arange(sizes.size), sizes)
    if not owners.size:
        return np.zeros(sizes.size)
    keys = np.stack((owners, numbers), 1)
    distinct, counts = np.unique(keys, axis=0, return_counts=True)
    shares = counts / sizes[distinct[:, 0]]
    return np.bincount(distinct[:, 0], -shares * np.log(shares), sizes.size)


def _gradients(names, arrays, scalar, factor):
    """Name the caller's gradients; `factor` times the sum of slopes times logits is that by the scalar."""

    def public(gradient, total) -> dict[str, Any]:
        by_columns = gradient.columns
        result = {names[0]: gradient.rows, names[1]: by_columns[: len(arrays[1])]}
        if len(arrays) > 2:
            result[names[2]] = by_columns[len(arrays[1]) :].reshape(*arrays[2].shape)
        return {**result, scalar: factor * total}

    return public


@candidates_loss(
    by=("z1", "z2", "temperature"),
    rows=("z1", "z2"),
    parameters={"temperature": SCALE},
    reference="Chen, Kornblith, Norouzi & Hinton, A simple framework for contrastive learning, 2020",
)
def nt_xent_loss(z1, z2, *, temperature=0.5):
    r"""SimCLR's loss: cross-entropy of each view's partner among all other views, on the cosine.

    .. math:: \ell_i = -\log \frac{e^{c_{i,p(i)} / \tau}}{\sum_{j \ne i} e^{c_{ij} / \tau}}

    The matrix of similarities is symmetric: half of it is computed for the value, and none of it is stored.

    Parameters
    ----------
    z1, z2 : array_like, shape (N, D)
        Two views of N examples; row i of `z1` is the partner p of row i of `z2`, and vice versa.
    temperature : float in [1e-30, 1e30]
        The temperature tau.
    sample_weight : array_like, shape (2 N,), optional
        Weights w >= 0 of the views, those of `z1` first.

    Returns
    -------
    float, or ndarray of shape (2 N,) for ``reduction="none"``, the losses of `z1` first
        `value_and_grad` returns the gradients as a named tuple: z1, z2, temperature.

    Raises
    ------
    ValueError
        If shapes do not fit.

    References
    ----------
    T. Chen, S. Kornblith, M. Norouzi & G. Hinton, A simple framework for contrastive learning of visual
    representations, ICML 2020, https://arxiv.org/abs/2002.05709.

    Examples
    --------
    >>> import fastloss
    >>> print(f"{fastloss.nt_xent_loss([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]):.6f}")
    0.239545
    >>> value, (by_z1, by_z2, by_temperature) = fastloss.nt_xent_loss.value_and_grad(
    ...     [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]
    ... )
    >>> by_z1.round(4).tolist(), by_z2.round(4).tolist(), round(by_temperature, 4)
    ([[0.0, 0.213], [0.213, 0.0]], [[0.0, 0.213], [0.213, 0.0]], 0.8521)
    """
    arrays = to_arrays(("z1", "z2"), (z1, z2))
    if arrays[0].shape != arrays[1].shape:
        raise wrong_shape("z2", arrays[1].shape, f"the shape of z1, {arrays[0].shape}")
    count = len(arrays[0])
    views = Scaled(tuple(arrays), validate.common_dtype(arrays), temperature**-0.5, True)
    pairs = np.tile(np.arange(count), 2)

    def public(gradient, total) -> dict[str, Any]:
        both = gradient.columns
        return {"z1": both[:count], "z2": both[count:], "temperature": -total / temperature}

    partners = Listed(np.roll(np.arange(2 * count), count))
    return Candidates(views, views, (partners,), public, excluded=left_out(pairs, pairs))


@candidates_loss(
    by=("embeddings", "temperature"),
    parameters={"temperature": SCALE},
    reference="Khosla et al., Supervised contrastive learning, 2020",
    kind=CountedLoss,
)
def supcon_loss(embeddings, labels, *, temperature=0.1):
    r"""Supervised contrastive loss: mean cross-entropy of an anchor's class members among all other rows.

    .. math:: \ell_i = -\frac{1}{|P_i|} \sum_{p \in P_i} \log \frac{e^{c_{ip} / \tau}}{\sum_{j \ne i} e^{c_{ij} / \tau}}

    on the cosine c. Half of the matrix of similarities is computed for the value; none of it is stored.

    Parameters
    ----------
    embeddings : array_like, shape (N, D)
        A row for each example, or for each view of an example.
    labels : array_like, shape (N,)
        The class of each row: numbers or strings. P_i are the other rows of the class of row i.
    temperature : float in [1e-30, 1e30]
        The temperature tau.
    with_counts : bool
        Whether to return the number of anchors that have a loss as well.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` returns the gradients as a named tuple: embeddings, temperature.
        An anchor alone in its class has no loss, and does not count in the mean.

    Raises
    ------
    ValueError
        If shapes do not fit.

    References
    ----------
    P. Khosla et al., Supervised contrastive learning, NeurIPS 2020, https://arxiv.org/abs/2004.11362, equation 2.

    Examples
    --------
    >>> import fastloss
    >>> rows, labels = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], ["a", "a", "b"]
    >>> print(f"{fastloss.supcon_loss(rows, labels, temperature=1.0):.6f}")
    0.546990
    >>> value, (by_embeddings, by_temperature) = fastloss.supcon_loss.value_and_grad(rows, labels, temperature=1.0)
    >>> by_embeddings.round(4).tolist(), round(by_temperature, 4)
    ([[0.0, -0.1284], [-0.2352, 0.2352], [0.3419, 0.0]], 0.1168)
    """
    (array,) = to_arrays(("embeddings",), (embeddings,))
    classes = codes("labels", labels, len(array))
    vectors = Scaled((array,), validate.common_dtype((array,)), temperature**-0.5, True)
    mates = Classmates(classes)
    counts = (mates.others > 0).astype(np.float64)
    # A single mate is left out of its anchor's sum, so that a small loss keeps its digits; no other loss is small.
    alone = mates.others == 1
    groups = np.where(alone, classes, len(array) + np.arange(len(array)))
    groups = np.unique(groups, return_inverse=True)[1].reshape(-1)
    least = np.log(np.maximum(mates.others, 1).astype(np.float64))

    def public(gradient, total) -> dict[str, Any]:
        return {"embeddings": gradient.columns, "temperature": -total / temperature}

    return Candidates(
        vectors,
        vectors,
        (mates,),
        public,
        head=AGAINST_SOME,
        known=(alone, least),
        excluded=left_out(groups, groups),
        factor=counts,
        mass=counts,
        there=mates.others > 0,
        counted=int(counts.sum()),
    )
