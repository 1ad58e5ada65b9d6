"""The command `fastloss`. Typer, Rich and PyArrow come with the extra `cli`; nothing else of the package imports them.

`app.py` has the commands; `score.py` leads the data from `files.py` and `readers.py` through `groups.py` (and, where
groups are scattered, `partition.py`) to `totals.py`, and `report.py` prints.
"""

import importlib.util
import sys

NEEDED = ("typer", "rich", "pyarrow")


def main() -> None:
    """Run the command; the entry point of the package."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f'error: {", ".join(missing)} missing: pip install "fastloss[cli]"', file=sys.stderr)
        sys.exit(2)
    from fastloss.cli.app import run

    run()
