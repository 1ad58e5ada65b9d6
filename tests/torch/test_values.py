"""Values and gradients are those of the loss itself, to the bit; and those of finite differences."""

import numpy as np
import pytest

from tests.torch.samples import Call, calls, flat, torch

ALL = calls()
REDUCTIONS = ("mean", "sum", "none", "per_group")


def kept(call: Call, reduction: str) -> bool:
    return reduction in call.loss.reductions


def agrees(result, expected):
    np.testing.assert_array_equal(result.detach().numpy(), expected)


@pytest.mark.parametrize("call", ALL, ids=str)
def test_results_are_those_of_the_loss(call):
    for reduction in filter(lambda one: kept(call, one), REDUCTIONS):
        inputs = call.inputs()
        value = call.run(*inputs, reduction=reduction)
        expected, gradients = call.direct(reduction=reduction)
        agrees(value, expected)
        value.nansum().backward()
        for name, one, gradient in zip(call.by, inputs, flat(gradients), strict=False):
            agrees(one.grad, np.reshape(gradient, one.shape)), name
        agrees(call.run(*(one.detach() for one in inputs), reduction=reduction), call.direct("value", reduction=reduction))
