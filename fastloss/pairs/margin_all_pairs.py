"""Margin loss of every positive against every negative triple of a knowledge graph."""

import dataclasses

import numpy as np

from fastloss.core import backend, validate
from fastloss.core.domains import AT_LEAST_ZERO, Flag
from fastloss.core.errors import wrong_shape
from fastloss.core.loss import Loss
from fastloss.pairs.keywords import TWO_ARRAYS
from fastloss.pairs.pairwise import pairwise_hinge_loss

__all__ = ["margin_all_pairs_loss"]


class AllPairsLoss(Loss):
    """A loss over all pairs of an element of one array and an element of another."""

    folder = "pairs"
    keywords = TWO_ARRAYS

    def __init__(self, function, **about):
        super().__init__(function, by=("pos", "neg"), **about)

    def _run(self, request):
        given = tuple(request.arguments[name] for name in self.arguments)
        on_host = {name: backend.to_host(value) for name, value in request.arguments.items()}
        positives, negatives = (validate.real(name, on_host[name]) for name in self.arguments)
        for name, array in zip(self.arguments, (positives, negatives), strict=True):
            if array.ndim != 1:
                raise wrong_shape(name, array.shape, "one dimension")
        sign, margin = self.function(**on_host)
        weights = validate.sample_weight(backend.to_host(request.sample_weight), positives.shape)
        if weights is not None:
            weights = np.concatenate((weights, np.ones(negatives.size)))
        kinds = tuple(map(validate.kernel_dtype, (positives, negatives)))
        scores = np.concatenate((positives, negatives)).astype(np.result_type(*kinds), copy=False)
        labels = np.repeat(np.array([1, 0], np.int8), (positives.size, negatives.size))
        of_pairs = {"scores": sign * scores, "labels": labels, "pairs": "ordered", "margin": margin}
        where = backend.choose(request.backend, given)
        made = pairwise_hinge_loss._run(
            dataclasses.replace(request, arguments=of_pairs, sample_weight=weights, backend=where)
        )
        made.home = given
        if made.outcome.each is not None:
            made.outcome = made.outcome._replace(each=made.outcome.each[: positives.size])
        if request.has_gradient:
            (slopes,) = made.gradients
            parts = slopes[: positives.size], slopes[positives.size :]
            made.gradients = tuple(
                (sign * part).astype(kind, copy=False) for part, kind in zip(parts, kinds, strict=True)
            )
        return made


def _declare(function):
    parameters = {"margin": AT_LEAST_ZERO, "distance": Flag()}
    return AllPairsLoss(function, parameters=parameters, reference="Bordes et al., TransE, 2013")


@_declare
def margin_all_pairs_loss(pos, neg, *, margin=1.0, distance=True):
    r"""Margin loss of every positive against every negative triple of a knowledge graph.

    .. math:: \sum_{p, n} \max(0, f_p + \gamma - f_n), \qquad \text{or } f_n + \gamma - f_p \text{ for scores}

    Exact in O((P + Q) log Q) time, without sampling of negatives and without a P x Q matrix.

    Parameters
    ----------
    pos : array_like, shape (P,)
        Distances (or scores) f of observed triples.
    neg : array_like, shape (Q,)
        Distances (or scores) of corrupted triples.
    margin : float >= 0
        The gap gamma from which on a pair costs nothing, in units of f.
    distance : bool
        Whether f are distances, which are small for good triples, as TransE's; False for scores.
    sample_weight : array_like, shape (P,), optional
        Weights w >= 0 of the positives; each of a positive's pairs has its weight.
    reduction : {"mean", "sum", "none"}
        "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs; "none" returns
        each positive's sum over the negatives. Gradients are those of the mean or of the sum; with "none", those of the
        sum.
    method : {"auto", "direct", "fast"}
        How pairs are summed: "direct" computes each pair, "fast" sorts, "auto" takes the cheaper.
    backend : {"auto", "cpu", "cuda"}
        Where pairs are summed: "auto" takes the GPU if an array lies there. Arrays on a GPU are joined on the host, and
        results come back to the GPU.

    Returns
    -------
    float, or ndarray of shape (P,) for ``reduction="none"``
        `value_and_grad` returns a tuple of the gradients by `pos` and by `neg`. The slope at the margin itself is that
        of the side where the loss is positive, as in `pairwise_hinge_loss`.

    Raises
    ------
    ValueError
        If an array is not of one dimension, or a weight is negative.

    References
    ----------
    Bordes, Usunier, Garcia-Duran, Weston & Yakhnenko, Translating embeddings for modeling multi-relational data,
    NeurIPS 2013.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.margin_all_pairs_loss([0.5, 2.0], [1.0, 4.0])
    0.625
    >>> value, (by_pos, by_neg) = fastloss.margin_all_pairs_loss.value_and_grad([0.5, 3.5], [1.0, 4.0])
    >>> by_pos.round(4).tolist(), by_neg.round(4).tolist()
    ([0.25, 0.5], [-0.5, -0.25])
    """
    return (-1.0 if distance else 1.0), margin
