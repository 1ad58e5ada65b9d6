"""`fastloss compare`: models whose scores lie in files of their own, joined by keys."""

from typing import Annotated

import typer

from fastloss.cli.commands.options import (
    AsJson,
    Delimiter,
    Format,
    Level,
    Method,
    Resamples,
    Seed,
    Threads,
    Types,
    Weights,
    how_of,
    names_of_losses,
    use_threads,
)
from fastloss.cli.errors import UserError, require_choice


def compare(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(help="A file of each model, or a folder or a pattern of files; of the formats of score."),
    ],
    key: Annotated[
        list[str] | None,
        typer.Option(help="The column by which rows belong together; repeat it for several columns."),
    ] = None,
    loss: Annotated[
        list[str] | None,
        typer.Option(
            "--loss",
            autocompletion=names_of_losses,
            help="NAME or NAME:parameter=value,...; repeat it for several.",
        ),
    ] = None,
    scores: Annotated[
        list[str] | None,
        typer.Option(help="The column of scores, by default 'score'; repeat it to name another for each file."),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="The column of labels, of the first file that has it; the others must agree.")
    ] = "label",
    groups: Annotated[
        str | None, typer.Option(help="The column of group ids, which are the independent units then.")
    ] = None,
    weights: Weights = None,
    missing: Annotated[
        str, typer.Option(help="Keys that not all files have: 'error', or 'drop' to leave them out.")
    ] = "error",
    level: Level = 0.95,
    method: Method = "auto",
    resamples: Resamples = 2000,
    seed: Seed = 0,
    as_json: AsJson = False,
    per_group: Annotated[
        str | None, typer.Option(help="Write a table with one row per group; as that of score.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="Write the results to a file, as that of score.")] = None,
    report: Annotated[str | None, typer.Option(help="Write a page about the results, as that of score.")] = None,
    threads: Threads = None,
    format: Format = None,
    delimiter: Delimiter = None,
    types: Types = None,
) -> None:
    """Compare models whose scores lie in different files: each one's losses, and the difference of every two.

    Rows are joined by their keys, which each file has once, in any order; the columns that are read must fit in memory.
    Models are called by their files. A difference is the second model's value less the first one's, with an interval;
    rows are taken as independent of each other or, with --groups, groups.
    """
    from fastloss.cli.output import report as printed
    from fastloss.cli.reading.joined import Join
    from fastloss.cli.reading.roles import Wanted
    from fastloss.cli.scoring.asked import asked, contents_given
    from fastloss.cli.scoring.score import Job, run

    if len(files) < 2:
        raise UserError(f"{len(files)} file is given: expected one for each model (`fastloss score` takes one file)")
    if not key:
        raise UserError("no --key is given: expected the column by which rows of the files belong together")
    for one in key:
        if key.count(one) > 1:
            raise UserError(f"--key {one} is given twice")
    columns = tuple(scores or ["score"])
    if len(columns) not in (1, len(files)):
        raise UserError(f"{len(columns)} --scores are given for {len(files)} files: expected one, or one for each")
    require_choice("--missing", missing, ("error", "drop"))
    use_threads(threads)
    how = how_of(context, level, method, resamples, seed, True)
    losses = asked(loss or [], "mean")
    wanted = Wanted(columns, labels, weights, groups)
    join = Join(files, wanted, key, missing == "drop", contents_given(format, delimiter, types or []))
    job = Job(files, wanted, losses, per_group=per_group, output=output, report=report, how=how, join=join)
    with printed.Progress() as progress:
        result = run(job, progress)
    (printed.score_json if as_json else printed.score_table)(result)
