"""What callers call their columns: an error about one says it, beside the argument and the element."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastloss.core.errors import shown
from fastloss.core.tables import is_series, names_of

HEAD = re.compile(r"(\w+)(?:\[([\d:, ]*)\])?")  # of a message: an argument, and an element


@contextlib.contextmanager
def naming(given: Mapping[str, Any]) -> Iterator[None]:
    """Say in errors about arguments what columns of tables, Series and other named arrays are called."""
    try:
        yield
    except (TypeError, ValueError) as error:
        say(error, given)
        raise


def say(error: Exception, given: Mapping[str, Any]) -> None:
    """Say in an error whose message begins with one of the arguments what its column is called."""
    message = str(error)
    head = HEAD.match(message)
    if head is None or head[1] not in given:
        return
    called = _called(given[head[1]], (head[2] or "").split(", "))
    rest = message[head.end() :]
    if called and not rest.startswith(called):  # which a call inside has said
        error.args = (f"{head[0]}{called}{rest}",)


def _called(value: Any, index: list[str]) -> str:
    """Return what stands in brackets behind an element, empty where it has no name."""
    names = names_of(value)
    if names is not None:
        return f" (column {shown(names[int(index[1])])})" if len(index) == 2 else ""
    name = getattr(value, "name", None)
    if is_series(value):
        return "" if name is None or name == "" else f" (column {shown(name)})"
    return f" (named {shown(name)})" if isinstance(name, str) and name and hasattr(value, "__array__") else ""
