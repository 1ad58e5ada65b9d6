"""Class ids, indices and offsets may be floats, as LightGBM's and XGBoost's labels are: whole ones, or an error."""

import numpy as np
import pytest

import fastloss
from fastloss.core.loss import REGISTRY

EYE, TWO = np.eye(2), np.array([0, 1])
LOGS = np.log([[0.5, 0.5], [0.25, 0.75]])
TAKE_INDICES = {  # a loss, the name of what it takes, and a call
    "cross_entropy": ("target", lambda ids: fastloss.cross_entropy.grad_hess(EYE, ids)),
    "cross_entropy, smoothed": ("target", lambda ids: fastloss.cross_entropy(EYE, ids, label_smoothing=0.1)),
    "categorical_cross_entropy": ("target", lambda ids: fastloss.categorical_cross_entropy.grad_hess(EYE, ids)),
    "nll_loss": ("target", lambda ids: fastloss.nll_loss(LOGS, ids)),
    "poly_loss": ("target", lambda ids: fastloss.poly_loss(EYE, ids)),
    "softmax_focal_loss": ("target", lambda ids: fastloss.softmax_focal_loss(EYE, ids)),
    "multi_margin_loss": ("target", lambda ids: fastloss.multi_margin_loss(EYE, ids)),
    "crammer_singer_loss": ("target", lambda ids: fastloss.crammer_singer_loss(EYE, ids)),
    "arcface_loss": ("labels", lambda ids: fastloss.arcface_loss(EYE, EYE, ids)),
    "cosface_loss": ("labels", lambda ids: fastloss.cosface_loss(EYE, EYE, ids)),
    "sphereface_loss": ("labels", lambda ids: fastloss.sphereface_loss(EYE, EYE, ids)),
    "center_loss": ("labels", lambda ids: fastloss.center_loss(EYE, ids, EYE)),
    "cross_entropy_with_factors": ("target", lambda ids: fastloss.cross_entropy_with_factors(EYE, EYE, ids)),
    "policy_gradient_loss": ("actions", lambda ids: fastloss.policy_gradient_loss(EYE, ids, [1.0, 2.0])),
    "info_nce_loss": (r"positives\[1\]", lambda ids: fastloss.info_nce_loss(EYE, EYE, positives=([0, 1, 2], ids))),
    "bpr_all_negatives_loss": (
        r"interactions\[1\]",
        lambda ids: fastloss.bpr_all_negatives_loss(EYE, EYE, ([0, 1, 2], ids)),
    ),
}
DTYPES = ("f2", "f4", "f8", "g", "u1", "u8", ">f4", "?")


def test_all_losses_of_class_ids_are_here():
    assert {name for name, loss in REGISTRY.items() if getattr(loss, "ids", ())} <= set(TAKE_INDICES)


@pytest.mark.parametrize("name", TAKE_INDICES)
def test_whole_numbers_of_any_dtype(name):
    _, call = TAKE_INDICES[name]
    expected = call(TWO)
    for dtype in DTYPES:
        np.testing.assert_array_equal(call(TWO.astype(dtype)), expected)


@pytest.mark.parametrize("name", TAKE_INDICES)
def test_others_are_named(name):
    argument, call = TAKE_INDICES[name]
    for wrong in (0.5, np.nan, np.inf, -1.0, 2.0, 1e300):
        with pytest.raises(ValueError, match=rf"^{argument}\[1\] is .*: expected an id in \[0, 2\)"):
            call(np.array([0.0, wrong]))
    with pytest.raises(TypeError, match=rf"^{argument} has dtype <U1: .*numpy\.unique"):
        call(["a", "b"])


def test_an_ignored_class_may_be_a_float():
    for loss in (fastloss.cross_entropy, fastloss.categorical_cross_entropy):
        assert loss(EYE, np.array([0, -100], np.float32)) == loss(EYE[:1], [0])


def test_offsets_may_be_floats():
    loss = fastloss.pairwise_logistic_loss
    assert loss([0.5, 0.25], TWO, offsets=np.array([0, 2], np.float32)) == loss([0.5, 0.25], TWO)
    with pytest.raises(ValueError, match=r"offsets\[1\] is 1\.5: expected a whole number"):
        loss([0.5, 0.25], TWO, offsets=[0, 1.5, 2])
