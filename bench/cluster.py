"""Losses over Dask beside the same job in one process: rows in Parquet files, workers of one thread each."""

import contextlib
import functools
import pathlib
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import fastloss
from bench.measure import Table

ADDITIVE, PAIRS = "binary_cross_entropy_with_logits", "pairwise_logistic_loss"
MEMORY = 0.75e9  # bytes of a worker, of which the interpreter and the libraries take a third


def write(folder: pathlib.Path, rows: int, files: int) -> None:
    """Float64 scores and labels of two classes."""
    rng = np.random.default_rng(0)
    for at in range(files):
        size = rows // files
        scores = rng.standard_normal(size)
        labels = (rng.random(size) < 0.3).astype(np.int8)
        pq.write_table(pa.table({"score": scores, "label": labels}), folder / f"part-{at:04d}.parquet")


def columns(path: pathlib.Path) -> list[np.ndarray]:
    """The scores and the labels of a file."""
    table = pq.read_table(path, columns=["score", "label"])
    return [table[name].combine_chunks().to_numpy() for name in ("score", "label")]


def one_process(folder: pathlib.Path, name: str, gradient: bool) -> float:
    """The value, file after file in one process; with `gradient`, a second time for the sum of the gradient."""
    state, total = fastloss.accumulate(name), 0.0
    paths = sorted(folder.glob("*.parquet"))
    for path in paths:
        state.update(*columns(path))
    if gradient:
        for path in paths:
            total += float(state.gradient(*columns(path)).sum())
    return state.result() + total


def on_dask(folder: pathlib.Path, name: str, gradient: bool) -> float:
    """The same of Dask's arrays."""
    import dask
    from dask import array as da

    import fastloss.dask

    paths = sorted(folder.glob("*.parquet"))
    sizes = (tuple(pq.read_metadata(path).num_rows for path in paths),)
    read = [dask.delayed(columns, pure=True)(path) for path in paths]
    arrays = [
        da.concatenate([da.from_delayed(one[at], (size,), dtype) for one, size in zip(read, sizes[0], strict=True)])
        for at, dtype in enumerate((np.float64, np.int8))
    ]
    loss = getattr(fastloss.dask, name)
    if not gradient:
        return float(loss(*arrays).compute())
    value, slopes = loss.value_and_grad(*arrays)
    return float(sum(dask.compute(value, slopes.sum())))


def _peak() -> int:
    """A worker's peak memory in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _sent(dask_worker: Any = None) -> int:
    """The bytes that a worker has sent to others, by its own count."""
    return int(dask_worker.transfer_outgoing_bytes_total)


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[Any]:
    """Processes of one thread each."""
    from distributed import Client, LocalCluster

    about = {"threads_per_worker": 1, "processes": True, "memory_limit": MEMORY, "dashboard_address": None}
    with LocalCluster(n_workers=workers, **about) as made, Client(made) as client:
        yield client


def _timed(run: Callable[[], float]) -> tuple[float, float]:
    start = time.perf_counter()
    value = run()
    return time.perf_counter() - start, value


def run(table: Table, rows: int, files: int = 25, repeats: int = 3) -> None:
    """Each job in one process with as many threads as workers, and on one and two workers."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write(folder, rows, files)
        jobs = [(ADDITIVE, False), (PAIRS, False), (ADDITIVE, True), (PAIRS, True)]
        times: dict[tuple[str, str], list[float]] = {}
        values: dict[str, set[float]] = {}
        moved: dict[tuple[str, str], list[int]] = {}
        for workers in (1, 2):
            with cluster(workers) as client, fastloss.num_threads(workers):
                for loss, gradient in jobs:
                    what = f"{loss} {'value and gradient' if gradient else 'value'}"
                    contenders = {
                        f"one process, {workers} threads": functools.partial(one_process, folder, loss, gradient),
                        f"Dask, {workers} workers": functools.partial(on_dask, folder, loss, gradient),
                    }
                    for _ in range(repeats):
                        for contender, call in contenders.items():
                            before = sum(client.run(_sent).values())
                            seconds, value = _timed(call)
                            sent = sum(client.run(_sent).values()) - before
                            moved.setdefault((what, contender), []).append(sent)
                            times.setdefault((what, contender), []).append(seconds)
                            values.setdefault(what, set()).add(round(value, 10))
                peak = max(client.run(_peak).values())
                table.claim(f"peak memory of {workers} workers", peak / MEMORY, "the limit", 1.0, 1.0)
        for what, found in values.items():
            if max(found) - min(found) > 1e-9:
                raise ValueError(f"{what}: values differ: {sorted(found)}")
        for (what, contender), seconds in times.items():
            sent = int(np.median(moved[what, contender]))
            print(f"{what}, {contender}: workers sent each other {sent / 1e6:.3f} MB")
            table.add(f"cluster {what}", contender, rows, seconds, bytes_between_workers=sent)
        medians = {key: float(np.median(one)) for key, one in times.items()}
        for loss, gradient in jobs:
            what = f"{loss} {'value and gradient' if gradient else 'value'}"
            own, other = (medians[what, one] for one in ("Dask, 2 workers", "one process, 2 threads"))
            table.claim(f"{what} of {rows} rows, 2 workers", own, "one process of 2 threads", other, 1.3)
