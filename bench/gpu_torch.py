"""The losses of PyTorch's tensors on a GPU: `python -m bench.gpu_torch [--device cpu] [--seconds 90]`.

Values and gradients against those of the CPU, one loss of each family first and the others while there is time; then
memory, streams, the compiler, devices that do not go together, half precision; at last what a call costs. Each check
is a line; the exit status is 1 if one failed. With ``--device cpu`` the script checks itself.
"""

import argparse
import itertools
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import fastloss
import fastloss.torch
from fastloss.ahead.cases import Case, cases
from fastloss.core.loss import REGISTRY, Loss

FIRST = (
    *("mse_loss", "binary_cross_entropy_with_logits", "cross_entropy", "triplet_margin_loss"),
    *("pairwise_logistic_loss", "pairwise_hinge_loss", "pairwise_exponential_loss", "soft_pairwise_loss"),
    *("lambdarank_loss", "bpr_loss", "margin_all_pairs_loss", "bpr_all_negatives_loss"),
    *("info_nce_loss", "cross_entropy_with_factors", "ge2e_loss", "batch_all_triplet_loss", "batch_contrastive_loss"),
)
DIGITS = 1e-10  # in double precision
BUSY = 200_000_000  # cycles: a tenth of a second, in which a stream has not reached what follows


def placed(value: Any, device: str) -> Any:
    """Arrays as tensors on a device, pairs of arrays too."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy()).to(device)
    is_pair = isinstance(value, tuple) and bool(value) and isinstance(value[0], np.ndarray)
    return tuple(placed(one, device) for one in value) if is_pair else value


def results(case: Case, reduction: str, device: str) -> list[torch.Tensor]:
    """A case's value and gradients, for an incoming gradient that differs from loss to loss."""
    loss = case.loss
    given = {name: placed(one, device) for name, one in zip(loss.arguments, case.arrays, strict=False)}
    words = {name: placed(one, device) for name, one in case.keywords.items() if name != "wrt"}
    leaves = [given[loss.arguments[at]].requires_grad_() for at in case.differentiable]
    value = getattr(fastloss.torch, loss.name)(**given, **words, reduction=reduction)
    incoming = 1.0 + torch.arange(value.numel(), dtype=value.dtype, device=device).remainder(3.0)
    (value.nan_to_num() * incoming.reshape(value.shape)).sum().backward()
    found = [value.detach(), *(one.grad for one in leaves)]
    assert all(one.device.type == device for one in found), f"results on {[one.device for one in found]}"
    return [one.cpu() for one in found]


def check_loss(loss: Loss, device: str) -> str:
    """Compare each reduction with the CPU's numbers."""
    most = 0.0
    case = cases(loss)[0]
    for reduction in loss.reductions:
        for one, other in zip(results(case, reduction, device), results(case, reduction, "cpu"), strict=True):
            size = max(float(other.nan_to_num().abs().max()) if other.numel() else 0.0, 1e-300)
            most = max(most, float((one - other).nan_to_num().abs().max()) / size if other.numel() else 0.0)
            assert torch.equal(one.isnan(), other.isnan()) and most < DIGITS, f"{reduction}: apart by {most:.3g}"
    return f"differs from the CPU by {most:.1e} at most"


def check_memory(device: str) -> str:
    """What the loss is given, and what it returns, is the tensors' memory."""
    seen: list[Any] = []
    original = fastloss.mse_loss._quietly

    def spy(what: str, args: Any, kwargs: Any) -> Any:
        made = original(what, args, kwargs)
        seen.extend((args, made))
        return made

    def at(one: Any) -> int:
        return one.data_ptr() if isinstance(one, torch.Tensor) else one.ctypes.data

    x, y = torch.rand(2, 1000, device=device)
    fastloss.mse_loss._quietly = spy
    try:
        outputs = torch.ops.fastloss.mse_loss(x, y, None, "mean", True)
    finally:
        del fastloss.mse_loss._quietly
    args, made = seen
    assert [at(one) for one in args] == [x.data_ptr(), y.data_ptr()], "arguments were copied"
    assert at(made[1]) == outputs[1].data_ptr(), "the gradient was copied"
    return "no copy of arguments or gradients"


def check_stream(device: str) -> str:
    """Work that was queued before on a stream of the caller is done before, and what comes later sees the gradient."""
    if device == "cpu":
        return "not on the CPU"
    target, wanted = torch.zeros(100_000, device=device), torch.rand(100_000, device=device)
    expected = 2.0 * wanted / wanted.numel()
    for name in ("mse_loss", "pairwise_logistic_loss"):
        leaf = torch.full_like(wanted, 7.0)
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            torch.cuda._sleep(BUSY)
            leaf.copy_(wanted)
            leaf.requires_grad_()
            labels = target if name == "mse_loss" else (torch.arange(len(target), device=device) % 2).float()
            getattr(fastloss.torch, name)(leaf, labels).backward()
            twice = leaf.grad * 2.0
            with torch.no_grad():
                leaf.zero_()
        stream.synchronize()
        if name == "mse_loss":
            torch.testing.assert_close(twice, 2.0 * expected)
        else:
            alone = wanted.clone().requires_grad_()
            fastloss.torch.pairwise_logistic_loss(alone, labels).backward()
            assert torch.equal(twice, 2.0 * alone.grad), "the scores were read too early"
    return "work before and after it in order"


def check_compiled(device: str) -> str:
    """One graph, with the same numbers."""
    scores, labels = torch.rand(500, device=device), torch.arange(500, device=device) % 3

    def run(x: torch.Tensor) -> torch.Tensor:
        return fastloss.torch.pairwise_logistic_loss(x * 2.0, labels, reduction="none").square().sum()

    found = []
    for function in (run, torch.compile(run, fullgraph=True, backend="aot_eager")):
        leaf = scores.clone().requires_grad_()
        function(leaf).backward()
        found.append(leaf.grad)
    assert torch.equal(*found), "other gradients"
    return "fullgraph=True, the same bits"


def check_devices(device: str) -> str:
    """Tensors on two devices are refused."""
    other = "meta" if device == "cpu" else "cpu"
    message = "not refused"
    try:
        fastloss.torch.mse_loss(torch.rand(3, device=device), torch.rand(3, device=other))
    except RuntimeError as error:
        message = str(error)
    assert "Expected all tensors to be on the same device" in message, message
    return "refused"


def check_halves(device: str) -> str:
    """float16 and bfloat16, strided, and under autocast."""
    for dtype in (torch.float16, torch.bfloat16):
        wide = torch.rand(64, 20, device=device).to(dtype).requires_grad_()
        target = torch.arange(64, device=device) % 10
        value = fastloss.torch.cross_entropy(wide[:, ::2], target)
        value.backward()
        leaf = wide.detach().float().requires_grad_()
        torch.nn.functional.cross_entropy(leaf[:, ::2], target).backward()
        assert (value.dtype, wide.grad.dtype) == (dtype, dtype)
        torch.testing.assert_close(wide.grad.float(), leaf.grad, rtol=2e-2, atol=2e-3)
    with torch.autocast(device, dtype=torch.bfloat16):
        assert fastloss.torch.mse_loss(wide.detach(), wide.detach()).dtype == torch.float32
    return "float16, bfloat16, autocast"


def check_temperature(device: str) -> str:
    """A number on the device that is learnt, and one on the CPU."""
    rows = torch.rand(2, 8, 4, device=device)
    for where in (device, "cpu"):
        temperature = torch.tensor(0.5, device=where, requires_grad=True)
        fastloss.torch.info_nce_loss(*rows, temperature=temperature).backward()
        assert temperature.grad.device.type == where and float(temperature.grad.abs()) > 0.0
    return "gradients where the numbers lie"


CHECKS = (check_memory, check_stream, check_compiled, check_devices, check_halves, check_temperature)


def seconds(run: Callable[[], Any], device: str, repeats: int) -> float:
    """Seconds of a call, the least of several rounds."""
    best = float("inf")
    for turn in range(4):
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - start) / repeats) if turn else best
    return best


def timings(device: str) -> Iterator[str]:
    """A training step's value and gradient, of few numbers and of many."""
    for size, repeats in ((100, 50), (1_000_000, 3)):
        x, y = torch.rand(size, device=device, requires_grad=True), (torch.arange(size, device=device) % 2).float()
        for loss in (
            torch.nn.functional.mse_loss,
            fastloss.torch.mse_loss,
            fastloss.torch.binary_cross_entropy_with_logits,
            fastloss.torch.pairwise_logistic_loss,
        ):
            spent = seconds(lambda loss=loss, x=x, y=y: loss(x, y).backward(), device, repeats)
            yield f"{loss.__module__}.{loss.__name__} of {size}, value and gradient: {1e6 * spent:.0f} µs"
    count = 8192 if device == "cuda" else 1024
    rows, labels = torch.randn(count, 128, device=device, requires_grad=True), torch.arange(count, device=device) % 512
    spent = seconds(lambda: fastloss.torch.batch_all_triplet_loss(rows, labels).backward(), device, 1)
    yield f"batch_all_triplet_loss of {count} by 128, value and gradient: {1e3 * spent:.1f} ms"


def said(name: str, check: Callable[[], str]) -> bool:
    """Print what a check says; whether it passed."""
    start = time.perf_counter()
    try:
        message, passed = check(), True
    except Exception as error:  # the others are still to be tried
        message, passed = f"FAILED: {type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}", False
    print(f"{name:40s} {time.perf_counter() - start:6.1f} s  {message}", flush=True)
    return passed


def main() -> int:
    """Check, then measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu_torch", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument(
        "--seconds", type=float, default=90.0, help="after which no further loss is tried (%(default)s)"
    )
    options = parser.parse_args()
    device, start = options.device, time.perf_counter()
    if device == "cuda" and not torch.cuda.is_available():
        print("nothing was run: PyTorch finds no GPU", file=sys.stderr)
        return 1
    print(f"torch {torch.__version__}, {torch.cuda.get_device_name() if device == 'cuda' else 'the CPU'}")
    passed = [said(check.__name__, lambda check=check: check(device)) for check in CHECKS]
    for line in timings(device):
        print(line, flush=True)
    names = [*FIRST, *(name for name in REGISTRY if name not in FIRST)]
    tried = itertools.takewhile(lambda _: time.perf_counter() - start < options.seconds, names)
    of_losses = [said(name, lambda name=name: check_loss(REGISTRY[name], device)) for name in tried]
    print(f"{sum(passed)} of {len(passed)} checks passed; {sum(of_losses)} losses of {len(of_losses)} tried agree")
    left = names[len(of_losses) :]
    print(f"not tried, for lack of time: {', '.join(left) or 'none'}")
    return 0 if all(passed) and all(of_losses) else 1


if __name__ == "__main__":
    sys.exit(main())
