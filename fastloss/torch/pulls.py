"""Gradients for an incoming one that differs from loss to loss, as ``reduction="none"`` and ``"per_group"`` have.

If all incoming numbers are equal, they multiply the gradient of the sum, which is kept. Else what the numbers v_i do
to the gradient of the sum of v_i l_i follows from what a loss l_i is made of:

- the losses of groups and of queries have their own rows: v multiplies these;
- losses that are multiplied by the weight of their example are evaluated with weights w_i v_i, once for the positive
  and once for the negative v_i;
- pairs weigh w_i w_j, so that v_i must be the weight of the first item alone: see `_of_ordered`, and for all pairs
  `_of_symmetric`, `_of_first` and `_of_signed`.
"""

from typing import Any

import numpy as np
import torch

import fastloss
from fastloss.embeddings.mining.loss import MiningLoss, TripletLoss
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pairs.pair import multiplier_difference, multiplier_first, multiplier_sign
from fastloss.pairs.queries.loss import QueryLoss
from fastloss.torch.evaluation import HALVES, evaluate
from fastloss.torch.signature import Signature

FLOOR = 2.0**-10  # of the largest incoming number: see `_of_symmetric`


def pulled(
    signature: Signature, incoming: torch.Tensor, gradients: list[torch.Tensor], given: dict[str, Any]
) -> list[torch.Tensor]:
    """Return the gradients of the sum of the losses times the incoming numbers; `gradients` are those of their sum."""
    loss = signature.loss
    numbers = incoming.detach().double().contiguous()
    if not numbers.numel():
        return [one.clone() for one in gradients]
    first = numbers.reshape(-1)[0]
    if bool((numbers == first).all()):
        return [one * first.to(one.device, one.dtype) for one in gradients]
    if isinstance(loss, QueryLoss) or given["reduction"] == "per_group":
        return _of_groups(numbers, gradients, given)
    if not bool(torch.isfinite(numbers).all()):
        return [torch.full_like(one, torch.nan) for one in gradients]
    given = {**given, "with_counts": False}
    if isinstance(loss, PairwiseLoss):
        pull = _of_ordered if given.get("pairs") == "ordered" else OF_ALL_PAIRS[loss.all_multiplier]
        return pull(signature, numbers, given)
    if isinstance(loss, MiningLoss) and not isinstance(loss, TripletLoss):
        return _of_symmetric(signature, numbers, given)
    return _of_weights(signature, numbers, given)


def _gradients(signature: Signature, given: dict[str, Any], weights: torch.Tensor) -> list[torch.Tensor]:
    """Return the gradients of the weighted sum of the losses."""
    return evaluate(signature, "value_and_grad", {**given, "sample_weight": weights}).derivatives


def _weights(given: dict[str, Any], numbers: torch.Tensor) -> torch.Tensor:
    """Return the examples' weights in the shape of their losses."""
    weights = given["sample_weight"]
    if weights is None:
        return torch.ones_like(numbers)
    weights = weights.detach().double()
    return weights.reshape(*weights.shape, *[1] * (numbers.dim() - weights.dim())).expand(numbers.shape)


def _signs(numbers: torch.Tensor) -> list[tuple[float, torch.Tensor]]:
    """Part numbers into positive ones and negative ones, each with its sign; at least one part."""
    parts = [(sign, (sign * numbers).clamp(min=0.0)) for sign in (1.0, -1.0)]
    return [(sign, part) for sign, part in parts if bool(part.any())]


def _sum_of(parts: list[list[torch.Tensor]]) -> list[torch.Tensor]:
    total, *others = parts
    for other in others:
        total = [one + two for one, two in zip(total, other, strict=True)]
    return total


def _of_weights(signature: Signature, numbers: torch.Tensor, given: dict[str, Any]) -> list[torch.Tensor]:
    weights = _weights(given, numbers)
    parts = []
    for sign, part in _signs(numbers):
        parts.append([sign * one for one in _gradients(signature, given, weights * part)])
    return _sum_of(parts)


def _group_codes(given: dict[str, Any], count: int) -> np.ndarray:
    """Return the number of each row's group, in the order of the groups' losses."""
    if given["offsets"] is not None:
        sizes = np.diff(given["offsets"].detach().cpu().numpy().astype(np.int64))
        return np.repeat(np.arange(sizes.size), sizes)
    if given["groups"] is None:
        return np.zeros(count, np.int64)
    groups = given["groups"].detach().cpu()
    groups = groups.float() if groups.dtype in HALVES else groups
    return np.unique(groups.numpy(), return_inverse=True)[1].reshape(-1)


def _of_groups(numbers: torch.Tensor, gradients: list[torch.Tensor], given: dict[str, Any]) -> list[torch.Tensor]:
    codes = torch.from_numpy(_group_codes(given, given["scores"].shape[0]))
    factors = numbers[codes.to(numbers.device)]
    return [one * factors.to(one.dtype) for one in gradients]


def _of_ordered(signature: Signature, numbers: torch.Tensor, given: dict[str, Any]) -> list[torch.Tensor]:
    """Return the gradient where l_i sums the pairs whose second label is below the first's.

    The ranks of the labels are written in binary. Two ranks differ first in one bit, in which the higher has a 1; so
    each pair is met once if, for each bit, rows that agree above it make a group in which 1 stands above 0. Then every
    row is either first, with weight w v, or second, with weight w: as many calls as the number of ranks has bits.
    """
    weights = _weights(given, numbers)
    labels = given["labels"].detach().cpu()
    ranks = np.unique(labels.float() if labels.dtype in HALVES else labels, return_inverse=True)[1].reshape(-1)
    groups = _group_codes(given, ranks.size)
    parts = []
    for bit in range(max(int(ranks.max(initial=0)).bit_length(), 1)):
        above, is_first = ranks >> (bit + 1), (ranks >> bit) & 1
        block = groups * (int(above.max(initial=0)) + 1) + above
        first = torch.from_numpy(is_first).to(numbers.device)
        words = {"labels": first, "groups": torch.from_numpy(block).to(numbers.device), "offsets": None}
        for sign, part in _signs(numbers):
            (found,) = _gradients(signature, {**given, **words}, weights * torch.where(first == 1, part, 1.0))
            parts.append([sign * found])
    return _sum_of(parts)


def _of_symmetric(signature: Signature, numbers: torch.Tensor, given: dict[str, Any]) -> list[torch.Tensor]:
    """Return the gradient where l_i = w_i times the sum of w_j phi_ij, with phi_ij = phi_ji.

    With F(b) the gradient of the sum for weights b, and S_k(b) = F_k(b) / b_k, which is linear in b, the gradient is
    1/2 (v_k F_k(w) + w_k S_k(v w)). Weights are not negative, and b_k = 0 would lose S_k: v w is the difference of
    positive weights, each at least a small part of w.
    """
    weights = _weights(given, numbers)
    floor = FLOOR * numbers.abs().max()

    def slope(of: torch.Tensor) -> torch.Tensor:
        """w_k S_k(w of)."""
        (found,) = _gradients(signature, given, weights * of)
        return found.double() / of.reshape(-1, *[1] * (found.dim() - 1))

    (own,) = _gradients(signature, given, weights)
    by_first = own.double() * numbers.reshape(-1, *[1] * (own.dim() - 1))
    by_second = slope(numbers.clamp(min=0.0) + floor) - slope((-numbers).clamp(min=0.0) + floor)
    return [(0.5 * (by_first + by_second)).to(own.dtype)]


def _of_first(signature: Signature, numbers: torch.Tensor, given: dict[str, Any]) -> list[torch.Tensor]:
    """Return the gradient where l_i = w_i times the sum of w_j phi(y_i (s_i - s_j)).

    A row of label 0 is moved as a second item only: its slope as a first one is 0. So the gradient by a copy of row k
    with label 0 and weight 1, beside rows of weights a, is T_k(a), the sum of what the a_j move it as a second item.
    With F(w) the gradient of the sum, the gradient is v_k (F_k(w) - w_k T_k(w)) + w_k T_k(v w).
    """
    weights, scores, count = _weights(given, numbers), given["scores"].detach(), numbers.numel()
    codes = torch.from_numpy(_group_codes(given, count)).to(numbers.device)
    labels = given["labels"].detach()
    twice = {
        "scores": torch.cat((scores, scores)),
        "labels": torch.cat((labels, torch.zeros_like(labels))),
        "groups": torch.cat((codes, codes)),
        "offsets": None,
    }

    def as_second(of: torch.Tensor) -> torch.Tensor:
        """w_k T_k(w of)."""
        both = torch.cat((weights * of, torch.ones_like(of)))
        (found,) = _gradients(signature, {**given, **twice}, both)
        return weights * found[count:].double()

    (own,) = _gradients(signature, given, weights)
    total = numbers * (own.double() - as_second(torch.ones_like(numbers)))
    for sign, part in _signs(numbers):
        total += sign * as_second(part)
    return [total.to(own.dtype)]


def _of_signed(signature: Signature, numbers: torch.Tensor, given: dict[str, Any]) -> list[torch.Tensor]:
    """Return the gradient of `soft_pairwise_loss`, where l_i sums all j with the sign of i's label.

    For each sign, its rows stand above copies of all rows of their group in `pairwise_logistic_loss`.
    """
    logistic = Signature(fastloss.pairwise_logistic_loss)
    weights, scores, count = _weights(given, numbers), given["scores"].detach(), numbers.numel()
    codes = torch.from_numpy(_group_codes(given, count)).to(numbers.device)
    is_positive, total = given["labels"].detach() > 0, torch.zeros_like(scores)
    for side, chosen in ((1.0, is_positive), (-1.0, ~is_positive)):
        rows = torch.nonzero(chosen).reshape(-1)
        both = torch.cat((rows, torch.arange(count, device=rows.device)))
        is_first = torch.arange(both.numel(), device=rows.device) < rows.numel()
        words = {**given, "pairs": "ordered", "scores": side * scores[both], "groups": codes[both], "offsets": None}
        for sign, part in _signs(numbers):
            of_pairs = weights[both] * torch.where(is_first, part[both], 1.0)
            (found,) = _gradients(logistic, {**words, "labels": is_first.long()}, of_pairs)
            total.index_add_(0, both, sign * side * found)
    return [total]


OF_ALL_PAIRS = {multiplier_difference: _of_symmetric, multiplier_first: _of_first, multiplier_sign: _of_signed}
