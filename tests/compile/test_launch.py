"""Ctrl-C ends a long call within a second or so: kernels run in slices, between which Python sees the signal."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [
    pytest.mark.compiled,
    pytest.mark.skipif(os.name == "nt", reason="POSIX signals"),
]

# Each call takes minutes; `small` is the same call in so small that it only loads or compiles what it runs.
CALLS = {
    "direct pairs": "fastloss.pairwise_logistic_loss(rng.normal(size=n), rng.integers(0, 2, n), method='direct')",
    "all pairs": "fastloss.pairwise_hinge_loss(*rng.normal(size=(2, n)), pairs='all', method='direct')",
    "one query": "fastloss.lambdarank_loss(rng.normal(size=n), rng.integers(0, 5, n), method='direct')",
    "shared negatives": "fastloss.bpr_loss(np.append(rng.normal(size=n), np.inf), rng.normal(size=n), shared=True)",
    "candidates": "fastloss.info_nce_loss(*rng.normal(size=(2, n // 4, 64)).astype(np.float32))",
    "mining": "fastloss.batch_all_triplet_loss(rng.normal(size=(n // 4, 32)), rng.integers(0, 9, n // 4))",
}
SCRIPT = """
import numpy as np, time
import fastloss
rng = np.random.default_rng(0)
call = lambda n: {call}
call(5000)
print("started", flush=True)
try:
    call(600_000)
except KeyboardInterrupt:
    print(time.time(), flush=True)
"""
MOST = 5.0  # seconds: one of promise, and the rest for machines that do other work as well


@pytest.mark.parametrize("name", CALLS)
def test_a_long_call_ends(name):
    command = [sys.executable, "-c", SCRIPT.format(call=CALLS[name])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "started\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)
        sent = time.time()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60.0)
        finally:
            process.kill()
        assert 0.0 <= float(process.stdout.read()) - sent <= MOST
