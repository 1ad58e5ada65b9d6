"""The disk cache of compiled kernels: used by the next process, never stale, never in the way of a result.

Each test works on a copy of the package that holds one more loss, `probe_loss`, and runs it in fresh processes.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import types

import pytest

import fastloss
from fastloss.engines import seal
from fastloss.engines.address import address

pytestmark = pytest.mark.compiled

PROBE = '''
from fastloss.elementary import softplus
from fastloss.pointwise import pointwise

CONSTANT = 10.0


def _value(x, t):
    return CONSTANT * (x - t) + softplus(-900.0)


def _slope(x, t):
    return CONSTANT


@pointwise(_value, _slope, reference="none")
def probe_loss(input, target):
    """Ten times the difference: softplus(-900) is 0."""


def write(out, count):
    for i in range(count):
        out[i] = 1.0
'''

# Prints the value, and what Numba's dispatchers say of hits and misses. 70,000 elements are eighteen chunks, which go
# through the parallel driver.
RUN = """
import gc, json
import numpy as np
from fastloss.losses.probe import probe_loss
value = probe_loss(np.full(70_000, 3.0), np.ones(70_000))
from numba.core.dispatcher import Dispatcher
everything = [one for one in gc.get_objects() if issubclass(type(one), Dispatcher)]
kernels = [one for one in everything if "fastloss_kernel" in one.py_func.__qualname__]
hits = sum(sum(one.stats.cache_hits.values()) for one in kernels)
misses = sum(sum(one.stats.cache_misses.values()) for one in kernels)
print(json.dumps({"value": value, "kernels": len(kernels), "hits": hits, "misses": misses}))
"""

# Compiles a loop and lets it write four elements into a view of two.
OVERRUN = """
import numpy as np
from numba import types
from fastloss.engines import build
from fastloss.losses import probe
kernel = build.loop(probe.write, "write", types.void(types.float64[::1], types.int64))
buffer = np.zeros(8)
try:
    kernel(buffer[:2], 4)
except IndexError as error:
    print(error)
else:
    print(buffer.tolist())
"""

COLD = {"value": 20.0, "kernels": 2, "hits": 0, "misses": 2}
WARM = {"value": 20.0, "kernels": 2, "hits": 2, "misses": 0}
EDITED = {"kernels": 2, "hits": 1, "misses": 1}  # the driver is that of every loss


class Copy:
    """A copy of the package in a folder of its own, with its own cache: `__pycache__` unless `cache` is given."""

    def __init__(self, folder: pathlib.Path, cache: pathlib.Path | None = None):
        self.folder = folder
        self.package = folder / "fastloss"
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith("NUMBA_")}
        self.environment |= {"PYTHONPATH": str(folder), "NUMBA_NUM_THREADS": "2"}
        if cache:
            self.environment["NUMBA_CACHE_DIR"] = str(cache)
        source = pathlib.Path(fastloss.__file__).parent
        shutil.copytree(source, self.package, ignore=shutil.ignore_patterns("__pycache__", "data"))
        (self.package / "losses" / "probe.py").write_text(PROBE)

    def start(self, code: str = RUN, **environment: str) -> subprocess.Popen:
        command = [sys.executable, "-c", code]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=self.folder, env={**self.environment, **environment}, **streams)

    def run(self, code: str = RUN, **environment: str):
        return finish(self.start(code, **environment))

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.package / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def files(self) -> set[pathlib.Path]:
        return set(self.folder.parent.rglob("*fastloss_kernel*"))


def finish(process: subprocess.Popen):
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(output) if output.startswith("{") else output.strip()


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path / "site", tmp_path / "cache")


@pytest.mark.parametrize("place", ["NUMBA_CACHE_DIR", "__pycache__"])
def test_next_process_loads_from_disk_and_leaves_no_new_file(tmp_path, place):
    copy = Copy(tmp_path / "site", tmp_path / "cache" if place == "NUMBA_CACHE_DIR" else None)
    assert copy.run() == COLD
    files = copy.files()
    assert len(files) == 6  # an index, a data file and a seal for each kernel
    assert all(place.replace("NUMBA_CACHE_DIR", "cache") in path.parts for path in files)
    assert copy.run() == WARM
    assert copy.run() == WARM
    assert copy.files() == files


@pytest.mark.parametrize(
    ("file", "old", "new", "value"),
    [
        ("losses/probe.py", "CONSTANT * (x - t)", "CONSTANT * (x + t)", 40.0),
        ("losses/probe.py", "CONSTANT = 10.0", "CONSTANT = 50.0", 100.0),
        ("elementary.py", "def softplus(x):", "def softplus(x):\n    return 1.0\n\n\ndef old(x):", 21.0),
    ],
    ids=["formula", "constant", "helper"],
)
def test_edited_source_is_recompiled_and_stale_files_go(copy, file, old, new, value):
    assert copy.run() == COLD
    before = copy.files()
    copy.edit(file, old, new)
    assert copy.run() == {**EDITED, "value": value}
    assert len(copy.files() & before) == 3  # the driver's
    assert len(copy.files()) == len(before)
    assert copy.run() == {**WARM, "value": value}


def test_upgrade_to_older_files_is_recompiled(copy):
    """A wheel's files carry the times of its build, which may lie before those of the version that it replaces."""
    assert copy.run() == COLD
    shutil.rmtree(copy.package)
    newer = Copy(copy.folder, copy.folder.parent / "cache")
    newer.edit("losses/probe.py", "10.0", "30.0")
    for path in newer.package.rglob("*"):
        os.utime(path, (1e9, 1e9))
    assert newer.run() == {**EDITED, "value": 60.0}


def test_edit_of_equal_size_and_time_is_recompiled(copy):
    """Reproducible builds give every version one time; Python itself would run the old bytecode, so that is off."""
    probe = copy.package / "losses" / "probe.py"
    os.utime(probe, (1e9, 1e9))
    assert copy.run(PYTHONDONTWRITEBYTECODE="1") == COLD
    copy.edit("losses/probe.py", "10.0", "30.0")
    os.utime(probe, (1e9, 1e9))
    assert copy.run(PYTHONDONTWRITEBYTECODE="1") == {**EDITED, "value": 60.0}


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]


def test_kernel_compiled_from_text_that_has_changed_since_its_import(copy):
    """What was compiled is stored under the code that was compiled, whatever the file says by then."""
    edit = """
import pathlib
import fastloss.losses.probe as probe
path = pathlib.Path(probe.__file__)
path.write_text(path.read_text().replace("CONSTANT = 10.0", "CONSTANT = 30.0"))
"""
    assert copy.run(edit + RUN) == COLD
    assert copy.run() == {**EDITED, "value": 60.0}


def test_an_edit_of_something_else_recompiles_nothing(copy):
    assert copy.run() == COLD
    copy.edit("losses/probe.py", "softplus(-900) is 0.", "softplus(-900) vanishes.")
    copy.edit("losses/regression.py", "return", "return  ")
    assert copy.run() == WARM


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: flipped(content, len(content) // 2),
        lambda content: flipped(content, len(content) - 1),
    ],
    ids=["empty", "cut", "flipped", "flipped at the end"],
)
def test_damaged_file_costs_time_only(copy, suffix, damage):
    assert copy.run() == COLD
    files = copy.files()
    for path in files:
        if path.suffix == suffix:
            path.write_bytes(damage(path.read_bytes()))
    assert copy.run() == COLD
    assert copy.run() == WARM
    assert sum(path.suffix == ".seal" for path in copy.files()) == 2


def test_a_seal_is_of_the_bytes_that_were_written(tmp_path):
    for name in ("kernel-1.nbi", "kernel-1.nbc", "other-1.nbi"):
        (tmp_path / name).write_bytes(b"abc")
    assert seal.may_be_read(tmp_path, "other")  # it was never sealed, and is gone
    assert not (tmp_path / "other-1.nbi").exists()
    (tmp_path / "kernel-1.nbc").write_bytes(b"abd")
    seal.write(tmp_path, "kernel")
    assert seal.may_be_read(tmp_path, "kernel")
    (tmp_path / "kernel-1.nbc").write_bytes(b"abc")
    assert seal.may_be_read(tmp_path, "kernel")  # there are no such files any more
    assert list(tmp_path.iterdir()) == []


def test_missing_data_file_is_written_again(copy):
    assert copy.run() == COLD
    for path in copy.files():
        if path.suffix == ".nbc":
            path.unlink()
    assert copy.run()["value"] == 20.0
    assert copy.run() == WARM


def block(path: pathlib.Path) -> pathlib.Path:
    """A regular file: nothing can be made below it, not even by root."""
    path.write_text("")
    return path


def test_unwritable_cache_directory_falls_back(copy, tmp_path):
    place = str(block(tmp_path / "file") / "below")
    assert copy.run(NUMBA_CACHE_DIR=place) == COLD
    assert copy.run(NUMBA_CACHE_DIR=place) == WARM


def test_no_writable_place_at_all_compiles_in_memory(copy, tmp_path):
    place = str(block(tmp_path / "file") / "below")
    block(copy.package / "engines" / "cpu" / "__pycache__")
    for _ in range(2):
        assert copy.run(NUMBA_CACHE_DIR=place, HOME=place, XDG_CACHE_HOME=place) == COLD
    assert copy.files() == set()


def test_full_disk_compiles_in_memory(copy):
    """The limit on a file's size stands in for a disk that fills while a file is being written.

    Python's own byte code is left out of it: Python 3.11 takes a file cut short by such a limit for a whole one.
    """
    pytest.importorskip("resource")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    assert copy.run(limit + RUN, PYTHONDONTWRITEBYTECODE="1")["value"] == 20.0
    assert copy.run() == COLD


def test_processes_that_start_together(copy):
    results = [finish(process) for process in [copy.start() for _ in range(3)]]
    assert {result["value"] for result in results} == {20.0}
    assert copy.run() == WARM


def test_bounds_are_checked_with_a_warm_cache(copy):
    silent = "[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]"
    assert copy.run(OVERRUN) == silent
    assert copy.run(OVERRUN, NUMBA_BOUNDSCHECK="1") == "index is out of bounds"
    assert copy.run(OVERRUN) == silent


def test_each_signature_has_its_own_file_and_takes_nothing_else(tmp_path):
    """Two signatures behind one index could be mixed up by two processes that write it at once."""
    code = """
import numpy as np
from numba import types
from fastloss.engines import build
from fastloss.losses import probe
for dtype in (types.float32, types.float64):
    kernel = build.loop(probe.write, "write", types.void(dtype[::1], types.int64))
try:
    kernel(np.zeros(1, np.int32), 1)
except TypeError as error:
    print(type(error).__name__)
"""
    copy = Copy(tmp_path / "site", tmp_path / "cache")
    assert copy.run(code) == "TypeError"
    assert sorted(path.suffix for path in copy.files()) == [".nbc", ".nbc", ".nbi", ".nbi", ".seal", ".seal"]


def _plain(x):
    return x + 1.0


def _calls_plain(x):
    """Its address is that of all that it reaches."""
    return SCALE * _plain(x)


SCALE = 2.0


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("def _plain(x):\n    return x + 1.0", True),
        ("def _plain(x):\n    'A docstring.'\n\n    # and a comment\n    return x + 1.0", True),
        ("def _plain(x):\n    return x + 1.5", False),
        ("def _plain(x):\n    return x - 1.0", False),
        ("SCALE = 2", False),
        ("SCALE = -2.0", False),
        ("SCALE = (2.0,)", False),
        ("OTHER = 1", True),
    ],
)
def test_an_address_follows_the_code_and_nothing_else(change, same):
    changed = {**globals()}
    exec(change, changed)
    if "_plain" in change:
        changed["_plain"].__module__ = __name__
    other = types.FunctionType(_calls_plain.__code__, changed)
    assert (address(other) == address(_calls_plain)) is same
    assert address(other, "more") != address(other)


ADDRESSES = """
from fastloss.engines import build
from fastloss.engines.address import address
from fastloss.engines.cpu import candidates, direct_pairs, mining, queries, rows, short_rows
from fastloss.shapes import tiles
for template in (direct_pairs.arrange, direct_pairs.block, rows.block, short_rows.add_short_rows, queries.ranking_block,
                 tiles.fold_both):
    print(address(build.rebound(template, **build.inner_loops(template))))
"""


def test_an_address_is_the_same_in_every_process():
    """The flags of what may reassociate are a set, whose order depends on the process's seed of hashes."""
    found = {
        subprocess.run(
            [sys.executable, "-c", ADDRESSES],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=pathlib.Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12345"
    }
    assert len(found) == 1 and len(set(found.pop().split())) == 6


def test_an_address_of_what_cannot_be_told_apart_is_an_error():
    other = types.FunctionType(_calls_plain.__code__, {**globals(), "SCALE": object()})
    with pytest.raises(TypeError, match="SCALE is <object"):
        address(other)
