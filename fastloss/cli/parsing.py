"""How command lines are parsed: options given twice or misspelt, options from files, errors of one line."""

import contextlib
import inspect
import sys
import tomllib
import typing
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from fastloss.cli import streams
from fastloss.cli.errors import UserError, explained
from fastloss.core.spelling import did_you_mean, nearest

EXIT_ERROR = 2


def parsed(command: Any, context: Any, args: list[str]) -> list[Any]:
    """Return the options and arguments that are given; the error for one that there is none of says what is near."""
    try:
        return list(command.make_parser(context).parse_args(args=list(args))[2])
    except Exception as error:
        if type(error).__name__ != "NoSuchOption":
            raise
        name = str(error.option_name)  # type: ignore[attr-defined]
    if not name.startswith("--"):  # of -loss, Typer sees the -l alone
        name = next((one.partition("=")[0] for one in args if one.startswith(name)), name)
    known = [option for one in command.get_params(context) for option in one.opts if option.startswith("--")]
    meant = " or ".join(nearest(name, known))
    raise UserError(f"no option {name}{f'; did you mean {meant}?' if meant else ''}")


class OnceCommand(TyperCommand):
    """A command that refuses an option given twice, where Typer would keep the last value."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """Parse arguments, or raise for an option that is given twice."""
        given = parsed(self, context, args)
        for one in given:
            takes_one = one.param_type_name == "option" and not one.multiple and not getattr(one, "is_flag", False)
            if takes_one and given.count(one) > 1:
                raise UserError(f"{one.opts[0]} is given twice")
        return super().parse_args(context, args)


class OneLineGroup(TyperGroup):
    """Commands that print each error as one line on stderr, and exit with code 2."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """Parse what stands before the command."""
        parsed(self, context, args)
        return super().parse_args(context, args)

    def resolve_command(self, context: Any, args: list[str]) -> Any:
        """Return the command that is asked for."""
        if args[0] not in self.commands and not context.resilient_parsing:
            meant = did_you_mean(nearest(args[0], self.commands))
            raise UserError(f"no command {args[0]!r}{meant} (commands: {', '.join(self.commands)})")
        return super().resolve_command(context, args)

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command, and exit."""
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
            sys.stdout.flush()
        except (UserError, streams.Unprintable) as error:
            fail(str(error))
        except MemoryError:
            fail("out of memory")
        except OSError as error:  # of what nobody has named, such as a folder to work in that is gone
            fail(str(error))
        except Exception as error:
            if hasattr(error, "format_message"):  # what Typer says of options
                fail(" ".join(error.format_message().split()))
            raise
        sys.exit(code if isinstance(code, int) else 0)


def fail(message: str) -> NoReturn:
    """Print an error, and exit with code 2."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(EXIT_ERROR)


def _require_kind(where: str, annotation: Any, value: Any) -> None:
    """Raise for a value of a file that an option of an annotation does not take; numbers may be written as text."""
    kind = next(one for one in (bool, int, float, str) if one in (annotation, *typing.get_args(annotation)))
    expected = {bool: "true or false", int: "an integer", float: "a number", str: "a string"}[kind]
    types = {bool: (bool,), int: (int,), float: (int, float), str: (str, int, float)}[kind]
    found = value
    if isinstance(value, str) and kind in (int, float):
        with contextlib.suppress(ValueError):
            found = kind(value)
    if not isinstance(found, types) or (isinstance(found, bool) and kind is not bool):
        raise UserError(f"{where} is {value!r}: expected {expected}")


def read_config(context: typer.Context, path: str | None) -> str | None:
    """Take options from a TOML file, where the command line does not give them."""
    if path is None or context.resilient_parsing:
        return path
    with explained(path), open(path, "rb") as file:
        given = tomllib.load(file)
    known = {one.name if one.name != "as_json" else "json": one for one in context.command.params}
    kinds = typing.get_type_hints(inspect.unwrap(context.command.callback or read_config))
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
            raise UserError(f"{path}: {name!r} is a table: tables are not taken, but options, such as threads = 2")
        one = known.get(name.replace("-", "_"))
        if one is None or name == "config":
            options = sorted(set(known) - {"config"})
            meant = did_you_mean(nearest(name, options))
            raise UserError(f"{path}: no option {name!r}{meant} (options: {', '.join(options)})")
        takes_many = one.multiple or one.nargs == -1
        value = [value] if takes_many and isinstance(value, str) else value
        if takes_many and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise UserError(f"{path}: {name} is {value!r}: expected a list of strings")
        if not takes_many and isinstance(value, list):
            raise UserError(f"{path}: {name} is {value!r}: expected one value")
        if not takes_many:
            _require_kind(f"{path}: {name}", kinds[str(one.name)], value)
        found[str(one.name)] = value
    context.default_map = {**(context.default_map or {}), **found}
    return path
