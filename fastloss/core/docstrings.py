"""Docstrings of losses: a block that several share is written once, and filled in."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from fastloss.core.domains import Parameter

Function = TypeVar("Function", bound=Callable[..., Any])
BLOCKS: dict[str, str] = {}  # what a line {name} of a docstring stands for: see `share`
PLACEHOLDER = re.compile(r"^( *)\{(\w+)\}$", re.MULTILINE)
PARAMETERS = "Parameters\n----------\n"
EXAMPLES = "Examples\n--------\n"
HEADING = re.compile(r"^\w+\n-+$", re.MULTILINE)


class Keyword(NamedTuple):
    """A keyword-only parameter that many losses share, what their docstrings say of it, and how it is checked."""

    name: str
    default: Any
    type: str
    text: str
    check: Parameter | None = None

    @property
    def parameter(self) -> inspect.Parameter:
        """The parameter of the losses' signatures."""
        return inspect.Parameter(self.name, inspect.Parameter.KEYWORD_ONLY, default=self.default)

    @property
    def block(self) -> str:
        """The entry of the section "Parameters"."""
        return f"{self.name} : {self.type}\n    " + inspect.cleandoc(self.text).replace("\n", "\n    ")


def share(**blocks: str) -> None:
    """Add blocks of text: a line {name} of a loss's docstring is replaced by the block of that name.

    Raises
    ------
    ValueError
        If there is another block of that name.
    """
    for name, text in blocks.items():
        if BLOCKS.setdefault(name, text) != text:
            raise ValueError(f"there is another block {name!r}")


def completed(docstring: str | None, keywords: Sequence[Keyword], signature: inspect.Signature) -> str | None:
    """Fill the placeholders of a docstring, document the keywords at the end of its parameters, and say the defaults.

    A keyword that the docstring documents itself keeps its own words. Without a section "Parameters", or under
    ``python -OO``, nothing is added.
    """
    if docstring is None:
        return None
    text = PLACEHOLDER.sub(_filled, inspect.cleandoc(docstring))
    before, body, after = parted(text)
    if not body:
        return text
    found = list(entries(body))
    written = {name: entry for names, entry in found for name in names}
    names = [one.name for one in keywords]
    own = [entry for documented, entry in found if not set(names) & set(documented)]
    shared = [written.get(one.name, one.block) for one in keywords]
    said = [with_default(entry, signature) for entry in [*own, *shared]]
    return f"{before}{PARAMETERS}" + "\n".join(said) + f"\n\n{after}"


def documented(*keywords: Keyword) -> Callable[[Function], Function]:
    """Fill the placeholders of the docstring of a function or class, and add what keywords mean if it does not."""

    def complete(function: Function) -> Function:
        function.__doc__ = completed(function.__doc__, keywords, inspect.signature(function))
        return function

    return complete


def with_default(entry: str, signature: inspect.Signature) -> str:
    """Return the entry of a parameter with its default behind its type, which `help` of an object does not show."""
    head, line, text = entry.partition("\n")
    parameter = signature.parameters.get(head.partition(" : ")[0])
    if parameter is None or parameter.default in (None, parameter.empty) or "optional" in head or "default" in head:
        return entry
    default = f'"{parameter.default}"' if isinstance(parameter.default, str) else repr(parameter.default)
    return f"{head}, default {default}{line}{text}"


def _filled(placeholder: re.Match[str]) -> str:
    indent, name = placeholder.groups()
    return indent + inspect.cleandoc(BLOCKS[name]).replace("\n", f"\n{indent}") if name in BLOCKS else placeholder[0]


class Parted(NamedTuple):
    """A docstring: what precedes the section "Parameters", its body, and what follows it."""

    before: str
    parameters: str
    after: str


def parted(text: str) -> Parted:
    """Return what precedes the section "Parameters", its body and what follows it; all in the first without one."""
    before, heading, rest = text.partition(PARAMETERS)
    following = HEADING.search(rest)
    end = following.start() if following else len(rest)
    return Parted(before, rest[:end].rstrip(), rest[end:]) if heading else Parted(text, "", "")


def entries(body: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names and the text of each entry of a section."""
    for entry in re.split(r"\n(?=\S)", body):
        names = entry.split("\n", 1)[0].split(" : ")[0]
        yield tuple(name.strip() for name in names.split(",")), entry


def of_method(docstring: str | None, loss: str | None, name: str) -> str | None:
    """Insert the loss's parameters into a method's docstring, and append its notes on results and examples of calls."""
    if docstring is None or loss is None:
        return docstring
    text, body = inspect.cleandoc(docstring), parted(loss).parameters
    first = HEADING.search(text)
    if not body or first is None:
        return text
    text = f"{text[: first.start()]}{PARAMETERS}{body}\n\n{text[first.start() :]}"
    notes, examples = _notes(loss), loss.partition(EXAMPLES)[2].rstrip()
    text += f"\n\nNotes\n-----\n{notes}" if notes else ""
    return f"{text}\n\n{EXAMPLES}{examples}\n" if f".{name}(" in examples else text


def _notes(loss: str) -> str:
    """What stands below the type in the section "Returns"."""
    _, _, rest = loss.partition("Returns\n-------\n")
    following = HEADING.search(rest)
    lines = rest[: following.start() if following else len(rest)].rstrip().split("\n")[1:]
    return inspect.cleandoc("\n" + "\n".join(lines)) if lines else ""
