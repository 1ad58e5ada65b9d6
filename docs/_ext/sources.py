"""Declarations of losses, as examples for those who write one."""

import inspect

from fastloss.core.loss import lookup


def declaration(name: str) -> str:
    """Return the formulas and the declaration of a pointwise loss without its docstring, as a block of Markdown."""
    loss = lookup(name)
    lines = inspect.getsource(inspect.getmodule(loss.formulas.value)).splitlines()  # type: ignore[arg-type]
    first = next(at for at, line in enumerate(lines) if line.startswith(f"def {loss.formulas.value.__name__}("))
    declared = next(at for at, line in enumerate(lines) if line.startswith(f"def {name}("))
    last = next(at for at in range(declared, len(lines)) if lines[at].lstrip().startswith(('"""', 'r"""')))
    return "\n".join(["```py", *lines[first:last], '    """..."""', "```"])
