"""The command `fastloss`. Typer, Rich and PyArrow come with the extra `cli`; nothing else of the package imports them.

`app.py` has the commands. `score.py` passes batches of the files (`files.py`, `readers.py`, `batches.py`) to the states
of losses in `totals.py`: rows as they come, and whole groups, which `groups.py` collects, or `partition.py` and
`gathered.py` if they are scattered. `naming.py` translates the errors of states to files and rows, and `report.py`
prints. `storage.py` opens files, behind URIs too. With `--dask`, `dask_score.py` has a cluster (`cluster.py`) run the
functions of `tasks.py`.
`leaving.py` and `streams.py` come first in the process: how it ends, and where it prints.
"""

import importlib.util
import sys

from fastloss.cli import leaving, streams

NEEDED = ("typer", "rich", "pyarrow")


def main() -> None:
    """Run the command; the entry point of the package."""
    streams.reserve()
    leaving.arm()
    streams.settle()
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f'error: {", ".join(missing)} missing: pip install "fastloss[cli]"', file=sys.stderr)
        sys.exit(2)
    from fastloss.cli.app import run

    run()
