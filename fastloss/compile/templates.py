"""Templates: plain Python functions with open names, which `bind` fills before they are compiled.

A formula that is handed over as an argument would be called through a pointer; as a global that is filled, it is
inlined. Both engines fill the same templates.
"""

import functools
import types
from collections.abc import Callable
from typing import Any

from fastloss.compile.address import global_names, is_plain

Function = Callable[..., Any]


class Open:
    """What an open name of a template holds until it is filled; whoever uses it before is told so."""

    def __call__(self, *operands: Any) -> Any:
        raise TypeError("a name of a template was used before it was bound")

    def __bool__(self) -> bool:
        raise TypeError("a name of a template was used before it was bound")


unbound = Open()


def rebound(function: Function, **names: Any) -> Function:
    """A copy of a function in whose globals `names` mean something else."""
    copy = types.FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    return copy


def called(function: Function) -> dict[str, Function]:
    """The plain functions that a function names, which are compiled with it."""
    globals_ = function.__globals__
    return {name: globals_[name] for name in global_names(function.__code__) if is_plain(globals_.get(name))}


def _replaced(function: Function, new_of: Callable[[str, Any], Any], done: dict[int, Function]) -> Function:
    if id(function) not in done:
        changed: dict[str, Any] = {}
        for name in global_names(function.__code__):
            old: Any = function.__globals__.get(name)
            new: Any = new_of(name, old)
            if is_plain(new):
                new = _replaced(new, new_of, done)
            if new is not old:
                changed[name] = new
        done[id(function)] = rebound(function, **changed) if changed else function
    return done[id(function)]


def exchange(function: Function, *pairs: tuple[Any, Any]) -> Function:
    """A copy in which the second object of each pair stands for the first, in the functions that it calls too.

    Objects are told by their identity: what they are called does not matter.
    """
    others = {id(old): new for old, new in pairs}
    return _replaced(function, lambda _, old: others.get(id(old), old), {})


def open_names(function: Function) -> set[str]:
    """The names that a function, or one that it calls, leaves open."""
    found: set[str] = set()
    seen: set[int] = set()

    def visit(one: Function) -> None:
        if id(one) not in seen:
            seen.add(id(one))
            for name in global_names(one.__code__):
                value: Any = one.__globals__.get(name)
                if isinstance(value, Open):
                    found.add(name)
                elif is_plain(value):
                    visit(value)

    visit(function)
    return found


def bind(template: Function, **names: Any) -> Function:
    """A copy of a template whose open names are filled, in the functions that it calls too.

    Raises
    ------
    TypeError
        If a name is filled that the template does not leave open, or one is left open.
    """
    used: set[str] = set()

    def new_of(name: str, old: Any) -> Any:
        if isinstance(old, Open) and name in names:
            used.add(name)
            return names[name]
        return old

    filled = _replaced(template, new_of, {})
    unknown, left = names.keys() - used, open_names(filled)
    if unknown or left:
        what = f"has no open name {min(unknown)}" if unknown else f"leaves {min(left)} open"
        raise TypeError(f"the template {template.__module__}.{template.__qualname__} {what}")
    if names:
        filled.__dict__["bound"] = names
    return filled


def bound_names(function: Function) -> dict[str, Any]:
    """What `bind` has filled the open names of a template with."""
    return dict(function.__dict__.get("bound", {}))


def known_names(template: Function, names: dict[str, Any]) -> dict[str, Any]:
    """Those of a loss's names that a template leaves open, itself or in what fills them: for `bind`."""
    return dict(_known_names(template, tuple(names.items())))


@functools.cache  # calls ask for it again and again, and it takes longer than a small kernel
def _known_names(template: Function, names: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    fillings, chosen = dict(names), dict[str, Any]()
    waiting = [template]
    while waiting:
        for name in open_names(waiting.pop()) - chosen.keys():
            if name in fillings:
                chosen[name] = fillings[name]
                if is_plain(fillings[name]):
                    waiting.append(fillings[name])
    return tuple(chosen.items())


_REGROUPING: set[types.CodeType] = set()
_SEPARATE: set[types.CodeType] = set()


def regroups(function: Function) -> Function:
    """Declare that a function's sums may be regrouped (LLVM's `reassoc`), which lets them become packed instructions.

    Every other function keeps the order in which it is written: the accuracy of formulas rests on it.
    """
    _REGROUPING.add(function.__code__)
    return function


def rounds_products(function: Function) -> Function:
    """Declare that a function never adds a product before it is rounded (LLVM's `contract`).

    Packed instructions may do so where what remains of a loop, one by one, does not: a number's last bit would depend
    on how many others are beside it.
    """
    _SEPARATE.add(function.__code__)
    return function


def may_regroup(code: types.CodeType) -> bool:
    """Whether the function of this code was declared so."""
    return code in _REGROUPING


def may_fuse(code: types.CodeType) -> bool:
    """Whether sums may take products that are not rounded."""
    return code not in _SEPARATE
