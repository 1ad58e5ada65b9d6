"""Pointwise: element i of every operand makes one loss. Written once, for every engine and every formula.

The engines bind the names below before they compile `element`; `WANT_*` are constants there, so that what is not
wanted is not computed. Formulas see float64 whatever the arrays hold.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.templates import unbound
from fastloss.core.domains import REAL, Domain
from fastloss.core.requests import Wanted

WANT_VALUE = WANT_EACH = WANT_GRADIENT = WANT_CURVATURE = unbound

NEGATIVE_WEIGHT = 1 << 12  # above the four bits that each of three operands may set

FIRST, SECOND, THIRD, WEIGHTS = 0, 1, 2, -1  # of the inputs: up to three operands, and weights if there are any
EACH, GRADIENT, CURVATURE, PARTIAL, WRONG = range(5)  # of the outputs: a sum and bits for each chunk behind results
SCALE = 0  # of the parameters: the derivatives' factor, before the formula's own

value = slope = curvature = odds = check_first = check_second = check_third = load = check = unbound
weight = multiply = unbound


def load_one(i, inputs):
    return (np.float64(inputs[FIRST][i]),)


def load_two(i, inputs):
    return np.float64(inputs[FIRST][i]), np.float64(inputs[SECOND][i])


def load_three(i, inputs):
    return np.float64(inputs[FIRST][i]), np.float64(inputs[SECOND][i]), np.float64(inputs[THIRD][i])


def unpack_0(parameters):
    return ()


def unpack_1(parameters):
    return (parameters[1],)


def unpack_2(parameters):
    return parameters[1], parameters[2]


def unpack_3(parameters):
    return parameters[1], parameters[2], parameters[3]


def unpack_4(parameters):
    return parameters[1], parameters[2], parameters[3], parameters[4]


# Each returns the formula's own parameters, those after the derivatives' factor.
UNPACKS = (unpack_0, unpack_1, unpack_2, unpack_3, unpack_4)


def check_one(a):
    return check_first(a)


def check_two(a, b):
    return check_first(a) | check_second(b) << 4


def check_three(a, b, c):
    return check_first(a) | check_second(b) << 4 | check_third(c) << 8


def weight_one(i, inputs):
    return 1.0


def multiply_by_positive(w, x):
    """Multiply as `weighed` does where no weight is 0: its two tests take as long as the formula of a short loss."""
    return w * x


def weight_given(i, inputs):
    return np.float64(inputs[WEIGHTS][i])


def element(i, inputs, scale, parameters, outputs):
    """Return the weighted loss of element i, and the bits of what is wrong with it; write derivatives where wanted."""
    operands = load(i, inputs)
    w = weight(i, inputs)
    wrong = check(*operands) | (NEGATIVE_WEIGHT if w < 0.0 else 0)
    if WANT_GRADIENT:
        outputs[GRADIENT][i] = multiply(scale * w, slope(*operands, *parameters))
    if WANT_CURVATURE:
        outputs[CURVATURE][i] = multiply(scale * w, curvature(*operands, *parameters))
    loss = 0.0
    if WANT_VALUE:
        loss = multiply(w, value(*operands, *parameters))
    if WANT_EACH:
        outputs[EACH][i] = loss
    return loss, wrong


def element_odds(i, inputs, parameters):
    """Return u of element i, where `value` is bound to the formula's `rest` and the loss is rest + log(1 + u)."""
    return odds(*load(i, inputs), *parameters)


@dataclasses.dataclass(frozen=True)
class Formulas:
    """The scalar formulas of one loss, with the domains of its operands."""

    name: str
    value: Callable[..., float]
    slope: Callable[..., float] = unbound
    curvature: Callable[..., float] = unbound
    domains: tuple[Domain, ...] = (REAL, REAL)
    parameters: int = 0
    # Where value = rest + log(1 + odds) and 0 <= odds <= 1: a sum then takes one logarithm for eight elements.
    rest: Callable[..., float] = unbound
    odds: Callable[..., float] = unbound

    @property
    def operands(self) -> int:
        return len(self.domains)

    def splits(self, wanted: Wanted, weighted: bool) -> bool:
        """Check whether the sum of the losses can be taken as the sums of `rest` and of the logarithms."""
        return self.odds is not unbound and wanted.value and not wanted.each and not weighted

    def bindings(self, wanted: Wanted, weighted: bool, split: bool = False) -> dict[str, Any]:
        """Return what the names of this module mean for this loss."""
        kind = self.operands - 1
        checks = [domain.check for domain in self.domains]
        return {
            "WANT_VALUE": wanted.value or wanted.each,
            "WANT_EACH": wanted.each,
            "WANT_GRADIENT": wanted.gradient,
            "WANT_CURVATURE": wanted.curvature,
            "value": self.rest if split else self.value,
            "odds": self.odds,
            "slope": self.slope if wanted.gradient else self.value,
            "curvature": self.curvature if wanted.curvature else self.value,
            "load": (load_one, load_two, load_three)[kind],
            "check": (check_one, check_two, check_three)[kind],
            **dict(zip(("check_first", "check_second", "check_third"), checks, strict=False)),
            "weight": weight_given if weighted else weight_one,
            "multiply": weighed if weighted else multiply_by_positive,
        }
