"""Losses on a cluster of processes, some of which die: the numbers of one process, or an error that says why not."""

import hashlib
import os
import signal
import time

import dask
import numpy as np
import pandas as pd
import pytest
from dask import array as da
from dask import dataframe as dd
from dask.utils import key_split

import fastloss
import fastloss.dask
from fastloss.dask import calls, states, workers
from fastloss.streaming import stored

distributed = pytest.importorskip("distributed")

pytestmark = [pytest.mark.compiled, pytest.mark.filterwarnings("default")]  # of a cluster's sockets
ROWS, PARTITIONS = 900, 6
MANY = 24_000  # more than `range_plan.FEW`, which one task takes
PATIENCE = 60.0  # seconds


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
    ) as made:
        yield made


@pytest.fixture
def client(cluster):
    """A client of two workers: one that was killed comes back, or another takes its place."""
    with distributed.Client(cluster, timeout=PATIENCE) as made:
        try:
            made.wait_for_workers(2, timeout=5.0)
        except TimeoutError:
            cluster.scale(len(cluster.worker_spec) + 1)
            made.wait_for_workers(2, timeout=PATIENCE)
        yield made


def drawn(count=ROWS):
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 3, count)
    return {
        "scores": rng.normal(size=count),
        "labels": labels,
        "binary": labels % 2,
        "weights": rng.uniform(0.5, 2.0, count),
        "groups": np.sort(rng.integers(0, 40, count)),  # whose ends are not those of partitions
        "rows": rng.normal(size=(count, 5)),
        "others": rng.normal(size=(count, 5)),
    }


def in_chunks(one):
    return da.from_array(one, chunks=(len(one) // PARTITIONS, *one.shape[1:]))


class Family:
    """A loss, and the names of its arguments in `drawn`; parameters are given as they are."""

    def __init__(self, name, arguments, words=(), rows=ROWS, **parameters):
        self.name, self.arguments, self.words, self.parameters = name, arguments, dict(words), parameters
        self.rows = rows

    def __repr__(self):
        return "-".join((self.name, *self.words))

    def call(self, module, convert):
        data = drawn(self.rows)
        args = [convert(data[one]) for one in self.arguments]
        words = {name: convert(data[one]) for name, one in self.words.items()}
        loss = getattr(module, self.name)
        return (loss if self.name == "auc" else loss.value_and_grad)(*args, **words, **self.parameters)

    def lazy(self, convert=in_chunks):
        made = self.call(fastloss.dask, convert)
        return made if isinstance(made, tuple) else (made,)

    def expected(self):
        made = self.call(fastloss, lambda one: one)
        return made if isinstance(made, tuple) else (made,)


FAMILIES = (
    Family("binary_cross_entropy_with_logits", ("scores", "binary"), {"sample_weight": "weights"}),
    Family("cross_entropy", ("rows", "labels"), weight=np.array([1.0, 0.5, 2.0, 1.0, 3.0])),
    Family("nmae_loss", ("scores", "weights"), norm="std"),
    Family("pairwise_logistic_loss", ("scores", "binary"), {"groups": "groups"}),
    Family("lambdarank_loss", ("scores", "labels"), {"groups": "groups"}),
    Family("pairwise_logistic_loss", ("scores", "binary"), {"sample_weight": "weights"}),
    Family("pairwise_hinge_loss", ("scores", "binary"), {"sample_weight": "weights"}, MANY),
    Family("auc", ("scores", "binary"), rows=MANY),
    Family("info_nce_loss", ("rows", "others")),
    Family("batch_hard_triplet_loss", ("rows", "labels")),
)
every = pytest.mark.parametrize("family", FAMILIES, ids=map(str, FAMILIES))


def flat(found):
    """All numbers of a result, in order."""
    if isinstance(found, (tuple, list)):
        return np.concatenate([flat(one) for one in found])
    return np.ravel(np.asarray(found, np.float64))


def assert_same(found, expected):
    """What is promised: 1e-12 of the largest number, value and gradient apart."""
    for own, other in zip(found, parts(expected), strict=True):
        own, other = flat(own), flat(other)
        np.testing.assert_allclose(own, other, rtol=1e-12, atol=1e-13 * np.abs(other).max())


def gathered(client, lazy):
    """Compute on the cluster; a hang is an error."""
    return [future.result(timeout=PATIENCE) for future in [client.compute(one) for one in parts(lazy)]]


def parts(lazy):
    """The collections of a result, of which a gradient may be a tuple."""
    return [one for each in lazy for one in (each if isinstance(each, tuple) else (each,))]


@every
def test_the_numbers_of_one_process(family, client):
    assert_same(gathered(client, family.lazy()), family.expected())


def dying(block, flag):
    """The block; the first process that gets here kills itself."""
    try:
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return block
    os.kill(os.getpid(), signal.SIGKILL)


@every
@pytest.mark.parametrize("when", ["rows are read", "gradients are made"])
def test_a_worker_is_killed(when, family, client, tmp_path):
    """What it held is made again by others: in the first pass for the value, in the second for gradients."""
    flag, read = tmp_path / "killed", []

    def convert(one):
        cut = in_chunks(one)
        if when != "rows are read" or read:
            return cut
        read.append(one)
        last = len(one) - len(one) // PARTITIONS
        return da.concatenate([cut[:last], cut[last:].map_blocks(dying, str(flag), meta=cut._meta)])

    lazy = parts(family.lazy(convert))
    if when == "gradients are made":
        if len(lazy) == 1:
            pytest.skip("no gradient")
        lazy[1] = lazy[1].map_blocks(dying, str(flag), meta=lazy[1]._meta)
    before = workers_of(client)
    assert_same(gathered(client, lazy), family.expected())
    assert flag.exists()
    assert before - workers_of(client)


def workers_of(client):
    return set(client.scheduler_info(n_workers=-1)["workers"])


@pytest.mark.parametrize("scheduler", ["processes", "threads"])
def test_other_schedulers(scheduler):
    family = FAMILIES[3 if scheduler == "threads" else 0]
    assert_same(dask.compute(*parts(family.lazy()), scheduler=scheduler, num_workers=2), family.expected())


def test_frames(client):
    data = drawn()
    frame = pd.DataFrame({name: data[name] for name in ("scores", "binary", "weights", "groups")}, np.arange(ROWS) * 3)
    cut = dd.from_pandas(frame, npartitions=6)
    words = {"groups": cut["groups"], "sample_weight": cut["weights"]}
    found = gathered(client, fastloss.dask.pairwise_logistic_loss.value_and_grad(cut["scores"], cut["binary"], **words))
    own = {"groups": frame["groups"], "sample_weight": frame["weights"]}
    assert_same(found, fastloss.pairwise_logistic_loss.value_and_grad(frame["scores"], frame["binary"], **own))
    assert found[1].index.equals(frame.index)


@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "pairwise_hinge_loss"])
def test_a_group_that_is_larger_than_a_worker_takes(name, client):
    data = drawn(3 * MANY)
    data["groups"] = np.where(data["labels"] < 2, 5, data["groups"])
    cut = {one: in_chunks(data[one]) for one in ("scores", "binary", "groups")}
    with dask.config.set({"fastloss.group-bytes": "500 kB"}):  # a third of group 5
        lazy = getattr(fastloss.dask, name).value_and_grad(cut["scores"], cut["binary"], groups=cut["groups"])
    expected = getattr(fastloss, name).value_and_grad(data["scores"], data["binary"], groups=data["groups"])
    assert_same(gathered(client, lazy), expected)


@every
def test_names_on_the_dashboard(family, client):
    """Tasks are shown by the loss's name and the step, also those that Dask fuses."""
    for one in parts(family.lazy()):
        own = [key for key in one.__dask_graph__() if "fastloss" in str(key)]
        assert own and all(key_split(key).startswith(f"fastloss.{family.name}") for key in own)
    gathered(client, family.lazy())
    shown = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.task_prefixes))
    assert f"fastloss.{family.name}" in {name.partition("-")[0] for name in shown}
    assert "fastloss" not in shown


@pytest.mark.parametrize("other", [{"version": "0.0.0"}, {"level": "x86-64-v9"}], ids=str)
@every
def test_workers_with_another_package(family, other, client, monkeypatch):
    real = calls.job
    monkeypatch.setattr(calls, "job", lambda *about: real(*about)._replace(**other))
    with pytest.raises(RuntimeError) as caught:
        gathered(client, family.lazy())
    here = workers.job(family.name, {})
    wanted = here._replace(**other)
    message = str(caught.value)
    assert any(address in message for address in workers_of(client))
    assert f"runs fastloss {here.version} for processors of level {here.level}" in message
    assert f"expected fastloss {wanted.version} for level {wanted.level}" in message


def in_another_format(state):
    """The bytes of a state as a version with another format writes them."""
    other = state.replace(stored.MAGIC, b"fastloss state 2 ")[: -stored.DIGEST]
    return other + hashlib.sha256(other).digest()


def state_of(kind, group):
    name = {"examples": "mse_loss", "pairs": "pairwise_logistic_loss", "groups": "lambdarank_loss"}[kind]
    made = states.KINDS[kind](fastloss.lookup(name), {})
    made.update([0.5, 1.0], [0, 1], **({"groups": [group, group]} if kind == "groups" else {}))
    return made


@pytest.mark.parametrize("kind", states.KINDS)
def test_states_of_another_format_are_refused(kind, client):
    one, other = (state_of(kind, group) for group in (1, 2))
    about, own, theirs = workers.job(one.loss.name, one.parameters), one.to_bytes(), other.to_bytes()
    merged = client.submit(states.merge, about, kind, [own, theirs]).result(timeout=PATIENCE)
    assert type(one).from_bytes(merged).rows == 4
    with pytest.raises(ValueError, match="state of fastloss: they are of format 2: expected 4"):
        client.submit(states.merge, about, kind, [own, in_another_format(theirs)]).result(timeout=PATIENCE)


def unreadable(name):
    raise OSError(f"{name}: no such file")


def test_a_partition_that_cannot_be_read(client):
    """The reader's own error, of its own type."""
    scores = [dask.delayed(np.ones)(4), dask.delayed(unreadable)("s3://bucket/part-1.parquet")]
    lazy = fastloss.dask.mse_loss.value_and_grad(scores, [dask.delayed(np.zeros)(4)] * 2)
    with pytest.raises(OSError, match=r"^s3://bucket/part-1\.parquet: no such file$"):
        client.compute(lazy[0]).result(timeout=PATIENCE)


@every
def test_an_error_names_partition_and_row(family, client):
    """Row 3 of partition 4 has a negative weight: counted from its partition's start, whatever was shuffled."""
    data, size = drawn(family.rows), family.rows // PARTITIONS
    weights = data["weights"].copy()
    weights[4 * size + 3] = -1.0
    if family.name == "lambdarank_loss":  # which weighs queries
        weights = np.where(data["groups"] == data["groups"][4 * size + 3], -1.0, 1.0)
    args = [in_chunks(data[one]) for one in family.arguments]
    words = {**{name: in_chunks(data[one]) for name, one in family.words.items()}, **family.parameters}
    lazy = getattr(fastloss.dask, family.name)(*args, **{**words, "sample_weight": in_chunks(weights)})
    with pytest.raises(ValueError, match="sample_weight") as caught:
        client.compute(lazy).result(timeout=PATIENCE)
    message = str(caught.value)
    first = int(np.argmax(weights < 0.0))
    row, partition = first % size, first // size
    by_partition = f"{family.name}, partition {partition}: sample_weight[{row}] is -1"
    assert by_partition in message or f"sample_weight, row {row} of partition {partition}, is -1" in message


def waiting(block, flag):
    """The block, after the scheduler has gone."""
    flag.touch()
    time.sleep(3.0)
    return block


def test_a_lost_scheduler(tmp_path):
    """The client's own error, and no endless wait."""
    flag = tmp_path / "started"
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        scores = da.ones(10, chunks=5).map_blocks(waiting, flag, meta=np.empty(0))
        future = client.compute(fastloss.dask.mse_loss(scores, np.zeros(10)))
        until = time.monotonic() + PATIENCE
        while not flag.exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        cluster.sync(cluster.scheduler.close)
        with pytest.raises(distributed.client.FutureCancelledError, match="scheduler"):
            future.result(timeout=PATIENCE)
