"""The losses of collections: from the public call to the way in which it is computed."""

import functools
from typing import Any

from fastloss.core.loss import Loss, lookup, with_signature
from fastloss.dask import ways
from fastloss.dask.calls import Call, bound
from fastloss.dask.collections import whole


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
        for method in (DaskLoss.value_and_grad, DaskLoss.grad_hess):
            setattr(self, method.__name__, with_signature(method, self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_name, (self._loss.name,)

    def __repr__(self) -> str:
        return f"<fastloss.dask loss {self._loss.name}{self._loss.__signature__}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the value: a lazy number, or a collection for ``reduction="none"``."""
        return _value(bound(self._loss, "value", args, kwargs))

    def value_and_grad(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return the value and its gradient.

        Returns
        -------
        value : lazy number or collection
            What the loss itself returns.
        gradient : collection, or tuple of them
            Like the argument that it is by.
        """
        call = bound(self._loss, "value_and_grad", args, kwargs)
        return _value(call), ways.chosen(call).derivatives(call)[0]

    def grad_hess(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return the gradient and the diagonal of the second derivative.

        Returns
        -------
        gradient, curvature : collections
            Like the argument that they are by.

        Raises
        ------
        TypeError
            If the loss has no second derivative.
        ValueError
            If it is not one of a sum over examples.
        """
        if not self._loss.has_curvature:
            raise TypeError(f"{self._loss.name} has no second derivative")
        call = bound(self._loss, "grad_hess", args, kwargs)
        found = ways.chosen(call).derivatives(call)
        if len(found) != 2:
            raise ValueError(f"{self._loss.name} has no second derivative of collections: expected value_and_grad")
        return found[0], found[1]


def _of_name(name: str) -> DaskLoss:
    """Return the loss of a name, when it is unpickled."""
    return DaskLoss(lookup(name))


def _value(call: Call) -> Any:
    way = ways.chosen(call)
    if call.reduction == "none":
        return way.each(call)
    if call.reduction == "per_group":
        return way.per_group(call)
    return whole(way.value(call))
