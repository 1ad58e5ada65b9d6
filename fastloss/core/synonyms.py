"""Names of losses in papers and other libraries, to tell them from misspellings.

Names are compared without case, anything but letters and digits, and "loss" at the end, misspelt or not. A near
spelling may be another loss (`mae_loss` and `nmae_loss`, `rmsle_loss` and `msle_loss`): what is known by name comes
first, even if only to say that there is none. A name that several losses go by (`log_loss`) names all of them, the
usual one first.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from fastloss.core.spelling import did_you_mean, nearest

ELSEWHERE = {
    "l1_loss": (
        "MAE absolute_error mean_absolute_error absolute_deviation mean_absolute_deviation LAD L1_norm regression_l1"
    ),
    "mse_loss": "L2 squared_error mean_squared_error squared square quadratic least_squares OLS Brier",
    "rmse_loss": "root_mean_squared_error root_mean_square_error RMS",
    "mape_loss": "mean_absolute_percentage_error percentage_error",
    "msle_loss": "mean_squared_logarithmic_error mean_squared_log_error",
    "nmae_loss": "normalized_mean_absolute_error normalised_mean_absolute_error",
    "quantile_loss": "pinball mean_pinball quantile_regression tilted check",
    "multi_quantile_loss": "multi_pinball",
    "expectile_loss": "asymmetric_least_squares asymmetric_MSE",
    "pseudo_huber_loss": "reg_pseudohubererror pseudohubererror Charbonnier",
    "gamma_nll_loss": "gamma reg_gamma gamma_deviance exponential_NLL",
    "tweedie_loss": "reg_tweedie Tweedie_NLL Tweedie_deviance",
    "gaussian_nll_loss": "Gaussian normal_NLL heteroscedastic",
    "poisson_nll_loss": "Poisson Poisson_deviance Poisson_regression",
    "binary_cross_entropy": "BCE log_loss logloss binary_log_loss binary_logloss",
    "binary_cross_entropy_with_logits": (
        "BCE_with_logits logistic binary_logistic sigmoid_cross_entropy sigmoid_BCE "
        "sigmoid_cross_entropy_with_logits multilabel_soft_margin log_loss logloss binary_log_loss "
        "binary_logloss"
    ),
    "soft_margin_loss": "binomial_deviance logistic",
    "focal_loss": "sigmoid_focal binary_focal RetinaNet",
    "softmax_focal_loss": "multiclass_focal categorical_focal",
    "hinge_loss": "SVM binary_hinge linear_SVM max_margin soft_margin_SVM",
    "squared_hinge_loss": "SVM L2_SVM linear_SVM",
    "dice_loss": "soft_dice Sorensen_dice F1",
    "cross_entropy": (
        "CE softmax softmax_cross_entropy softmax_cross_entropy_with_logits xent log_loss logloss "
        "sparse_categorical_crossentropy multinomial multinomial_logistic multiclass_log_loss multi_logloss"
    ),
    "categorical_cross_entropy": "CCE sparse_categorical_crossentropy multiclass_log_loss multi_logloss",
    "soft_cross_entropy": "soft_target_cross_entropy distillation",
    "cross_entropy_with_factors": "linear_cross_entropy fused_linear_cross_entropy cut_cross_entropy",
    "nll_loss": "negative_log_likelihood log_likelihood",
    "kl_divergence": "KL KL_div KLD Kullback_Leibler Kullback_Leibler_divergence relative_entropy distillation",
    "entropy": "Shannon_entropy",
    "multi_margin_loss": "multiclass_hinge categorical_hinge Weston_Watkins multiclass_SVM SVM",
    "crammer_singer_loss": "multiclass_hinge categorical_hinge multiclass_SVM",
    "poly_loss": "Poly1",
    "pairwise_logistic_loss": "RankNet pairwise_cross_entropy rank_logistic pairwise_rank",
    "pairwise_hinge_loss": "RankSVM ranking_SVM SVM_rank pairwise_margin rank_hinge",
    "pairwise_squared_hinge_loss": "RankSVM ranking_SVM SVM_rank",
    "pairwise_exponential_loss": "RankBoost",
    "lambdarank_loss": "LambdaMART NDCG lambda",
    "margin_ranking_loss": "margin_rank ranking max_margin_ranking pairwise_ranking",
    "margin_all_pairs_loss": "TransE knowledge_graph_margin",
    "bpr_loss": "Bayesian_personalized_ranking Bayesian_personalised_ranking",
    "info_nce_loss": "NCE CLIP contrastive_predictive_coding CPC MoCo n_pair in_batch_softmax",
    "nt_xent_loss": "SimCLR normalized_temperature_scaled_cross_entropy normalised_temperature_scaled_cross_entropy",
    "supcon_loss": "supervised_contrastive",
    "multiple_negatives_ranking_loss": "MNR MNRL multiple_negatives in_batch_negatives n_pair SimCSE",
    "ge2e_loss": "generalized_end_to_end generalised_end_to_end speaker_verification",
    "triplet_margin_loss": "triplet FaceNet",
    "batch_hard_triplet_loss": "triplet hard_triplet batch_hard triplet_hard",
    "batch_semihard_triplet_loss": "triplet semihard_triplet batch_semihard triplet_semihard FaceNet",
    "batch_all_triplet_loss": "triplet all_triplet batch_all triplet_all",
    "contrastive_loss": "siamese",
    "cosine_embedding_loss": "cosine cosine_similarity cosine_distance",
    "center_loss": "centre",
    "arcface_loss": "AAM AAM_softmax additive_angular_margin additive_angular_margin_softmax InsightFace arc_margin",
    "cosface_loss": "AM_softmax additive_margin_softmax large_margin_cosine LMCL",
    "sphereface_loss": "A_softmax angular_softmax",
    "td_loss": "temporal_difference TD_error DQN Q_learning Bellman Bellman_error double_DQN",
    "policy_gradient_loss": "REINFORCE vanilla_policy_gradient VPG actor_critic",
}
NOT_HERE = (
    "rmsle smape mase wape wmape r2 elastic_net wing cauchy tukey ctc tversky iou jaccard "
    "lovasz listnet listmle warp circle angular proxy_nca ms multi_similarity barlow_twins vicreg byol ppo dpo"
)


def _key(name: str) -> str:
    letters = "".join(letter for letter in name.lower() if letter.isalnum())
    return re.sub("(loss|los|lss|losss|loos|lsos)$", "", letters) or letters


def _by_key() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name, words in ELSEWHERE.items():
        for word in words.split():
            found.setdefault(_key(word), {})[name] = None
    return {key: tuple(names) for key, names in found.items()}


KNOWN = _by_key()
ABSENT = frozenset(map(_key, NOT_HERE.split()))


def meant(name: str, losses: Iterable[str]) -> tuple[str, ...]:
    """Return the losses that a name may mean, by another name of theirs or misspelt; none if there is none."""
    key = _key(name)
    own = {_key(loss): (loss,) for loss in losses}
    known = {**KNOWN, **own}
    if key in known:
        return known[key]
    if key in ABSENT:
        return ()
    near = nearest(key, known, cutoff=0.8)
    is_sure = near and (min(len(key), len(near[0])) > 4 or set(key) == set(near[0]))
    return known[near[0]] if is_sure else ()


def question(name: str, losses: Iterable[str]) -> str:
    """Return "; did you mean 'l1_loss'?" with what may be meant, to be put behind an error; "" if there is none."""
    return did_you_mean(meant(name, losses))


class SpeltOut(NamedTuple):
    """A loss and its parameters, which a name such as ndcg@10 or ndcg:k=10 holds."""

    name: str
    words: str


def spelt_out(name: str, losses: Iterable[str]) -> SpeltOut | None:
    """Return what a name says of one of the losses and its parameters; None if it is not of this kind."""
    found = re.fullmatch(r"(.+?)([@:])(.+)", name)
    if found is None or found[1] not in losses:
        return None
    return SpeltOut(found[1], f"k={found[3]}" if found[2] == "@" else found[3])


def no_attribute(module: str, name: str, losses: Iterable[str]) -> AttributeError:
    """Return the error of a module of losses that has no such attribute.

    Python's own guess by the nearest spelling, which it would add (`nmae_loss` for `mae_loss`), is kept away by `obj`.
    """
    asked = "" if name.startswith("_") else question(name, losses)
    return AttributeError(f"module {module!r} has no attribute {name!r}{asked}", name=name, obj=None)


def names_of(loss: str) -> tuple[str, ...]:
    """Return the names that a loss has elsewhere, in words: "mean absolute error"."""
    return tuple(word.replace("_", " ") for word in ELSEWHERE.get(loss, "").split())
