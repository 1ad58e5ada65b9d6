"""`fastloss score`: its options, and which of them go together."""

from typing import Annotated

import typer

from fastloss.cli.commands.options import (
    MOST_ROWS,
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
    is_given,
    names_of_losses,
    use_threads,
)
from fastloss.cli.errors import UserError, require_choice
from fastloss.cli.parsing import read_config

OF_COLUMNS = (  # what embeddings have no use for
    *("files", "scores", "labels", "groups", "weights", "per_group", "worst", "report", "dask"),
    *("batch_rows", "format", "delimiter", "types", "nulls"),
)


def require_embeddings(context: typer.Context) -> None:
    """Raise unless queries and keys are both given, without options that do nothing with them."""
    given = context.params
    for one, other in (("queries", "keys"), ("keys", "queries")):
        if given[one] is None:
            has = next(name for name in (other, "positives", "key_ids") if given[name] is not None)
            raise UserError(
                f"--{has.replace('_', '-')} is given without --{one}: expected --queries and --keys together"
            )
    for name in OF_COLUMNS:
        if is_given(context, name) and given[name] not in (None, []):
            what = f"file {given[name][0]}" if name == "files" else f"--{name.replace('_', '-')}"
            raise UserError(f"{what} does nothing with --queries and --keys: expected one or the other")


def score(
    context: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Parquet, CSV, JSON Lines, Arrow IPC, .npy or .npz files, folders, patterns such as 'data/*.parquet',"
            " or - for standard input; also behind s3://, gs://, abfs:// and hdfs://."
        ),
    ] = None,
    loss: Annotated[
        list[str] | None,
        typer.Option(
            "--loss",
            autocompletion=names_of_losses,
            help="NAME or NAME:parameter=value,...; repeat it for several in one pass.",
        ),
    ] = None,
    scores: Annotated[
        list[str] | None,
        typer.Option(
            help="The column of scores (predictions), by default 'score'; repeat it for several models. A pattern such"
            " as 'p_*', or a column of lists, holds a score for each class."
        ),
    ] = None,
    labels: Annotated[str, typer.Option(help="The column of labels (targets), or of classes.")] = "label",
    groups: Annotated[
        str | None,
        typer.Option(
            help="The column of group ids: integers, strings, dates, decimals or UUIDs. Without it, all rows are one"
            " group."
        ),
    ] = None,
    weights: Weights = None,
    queries: Annotated[
        str | None,
        typer.Option(
            help="Instead of files: the queries' embeddings, a .npy file of a row per query, or a column of lists of a"
            " table, as FILE:COLUMN."
        ),
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(help="The embeddings of all candidates; those of a .npy file need not fit in memory."),
    ] = None,
    positives: Annotated[
        str | None,
        typer.Option(
            help="The keys that each query is to find: their row numbers, from 0, or ids, one or a list a query, in a"
            " .npy file or as FILE:COLUMN. By default key i is query i's."
        ),
    ] = None,
    key_ids: Annotated[
        str | None, typer.Option(help="The column of the keys' table with the ids by which positives are named.")
    ] = None,
    reduction: Annotated[str, typer.Option(help="'mean' (over rows, or over pairs) or 'sum'.")] = "mean",
    as_json: AsJson = False,
    per_group: Annotated[
        str | None,
        typer.Option(
            help="Write a table with one row per group, in order of first appearance: id, number of rows, and each"
            " loss's mean and number of pairs; .parquet, .csv, .tsv, .json, .jsonl or .arrow."
        ),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option(help="Print each loss's quantiles over groups, and this many of the groups in which it is worst."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(help="Write the results to a file: .json, or a table with a row per loss, as for --per-group."),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            help="Write a page about the results: how losses are distributed over groups, the worst groups, margins,"
            " gradients, calibration, and models beside each other; .html, one file that loads nothing."
        ),
    ] = None,
    threads: Threads = None,
    batch_rows: Annotated[int, typer.Option(help="Number of rows to read at a time.")] = 1 << 20,
    format: Format = None,
    delimiter: Delimiter = None,
    types: Types = None,
    nulls: Annotated[
        str, typer.Option(help="'error'; 'drop' leaves rows out that lack a value; 'nan' reads missing numbers as NaN.")
    ] = "error",
    config: Annotated[
        str | None,
        typer.Option(
            help="A TOML file of options by their names, such as loss = ['mse_loss'] and files = ['a.parquet'];"
            " those of the command line count first.",
            callback=read_config,
            is_eager=True,
        ),
    ] = None,
    level: Level = 0.95,
    method: Method = "auto",
    resamples: Resamples = 2000,
    seed: Seed = 0,
    dask: Annotated[
        str | None,
        typer.Option(
            help="Let workers read the files: 'local' starts a process for each thread, else the address of a Dask"
            " scheduler, such as tcp://host:8786."
        ),
    ] = None,
) -> None:
    """Compute losses and metrics of columns of scores against a column of labels.

    Files are read batch by batch, in the order given (patterns sorted); rows are counted from 0. A group's rows may
    be spread over several batches and files. If other groups' rows lie between them, all rows are first sorted by
    group: in memory if they take at most 192 MB, else through temporary files in TMPDIR. Each group must fit in memory.

    With --queries and --keys, compute losses of embeddings such as info_nce_loss, and metrics of where the positives
    stand among all keys: recall, hit_rate, precision, mrr, map, ndcg. The keys are read a tile at a time.

    With --dask, workers read parts of the files (row groups of large Parquet files, or whole files), and the losses are
    the same to the last bit. Ctrl-C cancels their work.
    """
    from fastloss.cli.scoring.asked import asked, contents_given

    require_choice("--reduction", reduction, ("mean", "sum"))
    require_choice("--nulls", nulls, ("error", "drop", "nan"))
    if batch_rows < 1:
        raise UserError(f"--batch-rows is {batch_rows}: expected at least 1")
    if dask and method == "bootstrap":
        raise UserError("--method bootstrap is not possible with --dask: expected 'analytic'")
    if dask == "":
        raise UserError("--dask is empty: expected 'local' or a scheduler's address")
    del config  # its options are arguments already
    embedded = any(one is not None for one in (queries, keys, positives, key_ids))
    if embedded:
        require_embeddings(context)
    if not embedded and not files:
        raise UserError("no files are given, nor --queries and --keys")
    losses = asked(loss or [], reduction, embedded)
    if report is not None and dask:
        raise UserError("--report is not possible with --dask: expected one or the other")
    if worst is not None and worst < 0:
        raise UserError(f"--worst is {worst}: expected at least 0")
    models = tuple(scores or ["score"])
    uses_groups = len(models) > 1 or any(one is not None for one in (per_group, report, worst))
    if groups and not uses_groups and not any(one.is_pairwise or one.is_metric for one in losses):
        names = ", ".join(one.label for one in losses)
        raise UserError(
            f"--groups does nothing for {names}: expected a loss over pairs or a metric with it, --per-group,"
            " --worst, --report or several --scores"
        )
    use_threads(threads)
    from fastloss.cli.output import report as printed
    from fastloss.cli.reading.roles import Wanted
    from fastloss.cli.scoring.score import Job, run

    if embedded:
        from fastloss.cli.scoring import candidates

        inputs = candidates.Files(str(queries), str(keys), positives, key_ids)
        answer = candidates.run(inputs, losses, reduction, output)
        (printed.score_json if as_json else printed.score_table)(answer)
        return
    how = how_of(context, level, method, resamples, seed, len(models) > 1 and reduction == "mean")
    for model in models:
        if models.count(model) > 1:
            raise UserError(f"--scores {model} is given twice")
    wanted = Wanted(models, labels, weights, groups)
    contents = contents_given(format, delimiter, types or [])
    if nulls == "drop" and dask:
        raise UserError("--nulls drop is not possible with --dask, whose workers count rows as they are")
    rows = min(batch_rows, MOST_ROWS)
    job = Job(
        files or [],
        wanted,
        losses,
        reduction=reduction,
        per_group=per_group,
        worst=worst,
        output=output,
        report=report,
        batch_rows=rows,
        given=contents,
        nulls=nulls,
        dask=dask,
        processes=threads,
        how=how,
    )
    with printed.Progress() as progress:
        result = run(job, progress)
    (printed.score_json if as_json else printed.score_table)(result)
