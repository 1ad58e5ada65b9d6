"""The public names and their types. Written by `tools/stub.py`: do not edit."""

from typing import Any, Literal, TypeAlias

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
    """Softmax over classes' directions with a margin added to the target's angle; a million classes fit."""

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
    ) -> Any: ...
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

class _asymmetric_huber_loss(_Made):
    """Huber loss with a threshold for each side, which counts large predictions too low `alpha` times."""

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
    ) -> Any: ...
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

class _batch_all_triplet_loss(_Made):
    """Every triplet of a batch: how much nearer a positive is to its anchor than a negative, short of a margin."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _batch_hard_triplet_loss(_Made):
    """Each anchor's farthest positive against its nearest negative."""

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
    ) -> Any: ...
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

class _batch_semihard_triplet_loss(_Made):
    """Each pair of a class against the nearest negative that is farther from the anchor than the positive."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _binary_cross_entropy_with_logits(_Made):
    """Cross-entropy of logits with two classes, in the stable form; of an (N, C) input, multi-label cross-entropy."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _bpr_loss(_Made):
    """Bayesian personalised ranking: an observed item's score against those of unobserved ones."""

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
    ) -> Any: ...
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

class _categorical_cross_entropy(_Made):
    """Cross-entropy of predicted probabilities with one-hot or soft targets."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

categorical_cross_entropy: _categorical_cross_entropy

class _center_loss(_Made):
    """Half the squared distance of every vector to the center of its class."""

    def __call__(
        self,
        embeddings: Array,
        labels: Array,
        centers: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _contrastive_loss(_Made):
    """Draws similar vectors together and drives others apart, up to a margin."""

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
    ) -> Any: ...
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

class _cosface_loss(_Made):
    """Softmax over classes' directions with a margin taken from the target's cosine."""

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
    ) -> Any: ...
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

class _cosine_embedding_loss(_Made):
    """Turns similar vectors the same way, and others apart."""

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
    ) -> Any: ...
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

class _crammer_singer_loss(_Made):
    """Hinge loss of the strongest other class against the true one."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _cross_entropy(_Made):
    """Cross-entropy of softmax with class ids or distributions, from logits."""

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
    ) -> Any: ...
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

class _cross_entropy_with_factors(_Made):
    """``cross_entropy(hidden @ class_weights.T + bias, target)`` without the logits: for catalogues of millions."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _entropy(_Made):
    """Shannon's entropy of distributions, in nats."""

    def __call__(
        self,
        p: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _focal_loss(_Made):
    """Cross-entropy of logits with two classes that plays down what is already classified well."""

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
    ) -> Any: ...
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

class _ge2e_loss(_Made):
    """Each utterance against the centroids of all speakers; its own centroid leaves it out."""

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
    ) -> Any: ...
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

class _hinge_embedding_loss(_Made):
    """Pulls similar pairs together and pushes others apart up to a margin, given their distances."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _hinge_loss(_Made):
    """How far a score falls short of the margin on its side."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        margin: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _huber_loss(_Made):
    """Quadratic within `delta` of the target, linear beyond."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        delta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _info_nce_loss(_Made):
    """Every query's own key against all keys of the batch, without the matrix; CLIP's loss if symmetric."""

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
    ) -> Any: ...
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

class _kl_divergence(_Made):
    """Kullback-Leibler divergence of a model's distributions from the data's, one for each row."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _lambdarank_loss(_Made):
    """Logistic loss of the pairs of a query, each weighed by what swapping the two would change in NDCG."""

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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

lambdarank_loss: _lambdarank_loss

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
    ) -> Any: ...
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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _margin_ranking_loss(_Made):
    """How far one score's lead over another falls short of a margin, for given pairs."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _msle_loss(_Made):
    """Squared error of the logarithms of one plus the numbers."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _multi_margin_loss(_Made):
    """Hinge loss of every other class against the true one (Weston and Watkins), divided by the number of classes."""

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
    ) -> Any: ...
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

class _multiple_negatives_ranking_loss(_Made):
    """Cross-entropy of every anchor's positive among all positives and negatives of the batch."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _nmae_loss(_Made):
    """Absolute error in units of the targets' spread or size."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        norm: Any = "range",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _nt_xent_loss(_Made):
    """SimCLR's loss: of all 2N views, each one's partner against all others, on the cosine."""

    def __call__(
        self,
        z1: Array,
        z2: Array,
        *,
        temperature: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _pairwise_exponential_loss(_Made):
    """Exponential loss of all pairs of differently labelled rows (RankBoost)."""

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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pairwise_exponential_loss: _pairwise_exponential_loss

class _pairwise_hinge_loss(_Made):
    """Hinge loss of all pairs of differently labelled rows."""

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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pairwise_hinge_loss: _pairwise_hinge_loss

class _pairwise_logistic_loss(_Made):
    """Logistic loss of all pairs of differently labelled rows (RankNet)."""

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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pairwise_logistic_loss: _pairwise_logistic_loss

class _pairwise_squared_hinge_loss(_Made):
    """Squared hinge loss of all pairs of differently labelled rows."""

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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

pairwise_squared_hinge_loss: _pairwise_squared_hinge_loss

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
    ) -> Any: ...
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

class _policy_gradient_loss(_Made):
    """The surrogate whose gradient is the policy gradient (REINFORCE), with an entropy bonus."""

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
    ) -> Any: ...
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

class _poly_loss(_Made):
    """Cross-entropy of softmax with its first polynomial coefficients changed."""

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
    ) -> Any: ...
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

class _quantile_loss(_Made):
    """Pinball loss, whose expectation is least at the target's `q`-quantile."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        q: float = 0.5,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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
    ) -> Any: ...
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

class _smooth_l1_loss(_Made):
    """Absolute error with its kink rounded off: the Huber loss divided by `beta`."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        beta: float = 1.0,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _soft_cross_entropy(_Made):
    """Cross-entropy of a model's distributions relative to the data's."""

    def __call__(
        self,
        p: Array,
        q: Array,
        *,
        wrt: Literal["q", "p", "both"] = "q",
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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

class _soft_margin_loss(_Made):
    """Logistic loss of a score against a side: a smooth hinge."""

    def __call__(
        self,
        input: Array,
        target: Array,
        *,
        sample_weight: Array | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> Any: ...
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
        backend: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> tuple[Any, Any]: ...

soft_pairwise_loss: _soft_pairwise_loss

class _softmax_focal_loss(_Made):
    """Cross-entropy of softmax with class ids that plays down what is already classified well."""

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
    ) -> Any: ...
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

class _sphereface_loss(_Made):
    """Softmax over classes' directions with the target's angle multiplied."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _supcon_loss(_Made):
    """Supervised contrastive loss: the mean over an anchor's class of -log of each one's share of all others."""

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
    ) -> Any: ...
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
    ) -> Any: ...
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

class _triplet_margin_loss(_Made):
    """How much nearer a positive is to its anchor than a negative, short of a margin; on given triplets."""

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
    ) -> Any: ...
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

class _two_term_contrastive_loss(_Made):
    """Draws a positive to its anchor and drives a negative away from it, up to a margin; on given triplets."""

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
    ) -> Any: ...
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
