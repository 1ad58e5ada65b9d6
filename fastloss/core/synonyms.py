"""Names of losses in papers and other libraries, to tell them from misspellings.

Names are compared without case, anything but letters and digits, and "loss" at the end, misspelt or not. A near
spelling may be another loss (`mae_loss` and `nmae_loss`, `rmsle_loss` and `msle_loss`): what is known by name comes
first, even if only to say that there is none.
"""

import difflib
import re
from collections.abc import Iterable

ELSEWHERE = {
    "l1_loss": "mae absolute_error mean_absolute_error absolute_deviation lad",
    "mse_loss": "l2 squared_error mean_squared_error squared square quadratic least_squares ols",
    "rmse_loss": "root_mean_squared_error root_mean_square_error",
    "mape_loss": "mean_absolute_percentage_error percentage_error",
    "msle_loss": "mean_squared_logarithmic_error mean_squared_log_error",
    "nmae_loss": "normalized_mean_absolute_error normalised_mean_absolute_error",
    "quantile_loss": "pinball mean_pinball quantile_regression tilted",
    "multi_quantile_loss": "multi_pinball",
    "expectile_loss": "asymmetric_least_squares asymmetric_mse",
    "pseudo_huber_loss": "reg_pseudohubererror pseudohubererror charbonnier",
    "poisson_nll_loss": "poisson poisson_deviance",
    "gamma_nll_loss": "gamma reg_gamma gamma_deviance exponential_nll",
    "tweedie_loss": "reg_tweedie tweedie_nll tweedie_deviance",
    "gaussian_nll_loss": "gaussian normal_nll heteroscedastic",
    "binary_cross_entropy": "bce log",
    "binary_cross_entropy_with_logits": "bce_with_logits logistic binary_logistic sigmoid_cross_entropy "
    "sigmoid_cross_entropy_with_logits multilabel_soft_margin",
    "soft_margin_loss": "binomial_deviance",
    "focal_loss": "sigmoid_focal binary_focal retinanet",
    "hinge_loss": "svm binary_hinge",
    "dice_loss": "soft_dice sorensen_dice f1",
    "cross_entropy": "ce softmax softmax_cross_entropy softmax_cross_entropy_with_logits "
    "sparse_categorical_crossentropy multinomial multiclass_log",
    "categorical_cross_entropy": "cce",
    "cross_entropy_with_factors": "linear_cross_entropy fused_linear_cross_entropy cut_cross_entropy",
    "nll_loss": "negative_log_likelihood",
    "kl_divergence": "kl kl_div kld kullback_leibler kullback_leibler_divergence relative_entropy",
    "entropy": "shannon_entropy",
    "multi_margin_loss": "multiclass_hinge categorical_hinge weston_watkins",
    "poly_loss": "poly1",
    "pairwise_logistic_loss": "ranknet pairwise_cross_entropy rank_logistic pairwise_rank",
    "pairwise_hinge_loss": "ranksvm ranking_svm pairwise_margin",
    "pairwise_exponential_loss": "rankboost",
    "lambdarank_loss": "lambdamart ndcg lambda",
    "margin_ranking_loss": "margin_rank ranking",
    "margin_all_pairs_loss": "transe",
    "bpr_loss": "bayesian_personalized_ranking bayesian_personalised_ranking",
    "info_nce_loss": "nce clip contrastive_predictive_coding cpc",
    "nt_xent_loss": "simclr normalized_temperature_scaled_cross_entropy",
    "supcon_loss": "supervised_contrastive",
    "multiple_negatives_ranking_loss": "mnr mnrl multiple_negatives in_batch_negatives",
    "ge2e_loss": "generalized_end_to_end generalised_end_to_end",
    "triplet_margin_loss": "triplet facenet",
    "batch_hard_triplet_loss": "hard_triplet batch_hard triplet_hard",
    "batch_semihard_triplet_loss": "semihard_triplet batch_semihard triplet_semihard",
    "batch_all_triplet_loss": "all_triplet batch_all",
    "contrastive_loss": "siamese",
    "cosine_embedding_loss": "cosine cosine_similarity",
    "center_loss": "centre",
    "arcface_loss": "aam aam_softmax additive_angular_margin",
    "cosface_loss": "am_softmax large_margin_cosine lmcl",
    "sphereface_loss": "a_softmax angular_softmax",
    "td_loss": "temporal_difference dqn q_learning bellman double_dqn",
    "policy_gradient_loss": "reinforce vanilla_policy_gradient",
}
NOT_HERE = (
    "rmsle smape mase wape wmape r2 elastic_net wing cauchy tukey ctc tversky iou jaccard "
    "lovasz listnet listmle warp circle n_pair angular proxy_nca ms multi_similarity barlow_twins vicreg byol ppo dpo"
)


def _key(name: str) -> str:
    letters = "".join(letter for letter in name.lower() if letter.isalnum())
    return re.sub("(loss|los|lss|losss|loos|lsos)$", "", letters) or letters


KNOWN = {_key(word): name for name, words in ELSEWHERE.items() for word in words.split()}
ABSENT = frozenset(map(_key, NOT_HERE.split()))


def meant(name: str, losses: Iterable[str]) -> str | None:
    """Return the loss that a name may mean, by another name of it or misspelt; None if there is none."""
    key = _key(name)
    own = {_key(loss): loss for loss in losses}
    if key in own or key in KNOWN:
        return own.get(key) or KNOWN[key]
    if key in ABSENT:
        return None
    near = difflib.get_close_matches(key, [*own, *KNOWN], n=1, cutoff=0.8)
    return (own.get(near[0]) or KNOWN[near[0]]) if near and min(len(key), len(near[0])) > 4 else None
