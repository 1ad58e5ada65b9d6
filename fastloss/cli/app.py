"""The commands and their options."""

import contextlib
import os
import sys
import time
import tomllib
import warnings
from collections.abc import Iterator
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from fastloss.cli import leaving, streams
from fastloss.cli.compare import compare
from fastloss.cli.errors import UserError, explained, require_choice
from fastloss.cli.options import MOST_ROWS, how_of, names_of_losses, use_threads
from fastloss.cli.version import version
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
    with leaving.Undoing(lambda: _sweep([os.getpid()])):
        try:
            app(prog_name="fastloss")
        finally:
            leaving.disarm()


def print_version(wanted: bool) -> None:
    if wanted:
        print(f"fastloss {version()}")
        raise typer.Exit


def read_config(context: typer.Context, path: str | None) -> str | None:
    """Take options from a TOML file, where the command line does not give them."""
    if path is None or context.resilient_parsing:
        return path
    with explained(path), open(path, "rb") as file:
        given = tomllib.load(file)
    known = {one.name if one.name != "as_json" else "json": one for one in context.command.params}
    found: dict[str, Any] = {}
    for name, value in given.items():
        one = known.get(name.replace("-", "_"))
        if one is None or name == "config":
            options = sorted(set(known) - {"config"})
            meant = did_you_mean(nearest(name, options))
            raise UserError(f"{path}: no option {name!r}{meant} (options: {', '.join(options)})")
        takes_many = one.multiple or one.nargs == -1
        value = [value] if takes_many and isinstance(value, str) else value
        if takes_many and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise UserError(f"{path}: {name} is {value!r}: expected a list of strings")
        if not takes_many and isinstance(value, list | dict):
            raise UserError(f"{path}: {name} is {value!r}: expected one value")
        found[str(one.name)] = value
    context.default_map = {**(context.default_map or {}), **found}
    return path


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(cls=OnceCommand)
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
        typer.Option(help="The column of group ids, integers or strings. Without it, all rows are one group."),
    ] = None,
    weights: Annotated[str | None, typer.Option(help="The column of the rows' weights, >= 0.")] = None,
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
    as_json: Annotated[
        bool, typer.Option("--json", help='Print JSON; NaN and infinities are "NaN", "Infinity", "-Infinity".')
    ] = False,
    per_group: Annotated[
        str | None,
        typer.Option(
            help="Write a table with one row per group, in order of first appearance: id, number of rows, and each"
            " loss's mean and number of pairs; .parquet, .csv, .tsv, .jsonl or .arrow."
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
    threads: Annotated[int | None, typer.Option(help="Number of threads; all cores by default.")] = None,
    batch_rows: Annotated[int, typer.Option(help="Number of rows to read at a time.")] = 1 << 20,
    format: Annotated[
        str | None,
        typer.Option(help="The files' format: parquet, csv, json, arrow, npy or npz; by default, what they look like."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="What separates the fields of CSV; by default, the commonest of the header.")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=TYPE, such as user=int64, converts a column; repeat it for several."),
    ] = None,
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
    level: Annotated[
        float, typer.Option(help="Of several models: the probability of the intervals of their differences.")
    ] = 0.95,
    method: Annotated[
        str, typer.Option(help="How these are made: 'auto', 'analytic' or 'bootstrap'. By groups, or by rows.")
    ] = "auto",
    resamples: Annotated[int, typer.Option(help="How often a bootstrap draws.")] = 2000,
    seed: Annotated[int, typer.Option(help="The seed of a bootstrap.")] = 0,
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
    group: in memory, or what is more than 192 MB in temporary files (in TMPDIR). Each group must fit in memory.

    With --queries and --keys, compute losses of embeddings such as info_nce_loss, and metrics of where the positives
    stand among all keys: recall, hit_rate, precision, mrr, map, ndcg. The keys are read a tile at a time.

    With --dask, workers read parts of the files (row groups of large Parquet files, or whole files), and the losses are
    the same to the last bit. Ctrl-C cancels their work.
    """
    from fastloss.cli.asked import asked, contents_given

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
    if embedded and (
        queries is None or keys is None or files or groups or weights or per_group or worst or report or dask
    ):
        raise UserError(
            "expected --queries and --keys together, without files, --groups, --weights, --per-group, --worst, --report"
            " or --dask"
        )
    for name in ("scores", "labels", "batch_rows", "format", "delimiter", "types", "nulls") if embedded else ():
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = name.replace("_", "-")
            raise UserError(f"--{option} does nothing with --queries and --keys: expected one or the other")
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
    from fastloss.cli import report as printed
    from fastloss.cli.roles import Wanted
    from fastloss.cli.score import Job, run

    if embedded:
        from fastloss.cli import candidates

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


app.command("compare", cls=OnceCommand)(compare)


@app.command("list", cls=OnceCommand)
def list_losses(
    words: Annotated[str, typer.Argument(help="A part of a name, also of one in other libraries: svm, MAE.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List losses and metrics, and whether `fastloss score` takes each; `fastloss show` says more of one."""
    from fastloss.cli import report
    from fastloss.cli.catalogue import entries
    from fastloss.core.loss import REGISTRY
    from fastloss.core.synonyms import question

    with explained():
        everything = entries(words)
    if not everything:
        hint = question(words, REGISTRY) or ": `fastloss list` has all"
        raise UserError(f"no loss or metric is called {words!r}, here or elsewhere{hint}")
    if as_json:
        report.print_json(everything)
        return
    report.print_table(
        ("loss", "score", "what it is"),
        ((one["loss"], "yes" if one["score"] else "", one["summary"]) for one in everything),
    )


@app.command(cls=OnceCommand)
def show(
    loss: Annotated[str, typer.Argument(help="The name of a loss or metric.", autocompletion=names_of_losses)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a loss or metric: signature and documentation, with formula, parameters, errors, source and an example."""
    from fastloss.cli import report
    from fastloss.cli.asked import subject
    from fastloss.cli.catalogue import entry, text

    with explained():
        found = subject(loss)
    if as_json:
        report.print_json(entry(found))
        return
    print(text(found))


@contextlib.contextmanager
def _starting() -> Iterator[None]:
    """Inside, a process is started that a terminal's Ctrl-C does not reach: this one ends it."""
    with leaving.held(), leaving.blocked():
        yield


def _end_processes() -> None:
    """End the processes that compile, and remove what they have not finished."""
    from multiprocessing import active_children

    processes = active_children()
    for one in processes:
        one.kill()
    for one in processes:
        one.join()
    _sweep([one.pid for one in processes])


def _sweep(processes: list[int | None]) -> None:
    """Remove unfinished files of kernels, if any can have been made: nothing is imported as a process ends."""
    store = sys.modules.get("fastloss.compile.store")
    if store is not None:
        store.sweep(processes)


@app.command(cls=OnceCommand)
def warmup(
    losses: Annotated[list[str] | None, typer.Argument(help="Names of losses and metrics; all by default.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Number of processes that compile; one per core by default.")] = None,
) -> None:
    """Compile kernels ahead of time, and store them for other processes; print a line for each loss."""
    from fastloss.ahead.metrics import everything, named
    from fastloss.ahead.workers import Ended, warmed
    from fastloss.cli import temporary
    from fastloss.compile import kernels, threads

    if jobs is not None and jobs < 1:
        raise UserError(f"--jobs is {jobs}: expected at least 1")
    begin = time.perf_counter()
    with explained():
        names = [named(name) for name in dict.fromkeys(losses or everything())]
    if (place := kernels.place()).startswith("none: "):
        raise UserError(f"no kernels can be stored: {place.removeprefix('none: ')}")
    compiled = loaded = lost = 0
    try:
        made = warmed(names, jobs or threads.available(), folder=temporary.folder, starting=_starting)
        with leaving.Undoing(_end_processes), contextlib.closing(made) as results:
            for done in results:
                print(
                    f"{done.name:<34} {done.compiled:>4} compiled {done.loaded:>4} loaded {done.seconds:>7.1f} s",
                    flush=True,
                )
                compiled += done.compiled
                loaded += done.loaded
                lost += done.lost
    except Ended as error:
        raise UserError(error) from None
    print(f"{compiled} kernels compiled, {loaded} loaded from the store, in {time.perf_counter() - begin:.1f} s")
    print(f"store: {place}")
    if lost:
        raise UserError(f"{lost} kernels could not be stored in {place}")


@app.command(cls=OnceCommand)
def info(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show versions, processor, threads, GPU and stored kernels."""
    from fastloss.cli import report
    from fastloss.cli.about import facts

    with explained():
        everything = facts()
    if as_json:
        report.print_json(everything)
        return
    report.print_table(("what", "is"), ((name, str(fact)) for name, fact in everything.items()))


@app.command(cls=OnceCommand)
def explain(
    loss: Annotated[str, typer.Argument(help="The name of a loss.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the kernels that a loss runs: template, bound names, flags, signature and file of each."""
    from fastloss.cli import report
    from fastloss.cli.about import kernels_of
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
