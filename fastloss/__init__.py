"""Loss functions as compiled kernels behind a thin NumPy API."""

from fastloss.loss import Loss
from fastloss.losses.class_margins import crammer_singer_loss, multi_margin_loss
from fastloss.losses.classification import binary_cross_entropy, binary_cross_entropy_with_logits, focal_loss
from fastloss.losses.counts import poisson_nll_loss
from fastloss.losses.huber import asymmetric_huber_loss, huber_loss, smooth_l1_loss
from fastloss.losses.margin import hinge_loss, soft_margin_loss, squared_hinge_loss
from fastloss.losses.metric import hinge_embedding_loss
from fastloss.losses.overlap import dice_loss
from fastloss.losses.pairwise import (
    pairwise_exponential_loss,
    pairwise_hinge_loss,
    pairwise_logistic_loss,
    pairwise_squared_hinge_loss,
    soft_pairwise_loss,
)
from fastloss.losses.probability import categorical_cross_entropy, entropy, kl_divergence, nll_loss, soft_cross_entropy
from fastloss.losses.ranking import margin_ranking_loss
from fastloss.losses.regression import l1_loss, log_cosh_loss, mse_loss, quantile_loss, rmse_loss
from fastloss.losses.reinforcement import policy_gradient_loss, td_loss
from fastloss.losses.relative import mape_loss, msle_loss, nmae_loss
from fastloss.losses.softmax import cross_entropy, poly_loss, softmax_focal_loss
from fastloss.losses.tuples import center_loss, contrastive_loss, cosine_embedding_loss, triplet_margin_loss

__all__ = [
    "Loss",
    "asymmetric_huber_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "center_loss",
    "contrastive_loss",
    "cosine_embedding_loss",
    "crammer_singer_loss",
    "cross_entropy",
    "dice_loss",
    "entropy",
    "focal_loss",
    "hinge_embedding_loss",
    "hinge_loss",
    "huber_loss",
    "kl_divergence",
    "l1_loss",
    "log_cosh_loss",
    "mape_loss",
    "margin_ranking_loss",
    "mse_loss",
    "msle_loss",
    "multi_margin_loss",
    "nll_loss",
    "nmae_loss",
    "pairwise_exponential_loss",
    "pairwise_hinge_loss",
    "pairwise_logistic_loss",
    "pairwise_squared_hinge_loss",
    "poisson_nll_loss",
    "policy_gradient_loss",
    "poly_loss",
    "quantile_loss",
    "rmse_loss",
    "smooth_l1_loss",
    "soft_cross_entropy",
    "soft_margin_loss",
    "soft_pairwise_loss",
    "softmax_focal_loss",
    "squared_hinge_loss",
    "td_loss",
    "triplet_margin_loss",
]
