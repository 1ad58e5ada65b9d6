"""The command: its name, its parts and its exit codes. Each part has a module in `commands`."""

import os
import warnings
from typing import Annotated

import typer

from fastloss.cli import leaving
from fastloss.cli.commands.compare import compare
from fastloss.cli.commands.kernels import info, sweep, warmup
from fastloss.cli.commands.losses import explain, list_losses, show
from fastloss.cli.commands.score import score
from fastloss.cli.parsing import OnceCommand, OneLineGroup
from fastloss.cli.version import version

app = typer.Typer(
    cls=OneLineGroup,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="Loss functions over files, in one pass, on all cores.",
    epilog="Exit codes: 0 done; 2 an error, which is one line on stderr; 141 whoever reads the output has closed it;"
    " 130, 143 and 129 ended by Ctrl-C, SIGTERM and SIGHUP.",
)


def run() -> None:
    """Run the command of this process."""
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"
    with leaving.Undoing(lambda: sweep([os.getpid()])):
        try:
            app(prog_name="fastloss")
        finally:
            leaving.disarm()


def print_version(wanted: bool) -> None:
    if wanted:
        print(f"fastloss {version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


for name, command in (
    ("score", score),
    ("compare", compare),
    ("list", list_losses),
    ("show", show),
    ("explain", explain),
    ("warmup", warmup),
    ("info", info),
):
    app.command(name, cls=OnceCommand)(command)
