"""What is done to second derivatives before a library divides by them."""

import math

# Losses whose second derivative is 0 where their slope is not: a step of a leaf is its mean gradient, as in LightGBM
FLAT = (
    "asymmetric_huber_loss",
    "hinge_embedding_loss",
    "hinge_loss",
    "huber_loss",
    "l1_loss",
    "mape_loss",
    "multi_margin_loss",
    "multi_quantile_loss",
    "nmae_loss",
    "quantile_loss",
    "smooth_l1_loss",
)
ROUNDED = ("log_cosh_loss", "pseudo_huber_loss")
CURVED = ("dice_loss", "focal_loss", "softmax_focal_loss")
# That of rounded losses falls from its largest, 1, so fast that a Newton step from far away goes too far; the largest
# is taken for all of it. Curved ones and `msle_loss`
# are not convex: their second derivative is negative at some scores.
FLOORS = {**dict.fromkeys((*FLAT, *ROUNDED), 1.0), **dict.fromkeys(CURVED, 1e-2), "msle_loss": 1e-6}
SOFTMAX = ("cross_entropy", "poly_loss", "softmax_focal_loss")
# Of a Poisson loss, exp(max_delta_step): the second derivative at a score that is larger by 0.7, in both libraries
POISSON = {"lightgbm": math.exp(0.7), "xgboost": math.exp(0.7)}


def floor(name: str) -> float | None:
    """Return the least second derivative of a loss's rows by default; None where none is set."""
    return FLOORS.get(name)


def factor(name: str, library: str, has_log_input: bool, columns: int) -> float:
    """Return what multiplies second derivatives by default.

    The full second derivative of a softmax loss, diag(p) - p p^T, is at most twice its diagonal p (1 - p), since each
    row of it sums to 0; at equal probabilities C / (C - 1) is enough.
    """
    if name in SOFTMAX:
        return columns / max(columns - 1.0, 1.0) if library == "lightgbm" else 2.0
    return POISSON.get(library, 1.0) if has_log_input else 1.0
