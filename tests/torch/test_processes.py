"""Losses in the workers of a DataLoader, in threads, and under DistributedDataParallel with two processes."""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import textwrap

from tests.torch.samples import fastloss, torch


class Losses(torch.utils.data.Dataset):
    """Items that are losses: computed by the worker that loads them."""

    def __len__(self):
        return 6

    def __getitem__(self, at):
        x = torch.arange(40_000.0, dtype=torch.float64).remainder(7 + at).requires_grad_()
        loss = fastloss.torch.pairwise_logistic_loss(x, torch.arange(40_000) % 2)
        loss.backward()
        return torch.cat((loss.detach()[None], x.grad[::7000]))


LOADER = """
import warnings
import torch
from tests.torch.test_processes import Losses

warnings.simplefilter("ignore", DeprecationWarning)  # of a fork of a process with threads, which this is about
dataset = Losses()
expected = torch.stack([dataset[at] for at in range(len(dataset))])
loader = torch.utils.data.DataLoader(dataset, batch_size=3, num_workers=2, multiprocessing_context="fork", timeout=120)
assert torch.equal(torch.cat(list(loader)), expected)
print("agrees")
"""


def test_forked_workers_of_a_loader():
    """Forked after threads have computed losses there, too; in a process where no other library has threads."""
    root = pathlib.Path(__file__).parents[2]
    found = subprocess.run([sys.executable, "-c", LOADER], capture_output=True, text=True, cwd=root, timeout=300)
    assert (found.stdout, found.returncode) == ("agrees\n", 0), found.stderr


def test_threads():
    dataset = Losses()
    expected = [dataset[at].tolist() for at in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert [one.tolist() for one in pool.map(dataset.__getitem__, range(4))] == expected


WORKER = """
import sys
import torch
import torch.distributed as dist
import fastloss.torch

rank, size, store = int(sys.argv[1]), 2, sys.argv[2]
dist.init_process_group("gloo", init_method="file://" + store, rank=rank, world_size=size)
torch.manual_seed(0)
inputs, labels = torch.randn(40, 3), torch.randint(0, 2, (40,))
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(3, 1))
half = slice(20 * rank, 20 * rank + 20)
loss = fastloss.torch.PairwiseLogisticLoss()(model(inputs[half])[:, 0], labels[half])
loss.backward()
alone = torch.nn.Linear(3, 1)
alone.load_state_dict(model.module.state_dict())
halves = slice(20), slice(20, 40)
parts = [fastloss.torch.pairwise_logistic_loss(alone(inputs[one])[:, 0], labels[one]) for one in halves]
(sum(parts) / 2).backward()
torch.testing.assert_close(model.module.weight.grad, alone.weight.grad)
dist.destroy_process_group()
print("agrees")
"""


def test_two_processes_share_their_gradients(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER))
    command = [sys.executable, "-W", "ignore", str(script)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [*command, str(rank), str(tmp_path / "store")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for rank in range(2)
    ]
    for worker in workers:
        out, err = worker.communicate(timeout=180)
        assert (worker.returncode, out.strip()) == (0, "agrees"), err
