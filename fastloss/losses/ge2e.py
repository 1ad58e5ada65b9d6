"""Generalised end-to-end loss for speaker verification."""

from typing import Any

import numpy as np

from fastloss import validate
from fastloss.candidates import (
    Candidates,
    CountedLoss,
    Gradient,
    against_rest,
    candidates_loss,
    codes,
    left_out,
    sigmoid,
)
from fastloss.domains import ANY, POSITIVE, Choice, Free
from fastloss.shapes.candidates import Logits, Vectors

__all__ = ["ge2e_loss"]


class OwnCentroid:
    """Each row's logit with the mean of its class, itself left out."""

    def __init__(self, given: np.ndarray, classes: np.ndarray, sums: np.ndarray):
        self.classes = classes
        self.sizes = np.bincount(classes, minlength=len(sums))
        self.others = self.sizes[classes] - 1
        shares = np.divide(1.0, self.others, out=np.zeros(len(given)), where=self.others > 0)
        self._shares = shares[:, None]
        self._means = Vectors((sums[classes] - given) * self._shares, np.dtype(np.float64), 1.0, True)
        self.gradient = np.zeros(given.shape)  # by the given rows, through the means

    def logits(self, logits: Logits) -> np.ndarray:
        result = np.einsum("ij,ij->i", logits.rows, self._means.block(0, len(logits.rows)), dtype=np.float64)
        return result + (logits.bias[self.classes] if logits.bias.size else 0.0)

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        gradient.rows[...] += (slopes[:, None] * self._means.block(0, len(slopes))).astype(logits.dtype)
        by_mean = self._means.pull(slopes[:, None] * logits.rows) * self._shares
        total = np.zeros((len(self.sizes), by_mean.shape[1]))
        np.add.at(total, self.classes, by_mean)
        self.gradient += total[self.classes] - by_mean
        if logits.bias.size:
            np.add.at(gradient.bias, self.classes, slopes)


@candidates_loss(
    parameters={
        "labels": Free("an array of shape (N,), or None"),
        "w": POSITIVE,
        "b": ANY,
        "variant": Choice(("softmax", "contrast")),
    },
    reference="Wan, Wang, Papir & Lopez Moreno, Generalized end-to-end loss for speaker verification, 2018",
    kind=CountedLoss,
)
def ge2e_loss(embeddings, labels=None, *, w=10.0, b=-5.0, variant="softmax"):
    r"""Each utterance against the centroids of all speakers; its own centroid leaves it out.

    .. math:: \ell_{ji} = -S_{ji,j} + \log \sum_k e^{S_{ji,k}} \quad\text{or}\quad
        1 - \sigma(S_{ji,j}) + \max_{k \ne j} \sigma(S_{ji,k}), \qquad S_{ji,k} = w \cos(e_{ji}, c_k) + b

    Parameters
    ----------
    embeddings : array_like, shape (speakers, utterances, D), or (N, D) with `labels`
        The utterances e.
    labels : array_like, shape (N,), optional
        The utterances' speakers: numbers or strings, in any order.
    w : float > 0
    b : float
        Without effect on the softmax variant.
    variant : {"softmax", "contrast"}
        The first or the second formula.
    sample_weight, reduction, backend
        As for every loss, see `fastloss.Loss`; one loss for each utterance, N in all. An utterance that is its
        speaker's only one has none, and does not count in the mean; it is a centroid for the others.
    with_counts : bool
        Whether the number of utterances that count is returned as well.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        `value_and_grad` adds a named tuple: embeddings, w, b.

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
    """
    array = validate.array("embeddings", embeddings)
    if array.ndim != (3 if labels is None else 2):
        raise ValueError(f"embeddings has shape {array.shape}: expected three dimensions, or two and labels")
    shape = array.shape
    known = np.repeat(np.arange(shape[0]), shape[1]) if labels is None else codes("labels", labels, shape[0])
    array = array.reshape(-1, shape[-1])
    dtype = validate.common_dtype((array,))
    sums = np.zeros((int(known.max(initial=-1)) + 1, shape[-1]))
    np.add.at(sums, known, array.astype(np.float64))
    own = OwnCentroid(array.astype(np.float64), known, sums)
    rows = Vectors(array, dtype, w, True)
    sizes = np.maximum(own.sizes, 1)[:, None]
    columns = Vectors(sums / sizes, dtype, 1.0, True)
    mass = (own.others > 0).astype(np.float64)
    contrast = variant == "contrast"

    def public(gradient, total) -> dict[str, Any]:
        by_rows, by_centroids = rows.pull(gradient.rows), columns.pull(gradient.columns) / sizes
        by_rows += (by_centroids[known] + own.gradient).astype(dtype)
        by_b = float(gradient.bias.sum()) if contrast else 0.0
        return {"embeddings": by_rows.reshape(shape), "w": (total - b * by_b) / w, "b": by_b}

    call = Candidates(rows, columns, (own,), public, against_rest, factor=mass, mass=mass, counted=int(mass.sum()))
    call.excluded = left_out(known, np.arange(len(sums)))
    if contrast:
        call.bias = np.full(len(sums), b)
        call.needs_rest, call.needs_largest = False, True

        def head(_, own, other, there):
            one, two = sigmoid(own), np.where(there, sigmoid(other), 0.0)
            return 1.0 - one + two, (np.zeros(len(own)), -one * (1.0 - one), two * (1.0 - two))

        call.head = head
    return call
