"""Write what type checkers and editors read of modules of losses, from the registry: `python tools/stub.py`.

Such a module's attributes are the losses, each with the signature of the loss: `fastloss` itself and `fastloss.dask`.
"""

import inspect
import pathlib
from typing import Any, NamedTuple

import fastloss
from fastloss.core.domains import Choice, Flag, Range
from fastloss.core.loss import REGISTRY, Loss

PACKAGE = pathlib.Path(fastloss.__file__).parent


class Stub(NamedTuple):
    """The stub of a module of losses."""

    file: str  # in the package
    head: str  # what stands above the losses, `base` and `Array` among it
    base: str  # the class of the module's losses
    methods: tuple[str, ...] = ("value_and_grad", "grad_hess")  # that they have beside the call
    documented: bool = True  # has the losses' docstrings, not their first lines alone


HEAD = '''"""The public names and their types. Written by `tools/stub.py`: do not edit."""

from typing import Any, Literal, TypeAlias

from fastloss import metrics as metrics
from fastloss.classes import class_shift as class_shift
from fastloss.comparing.compare import compare as compare
from fastloss.compile.threads import get_num_threads as get_num_threads
from fastloss.compile.threads import num_threads as num_threads
from fastloss.compile.threads import set_num_threads as set_num_threads
from fastloss.core.loss import Loss as Loss
from fastloss.core.loss import lookup as lookup
from fastloss.curves import compare_losses as compare_losses
from fastloss.curves import find_leaks as find_leaks
from fastloss.curves import shift_half_epoch as shift_half_epoch
from fastloss.curves import split_regularization as split_regularization
from fastloss.pairs.metrics import auc as auc
from fastloss.pairs.metrics import count_inversions as count_inversions
from fastloss.streaming.accumulate import accumulate as accumulate

NAMES: dict[str, tuple[str, ...]]
__all__: list[str]
__version__: str

Array: TypeAlias = Any  # what NumPy reads, or an array on a GPU

class _Made(Loss):
    def _run(self, request: Any) -> Any: ...

'''
DASK_HEAD = '''"""The losses of Dask collections, and their types. Written by `tools/stub.py`: do not edit."""

from typing import Any, Literal, TypeAlias

from fastloss.dask.counts import DaskCount
from fastloss.dask.loss import DaskLoss

COUNTS: tuple[str, ...]
__all__: list[str]

Array: TypeAlias = Any  # a Dask array, Series or list of delayed partitions; what all rows need may be in memory

auc: DaskCount
count_inversions: DaskCount

'''
STUBS = (
    Stub("__init__.pyi", HEAD, "_Made"),
    Stub("dask/__init__.pyi", DASK_HEAD, "DaskLoss", documented=False),
)
SHARED = {
    "backend": 'Literal["auto", "cpu", "cuda"]',
    "method": 'Literal["auto", "direct", "fast"]',
    "with_counts": "bool",
    "return_ids": "bool",
    "groups": "Array | None",
    "offsets": "Array | None",
    "sample_weight": "Array | None",
}


def literal(values: tuple[str, ...]) -> str:
    """Return the type of a string that is one of some values."""
    return f"Literal[{', '.join(map(value, values))}]"


def annotation(loss: Loss, name: str) -> str:
    """Return the type of a parameter."""
    spec = loss.parameters.get(name)
    if name == "reduction":
        return literal(loss.reductions)
    if isinstance(spec, Flag):
        return "bool"
    if isinstance(spec, Choice):
        return literal(spec.values)
    if isinstance(spec, Range):
        return "float | None" if spec.optional else "float"
    return "Any" if spec is not None else SHARED.get(name, "Array")


def parameters(loss: Loss) -> list[str]:
    """Return a loss's parameters as they are written in a function."""
    found, is_keyword = ["self"], False
    for one in loss.__signature__.parameters.values():
        if one.kind is one.KEYWORD_ONLY and not is_keyword:
            found.append("*")
            is_keyword = True
        default = "" if one.default is inspect.Parameter.empty else f" = {value(one.default)}"
        found.append(f"{one.name}: {annotation(loss, one.name)}{default}")
    return found


def value(default: Any) -> str:
    """Return a default as it is written in source."""
    return f'"{default}"' if isinstance(default, str) else repr(default)


def method(name: str, of: list[str], result: str, says: str = "") -> str:
    """Return one method, a line for each parameter, and its docstring if it has one."""
    inside = "".join(f"        {one},\n" for one in of)
    head = f"    def {name}(\n{inside}    ) -> {result}:"
    return f'{head}\n        """{says}"""\n' if says else f"{head} ..."


def declaration(loss: Loss, stub: Stub) -> str:
    """Return the class of one loss, and the loss with its docstring.

    Where an editor looks for words depends: Pyright shows those after the variable when the mouse is over a loss, and
    those of `__call__` beside a call that is being typed; Jedi shows the former, and those of the class. Neither runs
    the package, whose source has the docstrings without the shared blocks.
    """
    own = parameters(loss)
    lines = [f"class _{loss.name}({stub.base}):", f'    """{loss.summary}"""', ""]
    lines.append(method("__call__", own, "Any", loss.summary))
    for name in stub.methods:
        if name != "grad_hess" or loss.has_curvature:
            lines.append(method(name, own, "tuple[Any, Any]"))
    words = [f'r"""{loss.__doc__}\n"""'] if stub.documented else [f'"""{loss.summary}"""']
    return "\n".join([*lines, "", f"{loss.name}: _{loss.name}", *words, ""])


def text(stub: Stub) -> str:
    """Return a whole stub: the losses of this package, since those of others depend on where it is installed."""
    own = sorted(name for name in REGISTRY if name in fastloss.__all__)
    return stub.head + "\n".join(declaration(REGISTRY[name], stub) for name in own)


if __name__ == "__main__":
    for stub in STUBS:
        (PACKAGE / stub.file).write_text(text(stub))
