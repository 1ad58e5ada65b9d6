"""Threads, forks and thread counts, in processes of their own: a wrong turn here kills the process.

Numba's `workqueue` layer aborts when two threads enter parallel code at once; GNU OpenMP kills a forked child that
enters it, and a child may wait for ever for a lock that another thread held when it was made. `launch.py` guards
against all three.
"""

import importlib
import os
import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.compiled

LAYERS = {"workqueue": "workqueue", "omp": "omppool", "tbb": "tbbpool"}

# Big enough for several chunks, so that the parallel driver runs. Results are compared with those of one thread.
CALLS = """
import os, sys, threading
import numpy as np
import numba
import fastloss

rng = np.random.default_rng(1)
x, y = rng.normal(size=(2, 100_000))
scores, labels = rng.normal(size=1500), rng.integers(0, 3, 1500)

def results():
    value, gradient = fastloss.huber_loss.value_and_grad(x, y)
    pairs, slopes = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels)
    return value, gradient.tobytes(), pairs, slopes.tobytes()

numba.set_num_threads(1)
expected = results()
numba.set_num_threads(4)
"""

AT_ONCE = """
wrong = []

def work():
    wrong.extend(1 for _ in range(20) if results() != expected)

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not wrong
print(numba.threading_layer())
"""

FORK = """
import multiprocessing

def child():
    process = os.fork()
    if process == 0:
        try:
            os._exit(0 if results() == expected else 1)
        finally:
            os._exit(2)
    return os.waitpid(process, 0)[1]

def in_pool(_):
    return results() == expected

assert results() == expected  # the parent has used its threads
assert child() == 0
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(in_pool, range(4), chunksize=1) == [True] * 4
assert results() == expected  # and can go on using them
print(numba.threading_layer())
"""

# Forks while another thread is inside parallel code, or waits for its turn.
FORK_IN_THE_MIDDLE = """
stop = threading.Event()

def work():
    while not stop.is_set():
        results()

assert results() == expected
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
try:
    for _ in range(60):
        process = os.fork()
        if process == 0:
            try:
                os._exit(0 if results() == expected else 1)
            finally:
                os._exit(2)
        assert os.waitpid(process, 0)[1] == 0
finally:
    stop.set()
    for thread in threads: thread.join()
print(numba.threading_layer())
"""

# Forks while another thread imports the engine and compiles its first kernels; no thread has run parallel code yet.
FORK_WHILE_COMPILING = """
import os, sys, tempfile, threading, time
import numpy as np
import fastloss

def result():
    return fastloss.huber_loss(np.arange(9.0), np.zeros(9), delta=2.0)

for delay in (0.05, 0.6, 1.2):
    thread = threading.Thread(target=result)
    thread.start()
    time.sleep(delay)
    process = os.fork()
    if process == 0:
        try:
            os._exit(0 if result() == fastloss.smooth_l1_loss(np.arange(9.0), np.zeros(9), beta=2.0) * 2.0 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(process, 0)[1] == 0
    thread.join()
print("done")
"""

# Another thread is inside llvmlite at the fork: what is loaded goes on, what is not loaded is an error, and soon.
FORK_INSIDE_THE_COMPILER = """
import os, threading, time
import llvmlite.binding
import numpy as np
import fastloss

expected = fastloss.mse_loss([1.0, 3.0], [0.0, 0.0])
inside, leave, holder = threading.Event(), threading.Event(), []

def entered():
    if threading.current_thread() in holder:
        inside.set()
        leave.wait()

llvmlite.binding.ffi.register_lock_callback(entered, lambda: None)
holder.append(threading.Thread(target=llvmlite.binding.get_default_triple, daemon=True))
holder[0].start()
inside.wait()
process = os.fork()
if process == 0:
    begin = time.monotonic()
    try:
        assert fastloss.mse_loss([1.0, 3.0], [0.0, 0.0]) == expected
        fastloss.l1_loss([1.0, 3.0], [0.0, 0.0])
    except RuntimeError as error:
        os._exit(0 if "forked while another thread compiled" in str(error) and time.monotonic() - begin < 1.0 else 1)
    finally:
        os._exit(2)
status = os.waitpid(process, 0)[1]
leave.set()
assert status == 0
print("done")
"""

COUNTS = """
for threads in (2, 3, 4, 1):
    numba.set_num_threads(threads)
    for _ in range(5):
        assert results() == expected
print(numba.threading_layer())
"""


@pytest.fixture(scope="module", params=LAYERS)
def layer(request):
    try:
        importlib.import_module(f"numba.np.ufunc.{LAYERS[request.param]}")
    except ImportError:
        pytest.skip(f"this machine has no {request.param} layer")
    return request.param


def run(code: str, layer: str) -> subprocess.CompletedProcess:
    root = str(pathlib.Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "4"}
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", CALLS + code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def check(code: str, layer: str) -> None:
    process = run(code, layer)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == layer


def test_four_threads_at_once(layer):
    check(AT_ONCE, layer)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_computes(layer):
    check(FORK, layer)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_fork_in_the_middle_of_a_parallel_region(layer):
    check(FORK_IN_THE_MIDDLE, layer)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("code", [FORK_WHILE_COMPILING, FORK_INSIDE_THE_COMPILER], ids=["compiling", "inside"])
def test_fork_beside_a_thread_that_compiles(code, tmp_path):
    root = str(pathlib.Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert (process.returncode, process.stdout) == (0, "done\n"), process.stderr


def test_same_bits_for_every_number_of_threads(layer):
    check(COUNTS, layer)


DISARM = """
import signal
from fastloss.engines.cpu import launch

class Open:
    def __enter__(self): pass
    def __exit__(self, *_): pass

launch._lock = Open()
launch._after_fork_in_child.__code__ = (lambda: None).__code__
signal.alarm(60)
"""


@pytest.mark.parametrize(
    ("unguarded", "code", "complaint"),
    [
        ("workqueue", AT_ONCE, "Concurrent access has been detected"),
        ("omp", FORK, "fork() called from a process already using GNU OpenMP"),
    ],
)
def test_without_the_guards_the_process_dies(unguarded, code, complaint):
    """The tests above bite; and a Numba that no longer needs the guards is noticed."""
    pytest.importorskip(f"numba.np.ufunc.{LAYERS[unguarded]}", exc_type=ImportError)
    process = run(DISARM + code, unguarded)
    assert process.returncode != 0
    assert complaint in process.stderr
