"""Loss functions as compiled kernels behind a thin NumPy API."""

import importlib
from typing import Any

from fastloss.core import forks

# The public names, by the module that defines them; a module is imported when one of its names is first used, since a
# process that needs one loss would spend more time on importing the others than on computing. Type checkers and editors
# read `__init__.pyi`, which `tools/stub.py` writes.
NAMES = {
    "classes": ("class_shift",),
    "comparing.compare": ("compare",),
    "compile.threads": ("get_num_threads", "num_threads", "set_num_threads"),
    "core.loss": ("Loss", "lookup"),
    "curves": ("compare_losses", "find_leaks", "shift_half_epoch", "split_regularization"),
    "embeddings.angular": ("arcface_loss", "cosface_loss", "sphereface_loss"),
    "embeddings.bpr_all_negatives": ("bpr_all_negatives_loss",),
    "embeddings.contrastive": ("info_nce_loss", "multiple_negatives_ranking_loss", "nt_xent_loss", "supcon_loss"),
    "embeddings.cross_entropy_with_factors": ("cross_entropy_with_factors",),
    "embeddings.ge2e": ("ge2e_loss",),
    "embeddings.triplets": (
        "batch_all_triplet_loss",
        "batch_contrastive_loss",
        "batch_hard_triplet_loss",
        "batch_semihard_triplet_loss",
    ),
    "pairs.bpr": ("bpr_loss",),
    "pairs.lambdarank": ("lambdarank_loss",),
    "pairs.margin_all_pairs": ("margin_all_pairs_loss",),
    "pairs.metrics": ("auc", "count_inversions"),
    "pairs.pairwise": (
        "pairwise_exponential_loss",
        "pairwise_hinge_loss",
        "pairwise_logistic_loss",
        "pairwise_squared_hinge_loss",
        "soft_pairwise_loss",
    ),
    "pointwise.classification": ("binary_cross_entropy", "binary_cross_entropy_with_logits", "focal_loss"),
    "pointwise.counts": ("poisson_nll_loss",),
    "pointwise.huber": ("asymmetric_huber_loss", "huber_loss", "smooth_l1_loss"),
    "pointwise.margin": ("hinge_loss", "soft_margin_loss", "squared_hinge_loss"),
    "pointwise.metric": ("hinge_embedding_loss",),
    "pointwise.normal": ("gaussian_nll_loss",),
    "pointwise.positive": ("gamma_nll_loss", "tweedie_loss"),
    "pointwise.quantiles": ("expectile_loss", "quantile_loss"),
    "pointwise.ranking": ("margin_ranking_loss",),
    "pointwise.regression": ("l1_loss", "log_cosh_loss", "mse_loss", "rmse_loss"),
    "pointwise.relative": ("mape_loss", "msle_loss", "nmae_loss"),
    "pointwise.robust": ("fair_loss", "pseudo_huber_loss"),
    "rows.class_margins": ("crammer_singer_loss", "multi_margin_loss"),
    "rows.divergence": ("kl_divergence", "soft_cross_entropy"),
    "rows.overlap": ("dice_loss",),
    "rows.probability": ("categorical_cross_entropy", "entropy", "nll_loss"),
    "rows.quantiles": ("multi_quantile_loss",),
    "rows.reinforcement": ("policy_gradient_loss", "td_loss"),
    "rows.softmax": ("cross_entropy", "poly_loss", "softmax_focal_loss"),
    "rows.tuples": (
        "center_loss",
        "contrastive_loss",
        "cosine_embedding_loss",
        "triplet_margin_loss",
        "two_term_contrastive_loss",
    ),
    "streaming.accumulate": ("accumulate",),
}
_MODULES = {name: module for module, names in NAMES.items() for name in names}

__all__ = [*_MODULES]
__version__ = "0.1.0"


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
    from fastloss.core.synonyms import no_attribute

    raise no_attribute(__name__, name, __all__)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
