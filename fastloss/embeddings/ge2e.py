"""Generalised end-to-end loss for speaker verification."""

import math
from typing import Any

import numpy as np

from fastloss.compile.elementary import sigmoid
from fastloss.core import validate
from fastloss.core.domains import ANY, SCALE, Choice, Flag, Free
from fastloss.core.errors import wrong_shape
from fastloss.embeddings.candidates.heads import Head
from fastloss.embeddings.candidates.logits import Gradient, Logits, Scaled
from fastloss.embeddings.candidates.loss import Candidates, CountedLoss, candidates_loss, codes, left_out

__all__ = ["ge2e_loss"]


class OwnCentroid:
    """A term: each row's logit with the mean of its class, itself left out."""

    def __init__(self, given: Scaled, classes: np.ndarray, count: int):
        self.classes = classes
        self.sizes = np.bincount(classes, minlength=count)
        self.others = self.sizes[classes] - 1
        self._about = given
        self._shares = np.divide(1.0, self.others, out=np.zeros(len(given)), where=self.others > 0)
        self._store: Any = None
        self._given: Any = None
        self._means: Any = None
        self._through: Any = None  # the gradient by the rows that the means are of, through the means

    def _others(self, source: Any) -> Any:
        """Return each row's mean of its class, itself left out; a gradient by these means is pulled back alike."""
        store, depth = self._store, self._given.shape[1]
        total, result = (store.zeros((len(one), depth), np.float64) for one in (self.sizes, self.others))
        store.add(total, self.classes, np.ones(len(self.others)), source, None)
        store.add(result, None, self._shares, total, self.classes)
        store.add(result, None, -self._shares, source, None)
        return result

    def logits(self, logits: Logits) -> np.ndarray:
        self._store = logits.store
        self._given = self._store.vectors(self._about)
        self._means = self._store.vectors(Scaled((self._others(self._given),), self._about.dtype, unit=True))
        result = self._store.dots(logits.rows, None, self._means, None)
        return result + (logits.bias[self.classes] if logits.bias.size else 0.0)

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        self._store.add(gradient.rows, None, slopes, self._means, None)
        by_mean = self._store.zeros(logits.rows.shape, np.float64)
        self._store.add(by_mean, None, slopes, logits.rows, None)
        self._through = self._others(self._means.pull(by_mean))
        if logits.bias.size:
            np.add.at(gradient.bias, self.classes, slopes)

    def add(self, gradient: Gradient) -> None:
        """Add to the gradient by the rows what goes through their own means, and through the classes' means."""
        add, by_given = self._store.add, self._store.zeros(self._given.shape, np.float64)
        add(by_given, None, np.ones(len(self.others)), self._through, None)
        add(by_given, None, 1.0 / self.sizes[self.classes], gradient.columns, self.classes)
        add(gradient.rows, None, np.ones(len(self.others)), self._given.pull(by_given), None)


def contrast(inputs, parameters, outputs, first, last):
    """1 - sigmoid(own) + sigmoid(other), `other` being the largest logit of another class, if there is one."""
    _, own, other, there = inputs
    losses, by_rest, by_own, by_other = outputs
    for i in range(np.uint64(losses.size)):
        lack = sigmoid(-own[i])
        push = sigmoid(other[i]) if there[i] != 0.0 else 0.0
        losses[i] = lack + push
        by_rest[i] = 0.0
        by_own[i] = -lack * sigmoid(own[i])
        by_other[i] = push * (sigmoid(-other[i]) if there[i] != 0.0 else 0.0)


CONTRAST = Head(contrast, 2)


@candidates_loss(
    parameters={
        "labels": Free("an array of shape (N,), or None"),
        "w": SCALE,
        "b": ANY,
        "variant": Choice(("softmax", "contrast")),
        "normalise": Flag(),
    },
    reference="Wan, Wang, Papir & Lopez Moreno, Generalized end-to-end loss for speaker verification, 2018",
    by=("embeddings", "w", "b"),
    kind=CountedLoss,
)
def ge2e_loss(embeddings, labels=None, *, w=10.0, b=-5.0, variant="softmax", normalise=True):
    r"""Similarity of each utterance to the centroid of its speaker, against all other speakers' centroids.

    .. math:: \ell_{ji} = -S_{ji,j} + \log \sum_k e^{S_{ji,k}} \quad\text{or}\quad
        1 - \sigma(S_{ji,j}) + \max_{k \ne j} \sigma(S_{ji,k}), \qquad S_{ji,k} = w \cos(e_{ji}, c_k) + b

    A centroid c is the mean of a speaker's utterances, each scaled to length 1. The centroid of the speaker of an
    utterance is taken without that utterance.

    Parameters
    ----------
    embeddings : array_like, shape (speakers, utterances, D), or (N, D) with `labels`
        The utterances e.
    labels : array_like, shape (N,), optional
        The speaker of each utterance: numbers or strings, in any order.
    w : float in [1e-30, 1e30]
        The scale of the cosines.
    b : float
        The offset of the cosines; it has no effect on the softmax variant.
    variant : {"softmax", "contrast"}
        "softmax" is the first formula, "contrast" the second.
    normalise : bool
        Whether to scale utterances to length 1 before taking centroids, as in the paper. False gives an utterance of
        greater length more weight in its speaker's centroid.
    sample_weight : array_like, shape (N,), optional
        Weights w >= 0 of the utterances, N in all.
    with_counts : bool
        Whether to return the number of utterances that have a loss as well.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` returns the gradients as a named tuple: embeddings, w, b. The only utterance of a speaker has
        no loss, and does not count in the mean; it is a centroid for the others.

    Raises
    ------
    ValueError
        If shapes do not fit.

    References
    ----------
    L. Wan, Q. Wang, A. Papir & I. Lopez Moreno, Generalized end-to-end loss for speaker verification, ICASSP 2018,
    https://arxiv.org/abs/1710.10467.

    Examples
    --------
    >>> import fastloss
    >>> speakers = [[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]]
    >>> print(f"{fastloss.ge2e_loss(speakers, w=1.0):.6f}")
    0.313262
    >>> value, (by_embeddings, by_w, by_b) = fastloss.ge2e_loss.value_and_grad(speakers, w=1.0)
    >>> by_embeddings.round(4).tolist(), round(by_w, 4), round(by_b, 4)
    ([[[0.0, 0.1345], [0.0, 0.1345]], [[0.1345, 0.0], [0.1345, 0.0]]], -0.2689, 0.0)
    """
    array = validate.real("embeddings", embeddings)
    if array.ndim != (3 if labels is None else 2):
        raise wrong_shape("embeddings", array.shape, "three dimensions, or two and labels")
    shape = array.shape
    known = np.repeat(np.arange(shape[0]), shape[1]) if labels is None else codes("labels", labels, shape[0])
    array = array.reshape(math.prod(shape[:-1]), shape[-1])
    dtype = validate.common_dtype((array,))
    rows, columns = Scaled((array,), dtype, w, True), Scaled((array,), dtype, 1.0, True, known, normalise)
    own = OwnCentroid(columns.members, known, len(columns))
    mass = (own.others > 0).astype(np.float64)
    contrast = variant == "contrast"

    def public(gradient, total) -> dict[str, Any]:
        by_b = float(gradient.bias.sum()) if contrast else 0.0
        own.add(gradient)
        return {"embeddings": gradient.rows.reshape(*shape), "w": (total - b * by_b) / w, "b": by_b}

    call = Candidates(rows, columns, (own,), public, factor=mass, mass=mass, counted=int(mass.sum()))
    call.excluded, call.there = left_out(known, np.arange(len(columns))), own.others > 0
    if contrast:
        call.bias = np.full(len(columns), b)
        call.needs_rest, call.needs_largest, call.head = False, True, CONTRAST
    return call
