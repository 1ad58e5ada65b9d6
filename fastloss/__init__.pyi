"""The public names and their types. Written by `tools/stub.py`: do not edit."""

from typing import Any, Literal, TypeAlias

from fastloss import metrics as metrics
from fastloss.classes import class_shift as class_shift
from fastloss.comparing.compare import compare as compare
from fastloss.compile.threads import get_num_threads as get_num_threads
from fastloss.compile.threads import num_threads as num_threads
from fastloss.compile.threads import set_num_threads as set_num_threads
from fastloss.core.loss import Loss as Loss
from fastloss.core.loss import lookup as lookup
from fastloss.curves import compare_losses as compare_losses
from fastloss.curves import find_leaks as find_leaks
from fastloss.curves import shift_half_epoch as shift_half_epoch
from fastloss.curves import split_regularization as split_regularization
from fastloss.pairs.metrics import auc as auc
from fastloss.pairs.metrics import count_inversions as count_inversions
from fastloss.streaming.accumulate import accumulate as accumulate

NAMES: dict[str, tuple[str, ...]]
__all__: list[str]
__version__: str

Array: TypeAlias = Any  # what NumPy reads, or an array on a GPU

class _Made(Loss):
    def _run(self, request: Any) -> Any: ...

class _arcface_loss(_Made):
    """Softmax over the cosines to class vectors, with a margin added to the target's angle."""

    def __call__(
        self,
        embeddings: Array,
        weights: Array,
        labels: Array,
        *,
        margin: float = 0.5,
        scale: float = 64.0,
        literal: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Softmax over the cosines to class vectors, with a margin added to the target's angle."""

    def value_and_grad(
        self,
        embeddings: Array,
        weights: Array,
        labels: Array,
        *,
        margin: float = 0.5,
        scale: float = 64.0,
        literal: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

arcface_loss: _arcface_loss
r"""Softmax over the cosines to class vectors, with a margin added to the target's angle.

.. math:: \ell_i = -\log \frac{e^t}{e^t + \sum_{j \ne y} e^{s \cos\theta_j}}, \qquad t = s \cos(\theta_y + m)

theta_j is the angle between embedding i and class vector j. Where theta_y + m > pi, the cosine rises again with the
angle: unless `literal`, :math:`\cos\theta_y - m \sin m` replaces it. The N x C cosines are never stored.

Parameters
----------
embeddings : array_like, shape (N, D)
    The examples' vectors, of any length.
weights : array_like, shape (C, D)
    A vector for each class, of any length.
labels : array_like of whole numbers, shape (N,)
    The class y of each example, in [0, C).
margin : float in [0, pi], default 0.5
    The margin m, in radians.
scale : float in [1e-30, 1e30], default 64.0
    The scale s of the cosines.
literal : bool, default False
    Whether to use :math:`\cos(\theta_y + m)` beyond pi too, where its slope drives a row away from its class.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or ndarray of shape (N,) for ``reduction="none"``
    `value_and_grad` returns the gradients as a named tuple: embeddings, weights, scale. At angles of 0 and pi,
    where the slope of the angle is unbounded, the slope at a cosine 1e-15 away is used.

Raises
------
ValueError
    If shapes do not fit, or a label is not a class.

References
----------
J. Deng, J. Guo, N. Xue & S. Zafeiriou, ArcFace: additive angular margin loss for deep face recognition, CVPR 2019.

Examples
--------
>>> import fastloss
>>> classes = [[2.0, 0.0], [0.0, 1.0]]
>>> print(f"{fastloss.arcface_loss([[1.0, 1.0]], classes, [0], scale=1.0):.6f}")
0.928400
>>> value, (by_embeddings, by_weights, by_scale) = fastloss.arcface_loss.value_and_grad(
...     [[1.0, 1.0]], classes, [0], scale=1.0
... )
>>> by_embeddings.round(4).tolist(), by_weights.round(4).tolist(), round(by_scale, 4)
([[-0.504, 0.504]], [[0.0, -0.2902], [0.4277, 0.0]], 0.2574)
"""

class _asymmetric_huber_loss(_Made):
    """Huber loss with a threshold for each side, which multiplies large underestimates by `alpha`."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        delta_below: float | None = None,
        alpha: float = 1.0,
        continuous: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Huber loss with a threshold for each side, which multiplies large underestimates by `alpha`."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        delta_below: float | None = None,
        alpha: float = 1.0,
        continuous: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        delta_below: float | None = None,
        alpha: float = 1.0,
        continuous: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

asymmetric_huber_loss: _asymmetric_huber_loss
r"""Huber loss with a threshold for each side, which multiplies large underestimates by `alpha`.

.. math:: \ell = \begin{cases} \alpha \delta_- (|a| - \delta_- / 2) & a < -\delta_- \\
    a^2 / 2 & -\delta_- \le a \le \delta \\ \delta (a - \delta / 2) & a > \delta \end{cases}
    \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
delta : float > 0, default 1.0
    The error from which on the loss is linear above the target, in units of the target.
delta_below : float > 0, optional
    The same below the target, :math:`\delta_-`; None takes `delta`.
alpha : float > 0, default 1.0
    The factor of errors below :math:`-\delta_-`.
continuous : bool, default False
    Whether to multiply all negative errors by `alpha`, so that value and slope are continuous. The form above jumps
    at :math:`a = -\delta_-` unless `alpha` is 1.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a weight is negative, or `delta`, `delta_below` or `alpha` is not positive.

References
----------
P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics, 1964.

Examples
--------
>>> import fastloss
>>> fastloss.asymmetric_huber_loss([-3.0, 3.0], [0.0, 0.0], alpha=2.0, reduction="none").tolist()
[5.0, 2.5]
>>> fastloss.asymmetric_huber_loss([-3.0, 3.0], [0.0, 0.0], delta_below=2.0, reduction="none").tolist()
[4.0, 2.5]
>>> value, gradient = fastloss.asymmetric_huber_loss.value_and_grad([-3.0, 3.0], [0.0, 0.0], alpha=2.0)
>>> gradient.round(4).tolist()
[-1.0, 0.5]
"""

class _batch_all_triplet_loss(_Made):
    """Triplet margin loss of every triplet of a batch."""

    def __call__(
        self,
        embeddings: Array,
        labels: Array,
        *,
        margin: float = 0.2,
        squared: bool = False,
        soft: bool = False,
        average: Literal["active", "all"] = "active",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> Any:
        """Triplet margin loss of every triplet of a batch."""

    def value_and_grad(
        self,
        embeddings: Array,
        labels: Array,
        *,
        margin: float = 0.2,
        squared: bool = False,
        soft: bool = False,
        average: Literal["active", "all"] = "active",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> tuple[Any, Any]: ...

batch_all_triplet_loss: _batch_all_triplet_loss
r"""Triplet margin loss of every triplet of a batch.

.. math:: \ell_a = \sum_{p: y_p = y_a, p \ne a} \; \sum_{n: y_n \ne y_a} \max(0, d_{ap} - d_{an} + m)

Exact without visiting the N³ triplets: each negative is placed among the anchor's positives, in time proportional
to N² (D + log P) for classes of P examples; one strip of distances is in memory at a time. The softplus takes
linear time as well. On a GPU every triplet is visited.

Parameters
----------
embeddings : array_like, shape (N, D)
    A row for each example.
labels : array_like, shape (N,)
    The class of each example: numbers or strings.
margin : float, default 0.2
    The margin m, in units of the distance d. Not to be given with `soft`, which has none.
squared : bool, default False
    Whether d is the square of the Euclidean distance.
soft : bool, default False
    Whether to replace the maximum by :math:`\log(1 + e^{d_{ap} - d_{an}})`.
average : {"active", "all"}, default "active"
    "active" takes the mean over triplets with a loss above 0 (with `soft` these are all), "all" over all triplets.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the anchors; each of an anchor's triplets has its weight.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" is over triplets, see `average`, and 0 where there is none; "sum" adds the weighted losses of the
    triplets; "none" returns each anchor's sum. Gradients are those of the mean or of the sum; with "none", those of
    the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.
with_counts : bool, default False
    Whether to return a named tuple (active, total) as well: the number of triplets with a loss above 0, and of
    all triplets.

Returns
-------
float, or ndarray of shape (N,) for ``reduction="none"``
    0 where there is no triplet. The slope at the kink is 0.

Raises
------
ValueError
    If shapes do not fit, or `margin` is given with `soft`.

References
----------
A. Hermans, L. Beyer & B. Leibe, In defense of the triplet loss for person re-identification, 2017,
https://arxiv.org/abs/1703.07737.

Examples
--------
>>> import fastloss
>>> rows, labels = [[0.0], [1.0], [1.5]], ["a", "a", "b"]
>>> loss, counts = fastloss.batch_all_triplet_loss(rows, labels, margin=1.0, with_counts=True)
>>> loss, counts.active, counts.total
(1.0, 2, 2)
>>> value, gradient = fastloss.batch_all_triplet_loss.value_and_grad(rows, labels, margin=1.0)
>>> gradient.round(4).tolist()
[[-0.5], [1.5], [-1.0]]
"""

class _batch_contrastive_loss(_Made):
    """`contrastive_loss` of every pair of a batch."""

    def __call__(
        self,
        embeddings: Array,
        labels: Array,
        *,
        margin: float = 1.0,
        half: bool = False,
        squared: bool = True,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """`contrastive_loss` of every pair of a batch."""

    def value_and_grad(
        self,
        embeddings: Array,
        labels: Array,
        *,
        margin: float = 1.0,
        half: bool = False,
        squared: bool = True,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

batch_contrastive_loss: _batch_contrastive_loss
r"""`contrastive_loss` of every pair of a batch.

.. math:: \ell_{ij} = s_{ij} \, d_{ij}^2 + (1 - s_{ij}) \max(0, m - d_{ij})^2

where s is 1 for two examples of one class, and 0 for two of different classes.

Parameters
----------
embeddings : array_like, shape (N, D)
    A row for each example.
labels : array_like, shape (N,)
    The class of each example: numbers or strings.
margin : float, default 1.0
    The Euclidean distance m from which on a pair of different classes costs nothing.
half : bool, default False
    Whether to halve the loss.
squared : bool, default True
    Whether the two terms are squared.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the examples; a pair weighs w_i w_j.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs; "none" returns for
    each example half the loss of each of its pairs. Gradients are those of the mean or of the sum; with "none",
    those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or ndarray of shape (N,) for ``reduction="none"``

Raises
------
ValueError
    If shapes do not fit.

References
----------
R. Hadsell, S. Chopra & Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006.

Examples
--------
>>> import fastloss
>>> fastloss.batch_contrastive_loss([[0.0], [0.5], [2.0]], [0, 0, 1], reduction="sum")
0.25
>>> value, gradient = fastloss.batch_contrastive_loss.value_and_grad([[0.0], [0.5], [2.0]], [0, 0, 1])
>>> gradient.round(4).tolist()
[[-0.3333], [0.3333], [0.0]]
"""

class _batch_hard_triplet_loss(_Made):
    """Triplet margin loss of each anchor's farthest positive and nearest negative."""

    def __call__(
        self,
        embeddings: Array,
        labels: Array,
        *,
        margin: float = 0.2,
        squared: bool = False,
        soft: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> Any:
        """Triplet margin loss of each anchor's farthest positive and nearest negative."""

    def value_and_grad(
        self,
        embeddings: Array,
        labels: Array,
        *,
        margin: float = 0.2,
        squared: bool = False,
        soft: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> tuple[Any, Any]: ...

batch_hard_triplet_loss: _batch_hard_triplet_loss
r"""Triplet margin loss of each anchor's farthest positive and nearest negative.

.. math:: \ell_a = \max(0, \max_{p: y_p = y_a} d_{ap} - \min_{n: y_n \ne y_a} d_{an} + m)

Parameters
----------
embeddings : array_like, shape (N, D)
    A row for each example.
labels : array_like, shape (N,)
    The class of each example: numbers or strings.
margin : float, default 0.2
    The margin m, in units of the distance d. Not to be given with `soft`, which has none.
squared : bool, default False
    Whether d is the square of the Euclidean distance.
soft : bool, default False
    Whether to replace the maximum with 0 by :math:`\log(1 + e^x)` of the difference x of distances, without a
    margin.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the anchors.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" is over anchors that have a positive and a negative, and 0 where there is none; other anchors have no
    loss. "sum" adds the weighted losses; "none" returns each anchor's. Gradients are those of the mean or of the
    sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.
with_counts : bool, default False
    Whether to return a named tuple (active, total) as well: both are the number of anchors with a loss.

Returns
-------
float, or ndarray of shape (N,) for ``reduction="none"``
    Where several rows are equally far, the gradient goes to the first of them, in the order of the classes, then of
    the rows.

Raises
------
ValueError
    If shapes do not fit, or `margin` is given with `soft`.

References
----------
A. Hermans, L. Beyer & B. Leibe, In defense of the triplet loss for person re-identification, 2017,
https://arxiv.org/abs/1703.07737.

Examples
--------
>>> import fastloss
>>> fastloss.batch_hard_triplet_loss([[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0)
1.0
>>> value, gradient = fastloss.batch_hard_triplet_loss.value_and_grad(
...     [[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0
... )
>>> gradient.round(4).tolist()
[[-0.5], [1.5], [-1.0]]
"""

class _batch_semihard_triplet_loss(_Made):
    """Triplet margin loss of each pair of a class and the nearest negative farther away than the positive."""

    def __call__(
        self,
        embeddings: Array,
        labels: Array,
        *,
        margin: float = 0.2,
        squared: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> Any:
        """Triplet margin loss of each pair of a class and the nearest negative farther away than the positive."""

    def value_and_grad(
        self,
        embeddings: Array,
        labels: Array,
        *,
        margin: float = 0.2,
        squared: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> tuple[Any, Any]: ...

batch_semihard_triplet_loss: _batch_semihard_triplet_loss
r"""Triplet margin loss of each pair of a class and the nearest negative farther away than the positive.

.. math:: \ell_a = \sum_{p: y_p = y_a, p \ne a} \max(0, d_{ap} - d_{an(a,p)} + m)

Where no negative is farther away, the farthest one is used, as in TensorFlow's `triplet_semihard_loss`.

Parameters
----------
embeddings : array_like, shape (N, D)
    A row for each example.
labels : array_like, shape (N,)
    The class of each example: numbers or strings.
margin : float, default 0.2
    The margin m, in units of the distance d.
squared : bool, default False
    Whether d is the square of the Euclidean distance.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the anchors; each of an anchor's pairs has its weight.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" is over pairs (anchor, positive), and 0 where there is none; "sum" adds the weighted losses of the pairs;
    "none" returns each anchor's sum. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.
with_counts : bool, default False
    Whether to return a named tuple (active, total) as well: both are the number of those pairs.

Returns
-------
float, or ndarray of shape (N,) for ``reduction="none"``
    An anchor without a positive or a negative has no loss, and does not count in the mean.

Raises
------
ValueError
    If shapes do not fit.

References
----------
F. Schroff, D. Kalenichenko & J. Philbin, FaceNet: a unified embedding for face recognition and clustering,
CVPR 2015.

Examples
--------
>>> import fastloss
>>> fastloss.batch_semihard_triplet_loss([[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0)
1.0
>>> value, gradient = fastloss.batch_semihard_triplet_loss.value_and_grad(
...     [[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0
... )
>>> gradient.round(4).tolist()
[[-0.5], [1.5], [-1.0]]
"""

class _binary_cross_entropy(_Made):
    """Cross-entropy of probabilities with two classes; of an (N, C) input, multi-label cross-entropy."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of probabilities with two classes; of an (N, C) input, multi-label cross-entropy."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

binary_cross_entropy: _binary_cross_entropy
r"""Cross-entropy of probabilities with two classes; of an (N, C) input, multi-label cross-entropy.

.. math:: \ell = -t \log p - (1 - t) \log(1 - p), \qquad p = \text{input}, \; t = \text{target}

Logarithms are clamped to -100 or above, and the slope is :math:`(p - t) / \max(p (1 - p), 10^{-12})`, as in
PyTorch. If you have logits, `binary_cross_entropy_with_logits` is more accurate.

Parameters
----------
input : array_like
    Probabilities in [0, 1], of any shape.
target : array_like of the input's shape
    0 or 1, or a probability between them.
weight : array_like, optional
    A factor >= 0 of each element's loss, broadcast to the input's shape; the mean's denominator does not contain
    it.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, an element is outside [0, 1], or a weight is negative.

References
----------
I. J. Good, Rational decisions, Journal of the Royal Statistical Society B, 1952.

Examples
--------
>>> import fastloss
>>> fastloss.binary_cross_entropy([0.5, 0.25], [1.0, 0.0])
0.4904146265058631
>>> value, gradient = fastloss.binary_cross_entropy.value_and_grad([0.5, 0.25], [1.0, 0.0])
>>> gradient.round(4).tolist()
[-1.0, 0.6667]
"""

class _binary_cross_entropy_with_logits(_Made):
    """Cross-entropy of logits with two classes; of an (N, C) input, multi-label cross-entropy."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        pos_weight: Any = None,
        label_smoothing: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of logits with two classes; of an (N, C) input, multi-label cross-entropy."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        pos_weight: Any = None,
        label_smoothing: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        pos_weight: Any = None,
        label_smoothing: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

binary_cross_entropy_with_logits: _binary_cross_entropy_with_logits
r"""Cross-entropy of logits with two classes; of an (N, C) input, multi-label cross-entropy.

.. math:: \ell = w_+ t \log(1 + e^{-x}) + (1 - t) \log(1 + e^x), \qquad x = \text{input}, \; t = \text{target}

Infinite logits give the limit: for a logit of +inf, 0 at target 1 and infinity at target 0.

Parameters
----------
input : array_like
    Logits, of any shape.
target : array_like of the input's shape
    0 or 1, or a probability between them.
weight : array_like, optional
    A factor >= 0 of each element's loss, broadcast to the input's shape; the mean's denominator does not contain
    it.
pos_weight : float or array_like, optional
    The weight >= 0 of the positive class, :math:`w_+`; an array is broadcast to the input's shape: one of
    shape (C,) has a weight for each label of an (N, C) input.
label_smoothing : float in [0, 1], default 0.0
    The epsilon of :math:`t (1 - \epsilon) + \epsilon / 2`, which replaces t.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a target is outside [0, 1], or a weight is negative.

References
----------
D. R. Cox, The regression analysis of binary sequences, Journal of the Royal Statistical Society B, 1958.

Examples
--------
>>> import fastloss
>>> fastloss.binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0])
0.34657359027997264
>>> value, gradient = fastloss.binary_cross_entropy_with_logits.value_and_grad([0.0, 1000.0], [1.0, 1.0])
>>> gradient.round(4).tolist()
[-0.25, 0.0]
"""

class _bpr_all_negatives_loss(_Made):
    """Bayesian personalised ranking of every observed item against every unobserved one: no sampling."""

    def __call__(
        self,
        user_factors: Array,
        item_factors: Array,
        interactions: Array,
        *,
        item_bias: Any = None,
        reg: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Bayesian personalised ranking of every observed item against every unobserved one: no sampling."""

    def value_and_grad(
        self,
        user_factors: Array,
        item_factors: Array,
        interactions: Array,
        *,
        item_bias: Any = None,
        reg: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

bpr_all_negatives_loss: _bpr_all_negatives_loss
r"""Bayesian personalised ranking of every observed item against every unobserved one: no sampling.

.. math:: \sum_{i \in I_u} \sum_{j \notin I_u} \log(1 + e^{-(x_{ui} - x_{uj})}) \qquad + \lambda \|\Theta\|^2,
    \qquad x_{ui} = p_u \cdot q_i + b_i

Exact, in time proportional to the number of scores, of which one tile is in memory at a time. Scores are computed
in the factors' precision, the rest in float64. On a GPU every pair is visited.

Parameters
----------
user_factors : array_like, shape (U, D)
    The users' factors p.
item_factors : array_like, shape (I, D)
    The items' factors q.
interactions : sparse matrix of shape (U, I), or (offsets, item numbers)
    The items observed for each user: a sparse matrix of SciPy in any format, whose elements above 0 are the
    interactions (duplicates are added up, a stored 0 is no interaction); or CSR offsets, shape (U + 1,), and item
    numbers.
item_bias : array_like, shape (I,), optional
    The items' biases b.
reg : float >= 0, default 0.0
    The coefficient lambda of the penalty on factors and biases, which is added to the mean and to the sum.
sample_weight : array_like, shape (U,), optional
    Weights w >= 0 of the users; each of a user's pairs has its weight.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" is the weighted mean over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs;
    "none" returns each user's sum over its pairs. Gradients are those of the mean or of the sum; with "none", those
    of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or ndarray of shape (U,) for ``reduction="none"``
    `value_and_grad` returns a tuple of the gradients by `user_factors`, `item_factors` and, if given,
    `item_bias`.

Raises
------
ValueError
    If shapes do not fit, an item number is out of range, the arrays of a sparse matrix contradict each other, or an
    interaction, a weight or `reg` is negative.

References
----------
Rendle, Freudenthaler, Gantner & Schmidt-Thieme, BPR: Bayesian personalized ranking from implicit feedback,
UAI 2009.

Examples
--------
>>> import fastloss
>>> users, items = [[1.0, 0.0]], [[2.0, 0.0], [0.0, 1.0], [0.5, 0.5]]
>>> print(f"{fastloss.bpr_all_negatives_loss(users, items, ([0, 1], [0])):.6f}")
0.164171
>>> value, (by_user_factors, by_item_factors) = fastloss.bpr_all_negatives_loss.value_and_grad(
...     users, items, ([0, 1], [0])
... )
>>> by_user_factors.round(4).tolist(), by_item_factors.round(4).tolist()
([[-0.256, 0.1052]], [[-0.1508, 0.0], [0.0596, 0.0], [0.0912, 0.0]])
"""

class _bpr_loss(_Made):
    """Bayesian personalised ranking of each observed item against sampled unobserved items."""

    def __call__(
        self,
        pos_scores: Array,
        neg_scores: Array,
        *,
        offsets: Any = None,
        shared: bool = False,
        reg: float = 0.0,
        params: Any = (),
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Bayesian personalised ranking of each observed item against sampled unobserved items."""

    def value_and_grad(
        self,
        pos_scores: Array,
        neg_scores: Array,
        *,
        offsets: Any = None,
        shared: bool = False,
        reg: float = 0.0,
        params: Any = (),
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

bpr_loss: _bpr_loss
r"""Bayesian personalised ranking of each observed item against sampled unobserved items.

.. math:: \ell_b = \frac{1}{K_b} \sum_{j=1}^{K_b} \log(1 + e^{-(x_b - x_{bj})}) \qquad + \lambda \|\Theta\|^2

Computed as a softplus, whose slope does not vanish for badly ranked items, as that of log(sigmoid + eps) does.

Parameters
----------
pos_scores : array_like, shape (B,)
    The model's scores x_b of observed items.
neg_scores : array_like
    The scores x_bj of unobserved items: one for each positive, shape (B,); K for each positive, (B, K); K for all
    positives together, (K,) with ``shared=True``; or a flat array with `offsets`.
offsets : array_like of int, shape (B + 1,), optional
    Positive b has the negatives ``offsets[b]`` to ``offsets[b + 1] - 1``; a positive without negatives has no loss,
    and does not count in the mean.
shared : bool, default False
    Whether every positive is compared with all negatives. On the CPU many of them take time in proportion to B + K,
    not B K, unless scores are not finite or there are weights: then every pair is visited.
reg : float >= 0, default 0.0
    The coefficient lambda of the penalty, which is added to the mean and to the sum; above 0 it needs `params`.
params : sequence of array_like, default ()
    The model's parameters Theta, on which the penalty is.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each score come back as arrays of the scores' kind. All else is read on the host.

Returns
-------
float, or ndarray of shape (B,) for ``reduction="none"``
    `value_and_grad` returns a tuple of the gradients by `pos_scores` and by `neg_scores` and, if `params` are
    given, a tuple of the gradients by these.

Raises
------
ValueError
    If the shapes fit none of the four forms, offsets do not fit, a weight or `reg` is negative, or `reg` is given
    without `params`.

References
----------
Rendle, Freudenthaler, Gantner & Schmidt-Thieme, BPR: Bayesian personalized ranking from implicit feedback,
UAI 2009.

Examples
--------
>>> import fastloss
>>> print(f"{fastloss.bpr_loss([2.0, 0.5], [1.0, 0.5]):.6f}")
0.503204
>>> print(f"{fastloss.bpr_loss([2.0, 0.5], [1.0, 0.5, -1.0], offsets=[0, 2, 3]):.6f}")
0.229375
>>> value, (by_pos_scores, by_neg_scores) = fastloss.bpr_loss.value_and_grad([2.0, 0.5], [1.0, 0.5])
>>> by_pos_scores.round(4).tolist(), by_neg_scores.round(4).tolist()
([-0.1345, -0.25], [0.1345, 0.25])
"""

class _categorical_cross_entropy(_Made):
    """Cross-entropy of predicted probabilities, with class ids or distributions as targets."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        ignore_index: Any = -100,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of predicted probabilities, with class ids or distributions as targets."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        ignore_index: Any = -100,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        ignore_index: Any = -100,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

categorical_cross_entropy: _categorical_cross_entropy
r"""Cross-entropy of predicted probabilities, with class ids or distributions as targets.

.. math:: \ell = -\log x_t \quad\text{or}\quad \ell = -\sum_k y_k \log x_k, \qquad
    x = \text{input}, \; t \text{ or } y = \text{target}

If you have logits, `cross_entropy` is more accurate. The logarithm is not clamped: a class of predicted probability
0 whose target is above 0 costs infinity. An id counts as its one-hot row.

Parameters
----------
input : array_like of shape (N, C), (N, C, d1, ...) or (C,)
    Probabilities in [0, 1] of C classes; whether they add up to 1 is not checked.
target : array_like of whole numbers of shape (N,), (N, d1, ...) or (), or array_like of the input's shape
    Class ids t, in [0, C) or `ignore_index`; or distributions y over the classes (one-hot rows, soft targets), of
    numbers in [0, 1].
ignore_index : int, default -100
    Rows with this target are left out, of the mean's denominator too; not to be given for distributions.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape without the axis of classes for ``reduction="none"``

Raises
------
ValueError
    If shapes do not fit, an id is not whole or out of range, or a number of `input` or of a distribution is
    outside [0, 1], in a row that is left out, too.

References
----------
I. J. Good, Rational decisions, Journal of the Royal Statistical Society B, 1952.

Examples
--------
>>> import fastloss
>>> fastloss.categorical_cross_entropy([[0.25, 0.75]], [0])
1.3862943611198906
>>> fastloss.categorical_cross_entropy([[0.25, 0.75]], [[0.5, 0.5]])
0.8369882167858358
>>> value, gradient = fastloss.categorical_cross_entropy.value_and_grad([[0.25, 0.75]], [[0.5, 0.5]])
>>> gradient.round(4).tolist()
[[-2.0, -0.6667]]
"""

class _center_loss(_Made):
    """Half the squared distance of each vector to the center of its class."""

    def __call__(
        self,
        embeddings: Array,
        labels: Array,
        centers: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Half the squared distance of each vector to the center of its class."""

    def value_and_grad(
        self,
        embeddings: Array,
        labels: Array,
        centers: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

center_loss: _center_loss
r"""Half the squared distance of each vector to the center of its class.

.. math:: \ell_i = \tfrac12 \lVert x_i - c_{y_i} \rVert_2^2, \qquad
    \frac{\partial \sum_i \ell_i}{\partial c_j} = \sum_{i : y_i = j} (c_j - x_i)

Parameters
----------
embeddings : array_like of shape (N, D)
    The vectors x.
labels : array_like of whole numbers of shape (N,)
    The class y of each vector, in [0, K).
centers : array_like of shape (K, D)
    The center c of each class.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (N,) for ``reduction="none"``
    The gradient is a tuple of two arrays: by the embeddings and by the centers.

Raises
------
ValueError
    If shapes do not fit, or a label is out of range.

References
----------
Y. Wen, K. Zhang, Z. Li & Y. Qiao, A discriminative feature learning approach for deep face recognition, ECCV 2016.

Examples
--------
>>> import fastloss
>>> fastloss.center_loss([[1.0, 0.0], [0.0, 3.0]], [0, 0], [[0.0, 0.0]])
2.5
>>> value, (by_embeddings, by_centers) = fastloss.center_loss.value_and_grad(
...     [[1.0, 0.0], [0.0, 3.0]], [0, 0], [[0.0, 0.0]]
... )
>>> by_embeddings.round(4).tolist(), by_centers.round(4).tolist()
([[0.5, 0.0], [0.0, 1.5]], [[-0.5, -1.5]])
"""

class _contrastive_loss(_Made):
    """Squared distance of similar pairs; of dissimilar pairs, the squared shortfall from a margin."""

    def __call__(
        self,
        x1: Array,
        x2: Array,
        target: Array,
        *,
        margin: float = 1.0,
        similar: Any = 1,
        half: bool = False,
        squared: bool = True,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Squared distance of similar pairs; of dissimilar pairs, the squared shortfall from a margin."""

    def value_and_grad(
        self,
        x1: Array,
        x2: Array,
        target: Array,
        *,
        margin: float = 1.0,
        similar: Any = 1,
        half: bool = False,
        squared: bool = True,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

contrastive_loss: _contrastive_loss
r"""Squared distance of similar pairs; of dissimilar pairs, the squared shortfall from a margin.

.. math:: \ell = s \, d^2 + (1 - s) \max(0, m - d)^2, \qquad d = \lVert x_1 - x_2 \rVert_2

where s is 1 for similar pairs, and 0 for dissimilar ones. ``similar=0, half=True`` is the form of Hadsell et al.

Parameters
----------
x1, x2 : array_like of shape (..., D)
    The vectors of each pair; where they are equal, the gradient is 0.
target : array_like of shape (...)
    0 or 1, whether the pair is similar: see `similar`.
margin : float, default 1.0
    The distance m from which on a dissimilar pair costs nothing.
similar : {1, 0}, default 1
    The target of similar pairs.
half : bool, default False
    Whether to halve the loss.
squared : bool, default True
    Whether the two terms are squared.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (...) for ``reduction="none"``
    The gradient is a tuple of two arrays.

Raises
------
ValueError
    If shapes do not fit, or a target is neither 0 nor 1.

References
----------
R. Hadsell, S. Chopra & Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006.

Examples
--------
>>> import fastloss
>>> fastloss.contrastive_loss([[0.0, 0.0], [0.0, 0.0]], [[0.3, 0.4], [0.3, 0.4]], [1, 0], reduction="none").tolist()
[0.25, 0.25]
>>> value, (by_x1, by_x2) = fastloss.contrastive_loss.value_and_grad(
...     [[0.0, 0.0], [0.0, 0.0]], [[0.3, 0.4], [0.3, 0.4]], [1, 0]
... )
>>> by_x1.round(4).tolist(), by_x2.round(4).tolist()
([[-0.3, -0.4], [0.3, 0.4]], [[0.3, 0.4], [-0.3, -0.4]])
"""

class _cosface_loss(_Made):
    """Softmax over the cosines to class vectors, with a margin subtracted from the target's cosine."""

    def __call__(
        self,
        embeddings: Array,
        weights: Array,
        labels: Array,
        *,
        margin: float = 0.35,
        scale: float = 64.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Softmax over the cosines to class vectors, with a margin subtracted from the target's cosine."""

    def value_and_grad(
        self,
        embeddings: Array,
        weights: Array,
        labels: Array,
        *,
        margin: float = 0.35,
        scale: float = 64.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

cosface_loss: _cosface_loss
r"""Softmax over the cosines to class vectors, with a margin subtracted from the target's cosine.

.. math:: \ell_i = -\log \frac{e^t}{e^t + \sum_{j \ne y} e^{s \cos\theta_j}}, \qquad t = s (\cos\theta_y - m)

Parameters
----------
embeddings : array_like, shape (N, D)
    The examples' vectors, of any length.
weights : array_like, shape (C, D)
    A vector for each class, of any length.
labels : array_like of whole numbers, shape (N,)
    The class y of each example, in [0, C).
margin : float in [0, 1e30], default 0.35
    The margin m.
scale : float in [1e-30, 1e30], default 64.0
    The scale s of the cosines.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or ndarray of shape (N,) for ``reduction="none"``
    `value_and_grad` returns the gradients as a named tuple: embeddings, weights, scale.

Raises
------
ValueError
    If shapes do not fit, or a label is not a class.

References
----------
H. Wang et al., CosFace: large margin cosine loss for deep face recognition, CVPR 2018.

Examples
--------
>>> import fastloss
>>> classes = [[2.0, 0.0], [0.0, 1.0]]
>>> print(f"{fastloss.cosface_loss([[1.0, 1.0]], classes, [0], scale=1.0):.6f}")
0.883382
>>> value, (by_embeddings, by_weights, by_scale) = fastloss.cosface_loss.value_and_grad(
...     [[1.0, 1.0]], classes, [0], scale=1.0
... )
>>> by_embeddings.round(4).tolist(), by_weights.round(4).tolist(), round(by_scale, 4)
([[-0.4148, 0.4148]], [[0.0, -0.2074], [0.4148, 0.0]], 0.2053)
"""

class _cosine_embedding_loss(_Made):
    """One minus the cosine of similar pairs; of dissimilar pairs, the cosine above a margin."""

    def __call__(
        self,
        input1: Array,
        input2: Array,
        target: Array,
        *,
        margin: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """One minus the cosine of similar pairs; of dissimilar pairs, the cosine above a margin."""

    def value_and_grad(
        self,
        input1: Array,
        input2: Array,
        target: Array,
        *,
        margin: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

cosine_embedding_loss: _cosine_embedding_loss
r"""One minus the cosine of similar pairs; of dissimilar pairs, the cosine above a margin.

.. math:: \ell = 1 - c \text{ for target 1}, \quad \max(0, c - m) \text{ for target -1}, \qquad
    c = \frac{x_1 \cdot x_2}{\sqrt{(x_1 \cdot x_1 + \epsilon)(x_2 \cdot x_2 + \epsilon)}}

with :math:`\epsilon = 10^{-12}`, as in PyTorch.

Parameters
----------
input1, input2 : array_like of shape (..., D)
    The vectors of each pair.
target : array_like of shape (...)
    1 for a similar pair, -1 for a dissimilar one.
margin : float, default 0.0
    The cosine m up to which a dissimilar pair costs nothing.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (...) for ``reduction="none"``
    The gradient is a tuple of two arrays.

Raises
------
ValueError
    If shapes do not fit, or a target is neither 1 nor -1.

References
----------
A. Paszke et al., PyTorch: an imperative style, high-performance deep learning library, NeurIPS 2019.

Examples
--------
>>> import fastloss
>>> fastloss.cosine_embedding_loss([[1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [0.0, 2.0]], [1, -1])
0.5
>>> value, (by_input1, by_input2) = fastloss.cosine_embedding_loss.value_and_grad([[1.0, 2.0]], [[3.0, 4.0]], [1])
>>> by_input1.round(4).tolist(), by_input2.round(4).tolist()
([[-0.0716, 0.0358]], [[0.0286, -0.0215]])
"""

class _crammer_singer_loss(_Made):
    """Hinge loss of the true class against the other class with the highest score."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Hinge loss of the true class against the other class with the highest score."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

crammer_singer_loss: _crammer_singer_loss
r"""Hinge loss of the true class against the other class with the highest score.

.. math:: \ell = \max(0, m + \max_{k \ne t} x_k - x_t), \qquad
    x = \text{input}, \; t = \text{target}, \; m = \text{margin}

Where other classes have equal scores, the gradient goes to the first.

Parameters
----------
input : array_like of shape (N, C) or (C,)
    The scores x of C classes.
target : array_like of whole numbers of shape (N,) or ()
    The class ids t, in [0, C).
margin : float, default 1.0
    The lead m of the true class from which on another class costs nothing.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (N,) for ``reduction="none"``

Raises
------
ValueError
    If shapes do not fit, or an id is out of range.

References
----------
K. Crammer & Y. Singer, On the algorithmic implementation of multiclass kernel-based vector machines, Journal of
Machine Learning Research, 2001.

Examples
--------
>>> import fastloss
>>> fastloss.crammer_singer_loss([[1.0, 0.5, 3.0, -1.0]], [0])
3.0
>>> value, gradient = fastloss.crammer_singer_loss.value_and_grad([[1.0, 0.5, 3.0, -1.0]], [0])
>>> gradient.round(4).tolist()
[[-1.0, 0.0, 1.0, 0.0]]
"""

class _cross_entropy(_Made):
    """Cross-entropy of the softmax of logits, with class ids or distributions as targets."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        ignore_index: Any = -100,
        label_smoothing: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of the softmax of logits, with class ids or distributions as targets."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        ignore_index: Any = -100,
        label_smoothing: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        ignore_index: Any = -100,
        label_smoothing: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

cross_entropy: _cross_entropy
r"""Cross-entropy of the softmax of logits, with class ids or distributions as targets.

.. math:: \ell = -w_t \log p_t \quad\text{or}\quad \ell = -\sum_k w_k y_k \log p_k, \qquad
    p_k = \frac{e^{x_k}}{\sum_j e^{x_j}}, \; x = \text{input}, \; t \text{ or } y = \text{target}

A row is read from memory once, for its largest logit and its sum of exponentials. A logit of +inf has p = 1, so
that the loss is 0 for that class and infinity for the others; a logit of -inf excludes its class.

Parameters
----------
input : array_like of shape (N, C), (N, C, d1, ...) or (C,)
    The logits x of C classes.
target : array_like of whole numbers of shape (N,), (N, d1, ...) or (), or array_like of the input's shape
    Class ids t, in [0, C) or `ignore_index`; or distributions y over the classes, of numbers in [0, 1].
weight : array_like of shape (C,), optional
    A factor w >= 0 for each class.
ignore_index : int, default -100
    Rows with this target are left out, of the mean's denominator too; not to be given for distributions.
label_smoothing : float in [0, 1], default 0.0
    The share epsilon of the uniform distribution in the target: :math:`y (1 - \epsilon) + \epsilon / C`.
sample_weight : array_like, optional
    Weights s >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" is :math:`\sum_i s_i \ell_i / \sum_i s_i w_{t_i}` for class ids and
    :math:`\sum_i s_i \ell_i / \sum_i s_i` for distributions, and 0 where there is nothing to average; "sum" adds
    the weighted losses; "none" returns each. Gradients are those of the mean or of the sum; with "none", those of
    the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape without the axis of classes for ``reduction="none"``

Raises
------
ValueError
    If shapes do not fit, an id is not whole or out of range, an element of a distribution is outside [0, 1], or a
    weight is negative.

References
----------
D. R. Cox, The regression analysis of binary sequences, Journal of the Royal Statistical Society B, 1958; the label
smoothing: C. Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016.

Examples
--------
>>> import fastloss
>>> fastloss.cross_entropy([[0.0, 0.0], [0.0, 1000.0]], [0, 1])
0.34657359027997264
>>> fastloss.cross_entropy([[0.0, 0.0]], [[0.5, 0.5]])
0.6931471805599453
>>> value, gradient = fastloss.cross_entropy.value_and_grad([[0.0, 1.0], [0.0, 3.0]], [0, 1])
>>> gradient.round(4).tolist()
[[-0.3655, 0.3655], [0.0237, -0.0237]]
"""

class _cross_entropy_with_factors(_Made):
    """``cross_entropy(hidden @ class_weights.T + bias, target)`` without storing the logits."""

    def __call__(
        self,
        hidden: Array,
        class_weights: Array,
        target: Array,
        *,
        bias: Any = None,
        weight: Any = None,
        ignore_index: Any = -100,
        label_smoothing: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """``cross_entropy(hidden @ class_weights.T + bias, target)`` without storing the logits."""

    def value_and_grad(
        self,
        hidden: Array,
        class_weights: Array,
        target: Array,
        *,
        bias: Any = None,
        weight: Any = None,
        ignore_index: Any = -100,
        label_smoothing: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

cross_entropy_with_factors: _cross_entropy_with_factors
r"""``cross_entropy(hidden @ class_weights.T + bias, target)`` without storing the logits.

.. math:: \ell_i = -(1 - \epsilon) \, w_{t_i} \log p_{i t_i} - \frac{\epsilon}{C} \sum_c w_c \log p_{ic},
    \qquad p_{ic} = \frac{e^{h_i \cdot W_c + b_c}}{\sum_k e^{h_i \cdot W_k + b_k}}

Parameters
----------
hidden : array_like, shape (N, D)
    The rows h, such as hidden states or embeddings.
class_weights : array_like, shape (C, D)
    The class vectors W.
target : array_like of whole numbers, shape (N,)
    The class t of each row, in [0, C) or `ignore_index`.
bias : array_like, shape (C,), optional
    The bias b of each class.
weight : array_like, shape (C,), optional
    The weight w >= 0 of each class; the mean divides by the sum of the targets' weights.
ignore_index : int, default -100
    Rows with this target are left out, of the mean's denominator too.
label_smoothing : float in [0, 1], default 0.0
    The share epsilon of the target that is spread evenly over all classes.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or ndarray of shape (N,) for ``reduction="none"``
    `value_and_grad` returns the gradients as a named tuple: hidden, class_weights, bias if given.

Raises
------
ValueError
    If shapes do not fit, a target is not a class, or a weight is negative.

References
----------
The definition is that of PyTorch's `cross_entropy`.

Examples
--------
>>> import fastloss
>>> hidden, class_weights = [[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
>>> print(f"{fastloss.cross_entropy_with_factors(hidden, class_weights, [0]):.6f}")
0.407606
>>> value, (by_hidden, by_class_weights) = fastloss.cross_entropy_with_factors.value_and_grad(
...     hidden, class_weights, [0]
... )
>>> by_hidden.round(4).tolist(), by_class_weights.round(4).tolist()
([[-0.4248, 0.2447]], [[-0.3348, 0.0], [0.2447, 0.0], [0.09, 0.0]])
"""

class _dice_loss(_Made):
    """One minus the Dice coefficient of a predicted and a true mask."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        squared: bool = True,
        smooth: float = 0.0,
        axis: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """One minus the Dice coefficient of a predicted and a true mask."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        squared: bool = True,
        smooth: float = 0.0,
        axis: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        squared: bool = True,
        smooth: float = 0.0,
        axis: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

dice_loss: _dice_loss
r"""One minus the Dice coefficient of a predicted and a true mask.

.. math:: \ell = 1 - \frac{2 \sum_k p_k g_k + m}{\sum_k p_k^2 + \sum_k g_k^2 + m}, \qquad
    p = \text{input}, \; g = \text{target}, \; m = \text{smooth}

An empty prediction of an empty mask costs 0.

Parameters
----------
input : array_like
    Probabilities in [0, 1], of any shape.
target : array_like of the input's shape
    The true mask: numbers in [0, 1].
squared : bool, default True
    Whether the denominator sums squares, as above; False sums p and g themselves.
smooth : float >= 0, default 0.0
    The number m added to numerator and denominator.
axis : int or tuple of ints, optional
    The axes to sum over; every index along the other axes has a loss of its own. None sums over all axes, which
    makes one loss.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the shape of the axes that are not summed over for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a number is outside [0, 1], or an axis does not exist.

References
----------
F. Milletari, N. Navab & S.-A. Ahmadi, V-Net: fully convolutional neural networks for volumetric medical image
segmentation, 3DV 2016.

Examples
--------
>>> import fastloss
>>> fastloss.dice_loss([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], squared=False)
0.3333333333333333
>>> value, gradient = fastloss.dice_loss.value_and_grad([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], squared=False)
>>> gradient.round(4).tolist()
[-0.4444, 0.2222, 0.2222, 0.2222]
"""

class _entropy(_Made):
    """Shannon's entropy of distributions, in nats."""

    def __call__(
        self,
        p: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Shannon's entropy of distributions, in nats."""

    def value_and_grad(
        self,
        p: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        p: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

entropy: _entropy
r"""Shannon's entropy of distributions, in nats.

.. math:: H(p) = -\sum_k p_k \log p_k

With 0 log 0 = 0. The slope is infinite at 0; the derivatives there are set to 0, so that a class of probability 0
keeps it.

Parameters
----------
p : array_like of shape (..., C)
    Distributions: numbers in [0, 1].
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (...) for ``reduction="none"``

Raises
------
ValueError
    If a number is outside [0, 1].

References
----------
C. E. Shannon, A mathematical theory of communication, Bell System Technical Journal, 1948.

Examples
--------
>>> import fastloss
>>> fastloss.entropy([[0.5, 0.5, 0.0]])
0.6931471805599453
>>> value, gradient = fastloss.entropy.value_and_grad([[0.5, 0.5, 0.0]])
>>> gradient.round(4).tolist()
[[-0.3069, -0.3069, 0.0]]
"""

class _expectile_loss(_Made):
    """Squared error with a factor for each side, whose expectation is minimal at the target's `tau`-expectile."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        tau: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Squared error with a factor for each side, whose expectation is minimal at the target's `tau`-expectile."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        tau: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        tau: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

expectile_loss: _expectile_loss
r"""Squared error with a factor for each side, whose expectation is minimal at the target's `tau`-expectile.

.. math:: \ell = \begin{cases} \tau \, a^2 & a \le 0 \\ (1 - \tau) \, a^2 & a > 0 \end{cases}
    \qquad a = \text{input} - \text{target}

Expectiles are to the mean what quantiles are to the median: see `quantile_loss`.

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
tau : float in (0, 1), default 0.5
    The expectile's level; 0.5 gives half of `mse_loss`.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The second derivative is 2 `tau` below the target and at it, and 2 (1 - `tau`) above.

Raises
------
ValueError
    If the shapes differ, a weight is negative, or `tau` is outside (0, 1).

References
----------
W. K. Newey & J. L. Powell, Asymmetric least squares estimation and testing, Econometrica, 1987.

Examples
--------
>>> import fastloss
>>> fastloss.expectile_loss([1.0, 4.0], [2.0, 2.0], tau=0.75, reduction="none").tolist()
[0.75, 1.0]
>>> value, gradient = fastloss.expectile_loss.value_and_grad([1.0, 4.0], [2.0, 2.0], tau=0.75)
>>> gradient.round(4).tolist()
[-0.75, 0.5]
"""

class _fair_loss(_Made):
    """Half the squared error near the target; far from it, a loss whose slope approaches `c`."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        c: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Half the squared error near the target; far from it, a loss whose slope approaches `c`."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        c: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        c: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

fair_loss: _fair_loss
r"""Half the squared error near the target; far from it, a loss whose slope approaches `c`.

.. math:: \ell = c^2 \left( \frac{|a|}{c} - \log\left(1 + \frac{|a|}{c}\right) \right),
    \qquad a = \text{input} - \text{target}

The slope is :math:`a / (1 + |a| / c)`, the second derivative :math:`1 / (1 + |a| / c)^2`.

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
c : float > 0, default 1.0
    The error at which the slope is half its limit, in units of the target.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a weight is negative, or `c` is not positive.

References
----------
R. C. Fair, On the robust estimation of econometric models, Annals of Economic and Social Measurement, 1974.

Examples
--------
>>> import fastloss
>>> fastloss.fair_loss([1.0, 3.0], [0.0, 0.0], reduction="none").round(6).tolist()
[0.306853, 1.613706]
>>> value, gradient = fastloss.fair_loss.value_and_grad([1.0, 3.0], [0.0, 0.0])
>>> gradient.round(4).tolist()
[0.25, 0.375]
"""

class _focal_loss(_Made):
    """Cross-entropy of logits with two classes that down-weights well classified examples."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        gamma: float = 2.0,
        alpha: float | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of logits with two classes that down-weights well classified examples."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        gamma: float = 2.0,
        alpha: float | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        gamma: float = 2.0,
        alpha: float | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

focal_loss: _focal_loss
r"""Cross-entropy of logits with two classes that down-weights well classified examples.

.. math:: \ell = -\alpha_t (1 - p_t)^\gamma \log p_t, \qquad
    p_t = \sigma(x) \text{ for target 1}, \; 1 - \sigma(x) \text{ for target 0}, \; x = \text{input}

Parameters
----------
input : array_like
    Logits, of any shape. Infinite ones give the limit.
target : array_like of the input's shape
    0 or 1.
gamma : float in [0, 1e100], default 2.0
    The exponent by which well classified examples are down-weighted; 0 gives `binary_cross_entropy_with_logits`.
alpha : float in (0, 1), optional
    The weight of target 1; target 0 has the weight 1 - alpha. None gives both the weight 1.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The second derivative is negative at some logits: for `gamma` > 0 the loss is not convex.

Raises
------
ValueError
    If the shapes differ, a target is neither 0 nor 1, a weight is negative, or a parameter is out of its range.

References
----------
T.-Y. Lin, P. Goyal, R. Girshick, K. He & P. Dollar, Focal loss for dense object detection, ICCV 2017.

Examples
--------
>>> import fastloss
>>> fastloss.focal_loss([0.0, 0.0], [1.0, 0.0], alpha=0.25, reduction="none").tolist()
[0.04332169878499658, 0.12996509635498973]
>>> value, gradient = fastloss.focal_loss.value_and_grad([0.0, 0.0], [1.0, 0.0], alpha=0.25)
>>> gradient.round(4).tolist()
[-0.0373, 0.1119]
"""

class _gamma_nll_loss(_Made):
    """Negative log-likelihood under a gamma distribution of shape 1 with the given mean."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        log_input: bool = True,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Negative log-likelihood under a gamma distribution of shape 1 with the given mean."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        log_input: bool = True,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        log_input: bool = True,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

gamma_nll_loss: _gamma_nll_loss
r"""Negative log-likelihood under a gamma distribution of shape 1 with the given mean.

.. math:: \ell = t e^{-x} + x, \quad \text{or} \quad \frac{t}{x + \epsilon} + \log(x + \epsilon)
    \text{ for } \texttt{log\_input=False}, \qquad x = \text{input}, \; t = \text{target}

Another shape k multiplies the loss by k and adds a term that does not depend on the input. The loss of a perfect
fit is :math:`1 + \log t`; twice the difference to it is the gamma deviance.

Parameters
----------
input : array_like
    The logarithm of the mean; for ``log_input=False`` the mean itself, which is >= 0. Of any shape.
target : array_like of the input's shape
    Numbers >= 0.
log_input : bool, default True
    Whether `input` is the logarithm of the mean.
eps : float >= 0, default 1e-08
    Added to the mean, so that a mean of 0 is allowed; used for ``log_input=False`` only.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The second derivative is never negative for logarithms; by a mean above 2 t it is.

Raises
------
ValueError
    If the shapes differ, or a weight, target or mean is negative.

References
----------
J. A. Nelder & R. W. M. Wedderburn, Generalized linear models, Journal of the Royal Statistical Society A, 1972.

Examples
--------
>>> import fastloss
>>> fastloss.gamma_nll_loss([0.0, 0.0], [1.0, 3.0])
2.0
>>> fastloss.gamma_nll_loss([2.0], [3.0], log_input=False, eps=0.0)
2.1931471805599454
>>> value, gradient = fastloss.gamma_nll_loss.value_and_grad([0.0, 0.0], [1.0, 3.0])
>>> gradient.round(4).tolist()
[0.0, -1.0]
"""

class _gaussian_nll_loss(_Made):
    """Negative log-likelihood under a normal distribution whose mean and variance are predicted."""

    def __call__(
        self,
        input: Array,
        target: Array,
        var: Array,
        *,
        full: bool = False,
        eps: float = 1e-06,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Negative log-likelihood under a normal distribution whose mean and variance are predicted."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        var: Array,
        *,
        full: bool = False,
        eps: float = 1e-06,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        var: Array,
        *,
        full: bool = False,
        eps: float = 1e-06,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

gaussian_nll_loss: _gaussian_nll_loss
r"""Negative log-likelihood under a normal distribution whose mean and variance are predicted.

.. math:: \ell = \frac12 \left( \log v + \frac{a^2}{v} \right) \; [+ \tfrac12 \log 2 \pi],
    \qquad a = \text{input} - \text{target}, \; v = \max(\text{var}, \epsilon)

The slopes are :math:`a / v` by the mean and :math:`(1 - a^2 / v) / (2 v)` by the variance.

Parameters
----------
input : array_like
    The predicted means, of any shape.
target : array_like of the input's shape
    The true values.
var : array_like of the input's shape
    The predicted variances, >= 0.
full : bool, default False
    Whether to add the constant :math:`\log(2 \pi) / 2`.
eps : float >= 0, default 1e-06
    The smallest variance that is computed with. The slope of a smaller one is that at `eps`, not 0, as in PyTorch.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The gradient is a tuple of two arrays: by `input` and by `var`. The second derivative is :math:`1 / v` by the
    mean, and :math:`(a^2 / v - 1/2) / v^2` by the variance, which is negative for small errors.

Raises
------
ValueError
    If the shapes differ, or a weight or variance is negative.

References
----------
D. A. Nix & A. S. Weigend, Estimating the mean and variance of the target probability distribution, ICNN 1994.

Examples
--------
>>> import fastloss
>>> fastloss.gaussian_nll_loss([1.0, 2.0], [1.0, 4.0], [1.0, 1.0])
1.0
>>> value, (by_mean, by_variance) = fastloss.gaussian_nll_loss.value_and_grad([2.0], [4.0], [1.0])
>>> by_mean.tolist(), by_variance.tolist()
([-2.0], [-1.5])
"""

class _ge2e_loss(_Made):
    """Similarity of each utterance to the centroid of its speaker, against all other speakers' centroids."""

    def __call__(
        self,
        embeddings: Array,
        labels: Any = None,
        *,
        w: float = 10.0,
        b: float = -5.0,
        variant: Literal["softmax", "contrast"] = "softmax",
        normalise: bool = True,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> Any:
        """Similarity of each utterance to the centroid of its speaker, against all other speakers' centroids."""

    def value_and_grad(
        self,
        embeddings: Array,
        labels: Any = None,
        *,
        w: float = 10.0,
        b: float = -5.0,
        variant: Literal["softmax", "contrast"] = "softmax",
        normalise: bool = True,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> tuple[Any, Any]: ...

ge2e_loss: _ge2e_loss
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
w : float in [1e-30, 1e30], default 10.0
    The scale of the cosines.
b : float, default -5.0
    The offset of the cosines; it has no effect on the softmax variant.
variant : {"softmax", "contrast"}, default "softmax"
    "softmax" is the first formula, "contrast" the second.
normalise : bool, default True
    Whether to scale utterances to length 1 before taking centroids, as in the paper. False gives an utterance of
    greater length more weight in its speaker's centroid.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the utterances, N in all.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.
with_counts : bool, default False
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

class _hinge_embedding_loss(_Made):
    """Distance of similar pairs; of dissimilar pairs, how far the distance falls short of a margin."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Distance of similar pairs; of dissimilar pairs, how far the distance falls short of a margin."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

hinge_embedding_loss: _hinge_embedding_loss
r"""Distance of similar pairs; of dissimilar pairs, how far the distance falls short of a margin.

.. math:: \ell = \begin{cases} x & t = 1 \\ \max(0, m - x) & t = -1 \end{cases}
    \qquad x = \text{input}, \; t = \text{target}, \; m = \text{margin}

Parameters
----------
input : array_like
    The distances x of pairs, of any shape.
target : array_like of the input's shape
    1 for a similar pair, -1 for a dissimilar one.
margin : float, default 1.0
    The distance m from which on dissimilar pairs cost nothing.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The slope at the margin itself is -1, as in PyTorch.

Raises
------
ValueError
    If the shapes differ, a target is neither -1 nor 1, or a weight is negative.

References
----------
R. Hadsell, S. Chopra & Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006.

Examples
--------
>>> import fastloss
>>> fastloss.hinge_embedding_loss([0.25, 0.25], [1, -1], reduction="none").tolist()
[0.25, 0.75]
>>> value, gradient = fastloss.hinge_embedding_loss.value_and_grad([0.25, 0.25], [1, -1])
>>> gradient.round(4).tolist()
[0.5, -0.5]
"""

class _hinge_loss(_Made):
    """How far a score falls short of the margin on its side of 0."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """How far a score falls short of the margin on its side of 0."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

hinge_loss: _hinge_loss
r"""How far a score falls short of the margin on its side of 0.

.. math:: \ell = \max(0, m - t x), \qquad x = \text{input}, \; t = \text{target}, \; m = \text{margin}

Parameters
----------
input : array_like
    Scores x, of any shape.
target : array_like of the input's shape
    -1 or 1, the side t; or 0 and 1 throughout, where 0 means -1.
margin : float >= 0, default 1.0
    The margin m from which on a score on the right side costs nothing.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The slope at the margin itself is that of the side where the loss is positive, as with PyTorch's ``clamp``.

Raises
------
ValueError
    If the shapes differ, a target is anything else, or a weight or the margin is negative.

References
----------
C. Cortes & V. Vapnik, Support-vector networks, Machine Learning, 1995.

Examples
--------
>>> import fastloss
>>> fastloss.hinge_loss([0.5, -2.0, 3.0], [1, -1, -1], reduction="none").tolist()
[0.5, 0.0, 4.0]
>>> value, gradient = fastloss.hinge_loss.value_and_grad([0.5, -2.0, 3.0], [1, -1, -1])
>>> gradient.round(4).tolist()
[-0.3333, 0.0, 0.3333]
"""

class _huber_loss(_Made):
    """Half the squared error within `delta` of the target, linear beyond."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Half the squared error within `delta` of the target, linear beyond."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

huber_loss: _huber_loss
r"""Half the squared error within `delta` of the target, linear beyond.

.. math:: \ell = \begin{cases} a^2 / 2 & |a| \le \delta \\ \delta (|a| - \delta / 2) & |a| > \delta \end{cases}
    \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
delta : float > 0, default 1.0
    The error from which on the loss is linear, in units of the target.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a weight is negative, or `delta` is not positive.

References
----------
P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics, 1964.

Examples
--------
>>> import fastloss
>>> fastloss.huber_loss([0.5, 3.0], [0.0, 0.0])
1.3125
>>> value, gradient = fastloss.huber_loss.value_and_grad([0.5, 3.0], [0.0, 0.0])
>>> gradient.round(4).tolist()
[0.25, 0.5]
"""

class _info_nce_loss(_Made):
    """Cross-entropy of each query's key among all keys of the batch; CLIP's loss if symmetric."""

    def __call__(
        self,
        query: Array,
        key: Array,
        *,
        temperature: float = 0.07,
        similarity: Literal["cos", "dot"] = "cos",
        negatives: Any = None,
        ids: Any = None,
        positives: Any = None,
        symmetric: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> Any:
        """Cross-entropy of each query's key among all keys of the batch; CLIP's loss if symmetric."""

    def value_and_grad(
        self,
        query: Array,
        key: Array,
        *,
        temperature: float = 0.07,
        similarity: Literal["cos", "dot"] = "cos",
        negatives: Any = None,
        ids: Any = None,
        positives: Any = None,
        symmetric: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> tuple[Any, Any]: ...

info_nce_loss: _info_nce_loss
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
temperature : float in [1e-30, 1e30], default 0.07
    The temperature tau.
similarity : {"cos", "dot"}, default "cos"
    The cosine (0 for a vector of zeros), or the inner product.
negatives : array_like, shape (K, D), optional
    Further candidates, which are negatives for all queries.
ids : array_like, shape (M,) or (M + K,), optional
    An id for each key: for query i, other keys with the id of key i are left out, as they are no negatives. With M
    ids, none of the `negatives` is left out.
positives : (offsets, key numbers), optional
    The positives of each query: CSR offsets, shape (N + 1,), and key numbers. All of them stay in the denominator.
    A query without positives has no loss, and does not count in the mean.
symmetric : bool, default False
    Whether to take the mean of this loss and the one with query and key exchanged, as CLIP does.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.
with_counts : bool, default False
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

class _kl_divergence(_Made):
    """Kullback-Leibler divergence of the model's distributions from the data's, one for each row."""

    def __call__(
        self,
        p: Array,
        q: Array,
        *,
        log_p: bool = False,
        log_q: bool = False,
        wrt: Literal["q", "p", "both"] = "q",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Kullback-Leibler divergence of the model's distributions from the data's, one for each row."""

    def value_and_grad(
        self,
        p: Array,
        q: Array,
        *,
        log_p: bool = False,
        log_q: bool = False,
        wrt: Literal["q", "p", "both"] = "q",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        p: Array,
        q: Array,
        *,
        log_p: bool = False,
        log_q: bool = False,
        wrt: Literal["q", "p", "both"] = "q",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

kl_divergence: _kl_divergence
r"""Kullback-Leibler divergence of the model's distributions from the data's, one for each row.

.. math:: D(p \| q) = \sum_k p_k \log \frac{p_k}{q_k}

With 0 log 0 = 0; q = 0 < p costs infinity. The mean is over rows (what PyTorch's `kl_div` calls "batchmean").

The derivatives are :math:`-p_k / q_k` by q and :math:`\log (p_k / q_k) + 1` by p; by logarithms, each is multiplied
by its probability. That by p is minus infinity at p = 0, where automatic differentiation gives NaN; here it is set
to 0, so that a class of probability 0 keeps it.

Parameters
----------
p : array_like of shape (..., C)
    The data's distributions: numbers in [0, 1], or their logarithms.
q : array_like of the same shape
    The model's distributions.
log_p, log_q : bool
    Whether `p`, or `q`, holds logarithms of probabilities.
wrt : {"q", "p", "both"}, default "q"
    The argument of the derivatives: "q" in distillation, "p" where the model is the first argument (a penalty on a
    policy's distance to another); "both" returns tuples, for p and for q. They are derivatives by the elements as
    given, probabilities or logarithms.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (...) for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, or a probability is outside [0, 1].

References
----------
S. Kullback & R. A. Leibler, On information and sufficiency, Annals of Mathematical Statistics, 1951.

Examples
--------
>>> import fastloss
>>> fastloss.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])
0.14384103622589048
>>> value, slopes = fastloss.kl_divergence.value_and_grad([[0.5, 0.5]], [[0.25, 0.75]], wrt="p")
>>> slopes.round(4).tolist()
[[1.6931, 0.5945]]
"""

class _l1_loss(_Made):
    """Absolute error."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Absolute error."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

l1_loss: _l1_loss
r"""Absolute error.

.. math:: \ell = |a|, \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The slope at a = 0 is 0.

Raises
------
ValueError
    If the shapes differ, or a weight is negative.

References
----------
R. J. Boscovich, De litteraria expeditione per pontificiam ditionem synopsis, 1757.

Examples
--------
>>> import fastloss
>>> fastloss.l1_loss([1.0, 2.0], [1.0, 5.0])
1.5
>>> value, gradient = fastloss.l1_loss.value_and_grad([1.0, 2.0], [1.0, 5.0])
>>> gradient.round(4).tolist()
[0.0, -0.5]
"""

class _lambdarank_loss(_Made):
    """Logistic loss of the pairs of a query, each weighted by the change in NDCG if the two were swapped."""

    def __call__(
        self,
        scores: Array,
        labels: Array,
        *,
        sigma: float = 1.0,
        truncation_level: Any = None,
        gains: Literal["exp2", "linear"] = "exp2",
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Logistic loss of the pairs of a query, each weighted by the change in NDCG if the two were swapped."""

    def value_and_grad(
        self,
        scores: Array,
        labels: Array,
        *,
        sigma: float = 1.0,
        truncation_level: Any = None,
        gains: Literal["exp2", "linear"] = "exp2",
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        scores: Array,
        labels: Array,
        *,
        sigma: float = 1.0,
        truncation_level: Any = None,
        gains: Literal["exp2", "linear"] = "exp2",
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

lambdarank_loss: _lambdarank_loss
r"""Logistic loss of the pairs of a query, each weighted by the change in NDCG if the two were swapped.

.. math:: \sum_{y_i > y_j} \frac{|g_i - g_j| \, |d_i - d_j|}{\text{maxDCG}} \log(1 + e^{-\sigma (s_i - s_j)}),
    \qquad g = 2^y - 1, \; d = \frac{1}{\log_2(1 + \text{rank})}

Ranks are by descending score, equal scores in input order. The derivatives take the weights as constants. This is
LightGBM's objective with ``lambdarank_norm=False`` (and ``sigmoid=sigma``, ``lambdarank_truncation_level``), for
queries of any size: large ones take time proportional to their rows, see `method`.

Parameters
----------
scores : array_like, shape (N,)
    The model's scores. The gradient has their shape; it is float32 for scores of float32 or float16, else
    float64.
labels : array_like, shape (N,)
    Relevance grades y from 0 to 1000.
sigma : float in (0, 1e100], default 1.0
    The steepness, in units of 1 / score.
truncation_level : int >= 1, optional
    The number of top ranks: only pairs with a row among them count, and maxDCG is that of these ranks. None counts
    all pairs.
gains : {"exp2", "linear"}, default "exp2"
    The gain g of a grade: "exp2" is 2**y - 1, "linear" is y.
groups : array_like, shape (N,), optional
    An id for each row, in any order: pairs are made within a group (a query, a user). Without `groups` or `offsets`,
    all rows are one group.
offsets : array_like of int, shape (G + 1,), optional
    CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
sample_weight : array_like, shape (G,), optional
    Weights w >= 0 of the queries, in the order of `numpy.unique(groups)` or of `offsets`.
reduction : {"mean", "sum", "none", "per_group"}, default "mean"
    "mean" is over the queries that have a pair: the sum of w * loss divided by the sum of w, without queries whose
    labels are all equal, which have nothing to say; 0 where there is none. "sum" is that sum, "none" each query's
    w * loss. "per_group" is each query's loss, NaN for one whose labels are all equal or whose weight is 0. Queries are
    in the order of the weights. Gradients are those of the mean, or of the sum of what is returned.
method : {"auto", "direct", "fast"}, default "auto"
    How pairs are summed. "direct" computes each pair. "fast" takes time in proportion to the rows once they are sorted,
    and gives the same to 12 digits. It sums a query directly that has scores that are not finite, or few rows for the
    range of its scores, and all where the queries summed at a time have more than 64 different labels together.
    "auto" takes the cheaper for each query of 1000 rows or more, and "direct" for others. CUDA computes each pair.
with_counts : bool, default False
    Whether to return as well how many queries the mean is over and how many are left out,
    ``GroupCounts(used, left_out)``; with "per_group" the number of pairs of each query, whatever the truncation.
return_ids : bool, default False
    Whether ``reduction="per_group"`` returns ``PerGroup(ids, values)``, a named tuple with each group's id beside its
    loss; with `offsets` the ids are the groups' numbers.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each score come back as arrays of the scores' kind. All else is read on the host.

Returns
-------
float, or ndarray with each query's loss for the reductions "none" and "per_group"

Raises
------
ValueError
    If shapes differ, a label is NaN, negative or above 1000, offsets do not fit, or a weight is negative.

References
----------
C. J. C. Burges, From RankNet to LambdaRank to LambdaMART: an overview, MSR-TR-2010-82.

Examples
--------
>>> import fastloss
>>> print(f"{fastloss.lambdarank_loss([1.0, 3.0, 2.0], [2, 0, 1]):.6f}")
1.106870
>>> scores, labels, queries = [1.0, 3.0, 2.0, 0.5], [2, 0, 0, 1], [7, 7, 8, 8]
>>> value, gradient = fastloss.lambdarank_loss.value_and_grad(scores, labels, groups=queries)
>>> print(f"{value:.6f}", gradient.round(6).tolist())
0.706463 [-0.162538, 0.162538, 0.150871, -0.150871]
"""

class _log_cosh_loss(_Made):
    """Logarithm of the hyperbolic cosine of the error: a smooth absolute error."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Logarithm of the hyperbolic cosine of the error: a smooth absolute error."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

log_cosh_loss: _log_cosh_loss
r"""Logarithm of the hyperbolic cosine of the error: a smooth absolute error.

.. math:: \ell = \log\cosh a = |a| + \log(1 + e^{-2|a|}) - \log 2, \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, or a weight is negative.

References
----------
P. J. Green, On use of the EM algorithm for penalized likelihood estimation, Journal of the Royal Statistical
Society B, 1990.

Examples
--------
>>> import fastloss
>>> fastloss.log_cosh_loss([1000.0], [0.0])
999.3068528194401
>>> value, gradient = fastloss.log_cosh_loss.value_and_grad([1000.0], [0.0])
>>> gradient.round(4).tolist()
[1.0]
"""

class _mape_loss(_Made):
    """Absolute error as a fraction of the target: 0.1 is ten per cent."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        epsilon: float | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Absolute error as a fraction of the target: 0.1 is ten per cent."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        epsilon: float | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        epsilon: float | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

mape_loss: _mape_loss
r"""Absolute error as a fraction of the target: 0.1 is ten per cent.

.. math:: \ell = |a| / |\text{target}|, \quad \text{or} \quad |a| / \max(|\text{target}|, \epsilon),
    \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
epsilon : float > 0 or None
    The smallest divisor. scikit-learn's is 2.220446049250313e-16, with which one target of 0 outweighs all others.
    None raises an error for a target of 0.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a weight is negative, or a target is 0 and no `epsilon` is given.

References
----------
R. J. Hyndman & A. B. Koehler, Another look at measures of forecast accuracy, International Journal of Forecasting,
2006.

Examples
--------
>>> import fastloss
>>> fastloss.mape_loss([110.0, 15.0], [100.0, 20.0])
0.175
>>> value, gradient = fastloss.mape_loss.value_and_grad([110.0, 15.0], [100.0, 20.0])
>>> gradient.round(4).tolist()
[0.005, -0.025]
"""

class _margin_all_pairs_loss(_Made):
    """Margin loss of every positive against every negative triple of a knowledge graph."""

    def __call__(
        self,
        pos: Array,
        neg: Array,
        *,
        margin: float = 1.0,
        distance: bool = True,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Margin loss of every positive against every negative triple of a knowledge graph."""

    def value_and_grad(
        self,
        pos: Array,
        neg: Array,
        *,
        margin: float = 1.0,
        distance: bool = True,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

margin_all_pairs_loss: _margin_all_pairs_loss
r"""Margin loss of every positive against every negative triple of a knowledge graph.

.. math:: \sum_{p, n} \max(0, f_p + \gamma - f_n), \qquad \text{or } f_n + \gamma - f_p \text{ for scores}

Exact in O((P + Q) log Q) time, without sampling of negatives and without a P x Q matrix.

Parameters
----------
pos : array_like, shape (P,)
    Distances (or scores) f of observed triples.
neg : array_like, shape (Q,)
    Distances (or scores) of corrupted triples.
margin : float >= 0, default 1.0
    The gap gamma from which on a pair costs nothing, in units of f.
distance : bool, default True
    Whether f are distances, which are small for good triples, as TransE's; False for scores.
sample_weight : array_like, shape (P,), optional
    Weights w >= 0 of the positives; each of a positive's pairs has its weight.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs; "none" returns
    each positive's sum over the negatives. Gradients are those of the mean or of the sum; with "none", those of the
    sum.
method : {"auto", "direct", "fast"}, default "auto"
    How pairs are summed: "direct" computes each pair, "fast" sorts, "auto" takes the cheaper.
backend : {"auto", "cpu", "cuda"}, default "auto"
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

class _margin_ranking_loss(_Made):
    """How far a score's lead over another falls short of a margin, for given pairs."""

    def __call__(
        self,
        input1: Array,
        input2: Array,
        target: Array,
        *,
        margin: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """How far a score's lead over another falls short of a margin, for given pairs."""

    def value_and_grad(
        self,
        input1: Array,
        input2: Array,
        target: Array,
        *,
        margin: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input1: Array,
        input2: Array,
        target: Array,
        *,
        margin: float = 0.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

margin_ranking_loss: _margin_ranking_loss
r"""How far a score's lead over another falls short of a margin, for given pairs.

.. math:: \ell = \max(0, -t (x_1 - x_2) + m), \qquad t = \text{target}, \; m = \text{margin}

Parameters
----------
input1, input2 : array_like of one shape
    The scores of the two members of each pair, of any shape.
target : array_like of the inputs' shape, or a number
    1 where the first score should be higher, -1 where the second should; a number applies to all pairs.
margin : float, default 0.0
    The lead m from which on a pair costs nothing.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the inputs' shape for ``reduction="none"``
    The gradient is a pair of arrays, for `input1` and `input2`. The slope at the margin itself is that of the side
    where the loss is positive, as in PyTorch.

Raises
------
ValueError
    If the shapes differ, a target is neither -1 nor 1, or a weight is negative.

References
----------
R. Herbrich, T. Graepel & K. Obermayer, Large margin rank boundaries for ordinal regression, 2000.

Examples
--------
>>> import fastloss
>>> fastloss.margin_ranking_loss([1.0, 2.0], [0.0, 4.0], [1, 1], margin=0.5)
1.25
>>> value, (by_input1, by_input2) = fastloss.margin_ranking_loss.value_and_grad(
...     [1.0, 2.0], [0.75, 4.0], [1, 1], margin=0.5
... )
>>> by_input1.round(4).tolist(), by_input2.round(4).tolist()
([-0.5, -0.5], [0.5, 0.5])
"""

class _mse_loss(_Made):
    """Squared error, without a factor 1/2."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Squared error, without a factor 1/2."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

mse_loss: _mse_loss
r"""Squared error, without a factor 1/2.

.. math:: \ell = a^2, \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, or a weight is negative.

References
----------
C. F. Gauss, Theoria motus corporum coelestium, 1809.

Examples
--------
>>> import fastloss
>>> fastloss.mse_loss([1.0, 2.0], [1.0, 4.0])
2.0
>>> value, grad = fastloss.mse_loss.value_and_grad([1.0, 2.0], [1.0, 4.0])
>>> grad.tolist()
[0.0, -2.0]
"""

class _msle_loss(_Made):
    """Squared error of the logarithms of 1 + input and 1 + target."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Squared error of the logarithms of 1 + input and 1 + target."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

msle_loss: _msle_loss
r"""Squared error of the logarithms of 1 + input and 1 + target.

.. math:: \ell = \left( \log(1 + \text{input}) - \log(1 + \text{target}) \right)^2

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, all above -1, of any shape.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a weight is negative, or an element is -1 or less.

References
----------
F. Pedregosa et al., Scikit-learn: Machine learning in Python, JMLR 2011 (``mean_squared_log_error``).

Examples
--------
>>> import fastloss
>>> fastloss.msle_loss([1.0, 3.0], [1.0, 1.0])
0.2402265069591007
>>> value, gradient = fastloss.msle_loss.value_and_grad([1.0, 3.0], [1.0, 1.0])
>>> gradient.round(4).tolist()
[0.0, 0.1733]
"""

class _multi_margin_loss(_Made):
    """Hinge loss of the true class against every other (Weston and Watkins), divided by the number of classes."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        p: Any = 1,
        margin: float = 1.0,
        weight: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Hinge loss of the true class against every other (Weston and Watkins), divided by the number of classes."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        p: Any = 1,
        margin: float = 1.0,
        weight: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        p: Any = 1,
        margin: float = 1.0,
        weight: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

multi_margin_loss: _multi_margin_loss
r"""Hinge loss of the true class against every other (Weston and Watkins), divided by the number of classes.

.. math:: \ell = \frac{w_t}{C} \sum_{k \ne t} \max(0, m - (x_t - x_k))^p, \qquad
    x = \text{input}, \; t = \text{target}, \; m = \text{margin}

Parameters
----------
input : array_like of shape (N, C) or (C,)
    The scores x of C classes.
target : array_like of whole numbers of shape (N,) or ()
    The class ids t, in [0, C).
p : {1, 2}, default 1
    The power of each hinge.
margin : float, default 1.0
    The lead m of the true class from which on another class costs nothing.
weight : array_like of shape (C,), optional
    A factor w >= 0 for each class; the mean's denominator does not contain it.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (N,) for ``reduction="none"``

Raises
------
ValueError
    If shapes do not fit, an id is out of range, a weight is negative, or `p` is neither 1 nor 2.

References
----------
J. Weston & C. Watkins, Support vector machines for multi-class pattern recognition, ESANN 1999.

Examples
--------
>>> import fastloss
>>> fastloss.multi_margin_loss([[1.0, 0.5, 3.0, -1.0]], [0])
0.875
>>> value, gradient = fastloss.multi_margin_loss.value_and_grad([[1.0, 0.5, 3.0, -1.0]], [0])
>>> gradient.round(4).tolist()
[[-0.5, 0.25, 0.25, 0.0]]
"""

class _multi_quantile_loss(_Made):
    """Pinball losses of several quantiles of one target, averaged over the quantiles."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        quantiles: Any,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Pinball losses of several quantiles of one target, averaged over the quantiles."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        quantiles: Any,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        quantiles: Any,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

multi_quantile_loss: _multi_quantile_loss
r"""Pinball losses of several quantiles of one target, averaged over the quantiles.

.. math:: \ell = \frac{1}{Q} \sum_{k=1}^{Q} \max(q_k (t - x_k), (1 - q_k)(x_k - t)), \qquad
    x = \text{input}, \; t = \text{target}, \; q = \text{quantiles}

The mean over rows is the mean of `quantile_loss` over the columns, and what CatBoost calls MultiQuantile. Nothing
keeps the predicted quantiles in order: sort each row afterwards if they cross.

Parameters
----------
input : array_like of shape (..., Q)
    The predicted quantiles x of each target.
target : array_like of shape (...)
    The true values t.
quantiles : sequence of Q floats in (0, 1)
    The level q of each column, in any order.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (...) for ``reduction="none"``
    The slope of a column that equals the target is 0, and the second derivative is 0, as in `quantile_loss`.

Raises
------
ValueError
    If shapes do not fit, there is no quantile, or one is outside (0, 1).

References
----------
R. Koenker & G. Bassett, Regression quantiles, Econometrica, 1978.

Examples
--------
>>> import fastloss
>>> fastloss.multi_quantile_loss([[1.0, 3.0]], [2.0], quantiles=(0.25, 0.75))
0.25
>>> fastloss.multi_quantile_loss.value_and_grad([[1.0, 3.0]], [2.0], quantiles=(0.25, 0.75))[1].tolist()
[[-0.125, 0.125]]
"""

class _multiple_negatives_ranking_loss(_Made):
    """Cross-entropy of each anchor's positive among all positives and negatives of the batch."""

    def __call__(
        self,
        anchors: Array,
        positives: Array,
        negatives: Any = None,
        *,
        scale: float = 20.0,
        similarity: Literal["cos", "dot"] = "cos",
        ids: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of each anchor's positive among all positives and negatives of the batch."""

    def value_and_grad(
        self,
        anchors: Array,
        positives: Array,
        negatives: Any = None,
        *,
        scale: float = 20.0,
        similarity: Literal["cos", "dot"] = "cos",
        ids: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

multiple_negatives_ranking_loss: _multiple_negatives_ranking_loss
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
scale : float in [1e-30, 1e30], default 20.0
    The factor s of the similarities: the reciprocal of a temperature.
similarity : {"cos", "dot"}, default "cos"
    The cosine (0 for a vector of zeros), or the inner product.
ids : array_like, one for each positive, or for each candidate, optional
    For anchor i, other candidates with the id of positive i are left out.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

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

class _nll_loss(_Made):
    """Negative log-likelihood of class ids, from log-probabilities."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        ignore_index: Any = -100,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Negative log-likelihood of class ids, from log-probabilities."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        weight: Any = None,
        ignore_index: Any = -100,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

nll_loss: _nll_loss
r"""Negative log-likelihood of class ids, from log-probabilities.

.. math:: \ell = -w_t x_t, \qquad x = \text{input}, \; t = \text{target}

Of each row only the target's element is read. If you have logits, use `cross_entropy`.

Parameters
----------
input : array_like of shape (N, C), (N, C, d1, ...) or (C,)
    Log-probabilities of C classes.
target : array_like of whole numbers of shape (N,), (N, d1, ...) or ()
    The class ids t, in [0, C) or `ignore_index`.
weight : array_like of shape (C,), optional
    A factor w >= 0 for each class; the mean's denominator is the sum of the targets' weights.
ignore_index : int, default -100
    Rows with this target are left out, of the mean's denominator too.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape without the axis of classes for ``reduction="none"``

Raises
------
ValueError
    If shapes do not fit, an id is not whole or out of range, or a weight is negative.

References
----------
I. J. Good, Rational decisions, Journal of the Royal Statistical Society B, 1952.

Examples
--------
>>> import fastloss
>>> fastloss.nll_loss([[-0.5, -1.0], [-2.0, -0.25]], [0, 1])
0.375
>>> value, gradient = fastloss.nll_loss.value_and_grad([[-0.5, -1.0], [-2.0, -0.25]], [0, 1])
>>> gradient.round(4).tolist()
[[-0.5, 0.0], [0.0, -0.5]]
"""

class _nmae_loss(_Made):
    """Absolute error divided by the spread or the size of the targets."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        norm: Any = "range",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Absolute error divided by the spread or the size of the targets."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        norm: Any = "range",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        norm: Any = "range",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

nmae_loss: _nmae_loss
r"""Absolute error divided by the spread or the size of the targets.

.. math:: \ell = |a| / \text{norm}, \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
norm : {"range", "mean", "std", "iqr", "max"} or a number above 0, default "range"
    What the error is divided by, computed from all targets without weights: "range" is the maximum minus the
    minimum; "mean" the absolute value of the mean; "std" the standard deviation, with divisor N; "iqr" the third
    minus the first quartile, linearly interpolated; "max" the maximum absolute value. A number is used as it is.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a weight is negative, or the norm is 0.

References
----------
R. J. Hyndman & A. B. Koehler, Another look at measures of forecast accuracy, International Journal of Forecasting,
2006.

Examples
--------
>>> import fastloss
>>> fastloss.nmae_loss([1.0, 2.0, 4.0], [1.0, 3.0, 5.0], norm="range")
0.16666666666666666
>>> value, gradient = fastloss.nmae_loss.value_and_grad([1.0, 2.0, 4.0], [1.0, 3.0, 5.0], norm="range")
>>> gradient.round(4).tolist()
[0.0, -0.0833, -0.0833]
"""

class _nt_xent_loss(_Made):
    """SimCLR's loss: cross-entropy of each view's partner among all other views, on the cosine."""

    def __call__(
        self,
        z1: Array,
        z2: Array,
        *,
        temperature: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """SimCLR's loss: cross-entropy of each view's partner among all other views, on the cosine."""

    def value_and_grad(
        self,
        z1: Array,
        z2: Array,
        *,
        temperature: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

nt_xent_loss: _nt_xent_loss
r"""SimCLR's loss: cross-entropy of each view's partner among all other views, on the cosine.

.. math:: \ell_i = -\log \frac{e^{c_{i,p(i)} / \tau}}{\sum_{j \ne i} e^{c_{ij} / \tau}}

The matrix of similarities is symmetric: half of it is computed for the value, and none of it is stored.

Parameters
----------
z1, z2 : array_like, shape (N, D)
    Two views of N examples; row i of `z1` is the partner p of row i of `z2`, and vice versa.
temperature : float in [1e-30, 1e30], default 0.5
    The temperature tau.
sample_weight : array_like, shape (2 N,), optional
    Weights w >= 0 of the views, those of `z1` first.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

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

class _pairwise_exponential_loss(_Made):
    """Exponential loss of all pairs of rows with different labels (RankBoost)."""

    def __call__(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Exponential loss of all pairs of rows with different labels (RankBoost)."""

    def value_and_grad(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pairwise_exponential_loss: _pairwise_exponential_loss
r"""Exponential loss of all pairs of rows with different labels (RankBoost).

.. math:: e^{-\sigma (s_i - s_j)}

Parameters
----------
scores : array_like, shape (N,)
    The model's scores. The gradient has their shape; it is float32 for scores of float32 or float16, else
    float64.
labels : array_like, shape (N,)
    Any numbers: binary, graded or real-valued. Only their order counts, except with ``pairs="all"``.
pairs : {"ordered", "all"}, default "ordered"
    "ordered": the pairs of a group with y_i > y_j. "all": the double sum over every i and j of
    :math:`e^{-\sigma (y_i - y_j)(s_i - s_j)}`. With more than 64 different labels it takes time quadratic in
    the rows, whatever the `method`.
sigma : float in (0, 1e100], default 1.0
    The steepness, in units of 1 / score.
groups : array_like, shape (N,), optional
    An id for each row, in any order: pairs are made within a group (a query, a user). Without `groups` or `offsets`,
    all rows are one group.
offsets : array_like of int, shape (G + 1,), optional
    CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the rows; a pair weighs w_i w_j. A row of weight 0 adds nothing unless its score is NaN.
reduction : {"mean", "sum", "none", "per_group"}, default "mean"
    "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs. "per_group" returns
    each group's mean, NaN for a group without a pair (or whose pairs all weigh 0), in the order of
    `numpy.unique(groups)` or of `offsets`. "none" returns each row's sum over the pairs of which it is the first item.
    Gradients are those of the mean, or of the sum of what is returned.
method : {"auto", "direct", "fast"}, default "auto"
    How pairs are summed. "direct" computes each pair. "fast" takes time in proportion to the rows (to N log N where it
    sorts) and gives the same to 12 digits. "auto" takes the cheaper for each group. With ``pairs="all"`` the hinges
    take N log N for any labels; the logistic and the exponential loss, whose multiplier is the difference of the
    labels, go by pairs of labels: K different labels take the time of K N rows for K up to 64. With more than 64
    different labels, or so few rows of many labels that all pairs are far cheaper, every method takes N². Under "fast"
    and "auto", a group of more than 20,000 rows with a score that is not finite is NaN throughout.
with_counts : bool, default False
    Whether to return the number of pairs as well.
return_ids : bool, default False
    Whether ``reduction="per_group"`` returns ``PerGroup(ids, values)``, a named tuple with each group's id beside its
    loss; with `offsets` the ids are the groups' numbers.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each row come back as arrays of the scores' kind. Labels and weights on the GPU stay there too, unless `groups`
    are given, or the fast method meets a group with more than 16 different labels: these are ordered on the host. The
    fast method of hinges sorts on the GPU if CuPy is installed, else on the host.

Returns
-------
float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)

Raises
------
ValueError
    If shapes differ, labels or weights are NaN or outside their domain, offsets do not fit, or both `groups` and
    `offsets` are given.

References
----------
Freund et al., An efficient boosting algorithm for combining preferences, JMLR 2003.

Examples
--------
>>> import fastloss
>>> print(f"{fastloss.pairwise_exponential_loss([2.0, 1.0], [1, 0]):.6f}")
0.367879
>>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, 0, 0, 1], [7, 7, 8, 8]
>>> value, gradient = fastloss.pairwise_exponential_loss.value_and_grad(scores, labels, groups=queries)
>>> print(f"{value:.6f}", gradient.round(6).tolist())
6.275187 [-0.18394, 0.18394, 6.091247, -6.091247]
"""

class _pairwise_hinge_loss(_Made):
    """Hinge loss of all pairs of rows with different labels."""

    def __call__(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        margin: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Hinge loss of all pairs of rows with different labels."""

    def value_and_grad(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        margin: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pairwise_hinge_loss: _pairwise_hinge_loss
r"""Hinge loss of all pairs of rows with different labels.

.. math:: \max(0, m - (s_i - s_j))

Parameters
----------
scores : array_like, shape (N,)
    The model's scores. The gradient has their shape; it is float32 for scores of float32 or float16, else
    float64.
labels : array_like, shape (N,)
    Any numbers: binary, graded or real-valued. Only their order counts, except with ``pairs="all"``.
pairs : {"ordered", "all"}, default "ordered"
    "ordered": the pairs of a group with y_i > y_j. "all": the double sum over every i and j, i = j included, of
    :math:`\max(0, m - y_i (s_i - s_j))`, in N log N. Labels may be any numbers and are used unchanged: a row of
    label 0 costs m against each row. For 0 and 1 to mean -1 and 1, pass ``2 * labels - 1``.
margin : float >= 0, default 1.0
    The gap m from which on a pair costs nothing, in units of the score.
groups : array_like, shape (N,), optional
    An id for each row, in any order: pairs are made within a group (a query, a user). Without `groups` or `offsets`,
    all rows are one group.
offsets : array_like of int, shape (G + 1,), optional
    CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the rows; a pair weighs w_i w_j. A row of weight 0 adds nothing unless its score is NaN.
reduction : {"mean", "sum", "none", "per_group"}, default "mean"
    "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs. "per_group" returns
    each group's mean, NaN for a group without a pair (or whose pairs all weigh 0), in the order of
    `numpy.unique(groups)` or of `offsets`. "none" returns each row's sum over the pairs of which it is the first item.
    Gradients are those of the mean, or of the sum of what is returned.
method : {"auto", "direct", "fast"}, default "auto"
    How pairs are summed. "direct" computes each pair. "fast" takes time in proportion to the rows (to N log N where it
    sorts) and gives the same to 12 digits. "auto" takes the cheaper for each group. With ``pairs="all"`` the hinges
    take N log N for any labels; the logistic and the exponential loss, whose multiplier is the difference of the
    labels, go by pairs of labels: K different labels take the time of K N rows for K up to 64. With more than 64
    different labels, or so few rows of many labels that all pairs are far cheaper, every method takes N². Under "fast"
    and "auto", a group of more than 20,000 rows with a score that is not finite is NaN throughout.
with_counts : bool, default False
    Whether to return the number of pairs as well.
return_ids : bool, default False
    Whether ``reduction="per_group"`` returns ``PerGroup(ids, values)``, a named tuple with each group's id beside its
    loss; with `offsets` the ids are the groups' numbers.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each row come back as arrays of the scores' kind. Labels and weights on the GPU stay there too, unless `groups`
    are given, or the fast method meets a group with more than 16 different labels: these are ordered on the host. The
    fast method of hinges sorts on the GPU if CuPy is installed, else on the host.

Returns
-------
float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)
    The slope of a pair whose gap is the margin itself is that of the side where the loss is positive, as in
    PyTorch's ``margin_ranking_loss``.

Raises
------
ValueError
    If shapes differ, labels or weights are NaN or outside their domain, offsets do not fit, or both `groups` and
    `offsets` are given.

References
----------
Joachims, Optimizing search engines using clickthrough data, KDD 2002.

Examples
--------
>>> import fastloss
>>> fastloss.pairwise_hinge_loss([2.0, 1.5, 3.0], [1, 0, 0])
1.25
>>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, 0, 0, 1], [7, 7, 8, 8]
>>> value, gradient = fastloss.pairwise_hinge_loss.value_and_grad(scores, labels, groups=queries)
>>> print(f"{value:.6f}", gradient.round(6).tolist())
1.750000 [-0.5, 0.5, 0.5, -0.5]
"""

class _pairwise_logistic_loss(_Made):
    """Logistic loss of all pairs of rows with different labels (RankNet)."""

    def __call__(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Logistic loss of all pairs of rows with different labels (RankNet)."""

    def value_and_grad(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pairwise_logistic_loss: _pairwise_logistic_loss
r"""Logistic loss of all pairs of rows with different labels (RankNet).

.. math:: \log(1 + e^{-\sigma (s_i - s_j)})

Parameters
----------
scores : array_like, shape (N,)
    The model's scores. The gradient has their shape; it is float32 for scores of float32 or float16, else
    float64.
labels : array_like, shape (N,)
    Any numbers: binary, graded or real-valued. Only their order counts, except with ``pairs="all"``.
pairs : {"ordered", "all"}, default "ordered"
    "ordered": the pairs of a group with y_i > y_j. "all": the double sum over every i and j of
    :math:`\log(1 + e^{-\sigma (y_i - y_j)(s_i - s_j)})`, in which pairs of equal labels cost log 2 each. With
    more than 64 different labels it takes time quadratic in the rows, whatever the `method`.
sigma : float in (0, 1e100], default 1.0
    The steepness, in units of 1 / score.
groups : array_like, shape (N,), optional
    An id for each row, in any order: pairs are made within a group (a query, a user). Without `groups` or `offsets`,
    all rows are one group.
offsets : array_like of int, shape (G + 1,), optional
    CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the rows; a pair weighs w_i w_j. A row of weight 0 adds nothing unless its score is NaN.
reduction : {"mean", "sum", "none", "per_group"}, default "mean"
    "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs. "per_group" returns
    each group's mean, NaN for a group without a pair (or whose pairs all weigh 0), in the order of
    `numpy.unique(groups)` or of `offsets`. "none" returns each row's sum over the pairs of which it is the first item.
    Gradients are those of the mean, or of the sum of what is returned.
method : {"auto", "direct", "fast"}, default "auto"
    How pairs are summed. "direct" computes each pair. "fast" takes time in proportion to the rows (to N log N where it
    sorts) and gives the same to 12 digits. "auto" takes the cheaper for each group. With ``pairs="all"`` the hinges
    take N log N for any labels; the logistic and the exponential loss, whose multiplier is the difference of the
    labels, go by pairs of labels: K different labels take the time of K N rows for K up to 64. With more than 64
    different labels, or so few rows of many labels that all pairs are far cheaper, every method takes N². Under "fast"
    and "auto", a group of more than 20,000 rows with a score that is not finite is NaN throughout.
with_counts : bool, default False
    Whether to return the number of pairs as well.
return_ids : bool, default False
    Whether ``reduction="per_group"`` returns ``PerGroup(ids, values)``, a named tuple with each group's id beside its
    loss; with `offsets` the ids are the groups' numbers.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each row come back as arrays of the scores' kind. Labels and weights on the GPU stay there too, unless `groups`
    are given, or the fast method meets a group with more than 16 different labels: these are ordered on the host. The
    fast method of hinges sorts on the GPU if CuPy is installed, else on the host.

Returns
-------
float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)

Raises
------
ValueError
    If shapes differ, labels or weights are NaN or outside their domain, offsets do not fit, or both `groups` and
    `offsets` are given.

References
----------
Burges et al., Learning to rank using gradient descent, ICML 2005.

Examples
--------
>>> import fastloss
>>> loss = fastloss.pairwise_logistic_loss([2.0, 1.0, 3.0], [1, 0, 0], with_counts=True)
>>> print(f"{loss[0]:.4f} over {loss[1]} pairs")
0.8133 over 2 pairs
>>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, 0, 0, 1], [7, 7, 8, 8]
>>> value, gradient = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels, groups=queries)
>>> print(f"{value:.6f}", gradient.round(6).tolist())
1.446076 [-0.134471, 0.134471, 0.462071, -0.462071]
"""

class _pairwise_squared_hinge_loss(_Made):
    """Squared hinge loss of all pairs of rows with different labels."""

    def __call__(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        margin: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Squared hinge loss of all pairs of rows with different labels."""

    def value_and_grad(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        margin: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        scores: Array,
        labels: Array,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        margin: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pairwise_squared_hinge_loss: _pairwise_squared_hinge_loss
r"""Squared hinge loss of all pairs of rows with different labels.

.. math:: \max(0, m - (s_i - s_j))^2

Parameters
----------
scores : array_like, shape (N,)
    The model's scores. The gradient has their shape; it is float32 for scores of float32 or float16, else
    float64.
labels : array_like, shape (N,)
    Any numbers: binary, graded or real-valued. Only their order counts, except with ``pairs="all"``.
pairs : {"ordered", "all"}, default "ordered"
    "ordered": the pairs of a group with y_i > y_j. "all": the double sum over every i and j, i = j included, of
    :math:`\max(0, m - y_i (s_i - s_j))^2`, in N log N. Labels may be any numbers and are used unchanged: a row of
    label 0 costs m^2 against each row. For 0 and 1 to mean -1 and 1, pass ``2 * labels - 1``.
margin : float >= 0, default 1.0
    The gap m from which on a pair costs nothing, in units of the score.
groups : array_like, shape (N,), optional
    An id for each row, in any order: pairs are made within a group (a query, a user). Without `groups` or `offsets`,
    all rows are one group.
offsets : array_like of int, shape (G + 1,), optional
    CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the rows; a pair weighs w_i w_j. A row of weight 0 adds nothing unless its score is NaN.
reduction : {"mean", "sum", "none", "per_group"}, default "mean"
    "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs. "per_group" returns
    each group's mean, NaN for a group without a pair (or whose pairs all weigh 0), in the order of
    `numpy.unique(groups)` or of `offsets`. "none" returns each row's sum over the pairs of which it is the first item.
    Gradients are those of the mean, or of the sum of what is returned.
method : {"auto", "direct", "fast"}, default "auto"
    How pairs are summed. "direct" computes each pair. "fast" takes time in proportion to the rows (to N log N where it
    sorts) and gives the same to 12 digits. "auto" takes the cheaper for each group. With ``pairs="all"`` the hinges
    take N log N for any labels; the logistic and the exponential loss, whose multiplier is the difference of the
    labels, go by pairs of labels: K different labels take the time of K N rows for K up to 64. With more than 64
    different labels, or so few rows of many labels that all pairs are far cheaper, every method takes N². Under "fast"
    and "auto", a group of more than 20,000 rows with a score that is not finite is NaN throughout.
with_counts : bool, default False
    Whether to return the number of pairs as well.
return_ids : bool, default False
    Whether ``reduction="per_group"`` returns ``PerGroup(ids, values)``, a named tuple with each group's id beside its
    loss; with `offsets` the ids are the groups' numbers.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each row come back as arrays of the scores' kind. Labels and weights on the GPU stay there too, unless `groups`
    are given, or the fast method meets a group with more than 16 different labels: these are ordered on the host. The
    fast method of hinges sorts on the GPU if CuPy is installed, else on the host.

Returns
-------
float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)
    The second derivative of a pair whose gap is the margin itself is that of the side where the loss is positive.

Raises
------
ValueError
    If shapes differ, labels or weights are NaN or outside their domain, offsets do not fit, or both `groups` and
    `offsets` are given.

References
----------
Chapelle and Keerthi, Efficient algorithms for ranking with SVMs, Information Retrieval 2010.

Examples
--------
>>> import fastloss
>>> fastloss.pairwise_squared_hinge_loss([2.0, 1.5, 3.0], [1, 0, 0])
2.125
>>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, 0, 0, 1], [7, 7, 8, 8]
>>> value, gradient = fastloss.pairwise_squared_hinge_loss.value_and_grad(scores, labels, groups=queries)
>>> print(f"{value:.6f}", gradient.round(6).tolist())
6.125000 [0.0, 0.0, 3.5, -3.5]
"""

class _poisson_nll_loss(_Made):
    """Negative log-likelihood of counts under a Poisson distribution."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        log_input: bool = True,
        full: bool = False,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Negative log-likelihood of counts under a Poisson distribution."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        log_input: bool = True,
        full: bool = False,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        log_input: bool = True,
        full: bool = False,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

poisson_nll_loss: _poisson_nll_loss
r"""Negative log-likelihood of counts under a Poisson distribution.

.. math:: \ell = e^x - t x, \quad \text{or} \quad x - t \log(x + \epsilon) \text{ for } \texttt{log\_input=False},
    \qquad x = \text{input}, \; t = \text{target}

Parameters
----------
input : array_like
    The logarithm of the rate; for ``log_input=False`` the rate itself, which is >= 0. Of any shape.
target : array_like of the input's shape
    Counts >= 0; they need not be whole numbers.
log_input : bool, default True
    Whether `input` is the logarithm of the rate.
full : bool, default False
    Whether to add Stirling's approximation of :math:`\log t!`, :math:`t \log t - t + \log(2 \pi t) / 2`, for
    targets above 1. It does not change the gradient.
eps : float >= 0, default 1e-08
    Added to the rate in the logarithm, so that a rate of 0 is allowed; used for ``log_input=False`` only.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, or a weight, target or rate is negative.

References
----------
J. A. Nelder & R. W. M. Wedderburn, Generalized linear models, Journal of the Royal Statistical Society A, 1972.

Examples
--------
>>> import fastloss
>>> fastloss.poisson_nll_loss([0.0, 0.0], [1.0, 3.0])
1.0
>>> fastloss.poisson_nll_loss([2.0], [0.0], log_input=False)
2.0
>>> value, gradient = fastloss.poisson_nll_loss.value_and_grad([0.0, 0.0], [1.0, 3.0])
>>> gradient.round(4).tolist()
[0.0, -1.0]
"""

class _policy_gradient_loss(_Made):
    """Surrogate loss whose gradient is the policy gradient (REINFORCE), with an entropy bonus."""

    def __call__(
        self,
        logits: Array,
        actions: Array,
        advantages: Array,
        *,
        episodes: Any = None,
        entropy_coef: float = 0.0,
        log_probs: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Surrogate loss whose gradient is the policy gradient (REINFORCE), with an entropy bonus."""

    def value_and_grad(
        self,
        logits: Array,
        actions: Array,
        advantages: Array,
        *,
        episodes: Any = None,
        entropy_coef: float = 0.0,
        log_probs: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

policy_gradient_loss: _policy_gradient_loss
r"""Surrogate loss whose gradient is the policy gradient (REINFORCE), with an entropy bonus.

.. math:: \ell_t = -A_t \log \pi(a_t) - \beta H(\pi), \qquad
    \pi = \operatorname{softmax}(\text{logits}_t), \; H(\pi) = -\sum_k \pi_k \log \pi_k

with :math:`\beta` for `entropy_coef`. A logit of -inf excludes its action. No gradient goes through the advantages.

Parameters
----------
logits : array_like of shape (T, A)
    The policy's logits of A actions, a row for each step. With `log_probs`, the log-probabilities
    :math:`\log \pi` of the actions; or of shape (T,), the log-probabilities of the actions taken.
actions : array_like of integers of shape (T,), or None
    The actions a taken: ids in [0, A). None if `logits` is of shape (T,).
advantages : array_like of shape (T,)
    The advantages A, or returns.
episodes : array_like of shape (T,), optional
    An id of the episode of each step, in any order. None is a single episode.
entropy_coef : float, default 0.0
    The weight of the entropy bonus, which needs all actions of a step.
log_probs : bool, default False
    Whether `logits` holds log-probabilities (log-densities, if actions are continuous). Whether the probabilities
    of a step add up to 1 is not checked. The gradient is by the log-probabilities themselves: differentiate the
    function that made them, a softmax for instance, yourself.
sample_weight : array_like, shape (T,), optional
    Weights w >= 0 of the steps.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" is the sum of w * loss over all steps, divided by the number of episodes times the mean weight of a step;
    "sum" is that sum; "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none",
    those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (T,) for ``reduction="none"``
    The gradient is by `logits`.

Raises
------
ValueError
    If shapes do not fit, an action is out of range, or log-probabilities of shape (T,) come with actions or an
    entropy bonus.

References
----------
R. J. Williams, Simple statistical gradient-following algorithms for connectionist reinforcement learning, Machine
Learning, 1992.

Examples
--------
>>> import fastloss
>>> fastloss.policy_gradient_loss([[0.0, 0.0], [0.0, 0.0]], [0, 1], [1.0, 3.0], episodes=[7, 8])
1.3862943611198906
>>> fastloss.policy_gradient_loss([-0.5, -0.25], None, [1.0, 3.0], episodes=[7, 8], log_probs=True)
0.625
>>> logits, actions, returns = [[0.0, 0.0], [0.0, 0.0]], [0, 1], [1.0, 3.0]
>>> value, gradient = fastloss.policy_gradient_loss.value_and_grad(logits, actions, returns, episodes=[7, 8])
>>> gradient.tolist()
[[-0.25, 0.25], [0.75, -0.75]]
"""

class _poly_loss(_Made):
    """Cross-entropy of the softmax of logits with its first polynomial coefficients changed."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        epsilon: Any = (1.0,),
        divide_by_power: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of the softmax of logits with its first polynomial coefficients changed."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        epsilon: Any = (1.0,),
        divide_by_power: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        epsilon: Any = (1.0,),
        divide_by_power: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

poly_loss: _poly_loss
r"""Cross-entropy of the softmax of logits with its first polynomial coefficients changed.

.. math:: \ell = -\log p_t + \sum_{j \ge 1} \epsilon_j (1 - p_t)^j, \qquad
    p = \operatorname{softmax}(x), \; x = \text{input}

Parameters
----------
input : array_like of shape (N, C), (N, C, d1, ...) or (C,)
    The logits x of C classes.
target : array_like of whole numbers of shape (N,), (N, d1, ...) or ()
    The class ids t, in [0, C).
epsilon : float or sequence of floats, default (1.0,)
    The coefficients :math:`\epsilon_1, \epsilon_2, \dots`; an empty sequence gives `cross_entropy`.
divide_by_power : bool, default False
    Whether to divide :math:`\epsilon_j` by j, so that coefficients are relative to those of the logarithm's series.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape without the axis of classes for ``reduction="none"``

Raises
------
ValueError
    If shapes do not fit, an id is out of range, or a coefficient is not finite.

References
----------
Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng & D. Anguelov, PolyLoss: a polynomial expansion perspective
of classification loss functions, ICLR 2022.

Examples
--------
>>> import fastloss
>>> fastloss.poly_loss([[0.0, 0.0]], [1], epsilon=1.0)
1.1931471805599454
>>> value, gradient = fastloss.poly_loss.value_and_grad([[0.0, 0.0]], [1], epsilon=1.0)
>>> gradient.round(4).tolist()
[[0.75, -0.75]]
"""

class _pseudo_huber_loss(_Made):
    """Smooth form of the Huber loss: half the squared error near the target, `delta` times the error far away."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Smooth form of the Huber loss: half the squared error near the target, `delta` times the error far away."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pseudo_huber_loss: _pseudo_huber_loss
r"""Smooth form of the Huber loss: half the squared error near the target, `delta` times the error far away.

.. math:: \ell = \delta^2 \left( \sqrt{1 + (a / \delta)^2} - 1 \right),
    \qquad a = \text{input} - \text{target}

All derivatives are continuous, and the second is positive everywhere: :math:`(1 + (a / \delta)^2)^{-3/2}`.

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
delta : float > 0, default 1.0
    The slope far from the target, in units of the target; XGBoost's `huber_slope`.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a weight is negative, or `delta` is not positive.

References
----------
P. Charbonnier, L. Blanc-Féraud, G. Aubert & M. Barlaud, Deterministic edge-preserving regularization in computed
imaging, IEEE Transactions on Image Processing, 1997.

Examples
--------
>>> import fastloss
>>> fastloss.pseudo_huber_loss([0.75, 2.4], [0.0, 0.0], reduction="none").round(6).tolist()
[0.25, 1.6]
>>> value, gradient = fastloss.pseudo_huber_loss.value_and_grad([0.75, 2.4], [0.0, 0.0])
>>> gradient.round(4).tolist()
[0.3, 0.4615]
"""

class _quantile_loss(_Made):
    """Pinball loss, whose expectation is minimal at the target's `q`-quantile."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        q: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Pinball loss, whose expectation is minimal at the target's `q`-quantile."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        q: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        q: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

quantile_loss: _quantile_loss
r"""Pinball loss, whose expectation is minimal at the target's `q`-quantile.

.. math:: \ell = \begin{cases} q \, |a| & a < 0 \\ (1 - q) \, a & a \ge 0 \end{cases}
    \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
q : float in (0, 1), default 0.5
    The quantile's level; 0.5 gives half of `l1_loss`.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The slope at a = 0 is 0, as in `l1_loss`.

Raises
------
ValueError
    If the shapes differ, a weight is negative, or `q` is outside (0, 1).

References
----------
R. Koenker & G. Bassett, Regression quantiles, Econometrica, 1978.

Examples
--------
>>> import fastloss
>>> fastloss.quantile_loss([1.0, 3.0], [2.0, 2.0], q=0.75, reduction="none").tolist()
[0.75, 0.25]
>>> value, gradient = fastloss.quantile_loss.value_and_grad([1.0, 3.0], [2.0, 2.0], q=0.75)
>>> gradient.round(4).tolist()
[-0.375, 0.125]
"""

class _rmse_loss(_Made):
    """Root of the mean squared error."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Root of the mean squared error."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

rmse_loss: _rmse_loss
r"""Root of the mean squared error.

.. math:: \ell = \sqrt{\frac{\sum_i w_i a_i^2}{\sum_i w_i}}, \qquad a = \text{input} - \text{target}

The gradient is :math:`w_i a_i / (\ell \sum w)`, and zero at a perfect fit. `grad_hess` gives the diagonal of the
second derivative, :math:`(w_i / \sum w - g_i^2) / \ell`.

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean"}, default "mean"
    No other is defined: the loss is a function of the mean.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float

Raises
------
ValueError
    If the shapes differ, a weight is negative, or `reduction` is not "mean".

References
----------
C. F. Gauss, Theoria motus corporum coelestium, 1809.

Examples
--------
>>> import fastloss
>>> fastloss.rmse_loss([1.0, 2.0], [4.0, 6.0])
3.5355339059327378
>>> value, gradient = fastloss.rmse_loss.value_and_grad([1.0, 2.0], [4.0, 6.0])
>>> gradient.round(4).tolist()
[-0.4243, -0.5657]
"""

class _smooth_l1_loss(_Made):
    """Absolute error, quadratic within `beta` of the target: the Huber loss divided by `beta`."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        beta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Absolute error, quadratic within `beta` of the target: the Huber loss divided by `beta`."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        beta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        beta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

smooth_l1_loss: _smooth_l1_loss
r"""Absolute error, quadratic within `beta` of the target: the Huber loss divided by `beta`.

.. math:: \ell = \begin{cases} a^2 / (2 \beta) & |a| < \beta \\ |a| - \beta / 2 & |a| \ge \beta \end{cases}
    \qquad a = \text{input} - \text{target}

Parameters
----------
input, target : array_like of one shape
    The predictions and the true values, of any shape.
beta : float >= 0, default 1.0
    The error from which on the loss is linear, in units of the target; 0 gives `l1_loss`.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a weight is negative, or `beta` is negative.

References
----------
R. Girshick, Fast R-CNN, ICCV 2015.

Examples
--------
>>> import fastloss
>>> fastloss.smooth_l1_loss([0.5, 3.0], [0.0, 0.0], beta=2.0)
1.03125
>>> value, gradient = fastloss.smooth_l1_loss.value_and_grad([0.5, 3.0], [0.0, 0.0], beta=2.0)
>>> gradient.round(4).tolist()
[0.125, 0.5]
"""

class _soft_cross_entropy(_Made):
    """Cross-entropy of the model's distributions relative to the data's."""

    def __call__(
        self,
        p: Array,
        q: Array,
        *,
        wrt: Literal["q", "p", "both"] = "q",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of the model's distributions relative to the data's."""

    def value_and_grad(
        self,
        p: Array,
        q: Array,
        *,
        wrt: Literal["q", "p", "both"] = "q",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        p: Array,
        q: Array,
        *,
        wrt: Literal["q", "p", "both"] = "q",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

soft_cross_entropy: _soft_cross_entropy
r"""Cross-entropy of the model's distributions relative to the data's.

.. math:: H(p, q) = -\sum_k p_k \log q_k = D(p \| q) + H(p)

With 0 log 0 = 0; q = 0 < p costs infinity. The derivatives are :math:`-p_k / q_k` by q and :math:`-\log q_k` by p;
where both are 0, they are set to 0.

Parameters
----------
p : array_like of shape (..., C)
    The data's distributions: numbers in [0, 1].
q : array_like of the same shape
    The model's distributions.
wrt : {"q", "p", "both"}, default "q"
    The argument of the derivatives; "both" returns tuples, for p and for q.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (...) for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, or a number is outside [0, 1].

References
----------
I. J. Good, Rational decisions, Journal of the Royal Statistical Society B, 1952.

Examples
--------
>>> import fastloss
>>> fastloss.soft_cross_entropy([[0.5, 0.5]], [[0.25, 0.75]])
0.8369882167858358
>>> value, gradient = fastloss.soft_cross_entropy.value_and_grad([[0.5, 0.5]], [[0.25, 0.75]])
>>> gradient.round(4).tolist()
[[-2.0, -0.6667]]
"""

class _soft_margin_loss(_Made):
    """Logistic loss of a score on its side of 0: a smooth hinge."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Logistic loss of a score on its side of 0: a smooth hinge."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

soft_margin_loss: _soft_margin_loss
r"""Logistic loss of a score on its side of 0: a smooth hinge.

.. math:: \ell = \log(1 + e^{-t x}), \qquad x = \text{input}, \; t = \text{target}

Parameters
----------
input : array_like
    Scores x, of any shape. Infinite scores give the limit.
target : array_like of the input's shape
    -1 or 1, the side t; or 0 and 1 throughout, where 0 means -1.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a target is anything else, or a weight is negative.

References
----------
J. Friedman, T. Hastie & R. Tibshirani, Additive logistic regression, Annals of Statistics, 2000.

Examples
--------
>>> import fastloss
>>> fastloss.soft_margin_loss([100.0, 0.0], [-1, 1], reduction="none").tolist()
[100.0, 0.6931471805599453]
>>> value, gradient = fastloss.soft_margin_loss.value_and_grad([100.0, 0.0], [-1, 1])
>>> gradient.round(4).tolist()
[0.5, -0.25]
"""

class _soft_pairwise_loss(_Made):
    """Logistic loss of every pair, signed by the first item's label."""

    def __call__(
        self,
        scores: Array,
        labels: Array,
        *,
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Logistic loss of every pair, signed by the first item's label."""

    def value_and_grad(
        self,
        scores: Array,
        labels: Array,
        *,
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        scores: Array,
        labels: Array,
        *,
        sigma: float = 1.0,
        groups: Array | None = None,
        offsets: Array | None = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
        return_ids: bool = False,
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

soft_pairwise_loss: _soft_pairwise_loss
r"""Logistic loss of every pair, signed by the first item's label.

.. math:: \log(1 + e^{-\sigma y_i (s_i - s_j)}) \text{ over every } i, j

The multiplier is y_i, not y_i - y_j, and i = j is included: N rows of equal score give N^2 log 2.

Parameters
----------
scores : array_like, shape (N,)
    The model's scores. The gradient has their shape; it is float32 for scores of float32 or float16, else
    float64.
labels : array_like, shape (N,)
    -1 and 1; or 0 and 1 throughout, where 0 means -1.
sigma : float in (0, 1e100], default 1.0
    The steepness, in units of 1 / score.
groups : array_like, shape (N,), optional
    An id for each row, in any order: pairs are made within a group (a query, a user). Without `groups` or `offsets`,
    all rows are one group.
offsets : array_like of int, shape (G + 1,), optional
    CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
sample_weight : array_like, shape (N,), optional
    Weights w >= 0 of the rows; a pair weighs w_i w_j. A row of weight 0 adds nothing unless its score is NaN.
reduction : {"mean", "sum", "none", "per_group"}, default "mean"
    "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs. "per_group" returns
    each group's mean, NaN for a group without a pair (or whose pairs all weigh 0), in the order of
    `numpy.unique(groups)` or of `offsets`. "none" returns each row's sum over the pairs of which it is the first item.
    Gradients are those of the mean, or of the sum of what is returned.
method : {"auto", "direct", "fast"}, default "auto"
    How pairs are summed. "direct" computes each pair. "fast" takes time in proportion to the rows (to N log N where it
    sorts) and gives the same to 12 digits. "auto" takes the cheaper for each group. With ``pairs="all"`` the hinges
    take N log N for any labels; the logistic and the exponential loss, whose multiplier is the difference of the
    labels, go by pairs of labels: K different labels take the time of K N rows for K up to 64. With more than 64
    different labels, or so few rows of many labels that all pairs are far cheaper, every method takes N². Under "fast"
    and "auto", a group of more than 20,000 rows with a score that is not finite is NaN throughout.
with_counts : bool, default False
    Whether to return the number of pairs as well.
return_ids : bool, default False
    Whether ``reduction="per_group"`` returns ``PerGroup(ids, values)``, a named tuple with each group's id beside its
    loss; with `offsets` the ids are the groups' numbers.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if the scores lie there (CuPy, PyTorch, Numba), else on the CPU; results with an element
    for each row come back as arrays of the scores' kind. Labels and weights on the GPU stay there too, unless `groups`
    are given, or the fast method meets a group with more than 16 different labels: these are ordered on the host. The
    fast method of hinges sorts on the GPU if CuPy is installed, else on the host.

Returns
-------
float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)

Raises
------
ValueError
    If shapes differ, labels or weights are NaN or outside their domain, offsets do not fit, or both `groups` and
    `offsets` are given.

References
----------
Burges et al., Learning to rank using gradient descent, ICML 2005, with the labels' signs in the exponent.

Examples
--------
>>> import fastloss
>>> print(f"{fastloss.soft_pairwise_loss([1.0, 2.0], [1, -1]):.6f}")
1.003204
>>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, -1, -1, 1], [7, 7, 8, 8]
>>> value, gradient = fastloss.soft_pairwise_loss.value_and_grad(scores, labels, groups=queries)
>>> print(f"{value:.6f}", gradient.round(6).tolist())
1.069611 [-0.067235, 0.067235, 0.231035, -0.231035]
"""

class _softmax_focal_loss(_Made):
    """Cross-entropy of the softmax of logits that down-weights well classified rows."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        gamma: float = 2.0,
        alpha: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Cross-entropy of the softmax of logits that down-weights well classified rows."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        gamma: float = 2.0,
        alpha: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        gamma: float = 2.0,
        alpha: Any = None,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

softmax_focal_loss: _softmax_focal_loss
r"""Cross-entropy of the softmax of logits that down-weights well classified rows.

.. math:: \ell = -\alpha_t (1 - p_t)^\gamma \log p_t, \qquad p = \operatorname{softmax}(x), \; x = \text{input}

:math:`1 - p_t` is summed from the other classes, so that nothing cancels where :math:`p_t` is near 1.

Parameters
----------
input : array_like of shape (N, C), (N, C, d1, ...) or (C,)
    The logits x of C classes.
target : array_like of whole numbers of shape (N,), (N, d1, ...) or ()
    The class ids t, in [0, C).
gamma : float in [0, 1e100], default 2.0
    The exponent by which well classified rows are down-weighted; 0 gives `cross_entropy`.
alpha : float or array_like of shape (C,), optional
    A factor >= 0 for all classes, or one for each; the mean's denominator does not contain it.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape without the axis of classes for ``reduction="none"``
    The second derivative is negative at some logits: for `gamma` > 0 the loss is not convex.

Raises
------
ValueError
    If shapes do not fit, or an id or a parameter is out of range.

References
----------
T.-Y. Lin, P. Goyal, R. Girshick, K. He & P. Dollar, Focal loss for dense object detection, ICCV 2017.

Examples
--------
>>> import fastloss
>>> fastloss.softmax_focal_loss([[0.0, 0.0]], [1])
0.17328679513998632
>>> value, gradient = fastloss.softmax_focal_loss.value_and_grad([[0.0, 0.0]], [1])
>>> gradient.round(4).tolist()
[[0.2983, -0.2983]]
"""

class _sphereface_loss(_Made):
    """Softmax over the cosines to class vectors, with the target's angle multiplied."""

    def __call__(
        self,
        embeddings: Array,
        weights: Array,
        labels: Array,
        *,
        margin: float = 4.0,
        scale: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Softmax over the cosines to class vectors, with the target's angle multiplied."""

    def value_and_grad(
        self,
        embeddings: Array,
        weights: Array,
        labels: Array,
        *,
        margin: float = 4.0,
        scale: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

sphereface_loss: _sphereface_loss
r"""Softmax over the cosines to class vectors, with the target's angle multiplied.

.. math:: \ell_i = -\log \frac{e^{s \psi(\theta_y)}}{e^{s \psi(\theta_y)} + \sum_{j \ne y} e^{s \cos\theta_j}},
    \qquad \psi(\theta) = (-1)^k \cos(m \theta) - 2 k, \quad k = \lfloor m \theta / \pi \rfloor

Parameters
----------
embeddings : array_like, shape (N, D)
    The examples' vectors, of any length.
weights : array_like, shape (C, D)
    A vector for each class, of any length.
labels : array_like of whole numbers, shape (N,)
    The class y of each example, in [0, C).
margin : float in [1, 1e6], default 4.0
    The factor m of the target's angle.
scale : float in [1e-30, 1e30], default 1.0
    The scale s of the cosines.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or ndarray of shape (N,) for ``reduction="none"``
    `value_and_grad` returns the gradients as a named tuple: embeddings, weights, scale.

Raises
------
ValueError
    If shapes do not fit, or a label is not a class.

References
----------
W. Liu et al., SphereFace: deep hypersphere embedding for face recognition, CVPR 2017.

Examples
--------
>>> import fastloss
>>> classes = [[2.0, 0.0], [0.0, 1.0]]
>>> print(f"{fastloss.sphereface_loss([[1.0, 1.0]], classes, [0]):.6f}")
1.873798
>>> value, (by_embeddings, by_weights, by_scale) = fastloss.sphereface_loss.value_and_grad(
...     [[1.0, 1.0]], classes, [0]
... )
>>> by_embeddings.round(4).tolist()
[[-0.2993, 0.2993]]
"""

class _squared_hinge_loss(_Made):
    """The square of `hinge_loss`, which has a continuous slope."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """The square of `hinge_loss`, which has a continuous slope."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

squared_hinge_loss: _squared_hinge_loss
r"""The square of `hinge_loss`, which has a continuous slope.

.. math:: \ell = \max(0, m - t x)^2, \qquad x = \text{input}, \; t = \text{target}, \; m = \text{margin}

Parameters
----------
input : array_like
    Scores x, of any shape.
target : array_like of the input's shape
    -1 or 1, the side t; or 0 and 1 throughout, where 0 means -1.
margin : float >= 0, default 1.0
    The margin m from which on a score on the right side costs nothing.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``

Raises
------
ValueError
    If the shapes differ, a target is anything else, or a weight or the margin is negative.

References
----------
C. Cortes & V. Vapnik, Support-vector networks, Machine Learning, 1995.

Examples
--------
>>> import fastloss
>>> fastloss.squared_hinge_loss([0.5, -2.0, 3.0], [1, 0, 0], reduction="none").tolist()
[0.25, 0.0, 16.0]
>>> value, gradient = fastloss.squared_hinge_loss.value_and_grad([0.5, -2.0, 3.0], [1, 0, 0])
>>> gradient.round(4).tolist()
[-0.3333, 0.0, 2.6667]
"""

class _supcon_loss(_Made):
    """Supervised contrastive loss: mean cross-entropy of an anchor's class members among all other rows."""

    def __call__(
        self,
        embeddings: Array,
        labels: Array,
        *,
        temperature: float = 0.1,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> Any:
        """Supervised contrastive loss: mean cross-entropy of an anchor's class members among all other rows."""

    def value_and_grad(
        self,
        embeddings: Array,
        labels: Array,
        *,
        temperature: float = 0.1,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
        with_counts: bool = False,
    ) -> tuple[Any, Any]: ...

supcon_loss: _supcon_loss
r"""Supervised contrastive loss: mean cross-entropy of an anchor's class members among all other rows.

.. math:: \ell_i = -\frac{1}{|P_i|} \sum_{p \in P_i} \log \frac{e^{c_{ip} / \tau}}{\sum_{j \ne i} e^{c_{ij} / \tau}}

on the cosine c. Half of the matrix of similarities is computed for the value; none of it is stored.

Parameters
----------
embeddings : array_like, shape (N, D)
    A row for each example, or for each view of an example.
labels : array_like, shape (N,)
    The class of each row: numbers or strings. P_i are the other rows of the class of row i.
temperature : float in [1e-30, 1e30], default 0.1
    The temperature tau.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.
with_counts : bool, default False
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

class _td_loss(_Made):
    """Temporal-difference error of action values (deep Q-learning, and its double variant)."""

    def __call__(
        self,
        q: Array,
        actions: Array,
        rewards: Array,
        next_q: Array,
        done: Array,
        *,
        gamma: float,
        next_q_online: Any = None,
        kind: Literal["mse", "huber"] = "mse",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Temporal-difference error of action values (deep Q-learning, and its double variant)."""

    def value_and_grad(
        self,
        q: Array,
        actions: Array,
        rewards: Array,
        next_q: Array,
        done: Array,
        *,
        gamma: float,
        next_q_online: Any = None,
        kind: Literal["mse", "huber"] = "mse",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        q: Array,
        actions: Array,
        rewards: Array,
        next_q: Array,
        done: Array,
        *,
        gamma: float,
        next_q_online: Any = None,
        kind: Literal["mse", "huber"] = "mse",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

td_loss: _td_loss
r"""Temporal-difference error of action values (deep Q-learning, and its double variant).

.. math:: \ell = (Q(s, a) - y)^2, \qquad y = r + \gamma (1 - \text{done}) \max_{a'} Q'(s', a')

No gradient flows through y. Where an episode is done, `next_q` is not read.

Parameters
----------
q : array_like of shape (N, A)
    The values Q of A actions in each state.
actions : array_like of integers of shape (N,)
    The actions a taken: ids in [0, A).
rewards : array_like of shape (N,)
    The rewards r.
next_q : array_like of q's shape
    The target network's values Q' in the next states.
done : array_like of shape (N,)
    Whether the episode ended with this step: 0 or 1, or bools.
gamma : float in [0, 1]
    The discount factor of a step.
next_q_online : array_like of q's shape, optional
    The online network's values in the next states. If given, their maximum selects the action whose `next_q` is
    used (double Q-learning).
kind : {"mse", "huber"}, default "mse"
    "mse" is the square; "huber" is Huber's loss with delta 1, which has the factor 1/2.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (N,) for ``reduction="none"``
    The gradient is by `q`.

Raises
------
ValueError
    If shapes do not fit, an action is out of range, or an entry of `done` is neither 0 nor 1.

References
----------
V. Mnih et al., Human-level control through deep reinforcement learning, Nature, 2015; H. van Hasselt, A. Guez &
D. Silver, Deep reinforcement learning with double Q-learning, AAAI 2016.

Examples
--------
>>> import fastloss
>>> fastloss.td_loss([[1.0, 2.0]], [1], [0.5], [[3.0, 1.0]], [0], gamma=0.5)
0.0
>>> value, gradient = fastloss.td_loss.value_and_grad([[1.0, 2.0]], [1], [1.5], [[3.0, 1.0]], [0], gamma=0.5)
>>> gradient.round(4).tolist()
[[0.0, -2.0]]
"""

class _triplet_margin_loss(_Made):
    """Triplet margin loss of given anchors, positives and negatives."""

    def __call__(
        self,
        anchor: Array,
        positive: Array,
        negative: Array,
        *,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-06,
        swap: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Triplet margin loss of given anchors, positives and negatives."""

    def value_and_grad(
        self,
        anchor: Array,
        positive: Array,
        negative: Array,
        *,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-06,
        swap: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

triplet_margin_loss: _triplet_margin_loss
r"""Triplet margin loss of given anchors, positives and negatives.

.. math:: \ell = \max(0, d(a, p) - d(a, n) + m), \qquad d(x, y) = \lVert x - y + \epsilon \rVert_p

Parameters
----------
anchor, positive, negative : array_like of shape (..., D)
    The vectors a, p, n.
margin : float, default 1.0
    The margin m: from a negative farther away than the positive by m, a triplet costs nothing.
p : float > 0, default 2.0
    The exponent of the norm.
eps : float, default 1e-06
    A number added to every difference, as in PyTorch. Where a distance is still 0, its gradient is 0.
swap : bool, default False
    Whether to replace d(a, n) by d(p, n) where that is smaller.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (...) for ``reduction="none"``
    The gradient is a tuple of three arrays.

Raises
------
ValueError
    If the shapes differ, or `p` is not positive.

References
----------
V. Balntas, E. Riba, D. Ponsa & K. Mikolajczyk, Learning local feature descriptors with triplets and shallow
convolutional neural networks, BMVC 2016.

Examples
--------
>>> import fastloss
>>> fastloss.triplet_margin_loss([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 5.5]], eps=0.0)
0.5
>>> value, (by_anchor, by_positive, by_negative) = fastloss.triplet_margin_loss.value_and_grad(
...     [[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 5.5]], eps=0.0
... )
>>> by_anchor.round(4).tolist(), by_positive.round(4).tolist(), by_negative.round(4).tolist()
([[-0.6, 0.2]], [[0.6, 0.8]], [[0.0, -1.0]])
"""

class _tweedie_loss(_Made):
    """Negative log-likelihood under a Tweedie distribution, without the terms that do not depend on the mean."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        power: float = 1.5,
        log_input: bool = True,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Negative log-likelihood under a Tweedie distribution, without the terms that do not depend on the mean."""

    def value_and_grad(
        self,
        input: Array,
        target: Array,
        *,
        power: float = 1.5,
        log_input: bool = True,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...
    def grad_hess(
        self,
        input: Array,
        target: Array,
        *,
        power: float = 1.5,
        log_input: bool = True,
        eps: float = 1e-08,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

tweedie_loss: _tweedie_loss
r"""Negative log-likelihood under a Tweedie distribution, without the terms that do not depend on the mean.

.. math:: \ell = -t \frac{\mu^{1 - p}}{1 - p} + \frac{\mu^{2 - p}}{2 - p},
    \qquad \mu = e^x, \; x = \text{input}, \; t = \text{target}, \; p = \text{power}

For 1 < p < 2 that is the distribution of a Poisson number of gamma-distributed amounts: zeros and positive numbers,
as insurance claims have them. Where a term is infinite, its limit without the infinite constant is taken:
p = 1 gives `poisson_nll_loss`, p = 2 gives `gamma_nll_loss`. (Power 0 would be half of `mse_loss`.)

Parameters
----------
input : array_like
    The logarithm x of the mean; for ``log_input=False`` the mean itself, which is >= 0. Of any shape.
target : array_like of the input's shape
    Numbers >= 0.
power : float in [1, 2], default 1.5
    The exponent p of the variance, which is proportional to :math:`\mu^p`.
log_input : bool, default True
    Whether `input` is the logarithm of the mean.
eps : float >= 0, default 1e-08
    Added to the mean, so that a mean of 0 is allowed; used for ``log_input=False`` only.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of the input's shape for ``reduction="none"``
    The second derivative is never negative for logarithms; by a mean it may be.

Raises
------
ValueError
    If the shapes differ, a weight, target or mean is negative, or `power` is outside [1, 2].

References
----------
B. Jørgensen, Exponential dispersion models, Journal of the Royal Statistical Society B, 1987.

Examples
--------
>>> import fastloss
>>> fastloss.tweedie_loss([0.0, 0.0], [0.0, 3.0], power=1.5, reduction="none").tolist()
[2.0, 8.0]
>>> fastloss.tweedie_loss([4.0], [3.0], log_input=False, eps=0.0)
7.0
>>> value, gradient = fastloss.tweedie_loss.value_and_grad([0.0, 0.0], [0.0, 3.0], power=1.5)
>>> gradient.round(4).tolist()
[0.5, -1.0]
"""

class _two_term_contrastive_loss(_Made):
    """Distance of the positive, plus how far the negative's distance falls short of a margin."""

    def __call__(
        self,
        anchor: Array,
        positive: Array,
        negative: Array,
        *,
        margin: float = 1.0,
        squared: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any:
        """Distance of the positive, plus how far the negative's distance falls short of a margin."""

    def value_and_grad(
        self,
        anchor: Array,
        positive: Array,
        negative: Array,
        *,
        margin: float = 1.0,
        squared: bool = False,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

two_term_contrastive_loss: _two_term_contrastive_loss
r"""Distance of the positive, plus how far the negative's distance falls short of a margin.

.. math:: \ell = D(a, p) + \max(0, m - D(a, n)), \qquad D(x, y) = \lVert x - y \rVert_2

Unlike `triplet_margin_loss` it does not compare the two distances: it is the `contrastive_loss` of the similar pair
(a, p) plus that of the dissimilar pair (a, n).

Parameters
----------
anchor, positive, negative : array_like of shape (..., D)
    The vectors a, p, n; where two of them are equal, the gradient of their distance is 0.
margin : float, default 1.0
    The distance m from which on a negative costs nothing.
squared : bool, default False
    Whether to square the two terms, as `contrastive_loss` does: :math:`D(a, p)^2 + \max(0, m - D(a, n))^2`.
sample_weight : array_like, optional
    Weights w >= 0, one for each loss or for each entry of the first axis.
reduction : {"mean", "sum", "none"}, default "mean"
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
backend : {"auto", "cpu", "cuda"}, default "auto"
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.

Returns
-------
float, or an array of shape (...) for ``reduction="none"``
    The gradient is a tuple of three arrays. Where a negative's distance is m
    itself, its gradient is that within the margin, as in PyTorch.

Raises
------
ValueError
    If the shapes differ.

References
----------
R. Hadsell, S. Chopra & Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006, whose pairs
are taken two at a time.

Examples
--------
>>> import fastloss
>>> fastloss.two_term_contrastive_loss([[0.0, 0.0]], [[0.3, 0.4]], [[0.0, 0.25]])
1.25
>>> value, (by_anchor, by_positive, by_negative) = fastloss.two_term_contrastive_loss.value_and_grad(
...     [[0.0, 0.0]], [[0.3, 0.4]], [[0.0, 0.25]]
... )
>>> by_anchor.round(4).tolist(), by_positive.round(4).tolist(), by_negative.round(4).tolist()
([[-0.6, 0.2]], [[0.6, 0.8]], [[0.0, -1.0]])
"""
