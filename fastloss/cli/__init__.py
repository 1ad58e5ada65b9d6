"""The command `fastloss`. Typer, Rich and PyArrow come with the extra `cli`; nothing else of the package imports them.

`app.py` has the commands of `commands/`, whose command lines `parsing.py` reads. `scoring/score.py` passes batches of
files (`reading/`) to the states of losses in `scoring/totals.py`: rows as they come, and whole groups. `output/` has
the results, `page/` the page of `--report`. With `--dask`, `cluster/dask_score.py` has a cluster run the functions of
`cluster/tasks.py`. `leaving.py` and `streams.py` come first in the process: how it ends, and where it prints.
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
