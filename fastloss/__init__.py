"""Loss functions as compiled kernels behind a thin NumPy API."""

from fastloss.losses.pairwise import (
    pairwise_exponential_loss,
    pairwise_hinge_loss,
    pairwise_logistic_loss,
    pairwise_squared_hinge_loss,
    soft_pairwise_loss,
)
from fastloss.losses.regression import huber_loss, mse_loss
