"""The built site: the folder FASTLOSS_SITE, which the session `docs` has built, or one built here."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder of HTML."""
    if built := os.environ.get("FASTLOSS_SITE"):
        return pathlib.Path(built)
    for needed in ("sphinx", "myst_parser", "numpydoc", "pydata_sphinx_theme", "matplotlib"):
        pytest.importorskip(needed)
    folder = tmp_path_factory.mktemp("site")
    run = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", f"{folder}.trees", "docs", str(folder)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def pages(site):
    """The pages that have a text, by their paths from the site's root."""
    listed = (path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html")))
    return [page for page in listed if not page.startswith("_") and page not in ("genindex.html", "search.html")]
