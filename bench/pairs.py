"""Direct pairwise losses: nanoseconds a pair, against PyTorch's broadcast and the target stated in absolute terms."""

import numpy as np
import torch
import torch.nn.functional as F

import fastloss
from bench.measure import Table


def torch_pairs(positive, negative, rows: int = 500):
    """All positives against all negatives in strips, since the whole matrix would not fit."""
    total = torch.zeros((), dtype=torch.float64)
    for start in range(0, len(positive), rows):
        total = total + F.softplus(negative[None, :] - positive[start : start + rows, None]).sum(dtype=torch.float64)
    return total / (len(positive) * len(negative))


def run(table: Table, size: int) -> None:
    """`size` positives against `size` negatives."""
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal(2 * size), np.repeat([1, 0], size)
    positive, negative = torch.from_numpy(scores[:size]), torch.from_numpy(scores[size:])
    loss = fastloss.pairwise_logistic_loss
    np.testing.assert_allclose(loss(scores, labels), torch_pairs(positive, negative).item(), rtol=1e-12)
    pairs = size * size
    times = table.time(
        f"pairwise_logistic_loss direct {size}x{size}",
        pairs,
        {
            "fastloss value": lambda: loss(scores, labels, method="direct"),
            "fastloss value and gradient": lambda: loss.value_and_grad(scores, labels, method="direct"),
            "torch value": lambda: torch_pairs(positive, negative),
        },
        repeats=3,
    )
    label = f"pairwise_logistic_loss direct {size}x{size} float64"
    table.claim(f"{label} value", times["fastloss value"] / pairs * 1e9, "1 ns a pair", 1.0, 2.0)
    both = times["fastloss value and gradient"] / pairs * 1e9
    table.claim(f"{label} value and gradient", both, "1 ns a pair", 1.0, 3.0)
    table.claim(f"{label} gradient alone", both - times["fastloss value"] / pairs * 1e9, "1 ns a pair", 1.0, 1.0)
