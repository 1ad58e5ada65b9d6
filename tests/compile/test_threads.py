"""Threads, forks and thread counts; most in processes of their own, since a wrong turn here may hang."""

import math
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import fastloss
from fastloss.compile import threads as pool

pytestmark = pytest.mark.compiled

# Big enough for several chunks, so that threads are woken. Results are compared with those of one thread.
CALLS = """
import os, sys, threading
import numpy as np
import fastloss

rng = np.random.default_rng(1)
x, y = rng.normal(size=(2, 100_000))
scores, labels = rng.normal(size=1500), rng.integers(0, 3, 1500)

def results():
    value, gradient = fastloss.huber_loss.value_and_grad(x, y)
    pairs, slopes = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels)
    return value, gradient.tobytes(), pairs, slopes.tobytes()

fastloss.set_num_threads(1)
expected = results()
fastloss.set_num_threads(4)
"""

AT_ONCE = """
wrong = []

def work():
    wrong.extend(1 for _ in range(20) if results() != expected)

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not wrong
print("done")
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
print("done")
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
print("done")
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
    fastloss.set_num_threads(threads)
    for _ in range(5):
        assert results() == expected
print("done")
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    root = str(pathlib.Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
    environment = {**os.environ, "PYTHONPATH": path, **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def check(code: str, **environment: str) -> None:
    process = run(code, **environment)
    assert (process.returncode, process.stdout) == (0, "done\n"), process.stderr


def test_four_threads_at_once():
    check(CALLS + AT_ONCE)


has_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@has_fork
def test_forked_child_computes():
    check(CALLS + FORK)


@has_fork
def test_fork_in_the_middle_of_a_parallel_region():
    check(CALLS + FORK_IN_THE_MIDDLE)


@has_fork
@pytest.mark.parametrize("code", [FORK_WHILE_COMPILING, FORK_INSIDE_THE_COMPILER], ids=["compiling", "inside"])
def test_fork_beside_a_thread_that_compiles(code, tmp_path):
    check(code, FASTLOSS_CACHE_DIR=str(tmp_path))


def test_same_bits_for_every_number_of_threads():
    check(CALLS + COUNTS)


# -- how many


def test_the_number_of_threads():
    before = fastloss.get_num_threads()
    with fastloss.num_threads(3):
        assert fastloss.get_num_threads() == 3
        with fastloss.num_threads(np.int64(2)):
            assert fastloss.get_num_threads() == 2
        with pytest.raises(KeyError), fastloss.num_threads(5):
            raise KeyError
        assert fastloss.get_num_threads() == 3
        in_another = []
        other = threading.Thread(target=lambda: in_another.append(fastloss.get_num_threads()))
        other.start()
        other.join()
        assert in_another == [before]  # the context is of one thread
    assert fastloss.get_num_threads() == before


@pytest.mark.parametrize("count", [0, -1, 1.0, True, "2", None])
def test_a_wrong_number_of_threads(count):
    before = fastloss.get_num_threads()
    for use in (fastloss.set_num_threads, lambda count: fastloss.num_threads(count).__enter__()):
        with pytest.raises(ValueError, match=r"^threads is .*: expected an integer >= 1$"):
            use(count)
    assert fastloss.get_num_threads() == before


COUNT = "import fastloss; print(fastloss.get_num_threads())"


def test_the_environment_says_how_many():
    assert run(COUNT, FASTLOSS_NUM_THREADS="7").stdout == "7\n"
    for wrong in ("0", "two", "-1", "1.5"):
        process = run("import fastloss; fastloss.get_num_threads()", FASTLOSS_NUM_THREADS=wrong)
        message = f"ValueError: FASTLOSS_NUM_THREADS is {wrong!r}: expected an integer >= 1"
        assert process.returncode == 1 and process.stderr.splitlines()[-1] == message


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_affinity_says_how_many():
    alone = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    assert run(alone + COUNT, FASTLOSS_NUM_THREADS="").stdout == "1\n"


@pytest.mark.parametrize(("quota", "count"), [(math.inf, 8), (2.0, 2), (2.5, 3), (0.5, 1), (100.0, 8)])
def test_the_control_group_says_how_many(quota, count, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.setattr(pool, "_quota", lambda: quota)
    assert pool.available() == count


# -- the pool


def test_no_thread_is_woken_for_small_work():
    code = """
import threading
import numpy as np
import fastloss
fastloss.set_num_threads(4)
fastloss.mse_loss(np.zeros(20_000), np.ones(20_000))
fastloss.pairwise_logistic_loss(np.zeros(30), np.arange(30) % 2)
assert threading.active_count() == 1, threading.enumerate()
fastloss.mse_loss(np.zeros(1_000_000), np.ones(1_000_000))
assert threading.active_count() == 4, threading.enumerate()
print("done")
"""
    check(code)


def chunks_of(work, chunks, few=1, count=4):
    """Run work(chunk) for each chunk through the pool."""

    def run(begin, end):
        for chunk in range(begin, end):
            work(chunk)

    with fastloss.num_threads(count):
        pool.parallel(lambda: run, chunks, few)


def test_chunks_that_are_long_are_not_waited_for():
    """Both threads meet in the first chunks: were one done before the other thread is woken, it would wait alone."""
    both = threading.Barrier(2, timeout=20)

    def run(begin, end):
        if begin < 2:
            both.wait()

    with pool.num_threads(2):
        pool.parallel(lambda: run, 2, 0)


def test_every_chunk_is_done_once_by_several_threads():
    done = []
    chunks_of(lambda chunk: (time.sleep(0.002), done.append((chunk, threading.current_thread()))), 200)
    assert sorted(chunk for chunk, _ in done) == list(range(200))
    assert len({thread for _, thread in done}) == 4


def test_calls_inside_a_task_run_in_place():
    inside = []

    def work(chunk):
        time.sleep(0.01)
        here = threading.current_thread()
        if here is not threading.main_thread():
            chunks_of(lambda _: inside.append(threading.current_thread() is here), 10)
            inside.append(fastloss.get_num_threads() == 1)

    with fastloss.num_threads(4):
        pool.parallel(lambda: lambda begin, end: [work(chunk) for chunk in range(begin, end)], 20)
    assert inside and all(inside)


@pytest.mark.parametrize("where", ["caller", "worker"])
def test_an_error_inside_a_task_is_the_callers_and_ends_the_others(where):
    done = []

    def work(chunk):
        time.sleep(0.005)
        done.append(chunk)
        if (threading.current_thread() is threading.main_thread()) == (where == "caller"):
            raise ArithmeticError("of this test")

    with pytest.raises(ArithmeticError, match="of this test"):
        chunks_of(work, 2000)
    assert len(done) < 1000
    test_every_chunk_is_done_once_by_several_threads()


@pytest.fixture
def interruptible():
    """A shell's background jobs ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_all_threads():
    """While the caller waits for others, and while it works itself: all end, and the pool goes on working."""
    for slow in ("caller", "worker"):
        began, done = time.monotonic(), []

        def work(chunk, slow=slow, done=done):
            done.append(chunk)
            is_caller = threading.current_thread() is threading.main_thread()
            time.sleep(0.02 if is_caller == (slow == "caller") else 0.002)

        timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            chunks_of(work, 100_000)
        assert time.monotonic() - began < 1.3 and len(done) < 100_000
        timer.join()
    test_every_chunk_is_done_once_by_several_threads()
