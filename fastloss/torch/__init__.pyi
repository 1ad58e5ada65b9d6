"""The losses of PyTorch's tensors and their types. Written by `tools/torch_stub.py`: do not edit."""

from typing import Any, Literal

from torch import Tensor

from fastloss.torch.modules import LossModule

__all__: list[str]

def arcface_loss(
    embeddings: Tensor,
    weights: Tensor,
    labels: Tensor | None,
    *,
    margin: float = 0.5,
    scale: Tensor | float = 64.0,
    literal: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Softmax over the cosines to class vectors, with a margin added to the target's angle."""

class ArcfaceLoss(LossModule):
    """Softmax over the cosines to class vectors, with a margin added to the target's angle."""

    def __init__(
        self,
        *,
        margin: float = 0.5,
        scale: Tensor | float = 64.0,
        literal: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        weights: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        weights: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> Tensor: ...

def asymmetric_huber_loss(
    input: Tensor,
    target: Tensor,
    *,
    delta: float = 1.0,
    delta_below: float | None = None,
    alpha: float = 1.0,
    continuous: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Huber loss with a threshold for each side, which multiplies large underestimates by `alpha`."""

class AsymmetricHuberLoss(LossModule):
    """Huber loss with a threshold for each side, which multiplies large underestimates by `alpha`."""

    def __init__(
        self,
        *,
        delta: float = 1.0,
        delta_below: float | None = None,
        alpha: float = 1.0,
        continuous: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def batch_all_triplet_loss(
    embeddings: Tensor,
    labels: Tensor | None,
    *,
    margin: float = 0.2,
    squared: bool = False,
    soft: bool = False,
    average: Literal["active", "all"] = "active",
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Triplet margin loss of every triplet of a batch."""

class BatchAllTripletLoss(LossModule):
    """Triplet margin loss of every triplet of a batch."""

    def __init__(
        self,
        *,
        margin: float = 0.2,
        squared: bool = False,
        soft: bool = False,
        average: Literal["active", "all"] = "active",
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def batch_contrastive_loss(
    embeddings: Tensor,
    labels: Tensor | None,
    *,
    margin: float = 1.0,
    half: bool = False,
    squared: bool = True,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """`contrastive_loss` of every pair of a batch."""

class BatchContrastiveLoss(LossModule):
    """`contrastive_loss` of every pair of a batch."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        half: bool = False,
        squared: bool = True,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> Tensor: ...

def batch_hard_triplet_loss(
    embeddings: Tensor,
    labels: Tensor | None,
    *,
    margin: float = 0.2,
    squared: bool = False,
    soft: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Triplet margin loss of each anchor's farthest positive and nearest negative."""

class BatchHardTripletLoss(LossModule):
    """Triplet margin loss of each anchor's farthest positive and nearest negative."""

    def __init__(
        self,
        *,
        margin: float = 0.2,
        squared: bool = False,
        soft: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def batch_semihard_triplet_loss(
    embeddings: Tensor,
    labels: Tensor | None,
    *,
    margin: float = 0.2,
    squared: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Triplet margin loss of each pair of a class and the nearest negative farther away than the positive."""

class BatchSemihardTripletLoss(LossModule):
    """Triplet margin loss of each pair of a class and the nearest negative farther away than the positive."""

    def __init__(
        self,
        *,
        margin: float = 0.2,
        squared: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    weight: Tensor | float | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of probabilities with two classes; of an (N, C) input, multi-label cross-entropy."""

class BinaryCrossEntropyLoss(LossModule):
    """Cross-entropy of probabilities with two classes; of an (N, C) input, multi-label cross-entropy."""

    def __init__(
        self,
        *,
        weight: Tensor | float | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    *,
    weight: Tensor | float | None = None,
    pos_weight: Tensor | float | None = None,
    label_smoothing: float = 0.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of logits with two classes; of an (N, C) input, multi-label cross-entropy."""

class BinaryCrossEntropyWithLogitsLoss(LossModule):
    """Cross-entropy of logits with two classes; of an (N, C) input, multi-label cross-entropy."""

    def __init__(
        self,
        *,
        weight: Tensor | float | None = None,
        pos_weight: Tensor | float | None = None,
        label_smoothing: float = 0.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def bpr_all_negatives_loss(
    user_factors: Tensor,
    item_factors: Tensor,
    interactions: tuple[Tensor, ...] | list[Tensor] | None,
    *,
    item_bias: Tensor | float | None = None,
    reg: float = 0.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Bayesian personalised ranking of every observed item against every unobserved one: no sampling."""

class BprAllNegativesLoss(LossModule):
    """Bayesian personalised ranking of every observed item against every unobserved one: no sampling."""

    def __init__(
        self,
        *,
        item_bias: Tensor | float | None = None,
        reg: float = 0.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        user_factors: Tensor,
        item_factors: Tensor,
        interactions: tuple[Tensor, ...] | list[Tensor] | None,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        user_factors: Tensor,
        item_factors: Tensor,
        interactions: tuple[Tensor, ...] | list[Tensor] | None,
        **keywords: Any,
    ) -> Tensor: ...

def bpr_loss(
    pos_scores: Tensor,
    neg_scores: Tensor,
    *,
    offsets: Tensor | float | None = None,
    shared: bool = False,
    reg: float = 0.0,
    params: tuple[Tensor, ...] | list[Tensor] | None = (),
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Bayesian personalised ranking of each observed item against sampled unobserved items."""

class BprLoss(LossModule):
    """Bayesian personalised ranking of each observed item against sampled unobserved items."""

    def __init__(
        self,
        *,
        offsets: Tensor | float | None = None,
        shared: bool = False,
        reg: float = 0.0,
        params: tuple[Tensor, ...] | list[Tensor] | None = (),
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        pos_scores: Tensor,
        neg_scores: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        pos_scores: Tensor,
        neg_scores: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def categorical_cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    ignore_index: int | None = -100,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of predicted probabilities, with class ids or distributions as targets."""

class CategoricalCrossEntropyLoss(LossModule):
    """Cross-entropy of predicted probabilities, with class ids or distributions as targets."""

    def __init__(
        self,
        *,
        ignore_index: int | None = -100,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def center_loss(
    embeddings: Tensor,
    labels: Tensor,
    centers: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Half the squared distance of each vector to the center of its class."""

class CenterLoss(LossModule):
    """Half the squared distance of each vector to the center of its class."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        centers: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor,
        centers: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def contrastive_loss(
    x1: Tensor,
    x2: Tensor,
    target: Tensor,
    *,
    margin: float = 1.0,
    similar: int | None = 1,
    half: bool = False,
    squared: bool = True,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Squared distance of similar pairs; of dissimilar pairs, the squared shortfall from a margin."""

class ContrastiveLoss(LossModule):
    """Squared distance of similar pairs; of dissimilar pairs, the squared shortfall from a margin."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        similar: int | None = 1,
        half: bool = False,
        squared: bool = True,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        x1: Tensor,
        x2: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        x1: Tensor,
        x2: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def cosface_loss(
    embeddings: Tensor,
    weights: Tensor,
    labels: Tensor | None,
    *,
    margin: float = 0.35,
    scale: Tensor | float = 64.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Softmax over the cosines to class vectors, with a margin subtracted from the target's cosine."""

class CosfaceLoss(LossModule):
    """Softmax over the cosines to class vectors, with a margin subtracted from the target's cosine."""

    def __init__(
        self,
        *,
        margin: float = 0.35,
        scale: Tensor | float = 64.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        weights: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        weights: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> Tensor: ...

def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    *,
    margin: float = 0.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """One minus the cosine of similar pairs; of dissimilar pairs, the cosine above a margin."""

class CosineEmbeddingLoss(LossModule):
    """One minus the cosine of similar pairs; of dissimilar pairs, the cosine above a margin."""

    def __init__(
        self,
        *,
        margin: float = 0.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input1: Tensor,
        input2: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input1: Tensor,
        input2: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def crammer_singer_loss(
    input: Tensor,
    target: Tensor,
    *,
    margin: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Hinge loss of the true class against the other class with the highest score."""

class CrammerSingerLoss(LossModule):
    """Hinge loss of the true class against the other class with the highest score."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    weight: Tensor | float | None = None,
    ignore_index: int | None = -100,
    label_smoothing: float = 0.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of the softmax of logits, with class ids or distributions as targets."""

class CrossEntropyLoss(LossModule):
    """Cross-entropy of the softmax of logits, with class ids or distributions as targets."""

    def __init__(
        self,
        *,
        weight: Tensor | float | None = None,
        ignore_index: int | None = -100,
        label_smoothing: float = 0.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def cross_entropy_with_factors(
    hidden: Tensor,
    class_weights: Tensor,
    target: Tensor,
    *,
    bias: Tensor | float | None = None,
    weight: Tensor | float | None = None,
    ignore_index: int | None = -100,
    label_smoothing: float = 0.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """``cross_entropy(hidden @ class_weights.T + bias, target)`` without storing the logits."""

class CrossEntropyWithFactorsLoss(LossModule):
    """``cross_entropy(hidden @ class_weights.T + bias, target)`` without storing the logits."""

    def __init__(
        self,
        *,
        bias: Tensor | float | None = None,
        weight: Tensor | float | None = None,
        ignore_index: int | None = -100,
        label_smoothing: float = 0.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        hidden: Tensor,
        class_weights: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        hidden: Tensor,
        class_weights: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def dice_loss(
    input: Tensor,
    target: Tensor,
    *,
    squared: bool = True,
    smooth: float = 0.0,
    axis: int | tuple[int, ...] | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """One minus the Dice coefficient of a predicted and a true mask."""

class DiceLoss(LossModule):
    """One minus the Dice coefficient of a predicted and a true mask."""

    def __init__(
        self,
        *,
        squared: bool = True,
        smooth: float = 0.0,
        axis: int | tuple[int, ...] | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def entropy(
    p: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Shannon's entropy of distributions, in nats."""

class EntropyLoss(LossModule):
    """Shannon's entropy of distributions, in nats."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        p: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        p: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def expectile_loss(
    input: Tensor,
    target: Tensor,
    *,
    tau: float = 0.5,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Squared error with a factor for each side, whose expectation is minimal at the target's `tau`-expectile."""

class ExpectileLoss(LossModule):
    """Squared error with a factor for each side, whose expectation is minimal at the target's `tau`-expectile."""

    def __init__(
        self,
        *,
        tau: float = 0.5,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def fair_loss(
    input: Tensor,
    target: Tensor,
    *,
    c: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Half the squared error near the target; far from it, a loss whose slope approaches `c`."""

class FairLoss(LossModule):
    """Half the squared error near the target; far from it, a loss whose slope approaches `c`."""

    def __init__(
        self,
        *,
        c: float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def focal_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of logits with two classes that down-weights well classified examples."""

class FocalLoss(LossModule):
    """Cross-entropy of logits with two classes that down-weights well classified examples."""

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        alpha: float | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def gamma_nll_loss(
    input: Tensor,
    target: Tensor,
    *,
    log_input: bool = True,
    eps: float = 1e-08,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Negative log-likelihood under a gamma distribution of shape 1 with the given mean."""

class GammaNllLoss(LossModule):
    """Negative log-likelihood under a gamma distribution of shape 1 with the given mean."""

    def __init__(
        self,
        *,
        log_input: bool = True,
        eps: float = 1e-08,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor,
    *,
    full: bool = False,
    eps: float = 1e-06,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Negative log-likelihood under a normal distribution whose mean and variance are predicted."""

class GaussianNllLoss(LossModule):
    """Negative log-likelihood under a normal distribution whose mean and variance are predicted."""

    def __init__(
        self,
        *,
        full: bool = False,
        eps: float = 1e-06,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        var: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        var: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def ge2e_loss(
    embeddings: Tensor,
    labels: Tensor | float | None = None,
    *,
    w: Tensor | float = 10.0,
    b: Tensor | float = -5.0,
    variant: Literal["softmax", "contrast"] = "softmax",
    normalise: bool = True,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Similarity of each utterance to the centroid of its speaker, against all other speakers' centroids."""

class Ge2eLoss(LossModule):
    """Similarity of each utterance to the centroid of its speaker, against all other speakers' centroids."""

    def __init__(
        self,
        *,
        w: Tensor | float = 10.0,
        b: Tensor | float = -5.0,
        variant: Literal["softmax", "contrast"] = "softmax",
        normalise: bool = True,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor | float | None = None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor | float | None = None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    *,
    margin: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Distance of similar pairs; of dissimilar pairs, how far the distance falls short of a margin."""

class HingeEmbeddingLoss(LossModule):
    """Distance of similar pairs; of dissimilar pairs, how far the distance falls short of a margin."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def hinge_loss(
    input: Tensor,
    target: Tensor,
    *,
    margin: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """How far a score falls short of the margin on its side of 0."""

class HingeLoss(LossModule):
    """How far a score falls short of the margin on its side of 0."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def huber_loss(
    input: Tensor,
    target: Tensor,
    *,
    delta: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Half the squared error within `delta` of the target, linear beyond."""

class HuberLoss(LossModule):
    """Half the squared error within `delta` of the target, linear beyond."""

    def __init__(
        self,
        *,
        delta: float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def info_nce_loss(
    query: Tensor,
    key: Tensor,
    *,
    temperature: Tensor | float = 0.07,
    similarity: Literal["cos", "dot"] = "cos",
    negatives: Tensor | float | None = None,
    ids: Tensor | float | None = None,
    positives: tuple[Tensor, ...] | list[Tensor] | None = None,
    symmetric: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Cross-entropy of each query's key among all keys of the batch; CLIP's loss if symmetric."""

class InfoNceLoss(LossModule):
    """Cross-entropy of each query's key among all keys of the batch; CLIP's loss if symmetric."""

    def __init__(
        self,
        *,
        temperature: Tensor | float = 0.07,
        similarity: Literal["cos", "dot"] = "cos",
        negatives: Tensor | float | None = None,
        ids: Tensor | float | None = None,
        positives: tuple[Tensor, ...] | list[Tensor] | None = None,
        symmetric: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        query: Tensor,
        key: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        query: Tensor,
        key: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def kl_divergence(
    p: Tensor,
    q: Tensor,
    *,
    log_p: bool = False,
    log_q: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Kullback-Leibler divergence of the model's distributions from the data's, one for each row."""

class KlDivergenceLoss(LossModule):
    """Kullback-Leibler divergence of the model's distributions from the data's, one for each row."""

    def __init__(
        self,
        *,
        log_p: bool = False,
        log_q: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        p: Tensor,
        q: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        p: Tensor,
        q: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def l1_loss(
    input: Tensor,
    target: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Absolute error."""

class L1Loss(LossModule):
    """Absolute error."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def lambdarank_loss(
    scores: Tensor,
    labels: Tensor,
    *,
    sigma: float = 1.0,
    truncation_level: int | None = None,
    gains: Literal["exp2", "linear"] = "exp2",
    groups: Tensor | None = None,
    offsets: Tensor | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
    method: Literal["auto", "direct", "fast"] = "auto",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Logistic loss of the pairs of a query, each weighted by the change in NDCG if the two were swapped."""

class LambdarankLoss(LossModule):
    """Logistic loss of the pairs of a query, each weighted by the change in NDCG if the two were swapped."""

    def __init__(
        self,
        *,
        sigma: float = 1.0,
        truncation_level: int | None = None,
        gains: Literal["exp2", "linear"] = "exp2",
        groups: Tensor | None = None,
        offsets: Tensor | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def log_cosh_loss(
    input: Tensor,
    target: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Logarithm of the hyperbolic cosine of the error: a smooth absolute error."""

class LogCoshLoss(LossModule):
    """Logarithm of the hyperbolic cosine of the error: a smooth absolute error."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def mape_loss(
    input: Tensor,
    target: Tensor,
    *,
    epsilon: float | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Absolute error as a fraction of the target: 0.1 is ten per cent."""

class MapeLoss(LossModule):
    """Absolute error as a fraction of the target: 0.1 is ten per cent."""

    def __init__(
        self,
        *,
        epsilon: float | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def margin_all_pairs_loss(
    pos: Tensor,
    neg: Tensor,
    *,
    margin: float = 1.0,
    distance: bool = True,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
    method: Literal["auto", "direct", "fast"] = "auto",
) -> Tensor:
    """Margin loss of every positive against every negative triple of a knowledge graph."""

class MarginAllPairsLoss(LossModule):
    """Margin loss of every positive against every negative triple of a knowledge graph."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        distance: bool = True,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
    ) -> None: ...
    def forward(
        self,
        pos: Tensor,
        neg: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        pos: Tensor,
        neg: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    *,
    margin: float = 0.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """How far a score's lead over another falls short of a margin, for given pairs."""

class MarginRankingLoss(LossModule):
    """How far a score's lead over another falls short of a margin, for given pairs."""

    def __init__(
        self,
        *,
        margin: float = 0.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input1: Tensor,
        input2: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input1: Tensor,
        input2: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def mse_loss(
    input: Tensor,
    target: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Squared error, without a factor 1/2."""

class MseLoss(LossModule):
    """Squared error, without a factor 1/2."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def msle_loss(
    input: Tensor,
    target: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Squared error of the logarithms of 1 + input and 1 + target."""

class MsleLoss(LossModule):
    """Squared error of the logarithms of 1 + input and 1 + target."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    *,
    p: int | None = 1,
    margin: float = 1.0,
    weight: Tensor | float | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Hinge loss of the true class against every other (Weston and Watkins), divided by the number of classes."""

class MultiMarginLoss(LossModule):
    """Hinge loss of the true class against every other (Weston and Watkins), divided by the number of classes."""

    def __init__(
        self,
        *,
        p: int | None = 1,
        margin: float = 1.0,
        weight: Tensor | float | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def multi_quantile_loss(
    input: Tensor,
    target: Tensor,
    *,
    quantiles: float | tuple[float, ...],
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Pinball losses of several quantiles of one target, averaged over the quantiles."""

class MultiQuantileLoss(LossModule):
    """Pinball losses of several quantiles of one target, averaged over the quantiles."""

    def __init__(
        self,
        *,
        quantiles: float | tuple[float, ...],
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def multiple_negatives_ranking_loss(
    anchors: Tensor,
    positives: Tensor,
    negatives: Tensor | float | None = None,
    *,
    scale: Tensor | float = 20.0,
    similarity: Literal["cos", "dot"] = "cos",
    ids: Tensor | float | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of each anchor's positive among all positives and negatives of the batch."""

class MultipleNegativesRankingLoss(LossModule):
    """Cross-entropy of each anchor's positive among all positives and negatives of the batch."""

    def __init__(
        self,
        *,
        scale: Tensor | float = 20.0,
        similarity: Literal["cos", "dot"] = "cos",
        ids: Tensor | float | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        anchors: Tensor,
        positives: Tensor,
        negatives: Tensor | float | None = None,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        anchors: Tensor,
        positives: Tensor,
        negatives: Tensor | float | None = None,
        **keywords: Any,
    ) -> Tensor: ...

def nll_loss(
    input: Tensor,
    target: Tensor,
    *,
    weight: Tensor | float | None = None,
    ignore_index: int | None = -100,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Negative log-likelihood of class ids, from log-probabilities."""

class NllLoss(LossModule):
    """Negative log-likelihood of class ids, from log-probabilities."""

    def __init__(
        self,
        *,
        weight: Tensor | float | None = None,
        ignore_index: int | None = -100,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def nmae_loss(
    input: Tensor,
    target: Tensor,
    *,
    norm: Any = "range",
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Absolute error divided by the spread or the size of the targets."""

class NmaeLoss(LossModule):
    """Absolute error divided by the spread or the size of the targets."""

    def __init__(
        self,
        *,
        norm: Any = "range",
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def nt_xent_loss(
    z1: Tensor,
    z2: Tensor,
    *,
    temperature: Tensor | float = 0.5,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """SimCLR's loss: cross-entropy of each view's partner among all other views, on the cosine."""

class NtXentLoss(LossModule):
    """SimCLR's loss: cross-entropy of each view's partner among all other views, on the cosine."""

    def __init__(
        self,
        *,
        temperature: Tensor | float = 0.5,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        z1: Tensor,
        z2: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        z1: Tensor,
        z2: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def pairwise_exponential_loss(
    scores: Tensor,
    labels: Tensor,
    *,
    pairs: Literal["ordered", "all"] = "ordered",
    sigma: float = 1.0,
    groups: Tensor | None = None,
    offsets: Tensor | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
    method: Literal["auto", "direct", "fast"] = "auto",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Exponential loss of all pairs of rows with different labels (RankBoost)."""

class PairwiseExponentialLoss(LossModule):
    """Exponential loss of all pairs of rows with different labels (RankBoost)."""

    def __init__(
        self,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        sigma: float = 1.0,
        groups: Tensor | None = None,
        offsets: Tensor | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def pairwise_hinge_loss(
    scores: Tensor,
    labels: Tensor,
    *,
    pairs: Literal["ordered", "all"] = "ordered",
    margin: float = 1.0,
    groups: Tensor | None = None,
    offsets: Tensor | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
    method: Literal["auto", "direct", "fast"] = "auto",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Hinge loss of all pairs of rows with different labels."""

class PairwiseHingeLoss(LossModule):
    """Hinge loss of all pairs of rows with different labels."""

    def __init__(
        self,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        margin: float = 1.0,
        groups: Tensor | None = None,
        offsets: Tensor | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def pairwise_logistic_loss(
    scores: Tensor,
    labels: Tensor,
    *,
    pairs: Literal["ordered", "all"] = "ordered",
    sigma: float = 1.0,
    groups: Tensor | None = None,
    offsets: Tensor | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
    method: Literal["auto", "direct", "fast"] = "auto",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Logistic loss of all pairs of rows with different labels (RankNet)."""

class PairwiseLogisticLoss(LossModule):
    """Logistic loss of all pairs of rows with different labels (RankNet)."""

    def __init__(
        self,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        sigma: float = 1.0,
        groups: Tensor | None = None,
        offsets: Tensor | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def pairwise_squared_hinge_loss(
    scores: Tensor,
    labels: Tensor,
    *,
    pairs: Literal["ordered", "all"] = "ordered",
    margin: float = 1.0,
    groups: Tensor | None = None,
    offsets: Tensor | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
    method: Literal["auto", "direct", "fast"] = "auto",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Squared hinge loss of all pairs of rows with different labels."""

class PairwiseSquaredHingeLoss(LossModule):
    """Squared hinge loss of all pairs of rows with different labels."""

    def __init__(
        self,
        *,
        pairs: Literal["ordered", "all"] = "ordered",
        margin: float = 1.0,
        groups: Tensor | None = None,
        offsets: Tensor | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    *,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-08,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Negative log-likelihood of counts under a Poisson distribution."""

class PoissonNllLoss(LossModule):
    """Negative log-likelihood of counts under a Poisson distribution."""

    def __init__(
        self,
        *,
        log_input: bool = True,
        full: bool = False,
        eps: float = 1e-08,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def policy_gradient_loss(
    logits: Tensor,
    actions: Tensor | None,
    advantages: Tensor,
    *,
    episodes: Tensor | float | None = None,
    entropy_coef: float = 0.0,
    log_probs: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Surrogate loss whose gradient is the policy gradient (REINFORCE), with an entropy bonus."""

class PolicyGradientLoss(LossModule):
    """Surrogate loss whose gradient is the policy gradient (REINFORCE), with an entropy bonus."""

    def __init__(
        self,
        *,
        episodes: Tensor | float | None = None,
        entropy_coef: float = 0.0,
        log_probs: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        logits: Tensor,
        actions: Tensor | None,
        advantages: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        logits: Tensor,
        actions: Tensor | None,
        advantages: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def poly_loss(
    input: Tensor,
    target: Tensor,
    *,
    epsilon: float | tuple[float, ...] = (1.0,),
    divide_by_power: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of the softmax of logits with its first polynomial coefficients changed."""

class PolyLoss(LossModule):
    """Cross-entropy of the softmax of logits with its first polynomial coefficients changed."""

    def __init__(
        self,
        *,
        epsilon: float | tuple[float, ...] = (1.0,),
        divide_by_power: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def pseudo_huber_loss(
    input: Tensor,
    target: Tensor,
    *,
    delta: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Smooth form of the Huber loss: half the squared error near the target, `delta` times the error far away."""

class PseudoHuberLoss(LossModule):
    """Smooth form of the Huber loss: half the squared error near the target, `delta` times the error far away."""

    def __init__(
        self,
        *,
        delta: float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def quantile_loss(
    input: Tensor,
    target: Tensor,
    *,
    q: float = 0.5,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Pinball loss, whose expectation is minimal at the target's `q`-quantile."""

class QuantileLoss(LossModule):
    """Pinball loss, whose expectation is minimal at the target's `q`-quantile."""

    def __init__(
        self,
        *,
        q: float = 0.5,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def rmse_loss(
    input: Tensor,
    target: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean"] = "mean",
) -> Tensor:
    """Root of the mean squared error."""

class RmseLoss(LossModule):
    """Root of the mean squared error."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    *,
    beta: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Absolute error, quadratic within `beta` of the target: the Huber loss divided by `beta`."""

class SmoothL1Loss(LossModule):
    """Absolute error, quadratic within `beta` of the target: the Huber loss divided by `beta`."""

    def __init__(
        self,
        *,
        beta: float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def soft_cross_entropy(
    p: Tensor,
    q: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of the model's distributions relative to the data's."""

class SoftCrossEntropyLoss(LossModule):
    """Cross-entropy of the model's distributions relative to the data's."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        p: Tensor,
        q: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        p: Tensor,
        q: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    *,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Logistic loss of a score on its side of 0: a smooth hinge."""

class SoftMarginLoss(LossModule):
    """Logistic loss of a score on its side of 0: a smooth hinge."""

    def __init__(
        self,
        *,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def soft_pairwise_loss(
    scores: Tensor,
    labels: Tensor,
    *,
    sigma: float = 1.0,
    groups: Tensor | None = None,
    offsets: Tensor | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
    method: Literal["auto", "direct", "fast"] = "auto",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Logistic loss of every pair, signed by the first item's label."""

class SoftPairwiseLoss(LossModule):
    """Logistic loss of every pair, signed by the first item's label."""

    def __init__(
        self,
        *,
        sigma: float = 1.0,
        groups: Tensor | None = None,
        offsets: Tensor | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none", "per_group"] = "mean",
        method: Literal["auto", "direct", "fast"] = "auto",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        scores: Tensor,
        labels: Tensor,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def softmax_focal_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: Tensor | float | None = None,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Cross-entropy of the softmax of logits that down-weights well classified rows."""

class SoftmaxFocalLoss(LossModule):
    """Cross-entropy of the softmax of logits that down-weights well classified rows."""

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        alpha: Tensor | float | None = None,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def sphereface_loss(
    embeddings: Tensor,
    weights: Tensor,
    labels: Tensor | None,
    *,
    margin: float = 4.0,
    scale: Tensor | float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Softmax over the cosines to class vectors, with the target's angle multiplied."""

class SpherefaceLoss(LossModule):
    """Softmax over the cosines to class vectors, with the target's angle multiplied."""

    def __init__(
        self,
        *,
        margin: float = 4.0,
        scale: Tensor | float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        weights: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        weights: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> Tensor: ...

def squared_hinge_loss(
    input: Tensor,
    target: Tensor,
    *,
    margin: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """The square of `hinge_loss`, which has a continuous slope."""

class SquaredHingeLoss(LossModule):
    """The square of `hinge_loss`, which has a continuous slope."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def supcon_loss(
    embeddings: Tensor,
    labels: Tensor | None,
    *,
    temperature: Tensor | float = 0.1,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
    with_counts: bool = False,
) -> tuple[Tensor, Tensor] | Tensor:
    """Supervised contrastive loss: mean cross-entropy of an anchor's class members among all other rows."""

class SupconLoss(LossModule):
    """Supervised contrastive loss: mean cross-entropy of an anchor's class members among all other rows."""

    def __init__(
        self,
        *,
        temperature: Tensor | float = 0.1,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        with_counts: bool = False,
    ) -> None: ...
    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...
    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor | None,
        **keywords: Any,
    ) -> tuple[Tensor, Tensor] | Tensor: ...

def td_loss(
    q: Tensor,
    actions: Tensor,
    rewards: Tensor,
    next_q: Tensor,
    done: Tensor,
    *,
    gamma: float,
    next_q_online: Tensor | float | None = None,
    kind: Literal["mse", "huber"] = "mse",
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Temporal-difference error of action values (deep Q-learning, and its double variant)."""

class TdLoss(LossModule):
    """Temporal-difference error of action values (deep Q-learning, and its double variant)."""

    def __init__(
        self,
        *,
        gamma: float,
        next_q_online: Tensor | float | None = None,
        kind: Literal["mse", "huber"] = "mse",
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        q: Tensor,
        actions: Tensor,
        rewards: Tensor,
        next_q: Tensor,
        done: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        q: Tensor,
        actions: Tensor,
        rewards: Tensor,
        next_q: Tensor,
        done: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-06,
    swap: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Triplet margin loss of given anchors, positives and negatives."""

class TripletMarginLoss(LossModule):
    """Triplet margin loss of given anchors, positives and negatives."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-06,
        swap: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        anchor: Tensor,
        positive: Tensor,
        negative: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        anchor: Tensor,
        positive: Tensor,
        negative: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def tweedie_loss(
    input: Tensor,
    target: Tensor,
    *,
    power: float = 1.5,
    log_input: bool = True,
    eps: float = 1e-08,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Negative log-likelihood under a Tweedie distribution, without the terms that do not depend on the mean."""

class TweedieLoss(LossModule):
    """Negative log-likelihood under a Tweedie distribution, without the terms that do not depend on the mean."""

    def __init__(
        self,
        *,
        power: float = 1.5,
        log_input: bool = True,
        eps: float = 1e-08,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        **keywords: Any,
    ) -> Tensor: ...

def two_term_contrastive_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: float = 1.0,
    squared: bool = False,
    sample_weight: Tensor | None = None,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Distance of the positive, plus how far the negative's distance falls short of a margin."""

class TwoTermContrastiveLoss(LossModule):
    """Distance of the positive, plus how far the negative's distance falls short of a margin."""

    def __init__(
        self,
        *,
        margin: float = 1.0,
        squared: bool = False,
        sample_weight: Tensor | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None: ...
    def forward(
        self,
        anchor: Tensor,
        positive: Tensor,
        negative: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
    def __call__(
        self,
        anchor: Tensor,
        positive: Tensor,
        negative: Tensor,
        **keywords: Any,
    ) -> Tensor: ...
