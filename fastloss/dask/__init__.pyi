"""The losses of Dask collections, and their types. Written by `tools/stub.py`: do not edit."""

from typing import Any, Literal, TypeAlias

from fastloss.dask.counts import DaskCount
from fastloss.dask.loss import DaskLoss

COUNTS: tuple[str, ...]
__all__: list[str]

Array: TypeAlias = Any  # a Dask array, Series or list of delayed partitions; what all rows need may be in memory

auc: DaskCount
count_inversions: DaskCount

class _arcface_loss(DaskLoss):
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
"""Softmax over the cosines to class vectors, with a margin added to the target's angle."""

class _asymmetric_huber_loss(DaskLoss):
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
"""Huber loss with a threshold for each side, which multiplies large underestimates by `alpha`."""

class _batch_all_triplet_loss(DaskLoss):
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
"""Triplet margin loss of every triplet of a batch."""

class _batch_contrastive_loss(DaskLoss):
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
"""`contrastive_loss` of every pair of a batch."""

class _batch_hard_triplet_loss(DaskLoss):
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
"""Triplet margin loss of each anchor's farthest positive and nearest negative."""

class _batch_semihard_triplet_loss(DaskLoss):
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
"""Triplet margin loss of each pair of a class and the nearest negative farther away than the positive."""

class _binary_cross_entropy(DaskLoss):
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
"""Cross-entropy of probabilities with two classes; of an (N, C) input, multi-label cross-entropy."""

class _binary_cross_entropy_with_logits(DaskLoss):
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
"""Cross-entropy of logits with two classes; of an (N, C) input, multi-label cross-entropy."""

class _bpr_all_negatives_loss(DaskLoss):
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
"""Bayesian personalised ranking of every observed item against every unobserved one: no sampling."""

class _bpr_loss(DaskLoss):
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
"""Bayesian personalised ranking of each observed item against sampled unobserved items."""

class _categorical_cross_entropy(DaskLoss):
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
"""Cross-entropy of predicted probabilities, with class ids or distributions as targets."""

class _center_loss(DaskLoss):
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
"""Half the squared distance of each vector to the center of its class."""

class _contrastive_loss(DaskLoss):
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
"""Squared distance of similar pairs; of dissimilar pairs, the squared shortfall from a margin."""

class _cosface_loss(DaskLoss):
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
"""Softmax over the cosines to class vectors, with a margin subtracted from the target's cosine."""

class _cosine_embedding_loss(DaskLoss):
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
"""One minus the cosine of similar pairs; of dissimilar pairs, the cosine above a margin."""

class _crammer_singer_loss(DaskLoss):
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
"""Hinge loss of the true class against the other class with the highest score."""

class _cross_entropy(DaskLoss):
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
"""Cross-entropy of the softmax of logits, with class ids or distributions as targets."""

class _cross_entropy_with_factors(DaskLoss):
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
"""``cross_entropy(hidden @ class_weights.T + bias, target)`` without storing the logits."""

class _dice_loss(DaskLoss):
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
"""One minus the Dice coefficient of a predicted and a true mask."""

class _entropy(DaskLoss):
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
"""Shannon's entropy of distributions, in nats."""

class _expectile_loss(DaskLoss):
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
"""Squared error with a factor for each side, whose expectation is minimal at the target's `tau`-expectile."""

class _fair_loss(DaskLoss):
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
"""Half the squared error near the target; far from it, a loss whose slope approaches `c`."""

class _focal_loss(DaskLoss):
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
"""Cross-entropy of logits with two classes that down-weights well classified examples."""

class _gamma_nll_loss(DaskLoss):
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
"""Negative log-likelihood under a gamma distribution of shape 1 with the given mean."""

class _gaussian_nll_loss(DaskLoss):
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
"""Negative log-likelihood under a normal distribution whose mean and variance are predicted."""

class _ge2e_loss(DaskLoss):
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
"""Similarity of each utterance to the centroid of its speaker, against all other speakers' centroids."""

class _hinge_embedding_loss(DaskLoss):
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
"""Distance of similar pairs; of dissimilar pairs, how far the distance falls short of a margin."""

class _hinge_loss(DaskLoss):
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
"""How far a score falls short of the margin on its side of 0."""

class _huber_loss(DaskLoss):
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
"""Half the squared error within `delta` of the target, linear beyond."""

class _info_nce_loss(DaskLoss):
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
"""Cross-entropy of each query's key among all keys of the batch; CLIP's loss if symmetric."""

class _kl_divergence(DaskLoss):
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
"""Kullback-Leibler divergence of the model's distributions from the data's, one for each row."""

class _l1_loss(DaskLoss):
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
"""Absolute error."""

class _lambdarank_loss(DaskLoss):
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
"""Logistic loss of the pairs of a query, each weighted by the change in NDCG if the two were swapped."""

class _log_cosh_loss(DaskLoss):
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
"""Logarithm of the hyperbolic cosine of the error: a smooth absolute error."""

class _mape_loss(DaskLoss):
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
"""Absolute error as a fraction of the target: 0.1 is ten per cent."""

class _margin_all_pairs_loss(DaskLoss):
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
"""Margin loss of every positive against every negative triple of a knowledge graph."""

class _margin_ranking_loss(DaskLoss):
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
"""How far a score's lead over another falls short of a margin, for given pairs."""

class _mse_loss(DaskLoss):
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
"""Squared error, without a factor 1/2."""

class _msle_loss(DaskLoss):
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
"""Squared error of the logarithms of 1 + input and 1 + target."""

class _multi_margin_loss(DaskLoss):
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
"""Hinge loss of the true class against every other (Weston and Watkins), divided by the number of classes."""

class _multi_quantile_loss(DaskLoss):
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
"""Pinball losses of several quantiles of one target, averaged over the quantiles."""

class _multiple_negatives_ranking_loss(DaskLoss):
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
"""Cross-entropy of each anchor's positive among all positives and negatives of the batch."""

class _nll_loss(DaskLoss):
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
"""Negative log-likelihood of class ids, from log-probabilities."""

class _nmae_loss(DaskLoss):
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
"""Absolute error divided by the spread or the size of the targets."""

class _nt_xent_loss(DaskLoss):
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
"""SimCLR's loss: cross-entropy of each view's partner among all other views, on the cosine."""

class _pairwise_exponential_loss(DaskLoss):
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
"""Exponential loss of all pairs of rows with different labels (RankBoost)."""

class _pairwise_hinge_loss(DaskLoss):
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
"""Hinge loss of all pairs of rows with different labels."""

class _pairwise_logistic_loss(DaskLoss):
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
"""Logistic loss of all pairs of rows with different labels (RankNet)."""

class _pairwise_squared_hinge_loss(DaskLoss):
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
"""Squared hinge loss of all pairs of rows with different labels."""

class _poisson_nll_loss(DaskLoss):
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
"""Negative log-likelihood of counts under a Poisson distribution."""

class _policy_gradient_loss(DaskLoss):
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
"""Surrogate loss whose gradient is the policy gradient (REINFORCE), with an entropy bonus."""

class _poly_loss(DaskLoss):
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
"""Cross-entropy of the softmax of logits with its first polynomial coefficients changed."""

class _pseudo_huber_loss(DaskLoss):
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
"""Smooth form of the Huber loss: half the squared error near the target, `delta` times the error far away."""

class _quantile_loss(DaskLoss):
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
"""Pinball loss, whose expectation is minimal at the target's `q`-quantile."""

class _rmse_loss(DaskLoss):
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
"""Root of the mean squared error."""

class _smooth_l1_loss(DaskLoss):
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
"""Absolute error, quadratic within `beta` of the target: the Huber loss divided by `beta`."""

class _soft_cross_entropy(DaskLoss):
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
"""Cross-entropy of the model's distributions relative to the data's."""

class _soft_margin_loss(DaskLoss):
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
"""Logistic loss of a score on its side of 0: a smooth hinge."""

class _soft_pairwise_loss(DaskLoss):
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
"""Logistic loss of every pair, signed by the first item's label."""

class _softmax_focal_loss(DaskLoss):
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
"""Cross-entropy of the softmax of logits that down-weights well classified rows."""

class _sphereface_loss(DaskLoss):
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
"""Softmax over the cosines to class vectors, with the target's angle multiplied."""

class _squared_hinge_loss(DaskLoss):
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
"""The square of `hinge_loss`, which has a continuous slope."""

class _supcon_loss(DaskLoss):
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
"""Supervised contrastive loss: mean cross-entropy of an anchor's class members among all other rows."""

class _td_loss(DaskLoss):
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
"""Temporal-difference error of action values (deep Q-learning, and its double variant)."""

class _triplet_margin_loss(DaskLoss):
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
"""Triplet margin loss of given anchors, positives and negatives."""

class _tweedie_loss(DaskLoss):
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
"""Negative log-likelihood under a Tweedie distribution, without the terms that do not depend on the mean."""

class _two_term_contrastive_loss(DaskLoss):
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
"""Distance of the positive, plus how far the negative's distance falls short of a margin."""
