"""Losses of PyTorch's tensors that autograd differentiates: a function of every loss, and a module.

A function has the name and the parameters of the loss in `fastloss`; a module has the same in capitals, so that
`fastloss.torch.PairwiseLogisticLoss` belongs to `fastloss.torch.pairwise_logistic_loss`. There is no `backend`, since
tensors are computed where they lie, and no `wrt`, since autograd asks for what it needs.
"""

from typing import Any

from fastloss.core.loss import REGISTRY
from fastloss.torch.functions import made
from fastloss.torch.modules import class_name, module_class

_MODULES = {class_name(name): name for name in REGISTRY}
__all__ = [*REGISTRY, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in REGISTRY:
        value: Any = made(REGISTRY[name])
    else:
        loss = _MODULES.get(name) or next((one for one in REGISTRY if class_name(one) == name), None)
        if loss is None:
            raise AttributeError(f"module 'fastloss.torch' has no attribute {name!r}")
        value = module_class(REGISTRY[loss])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*REGISTRY, *map(class_name, REGISTRY)})


for _name in __all__:  # operators must be there when a stored graph is loaded, and before one is traced
    __getattr__(_name)
