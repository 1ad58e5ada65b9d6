"""What options of several commands have in common."""

from typing import Annotated, Any

import typer

from fastloss.cli.errors import UserError, explained

MOST_THREADS = 1024  # of PyArrow's
MOST_ROWS = 1 << 40  # more than any memory holds, and PyArrow takes no more than 64 bits

AsJson = Annotated[
    bool, typer.Option("--json", help='Print JSON; NaN and infinities are "NaN", "Infinity", "-Infinity".')
]
Threads = Annotated[int | None, typer.Option(help="Number of threads; all cores by default.")]
Format = Annotated[
    str | None,
    typer.Option(help="The files' format: parquet, csv, json, arrow, npy or npz; by default, what they look like."),
]
Delimiter = Annotated[
    str | None, typer.Option(help="What separates the fields of CSV; by default, the commonest of the header.")
]
Types = Annotated[
    list[str] | None,
    typer.Option(help="COLUMN=TYPE, such as user=int64, converts a column; repeat it for several."),
]
Weights = Annotated[str | None, typer.Option(help="The column of the rows' weights, >= 0.")]
Level = Annotated[float, typer.Option(help="Of several models: the probability of the intervals of their differences.")]
Method = Annotated[
    str, typer.Option(help="How these are made: 'auto', 'analytic' or 'bootstrap'. By groups, or by rows.")
]
Resamples = Annotated[int, typer.Option(help="How often a bootstrap draws.")]
Seed = Annotated[int, typer.Option(help="The seed of a bootstrap.")]


def names_of_losses(incomplete: str) -> list[str]:
    """Complete the name of a loss or metric."""
    import fastloss
    from fastloss.cli.scoring.metrics import METRICS
    from fastloss.core.loss import Loss

    losses = [name for name in fastloss.__all__ if isinstance(getattr(fastloss, name), Loss)]
    return [name for name in (*losses, *METRICS) if name.startswith(incomplete)]


def is_given(context: typer.Context, name: str) -> bool:
    """Return whether the command line has an option, or a file of options that it names."""
    source = context.get_parameter_source(name)
    return source is not None and source.name in ("COMMANDLINE", "DEFAULT_MAP")


def how_of(context: typer.Context, level: float, method: str, resamples: int, seed: int, is_used: bool) -> Any:
    """Return how intervals are made; raise for options that do nothing, or are out of their range."""
    from fastloss.comparing.every_pair import checked

    given = [name for name in ("level", "method", "resamples", "seed") if is_given(context, name)]
    if given and not is_used:
        raise UserError(f"--{given[0]} does nothing here: it is for the differences between means of several --scores")
    without = "--dask" if context.params.get("dask") else "--method analytic" if method == "analytic" else ""
    for name in ("resamples", "seed"):
        if without and name in given:
            raise UserError(f"--{name} does nothing with {without}: it is for a bootstrap")
    try:
        return checked(level, method, resamples, seed)
    except ValueError as error:
        raise UserError(f"--{error}") from None


def use_threads(count: int | None) -> None:
    """Use so many threads, or those of the environment; raise for variables of it that cannot be."""
    import pyarrow as pa

    from fastloss.compile import levels, threads

    if count is not None:
        if count < 1:
            raise UserError(f"--threads is {count}: expected at least 1")
        threads.set_num_threads(count)
        pa.set_cpu_count(min(count, MOST_THREADS))
    with explained():
        threads.get_num_threads()
        levels.chosen()
