"""`fastloss list`, `show` and `explain`: what there is to know about losses and metrics."""

from typing import Annotated

import typer

from fastloss.cli.commands.options import names_of_losses
from fastloss.cli.errors import UserError, explained


def list_losses(
    words: Annotated[str, typer.Argument(help="A part of a name, also of one in other libraries: svm, MAE.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List losses and metrics, and whether `fastloss score` takes each; `fastloss show` says more of one."""
    from fastloss.cli.commands.catalogue import entries
    from fastloss.cli.output import report
    from fastloss.cli.scoring.metrics import METRICS
    from fastloss.core.loss import REGISTRY
    from fastloss.core.synonyms import question

    with explained():
        everything = entries(words)
    if not everything:
        hint = question(words, [*REGISTRY, *METRICS]) or ": `fastloss list` has all"
        raise UserError(f"no loss or metric is called {words!r}, here or elsewhere{hint}")
    if as_json:
        report.print_json(everything)
        return
    report.print_table(
        ("loss", "score", "what it is"),
        ((one["loss"], "yes" if one["score"] else "", one["summary"]) for one in everything),
        wraps="what it is",
    )


def show(
    loss: Annotated[str, typer.Argument(help="The name of a loss or metric.", autocompletion=names_of_losses)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a loss or metric: signature and documentation, with formula, parameters, errors, source and an example."""
    from fastloss.cli.commands.catalogue import entry, text
    from fastloss.cli.output import report
    from fastloss.cli.scoring.asked import subject

    with explained():
        found = subject(loss)
    if as_json:
        report.print_json(entry(found))
        return
    print(text(found))


def explain(
    loss: Annotated[str, typer.Argument(help="The name of a loss.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the kernels that a loss runs: template, bound names, flags, signature and file of each."""
    from fastloss.cli.commands.about import kernels_of
    from fastloss.cli.output import report
    from fastloss.core.loss import lookup

    with explained():
        found = lookup(loss)
    with explained():
        everything = kernels_of(found)
    if as_json:
        report.print_json(everything)
        return
    for one in everything:
        print(one["name"])
        for what, is_ in one.items():
            if what != "name":
                print(f"  {what}: {is_}")
