"""Every positive against every negative of a knowledge graph, by a margin."""

import dataclasses

import numpy as np

from fastloss.core import backend, validate
from fastloss.core.domains import AT_LEAST_ZERO, Flag
from fastloss.core.errors import wrong_shape
from fastloss.core.loss import Loss, keyword
from fastloss.pairs.pairwise import pairwise_hinge_loss

__all__ = ["margin_all_pairs_loss"]


class AllPairsLoss(Loss):
    """A pairwise loss of two arrays, all pairs between which count."""

    folder = "pairs"
    keywords = (*Loss.keywords, keyword("method", "auto"), keyword("backend", "auto"))

    def _run(self, request):
        given = tuple(request.arguments[name] for name in self.arguments)
        own = {name: backend.to_host(value) for name, value in request.arguments.items()}
        positives, negatives = (validate.real(name, own[name]) for name in self.arguments)
        for name, array in zip(self.arguments, (positives, negatives), strict=True):
            if array.ndim != 1:
                raise wrong_shape(name, array.shape, "one dimension")
        sign, margin = self.function(**own)
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

    Exact in O((P + Q) log Q) time: no sampling of negatives, no P x Q matrix.

    Parameters
    ----------
    pos : array_like, shape (P,)
        Distances (or scores) f of observed triples.
    neg : array_like, shape (Q,)
        Distances (or scores) of corrupted triples.
    margin : float >= 0
        The gap gamma from which a pair costs nothing.
    distance : bool
        Whether small f are good, as of TransE's distances; False for scores.
    sample_weight : array_like, shape (P,), optional
        Weights >= 0 of the positives.
    reduction : {"mean", "sum", "none"}
        The mean is over pairs; "none" gives each positive's sum over the negatives.
    method : {"auto", "direct", "fast"}
        As for every pairwise loss, see `fastloss.pairs.loss.PairwiseLoss`.
    backend : {"auto", "cpu", "cuda"}
        Where pairs are summed; arrays on a GPU are put together on the host, and results come back to the GPU.

    Returns
    -------
    float, or ndarray of shape (P,) for ``reduction="none"``
        `value_and_grad` adds a tuple: the gradients by `pos` and by `neg`. The slope at the margin itself is that of
        the side where the loss is positive, as of `pairwise_hinge_loss`.

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
    """
    return (-1.0 if distance else 1.0), margin
