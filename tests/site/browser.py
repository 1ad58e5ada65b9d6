"""Headless Chromium, which loads pages in frames of a width and says what it drew: `measure.html` is what it runs."""

import contextlib
import functools
import http.server
import json
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",  # which root cannot have
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--remote-debugging-port=0",  # else it ends when the page is loaded
)
LONGEST = 300.0  # seconds for all pages of a site
MEASURE = (pathlib.Path(__file__).parent / "measure.html").read_bytes()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a site and `measure.html`, and takes what that posts."""

    def __init__(self, *arguments, results: queue.Queue, **options):
        self.results = results
        super().__init__(*arguments, **options)

    def do_GET(self):
        """Answer with a file."""
        if not self.path.startswith("/measure.html"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(MEASURE)

    def do_POST(self):
        """Take the results."""
        self.results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def served(site: pathlib.Path, results: queue.Queue) -> Iterator[str]:
    """Serve a site on this machine alone, at the address returned."""
    handler = functools.partial(Handler, directory=str(site), results=results)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def measured(site: pathlib.Path, pages: list[str], width: int) -> dict[str, dict]:
    """Return what each page looks like at a width in pixels."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium")
    results: queue.Queue = queue.Queue()
    query = urllib.parse.urlencode({"pages": ",".join(pages), "width": width})
    with served(site, results) as address, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *OPTIONS, f"--user-data-dir={profile}", f"{address}/measure.html?{query}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            found = results.get(timeout=LONGEST)
        finally:
            process.terminate()
            process.wait()
    return {one["page"]: one for one in found}
