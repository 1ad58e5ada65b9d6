"""`fastloss score --queries --keys`."""

import json
import subprocess
import sys

import numpy as np
import pytest

import fastloss

RNG = np.random.default_rng(4)
QUERIES, KEYS = RNG.normal(size=(40, 5)).astype(np.float32), RNG.normal(size=(90, 5)).astype(np.float32)
NUMBERS = RNG.integers(0, 90, 40)

pytestmark = pytest.mark.compiled  # each test is a process


@pytest.fixture
def folder(tmp_path):
    for name, array in (("q", QUERIES), ("k", KEYS), ("p", NUMBERS), ("few", KEYS[:3]), ("flat", np.zeros(3))):
        np.save(tmp_path / f"{name}.npy", array)
    (tmp_path / "text.npy").write_text("no array")
    return tmp_path


def score(folder, *options):
    options = [str(folder / option) if option.endswith(".npy") else option for option in options]
    return subprocess.run([sys.executable, "-m", "fastloss", "score", *options], capture_output=True, text=True)


def values(folder, *options):
    result = score(folder, *options, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["rows"] == len(QUERIES)
    return [one["value"] for one in report["losses"]]


def test_key_i_is_the_positive_of_query_i(folder):
    options = (
        "--queries",
        "q.npy",
        "--keys",
        "k.npy",
        "--loss",
        "info_nce_loss",
        "--loss",
        "info_nce_loss:temperature=0.5",
    )
    expected = [fastloss.info_nce_loss(QUERIES, KEYS, temperature=tau) for tau in (0.07, 0.5)]
    assert values(folder, *options) == expected


def test_positives(folder):
    options = "--queries", "q.npy", "--keys", "k.npy", "--positives", "p.npy", "--loss", "info_nce_loss"
    expected = fastloss.info_nce_loss(QUERIES, KEYS, positives=(np.arange(41), NUMBERS), reduction="sum")
    assert values(folder, *options, "--reduction", "sum") == [expected]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--queries", "q.npy", "--loss", "info_nce_loss"), "expected --queries and --keys together"),
        (("q.npy", "--queries", "q.npy", "--keys", "k.npy", "--loss", "info_nce_loss"), "without files"),
        (("--loss", "info_nce_loss"), "no files are given"),
        (("--queries", "q.npy", "--keys", "none.npy", "--loss", "info_nce_loss"), "none.npy: No such file"),
        (("--queries", "q.npy", "--keys", "flat.npy", "--loss", "info_nce_loss"), "flat.npy: expected a .npy file"),
        (("--queries", "q.npy", "--keys", "text.npy", "--loss", "info_nce_loss"), "text.npy: expected a .npy file"),
        (("--queries", "q.npy", "--keys", "few.npy", "--loss", "info_nce_loss"), "expected at least 40 rows"),
        (("--queries", "q.npy", "--keys", "k.npy", "--loss", "mse_loss"), "a loss of queries and keys, one of"),
        (
            ("--queries", "k.npy", "--keys", "k.npy", "--positives", "p.npy", "--loss", "info_nce_loss"),
            "has 40 numbers",
        ),
    ],
)
def test_errors_are_one_line(folder, options, message):
    result = score(folder, *options)
    assert result.returncode == 2 and message in result.stderr and result.stderr.count("\n") == 1
