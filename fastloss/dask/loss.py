"""The losses of collections: from the public call to the way in which it is computed."""

import functools
from typing import Any

from fastloss.core.loss import Loss
from fastloss.dask import all_pairs, groups, sums
from fastloss.dask.calls import Call, bound
from fastloss.pairs.loss import PairwiseLoss
from fastloss.streaming.all_pairs import can_accumulate


class DaskLoss:
    """A loss of Dask collections: call it for the value, or use `value_and_grad` or `grad_hess`.

    The arguments are those of the loss of the same name in `fastloss`. Those that have a row for each example are Dask
    arrays, Series or lists of delayed partitions; class weights and other arrays that all rows need may be in memory.
    Nothing is computed before Dask is asked to.
    """

    def __init__(self, loss: Loss):
        self._loss = loss
        functools.update_wrapper(self, loss, updated=())
        self.__signature__ = loss.__signature__

    def __repr__(self) -> str:
        return f"<fastloss.dask loss {self._loss.name}{self._loss.__signature__}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the value: a lazy number, or a collection for ``reduction="none"``."""
        call = bound(self._loss, "value", args, kwargs)
        return _value(call)

    def value_and_grad(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return the value and its gradient: a collection like the argument that it is by, or a tuple of them."""
        call = bound(self._loss, "value_and_grad", args, kwargs)
        return _value(call), _way(call).derivatives(call)[0]

    def grad_hess(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return the gradient and the diagonal of the second derivative: collections like the argument."""
        if not self._loss.has_curvature:
            raise TypeError(f"{self._loss.name} has no second derivative")
        call = bound(self._loss, "grad_hess", args, kwargs)
        gradient, curvature = _way(call).derivatives(call)
        return gradient, curvature


def _value(call: Call) -> Any:
    way = _way(call)
    if call.reduction == "none":
        return way.each(call)
    if call.reduction == "per_group":
        return way.per_group(call)
    return way.value(call).lazy()


def _way(call: Call) -> Any:
    """Return the module that computes a call."""
    loss = call.loss
    if "groups" in call.columns:
        return groups
    if isinstance(loss, PairwiseLoss) and can_accumulate(loss, call.parameters):
        return all_pairs
    sums.require(call)
    return sums
