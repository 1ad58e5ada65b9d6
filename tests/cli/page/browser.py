"""A headless Chromium: what it makes of a page."""

import functools
import html
import re
import shutil
import subprocess

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--virtual-time-budget=3000",
)  # fmt: skip


@functools.cache
def browser():
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium")
    return found


def dump(source, folder, script, width=1280, is_dark=False):
    """Show a page in a frame of a width, run a script with its `page` (a document) there, and return what it returns.

    The page's own policy forbids scripts: the script is the frame's surroundings'.
    """
    scheme = "0" if is_dark else "1"
    path = folder / "frame.html"
    path.write_text(
        f'<!DOCTYPE html><body style="margin:0"><iframe id="f" srcdoc="{html.escape(source)}" '
        f'style="width:{width}px;height:900px;border:0"></iframe><pre id="said"></pre><script>'
        "const frame = document.getElementById('f');"
        "frame.onload = () => { const page = frame.contentDocument, view = frame.contentWindow;"
        f"document.getElementById('said').textContent = 'SAID' + JSON.stringify((() => {{ {script} }})()) + 'DIAS' }};"
        "</script></body>"
    )
    command = [
        browser(), *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--blink-settings=preferredColorScheme={scheme}",
        "--window-size=1400,1000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search("SAID([^<]*)DIAS", done.stdout)
    assert found, done.stdout[-2000:]
    return html.unescape(found[1])
