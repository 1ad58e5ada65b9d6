"""Errors that a user can correct: one line on stderr, exit code 2, no traceback."""

import contextlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from fastloss.core.spelling import did_you_mean, nearest
from fastloss.pairs.boxes.sums import NoState

EXPECTED = (
    ValueError,
    TypeError,
    KeyError,
    NotImplementedError,  # Arrow's, for a type or a codec that it does not have
    EOFError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)


class UserError(Exception):
    """An error of the command line or the data, in one line."""

    def __str__(self) -> str:
        return re.sub(r"\s*[\r\n]\s*", " ", super().__str__().strip())


def shortened(text: str, most: int = 60) -> str:
    """Return a text, cut if it is long."""
    return text if len(text) <= most else text[: most - 3] + "..."


def named(column: str) -> str:
    """Return a column's name for a message, in quotes unless it is one word."""
    return column if re.fullmatch(r"[\w.]+", column) else repr(column)


def require_choice(option: str, value: str, choices: Iterable[str]) -> None:
    """Raise if an option's value is not one of a few words."""
    choices = list(choices)
    if value not in choices:
        listed = ", ".join(map(repr, choices))
        raise UserError(f"{option} is {value!r}: expected one of {listed}{did_you_mean(nearest(value, choices))}")


@contextlib.contextmanager
def explained(what: str = "", anything: bool = False) -> Iterator[None]:
    """Turn errors about bad input into a `UserError` that begins with `what`.

    With `anything`, turn all errors: decoders may raise any for a damaged file.
    """
    before = f"{what}: " if what else ""
    try:
        yield
    except (UserError, NoState):  # the latter is for `score.run`, which then goes another way
        raise
    except MemoryError as error:
        raise UserError(f"{before}out of memory") from error
    except OSError as error:
        raise UserError(f"{before}{error.strerror or error}") from error
    except Exception as error:
        if not anything and not isinstance(error, EXPECTED) and not type(error).__module__.startswith("pyarrow"):
            raise
        raise UserError(before + (shortened(str(error), 500) or type(error).__name__)) from error
