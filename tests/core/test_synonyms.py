"""Names of losses elsewhere: what an unknown name may mean, in `lookup`, attributes of the package and the command."""

import subprocess
import sys

import pytest

import fastloss
from fastloss.core import synonyms
from fastloss.core.loss import REGISTRY, lookup

MEANT = {
    "mae": "'l1_loss'",
    "MAE": "'l1_loss'",
    "mae_lss": "'l1_loss'",
    "l2": "'mse_loss'",
    "MSELoss": "'mse_loss'",
    "mse_los": "'mse_loss'",
    "mean_squared_error": "'mse_loss'",
    "hubber_loss": "'huber_loss'",
    "pinball": "'quantile_loss'",
    "tweedie": "'tweedie_loss'",
    "reg:gamma": "'gamma_nll_loss'",
    "reg:pseudohubererror": "'pseudo_huber_loss'",
    "MultiQuantile": "'multi_quantile_loss'",
    "svm": "'hinge_loss', 'squared_hinge_loss' or 'multi_margin_loss'",
    "max-margin": "'hinge_loss'",
    "bce": "'binary_cross_entropy'",
    "BCEWithLogitsLoss": "'binary_cross_entropy_with_logits'",
    "logloss": "'binary_cross_entropy', 'binary_cross_entropy_with_logits' or 'cross_entropy'",
    "log_loss": "'binary_cross_entropy', 'binary_cross_entropy_with_logits' or 'cross_entropy'",
    "ce": "'cross_entropy'",
    "softmax loss": "'cross_entropy'",
    "softmax_cross_entropy": "'cross_entropy'",
    "kl_div": "'kl_divergence'",
    "multiclass_hinge": "'multi_margin_loss' or 'crammer_singer_loss'",
    "ranknet": "'pairwise_logistic_loss'",
    "RankNet": "'pairwise_logistic_loss'",
    "soft_pairwise": "'soft_pairwise_loss'",
    "margin_ranking": "'margin_ranking_loss'",
    "margin ranking loss": "'margin_ranking_loss'",
    "bpr": "'bpr_loss'",
    "InfoNCE": "'info_nce_loss'",
    "nce": "'info_nce_loss'",
    "clip": "'info_nce_loss'",
    "CLIPLoss": "'info_nce_loss'",
    "npair": "'info_nce_loss' or 'multiple_negatives_ranking_loss'",
    "mnr": "'multiple_negatives_ranking_loss'",
    "simclr": "'nt_xent_loss'",
    "ntxent": "'nt_xent_loss'",
    "triplet": "'triplet_margin_loss', 'batch_hard_triplet_loss', 'batch_semihard_triplet_loss' or "
    "'batch_all_triplet_loss'",
    "aam": "'arcface_loss'",
    "aam_softmax": "'arcface_loss'",
    "arcface": "'arcface_loss'",
    "ArcFaceLoss": "'arcface_loss'",
    "additive_angular_margin": "'arcface_loss'",
    "bellman": "'td_loss'",
    "reinforce": "'policy_gradient_loss'",
}


@pytest.mark.parametrize("name", MEANT)
def test_what_is_meant(name):
    with pytest.raises(ValueError, match="unknown loss") as caught:
        lookup(name)
    assert str(caught.value) == f"unknown loss {name!r}; did you mean {MEANT[name]}?"


@pytest.mark.parametrize("name", ["rmsle_loss", "smape_loss", "l0_loss", "listnet", "", "?"])
def test_nothing_is_guessed(name):
    with pytest.raises(ValueError, match="unknown loss") as caught:
        lookup(name)
    assert str(caught.value) == f"unknown loss {name!r}"


def test_attributes_of_the_package():
    with pytest.raises(AttributeError) as caught:
        fastloss.mae_loss  # noqa: B018
    assert str(caught.value) == "module 'fastloss' has no attribute 'mae_loss'; did you mean 'l1_loss'?"
    with pytest.raises(AttributeError, match="no attribute 'set_num_thread'; did you mean 'set_num_threads'"):
        fastloss.set_num_thread  # noqa: B018
    with pytest.raises(AttributeError) as caught:
        fastloss._mae_loss  # noqa: B018
    assert "did you mean" not in str(caught.value)
    with pytest.raises(ImportError, match="svm"):
        from fastloss import svm  # noqa: F401
    assert not hasattr(fastloss, "svm")


def test_an_attribute_that_is_missing_imports_no_loss():
    code = "import sys, fastloss; hasattr(fastloss, 'mae_loss'); print(*(m for m in sys.modules if 'fastloss.' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = {"fastloss.core", *(f"fastloss.core.{one}" for one in ("forks", "spelling", "synonyms"))}
    assert set(done.stdout.split()) == expected


def test_the_command():
    pytest.importorskip("typer")
    command = [sys.executable, "-m", "fastloss", "score", "any.csv", "--loss", "mae"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: unknown loss 'mae'; did you mean 'l1_loss'?\n"


def test_synonyms_name_losses():
    assert set(synonyms.ELSEWHERE) <= set(REGISTRY)
    assert all(len(set(words.split())) == len(words.split()) for words in synonyms.ELSEWHERE.values())
    assert not synonyms.KNOWN.keys() & synonyms.ABSENT
    assert not synonyms.KNOWN.keys() & set(map(synonyms._key, fastloss.__all__))


def test_names_in_words():
    assert "mean absolute error" in synonyms.names_of("l1_loss") and synonyms.names_of("no_such_loss") == ()
