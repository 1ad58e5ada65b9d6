"""What comes back of a call: from an engine an `Outcome`, from a family of losses an `Evaluation`."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What an engine computed in one pass over the data; None or empty where it was not wanted."""

    chunks: Any = None  # losses summed over chunks, in their order
    groups: Any = None  # losses summed over the pairs of each group, or of each query
    each: Any = None  # the loss of each example
    gradients: Any = ()  # by each argument that has one
    curvatures: Any = ()
    counts: Any = None  # of what makes each example's loss
    wrong: int = 0  # the bits of the operands' domains, four each, see `fastloss/core/domains.py`


class ChunkSums(NamedTuple):
    """Sums over chunks of examples, which make the same total whatever batches the chunks came in."""

    loss: Any  # a number for each chunk, or a row of them for each sum where the loss needs more than one
    weight: Any
    wrong: int  # the bits of the operands' domains, four each, to be united over all batches


class PerGroup(NamedTuple):
    """Each group's value beside its id, in the order of `numpy.unique`; with offsets the ids are 0, 1, 2, ..."""

    ids: Any
    values: Any


class GroupCounts(NamedTuple):
    """How many groups a mean is over, and how many had nothing to say and are left out of it."""

    used: int
    left_out: int


class Totals(NamedTuple):
    """What all examples add up to, of which a call has some only."""

    loss: Any  # sums of chunks, as those of `ChunkSums`, or numbers of the same sum
    weight: float
    reduction: str  # "mean" or "sum"


class Divisor(NamedTuple):
    """What a mean divides by: a weight, or one for each group.

    Losses may be weighed in another unit than this weight, so that no product leaves the range of the numbers: the mean
    lacks a factor of two to `power`.
    """

    weight: Any = 1.0
    power: Any = 0


@dataclasses.dataclass
class Evaluation:
    """An outcome, what its mean divides by, and the derivatives of the reduction in the arguments' shapes."""

    outcome: Outcome
    divisor: Divisor = dataclasses.field(default_factory=Divisor)
    gradients: Any = ()  # a tuple, of which one alone is returned by itself; or a named tuple
    curvatures: tuple[Any, ...] = ()
    counts: Any = None
    ids: Any = None  # of the groups, in the order of their losses, where they are wanted
    retry: Callable[[Any], Any] | None = None  # a value that is not finite -> the same, from smaller weights
    finish: Callable[[Any], Any] | None = None  # the reduced value -> the loss's
    home: tuple[Any, ...] = ()  # results go to the GPU where one of these lies there
