"""Loss functions as compiled kernels behind a thin NumPy API."""

import importlib
from typing import TYPE_CHECKING, Any

from fastloss import forks

# The public names, by the module that defines them; a module is imported when one of its names is first used, since a
# process that needs one loss would spend more time on importing the others than on computing.
NAMES = {
    "compile.threads": ("get_num_threads", "num_threads", "set_num_threads"),
    "loss": ("Loss", "lookup"),
    "losses.angular": ("arcface_loss", "cosface_loss", "sphereface_loss"),
    "losses.bpr": ("bpr_loss",),
    "losses.bpr_all_negatives": ("bpr_all_negatives_loss",),
    "losses.class_margins": ("crammer_singer_loss", "multi_margin_loss"),
    "losses.classification": ("binary_cross_entropy", "binary_cross_entropy_with_logits", "focal_loss"),
    "losses.contrastive": ("info_nce_loss", "multiple_negatives_ranking_loss", "nt_xent_loss", "supcon_loss"),
    "losses.counts": ("poisson_nll_loss",),
    "losses.curves": ("compare_losses", "find_leaks", "shift_half_epoch", "split_regularization"),
    "losses.divergence": ("kl_divergence", "soft_cross_entropy"),
    "losses.factors": ("cross_entropy_with_factors",),
    "losses.ge2e": ("ge2e_loss",),
    "losses.huber": ("asymmetric_huber_loss", "huber_loss", "smooth_l1_loss"),
    "losses.lambdarank": ("lambdarank_loss",),
    "losses.margin": ("hinge_loss", "soft_margin_loss", "squared_hinge_loss"),
    "losses.margin_all_pairs": ("margin_all_pairs_loss",),
    "losses.metric": ("hinge_embedding_loss",),
    "losses.overlap": ("dice_loss",),
    "losses.pairwise": (
        "pairwise_exponential_loss",
        "pairwise_hinge_loss",
        "pairwise_logistic_loss",
        "pairwise_squared_hinge_loss",
        "soft_pairwise_loss",
    ),
    "losses.probability": ("categorical_cross_entropy", "entropy", "nll_loss"),
    "losses.ranking": ("margin_ranking_loss",),
    "losses.regression": ("l1_loss", "log_cosh_loss", "mse_loss", "quantile_loss", "rmse_loss"),
    "losses.reinforcement": ("policy_gradient_loss", "td_loss"),
    "losses.relative": ("mape_loss", "msle_loss", "nmae_loss"),
    "losses.softmax": ("cross_entropy", "poly_loss", "softmax_focal_loss"),
    "losses.triplets": (
        "batch_all_triplet_loss",
        "batch_contrastive_loss",
        "batch_hard_triplet_loss",
        "batch_semihard_triplet_loss",
    ),
    "losses.tuples": (
        "center_loss",
        "contrastive_loss",
        "cosine_embedding_loss",
        "triplet_margin_loss",
        "two_term_contrastive_loss",
    ),
    "metrics": ("auc", "count_inversions"),
    "streaming": ("accumulate",),
}
_MODULES = {name: module for module, names in NAMES.items() for name in names}

__all__ = [*_MODULES]
__version__ = "0.1.0"

if TYPE_CHECKING:
    from fastloss.compile.threads import get_num_threads as get_num_threads
    from fastloss.compile.threads import num_threads as num_threads
    from fastloss.compile.threads import set_num_threads as set_num_threads
    from fastloss.loss import Loss as Loss
    from fastloss.loss import lookup as lookup
    from fastloss.losses.angular import *
    from fastloss.losses.bpr import *
    from fastloss.losses.bpr_all_negatives import *
    from fastloss.losses.class_margins import *
    from fastloss.losses.classification import *
    from fastloss.losses.contrastive import *
    from fastloss.losses.counts import *
    from fastloss.losses.curves import *
    from fastloss.losses.divergence import *
    from fastloss.losses.factors import *
    from fastloss.losses.ge2e import *
    from fastloss.losses.huber import *
    from fastloss.losses.lambdarank import *
    from fastloss.losses.margin import *
    from fastloss.losses.margin_all_pairs import *
    from fastloss.losses.metric import *
    from fastloss.losses.overlap import *
    from fastloss.losses.pairwise import *
    from fastloss.losses.probability import *
    from fastloss.losses.ranking import *
    from fastloss.losses.regression import *
    from fastloss.losses.reinforcement import *
    from fastloss.losses.relative import *
    from fastloss.losses.softmax import *
    from fastloss.losses.triplets import *
    from fastloss.losses.tuples import *
    from fastloss.metrics import *
    from fastloss.streaming import accumulate as accumulate


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        with forks.guarded():  # a fork in the middle of an import would leave its lock taken
            value = getattr(importlib.import_module(f"fastloss.{_MODULES[name]}"), name)
        globals()[name] = value  # the next time it is found at once
        return value
    if not name.startswith("_"):
        try:
            return importlib.import_module(f"fastloss.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"fastloss.{name}":
                raise
    raise AttributeError(f"module 'fastloss' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
