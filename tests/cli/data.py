"""Made-up data in every format, what the command should print of it, and ways to run it."""

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from typer.testing import CliRunner

from fastloss.cli.app import app

PAIRWISE, LOGISTIC = "pairwise_logistic_loss", "binary_cross_entropy_with_logits"


# -- what is expected


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def pair_sums(scores, labels, weights=None):
    """The loss over the pairs of one group, their weights, their number."""
    loss = weight = pairs = 0
    for i in range(len(scores)):
        for j in range(len(scores)):
            if labels[i] > labels[j]:
                w = 1.0 if weights is None else float(weights[i]) * float(weights[j])
                loss += w * softplus(float(scores[j]) - float(scores[i]))
                weight += w
                pairs += 1
    return loss, weight, pairs


def by_group(data, weighted=False):
    """(group, rows, loss, weight, pairs) of each group, in the order of first appearance."""
    result = []
    for group in dict.fromkeys(data["query"].tolist()):
        some = data["query"] == group
        weights = data["weight"][some] if weighted else None
        result.append((group, int(some.sum()), *pair_sums(data["score"][some], data["label"][some], weights)))
    return result


def expected_pairwise(data, weighted=False):
    groups = by_group(data, weighted)
    return sum(g[2] for g in groups) / sum(g[3] for g in groups), sum(g[4] for g in groups)


def expected_logistic(data, weighted=False):
    w = data["weight"] if weighted else np.ones(len(data["score"]))
    losses = [softplus(s) - y * s for s, y in zip(data["score"].tolist(), data["label"].tolist(), strict=True)]
    return float((w * losses).sum() / w.sum())


# -- files


def make(size=400, groups=23, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "score": rng.normal(size=size).astype(np.float32),
        "label": rng.integers(0, 2, size).astype(np.int8),
        "query": np.sort(rng.integers(0, groups, size)).astype(np.int32),
        "weight": rng.random(size),
        "unused": rng.random(size),
    }


def part(data, start, stop):
    return {name: array[start:stop] for name, array in data.items()}


def write_parquet(path, data):
    pa.parquet.write_table(pa.table(data), path, row_group_size=60)


def exact(data):
    """The same numbers in float64, whose text is read back as them."""
    return pa.table({name: x.astype(np.float64) if x.dtype == np.float32 else x for name, x in data.items()})


def write_csv(path, data):
    pa.csv.write_csv(exact(data), path)


def write_ipc(path, data):
    with pa.ipc.new_file(path, pa.table(data).schema) as writer:
        writer.write_table(pa.table(data), max_chunksize=50)


def write_stream(path, data):
    with pa.ipc.new_stream(path, pa.table(data).schema) as writer:
        writer.write_table(pa.table(data), max_chunksize=50)


def write_npz(path, data):
    np.savez(path, **data)


def write_npz_compressed(path, data):
    np.savez_compressed(path, **data)


def write_npy(path, data):
    array = np.empty(len(data["score"]), [(name, column.dtype) for name, column in data.items()])
    for name, column in data.items():
        array[name] = column
    np.save(path, array)


def words(ids):
    return np.array([f"q{k % 7}-{k}" for k in ids.tolist()])


FORMATS = {
    "data.parquet": write_parquet,
    "data.csv": write_csv,
    "data.arrow": write_ipc,
    "data.arrows": write_stream,
    "data.npz": write_npz,
    "compressed.npz": write_npz_compressed,
    "data.npy": write_npy,
    "parquet-by-its-first-bytes": write_parquet,
}


# -- running


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def score(*arguments):
    """The JSON that `fastloss score` prints."""
    result = run("score", *arguments, "--json")
    assert result.exit_code == 0, (result.stderr, result.exception)
    assert result.stderr == ""
    return json.loads(result.stdout)


def values(report):
    return {one["label"]: one["value"] for one in report["losses"]}


def failure(*arguments):
    """The one line of an error."""
    result = run(*arguments)
    assert result.exit_code == 2, (result.stdout, result.exception)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("\n")
    return result.stderr.removeprefix("error: ").rstrip()
