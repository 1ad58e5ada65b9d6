"""Stored kernels: used by the next process, never stale, never in the way of a result, run only if they are ours.

Each test works on a copy of the package that holds one more loss, `probe_loss`, and runs it in fresh processes.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import fastloss
from fastloss.compile import levels, store

pytestmark = pytest.mark.compiled

PROBE = '''
from fastloss.compile.elementary import softplus
from fastloss.pointwise.loss import pointwise

CONSTANT = 10.0


def _value(x, t):
    return CONSTANT * (x - t) + softplus(-900.0)


def _slope(x, t):
    return CONSTANT


@pointwise(_value, _slope, reference="none")
def probe_loss(input, target):
    """Ten times the difference: softplus(-900) is 0."""


def write(inputs, parameters, outputs, first, last):
    for i in range(first, last):
        outputs[0][i] = 1.0
'''

# Prints the value, where kernels came from, and whether Numba was needed. 70,000 elements are eighteen chunks.
RUN = """
import json, sys
import numpy as np
from fastloss.pointwise.probe import probe_loss
from fastloss.compile import kernels
value = probe_loss(np.full(70_000, 3.0), np.ones(70_000))
print(json.dumps({"value": value, "numba": "numba" in sys.modules, **kernels.made}))
"""

# Lets a kernel write four elements into an array of two.
OVERRUN = """
import numpy as np
from fastloss.compile.kernels import kernel
from fastloss.compile.launch import launch
from fastloss.compile.signatures import REALS, Signature
from fastloss.pointwise import probe
buffer = np.zeros(8)
try:
    launch(kernel(probe.write, "any", Signature((), (REALS,))), (), np.empty(0), (buffer[:2],), 4)
except IndexError as error:
    print(error)
else:
    print(buffer.tolist())
"""

COLD = {"value": 20.0, "numba": True, "compiled": 1}
WARM = {"value": 20.0, "numba": False, "store": 1}


class Copy:
    """A copy of the package in a folder of its own, with a store of its own."""

    def __init__(self, folder: pathlib.Path, place: pathlib.Path):
        self.folder, self.store = folder, place
        self._edits = 0
        self.package = folder / "fastloss"
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith("NUMBA_")}
        self.environment |= {"PYTHONPATH": str(folder), store.OVERRIDE: str(place)}
        source = pathlib.Path(fastloss.__file__).parent
        shutil.copytree(source, self.package, ignore=shutil.ignore_patterns("__pycache__", "data", "kernels"))
        (self.package / "pointwise" / "probe.py").write_text(PROBE)

    def start(self, code: str = RUN, **environment: str) -> subprocess.Popen:
        command = [sys.executable, "-c", code]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=self.folder, env={**self.environment, **environment}, **streams)

    def run(self, code: str = RUN, **environment: str):
        return finish(self.start(code, **environment))

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file; its time is another second's each time, since Python knows bytecode by seconds and size."""
        path = self.package / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self._edits += 1
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 2 * self._edits))

    def files(self) -> set[pathlib.Path]:
        return set(self.store.iterdir()) if self.store.exists() else set()


def finish(process: subprocess.Popen):
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(output) if output.startswith("{") else output.strip()


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path / "site", tmp_path / "store")


def test_the_next_process_loads_without_numba_and_leaves_no_new_file(copy):
    assert copy.run() == COLD
    files = copy.files()
    assert len(files) == 1
    assert copy.run() == WARM
    assert copy.files() == files


@pytest.mark.parametrize(
    ("variable", "below"),
    [("XDG_CACHE_HOME", "fastloss"), ("HOME", ".cache/fastloss")] if sys.platform == "linux" else [],
)
def test_without_the_variable_it_is_the_systems_folder_for_caches(copy, tmp_path, variable, below):
    for name in (store.OVERRIDE, "XDG_CACHE_HOME"):
        copy.environment.pop(name, None)
    home = tmp_path / "home"
    assert copy.run(**{variable: str(home)}) == COLD
    assert len(list((home / below).iterdir())) == 1
    assert (home / below).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("file", "old", "new", "value"),
    [
        ("pointwise/probe.py", "CONSTANT * (x - t)", "CONSTANT * (x + t)", 40.0),
        ("pointwise/probe.py", "CONSTANT = 10.0", "CONSTANT = 50.0", 100.0),
        ("compile/elementary.py", "def softplus(x):", "def softplus(x):\n    return 1.0\n\n\ndef old(x):", 21.0),
    ],
    ids=["formula", "constant", "helper"],
)
def test_edited_source_is_recompiled_and_both_versions_are_kept(copy, file, old, new, value):
    assert copy.run() == COLD
    copy.edit(file, old, new)
    assert copy.run() == {**COLD, "value": value}
    assert copy.run() == {**WARM, "value": value}
    copy.edit(file, new, old)
    assert copy.run() == WARM
    assert len(copy.files()) == 2


def test_the_oldest_of_many_versions_go(copy):
    for number in range(store.KEPT + 2):
        copy.edit("pointwise/probe.py", "CONSTANT = 10.0", f"CONSTANT = 10.0 + {number}.0")
        assert copy.run()["value"] == 20.0 + 2.0 * number
        copy.edit("pointwise/probe.py", f"CONSTANT = 10.0 + {number}.0", "CONSTANT = 10.0")
    assert len(copy.files()) == store.KEPT
    assert copy.run() == COLD  # the first of them


def test_upgrade_to_older_files_is_recompiled(copy):
    """A wheel's files carry the times of its build, which may lie before those of the version that it replaces."""
    assert copy.run() == COLD
    shutil.rmtree(copy.package)
    newer = Copy(copy.folder, copy.store)
    newer.edit("pointwise/probe.py", "10.0", "30.0")
    for path in newer.package.rglob("*"):
        os.utime(path, (1e9, 1e9))
    assert newer.run() == {**COLD, "value": 60.0}


def test_two_versions_side_by_side_share_a_store(copy, tmp_path):
    other = Copy(tmp_path / "other", copy.store)
    other.edit("pointwise/probe.py", "10.0", "30.0")
    assert (copy.run(), other.run()) == (COLD, {**COLD, "value": 60.0})
    assert (copy.run(), other.run()) == (WARM, {**WARM, "value": 60.0})


def test_edit_of_equal_size_and_time_is_recompiled(copy):
    """Reproducible builds give every version one time; Python itself would run the old bytecode, so that is off."""
    probe = copy.package / "pointwise" / "probe.py"
    os.utime(probe, (1e9, 1e9))
    assert copy.run(PYTHONDONTWRITEBYTECODE="1") == COLD
    copy.edit("pointwise/probe.py", "10.0", "30.0")
    os.utime(probe, (1e9, 1e9))
    assert copy.run(PYTHONDONTWRITEBYTECODE="1") == {**COLD, "value": 60.0}


def test_a_kernel_compiled_after_its_text_has_changed(copy):
    """What was compiled is stored under the code that was compiled, whatever the file says by then."""
    edit = """
import pathlib
import fastloss.pointwise.probe as probe
path = pathlib.Path(probe.__file__)
path.write_text(path.read_text().replace("CONSTANT = 10.0", "CONSTANT = 30.0"))
"""
    assert copy.run(edit + RUN, PYTHONDONTWRITEBYTECODE="1") == COLD  # of equal size and time: Python would run the old
    assert copy.run() == {**COLD, "value": 60.0}


def test_an_edit_of_something_else_recompiles_nothing(copy):
    assert copy.run() == COLD
    copy.edit("pointwise/probe.py", "softplus(-900) is 0.", "softplus(-900) vanishes.")
    copy.edit("pointwise/regression.py", "return", "return  ")
    copy.edit("compile/elementary.py", "def softplus(x):", "# A line more.\ndef softplus(x):")
    assert copy.run() == WARM


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]


def test_only_what_was_written_is_read(tmp_path):
    written = store.packed(b"some code")
    assert store.unpacked(written) == b"some code"
    others = [flipped(written, at) for at in range(len(written))]
    others += [written[:at] for at in range(len(written))] + [written + b"\0"]
    assert {store.unpacked(other) for other in others} == {None}
    assert store.write(tmp_path, "kernel", b"some code") and store.read(tmp_path, "kernel") == b"some code"
    (tmp_path / "kernel.kernel").write_bytes(others[-1])
    assert store.read(tmp_path, "kernel") is store.read(tmp_path, "another") is None


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: flipped(content, len(content) // 2)])
def test_a_damaged_file_costs_time_only_and_is_written_anew(copy, damage):
    assert copy.run() == COLD
    (path,) = copy.files()
    before = path.read_bytes()
    path.write_bytes(damage(before))
    assert copy.run() == COLD
    assert path.read_bytes() == before  # the same code compiled twice is the same file
    assert copy.run() == WARM


def block(path: pathlib.Path) -> pathlib.Path:
    """A regular file: nothing can be made below it, not even by root."""
    path.write_text("")
    return path


def test_no_writable_place_compiles_in_memory(copy, tmp_path):
    place = str(block(tmp_path / "file") / "below")
    for _ in range(2):
        assert copy.run(FASTLOSS_CACHE_DIR=place) == COLD
        assert copy.run(FASTLOSS_CACHE_DIR="", HOME=place, XDG_CACHE_HOME=place) == COLD
    assert copy.files() == set()


def test_full_disk_compiles_in_memory_and_leaves_nothing(copy):
    """The limit on a file's size stands in for a disk that fills while a file is being written.

    Python's own byte code is left out of it: Python 3.11 takes a file cut short by such a limit for a whole one.
    """
    pytest.importorskip("resource")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    assert copy.run(limit + RUN, PYTHONDONTWRITEBYTECODE="1") == COLD
    assert copy.files() == set()
    assert copy.run() == COLD


def test_processes_that_start_together(copy):
    results = [finish(process) for process in [copy.start() for _ in range(3)]]
    assert {result["value"] for result in results} == {20.0}
    assert len(copy.files()) == 1
    assert copy.run() == WARM


def test_bounds_are_checked_with_a_warm_store(copy):
    silent = "[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]"
    assert copy.run(OVERRUN) == silent
    files = copy.files()
    assert "index is out of bounds" in copy.run(OVERRUN, NUMBA_BOUNDSCHECK="1")
    assert copy.run(OVERRUN) == silent
    assert copy.files() == files


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no owners of files as POSIX has")
@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_a_folder_that_others_may_write_to_is_not_used(copy, mode):
    assert copy.run() == COLD
    copy.store.chmod(mode)
    assert copy.run() == COLD
    assert len(copy.files()) == 1
    assert copy.run("from fastloss.compile.store import described; print(described())") == (
        f"none: {copy.store} can be written by others"
    )
    copy.store.chmod(0o755)
    assert copy.run() == WARM


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
def test_a_folder_of_another_user_is_not_used(copy):
    assert copy.run() == COLD
    os.chown(copy.store, 12345, -1)
    assert copy.run() == COLD
    assert copy.run("from fastloss.compile.store import described; print(described())") == (
        f"none: {copy.store} belongs to another user"
    )
    os.chown(copy.store, 0, -1)
    assert copy.run() == WARM


def test_every_level_has_its_own_files(copy):
    for level in levels.supported():
        assert copy.run(FASTLOSS_LEVEL=level.name) == COLD
        assert copy.run(FASTLOSS_LEVEL=level.name) == WARM
    assert len(copy.files()) == len(levels.supported())
    assert copy.run() == WARM  # the highest
