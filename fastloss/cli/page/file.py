"""The file of `--report`."""

import os
from collections.abc import Sequence

from fastloss.cli.errors import UserError
from fastloss.cli.output.records import Report
from fastloss.cli.output.result_files import ResultFile
from fastloss.cli.page.collect import Collector
from fastloss.cli.page.document import document
from fastloss.cli.reading.roles import Roles
from fastloss.cli.scoring.asked import Asked

SUFFIXES = (".html", ".htm")


class PageFile(ResultFile):
    """A file of the page."""

    def __init__(self, path: str, inputs: list[str], losses: Sequence[Asked]):
        suffix = os.path.splitext(path)[1].lower()
        if suffix and suffix not in SUFFIXES:
            raise UserError(f"--report is {path!r}: expected a name that ends in .html")
        super().__init__(path, inputs, "--report")
        self._losses = losses
        self._collector: Collector | None = None

    def begin(self, roles: Roles) -> Collector:
        """Return what looks at the data of a pass; passes that were given up do not count."""
        self._collector = Collector(self._losses, roles)
        return self._collector

    def add(self, report: Report) -> None:
        """Write the page of the last pass."""
        assert self._collector is not None
        self.write(document(self._collector.page(report)).encode())
