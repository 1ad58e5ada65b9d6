"""Loss functions as compiled kernels behind a thin NumPy API."""

from fastloss.loss import Loss
from fastloss.losses.classification import binary_cross_entropy, binary_cross_entropy_with_logits, focal_loss
from fastloss.losses.counts import poisson_nll_loss
from fastloss.losses.huber import asymmetric_huber_loss, huber_loss, smooth_l1_loss
from fastloss.losses.margin import hinge_loss, soft_margin_loss, squared_hinge_loss
from fastloss.losses.metric import hinge_embedding_loss
from fastloss.losses.pairwise import (
    pairwise_exponential_loss,
    pairwise_hinge_loss,
    pairwise_logistic_loss,
    pairwise_squared_hinge_loss,
    soft_pairwise_loss,
)
from fastloss.losses.ranking import margin_ranking_loss
from fastloss.losses.regression import l1_loss, log_cosh_loss, mse_loss, quantile_loss, rmse_loss
from fastloss.losses.relative import mape_loss, msle_loss, nmae_loss
from fastloss.losses.softmax import cross_entropy, poly_loss, softmax_focal_loss

__all__ = [
    "Loss",
    "asymmetric_huber_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "focal_loss",
    "hinge_embedding_loss",
    "hinge_loss",
    "huber_loss",
    "l1_loss",
    "log_cosh_loss",
    "mape_loss",
    "margin_ranking_loss",
    "mse_loss",
    "msle_loss",
    "nmae_loss",
    "pairwise_exponential_loss",
    "pairwise_hinge_loss",
    "pairwise_logistic_loss",
    "pairwise_squared_hinge_loss",
    "poisson_nll_loss",
    "poly_loss",
    "quantile_loss",
    "rmse_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "soft_pairwise_loss",
    "softmax_focal_loss",
    "squared_hinge_loss",
]
