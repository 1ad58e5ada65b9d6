"""The public function that makes a state for a loss."""

from typing import Any

from fastloss.core.domains import Flag
from fastloss.core.loss import Loss, lookup
from fastloss.pairs.loss import PairwiseLoss
from fastloss.streaming.additive import Accumulator, takes_batches
from fastloss.streaming.all_pairs import PairAccumulator
from fastloss.streaming.examples import ExampleAccumulator
from fastloss.streaming.grouped import GroupAccumulator


def accumulate(
    name: str | Loss, *, grouped: bool = False, **parameters: Any
) -> Accumulator | ExampleAccumulator | PairAccumulator | GroupAccumulator:
    """Make a state that takes batches: of the examples of a loss, of all pairs, or of pairs in groups.

    Parameters
    ----------
    name : str or Loss
        The loss, or its name.
    grouped : bool
        Whether pairs are made within groups: every batch then brings whole groups, of any loss over pairs or queries,
        and their ids or offsets. Without it, all rows are one group, of
        `pairwise_logistic_loss` or `pairwise_exponential_loss`.
    **parameters
        The loss's own parameters. Those that are arrays, as class weights, come with each batch of rows or tuples;
        pointwise losses of two arguments take one number here.

    Raises
    ------
    TypeError
        If `name` is neither, `grouped` is not True or False, or the loss has no such parameter.
    ValueError
        If there is no such loss, a parameter is out of its range, or the value is not made of sums over parts of the
        data, as of embeddings that are each other's candidates, `policy_gradient_loss`, or `nmae_loss` with a word for
        `norm`.

    Examples
    --------
    >>> import fastloss
    >>> state = fastloss.accumulate("huber_loss", delta=1.0)
    >>> state.update([0.5], [0.0])
    >>> state.update([3.0], [0.0])
    >>> state.result()
    1.3125
    """
    grouped = Flag().validate("grouped", grouped)
    if not isinstance(name, (str, Loss)):
        raise TypeError(f"name is of type {type(name).__name__}: expected the name of a loss, or a loss")
    loss = lookup(name) if isinstance(name, str) else name
    if grouped:
        return GroupAccumulator(loss, parameters)
    if isinstance(loss, PairwiseLoss):
        return PairAccumulator(loss, parameters)
    return (Accumulator if takes_batches(loss) else ExampleAccumulator)(loss, parameters)
