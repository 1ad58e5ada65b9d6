"""Write `fastloss/torch/__init__.pyi`, what type checkers read: `python -m tools.torch_stub`; needs PyTorch."""

import inspect
import pathlib

import fastloss.torch
from fastloss.core.loss import REGISTRY, Loss
from fastloss.torch.functions import operators
from fastloss.torch.modules import class_name
from fastloss.torch.signature import Signature
from tools.stub import annotation, value

STUB = pathlib.Path(fastloss.torch.__file__).parent / "__init__.pyi"
HEAD = '''"""The losses of PyTorch's tensors and their types. Written by `tools/torch_stub.py`: do not edit."""

from typing import Any, Literal

from torch import Tensor

from fastloss.torch.modules import LossModule

__all__: list[str]

'''
TYPES = {
    "Tensor": "Tensor",
    "Tensor?": "Tensor | None",
    "Tensor[]": "tuple[Tensor, ...] | list[Tensor] | None",
    "float?": "float | None",
    "int?": "int | None",
    "int[]?": "int | tuple[int, ...] | None",
    "float[]": "float | tuple[float, ...]",
}


def type_of(signature: Signature, name: str) -> str:
    """Return the type of a parameter."""
    kind = signature.types[name]
    if name in signature.loss.parameters and kind in ("Tensor", "Tensor?"):
        return "Tensor | float" if kind == "Tensor" else "Tensor | float | None"
    return TYPES.get(kind, annotation(signature.loss, name))


def parameters(signature: Signature, names: list[str]) -> list[str]:
    """Return parameters as they are written in a function."""
    found, is_keyword = [], False
    for name in names:
        one = signature.public.parameters[name]
        if one.kind is one.KEYWORD_ONLY and not is_keyword:
            found.append("*")
            is_keyword = True
        default = "" if one.default is inspect.Parameter.empty else f" = {value(one.default)}"
        found.append(f"{name}: {type_of(signature, name)}{default}")
    return found


def function(name: str, of: list[str], result: str, indent: str = "", says: str = "") -> str:
    """Return a function, a line for each parameter, and its docstring if it has one."""
    inside = "".join(f"{indent}    {one},\n" for one in of)
    head = f"{indent}def {name}(\n{inside}{indent}) -> {result}:"
    return f'{head}\n{indent}    """{says}"""\n' if says else f"{head} ...\n"


def declaration(loss: Loss) -> str:
    """Return the function and the module of a loss."""
    signature = operators(loss).signature
    names = list(signature.public.parameters)
    result = "tuple[Tensor, Tensor] | Tensor" if signature.has_counts else "Tensor"
    settings = parameters(signature, [name for name in names if name not in loss.arguments])
    settings = settings if settings[0] == "*" else ["*", *settings]
    given = ["self", *parameters(signature, list(loss.arguments)), "**keywords: Any"]
    return (
        function(loss.name, parameters(signature, names), result, says=loss.summary)
        + f'\nclass {class_name(loss.name)}(LossModule):\n    """{loss.summary}"""\n\n'
        + function("__init__", ["self", *settings], "None", "    ")
        + function("forward", given, result, "    ")
        + function("__call__", given, result, "    ")
    )


def text() -> str:
    """Return the whole stub."""
    return HEAD + "\n".join(declaration(REGISTRY[name]) for name in sorted(REGISTRY))


if __name__ == "__main__":
    STUB.write_text(text())
