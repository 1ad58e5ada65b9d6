"""Metrics of one ranking, from the places of its relevant rows.

Where rows of equal scores share their places, a metric is its mean over all orders of them, in closed form:
F. McSherry and M. Najork, Computing information retrieval performance measures efficiently in the presence of tied
scores, ECIR 2008. A block is the relevant rows of one score: r of m rows that stand below a others. Where input
order breaks ties, m is 1 throughout.
"""

from typing import Any, NamedTuple

from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.queries.query import gain, unit_of

ATTAINABLE = unbound  # whether a metric is divided by what the first ranks could hold, or by all relevant rows
THRESHOLDS = unbound  # whether average precision takes each score as a threshold


class Ranking(NamedTuple):
    """A group that has a relevant row."""

    places: Any
    count: Any  # of relevant rows
    size: Any
    level: Any  # how many ranks count, at most `size`
    asked: Any  # the same as the call has it: `size` if it does not say
    discounts: Any  # of the ranks
    spare: Any  # an array of numbers and two of integers, of the group's size


@regroups
def end_of_block(places, count, p):
    """Return the end of the block that begins with the relevant row p."""
    q = p + 1
    while q < count and places.above[q] == places.above[p]:
        q += 1
    return q


@regroups
def sum_of(numbers, begin, end):
    total = 0.0
    for k in range(begin, end):
        total += numbers[k]
    return total


@regroups
def hits(ranking):
    """Return the relevant rows among the first ranks."""
    places, level = ranking.places, ranking.level
    total = 0.0
    for p in range(ranking.count):
        within = min(places.tied[p], level - places.above[p])
        total += within / places.tied[p] if within > 0 else 0.0
    return total


def most_hits(ranking):
    """Return what recall and average precision are divided by."""
    return min(ranking.count, ranking.asked) if ATTAINABLE else ranking.count


def precision(ranking):
    return hits(ranking) / ranking.asked


def recall(ranking):
    return hits(ranking) / most_hits(ranking)


@regroups
def first_hit(ranking, by_rank):
    """Return the probability that the first ranks hold a relevant row, or the mean of 1 / rank of the first such row.

    It is row k of its block if those before it are others. A sum of what is not negative cancels nothing.
    """
    above, tied = ranking.places.above[0], ranking.places.tied[0]
    relevant = end_of_block(ranking.places, ranking.count, 0)
    total, none = 0.0, 1.0
    for k in range(min(tied - relevant + 1, ranking.level - above)):
        here = none * (relevant / (tied - k))
        total += here / (above + k + 1) if by_rank else here
        none *= (tied - relevant - k) / (tied - k)
    return total


def hit_rate(ranking):
    return first_hit(ranking, False)


def reciprocal_rank(ranking):
    return first_hit(ranking, True)


def average_precision(ranking):
    """Return the sum, over relevant rows, of the precision down to each; the others of its block lie evenly."""
    places, count, level = ranking.places, ranking.count, ranking.level
    total, p = 0.0, 0
    while p < count:
        q = end_of_block(places, count, p)
        above, tied = places.above[p], places.tied[p]
        if THRESHOLDS:
            total += (q - p) * (q / (above + tied))
        else:
            step = (q - p - 1) / max(tied - 1, 1)
            block = 0.0
            for k in range(min(tied, level - above)):
                block += (p + 1 + k * step) / (above + k + 1)
            total += (q - p) / tied * block
        p = q
    return total / most_hits(ranking)


@regroups
def best_gain(ranking):
    """Return the largest DCG of the level, from the gains, which are sorted."""
    numbers, order, spare = ranking.spare
    count = ranking.count
    argsort(numbers[:count], order[:count], spare[:count])
    total = 0.0
    for k in range(min(ranking.level, count)):
        total += numbers[order[count - 1 - k]] * ranking.discounts[k]
    return total


@regroups
def largest_label(places, count):
    largest = 0.0
    for p in range(count):
        largest = places.labels[p] if places.labels[p] > largest else largest
    return largest


def ndcg(ranking):
    """Return the DCG over the largest one: a block's ranks each have its mean gain."""
    places, count, level = ranking.places, ranking.count, ranking.level
    gains, unit = ranking.spare[0], unit_of(largest_label(places, count))
    for p in range(count):
        gains[p] = gain(places.labels[p], unit)
    total, p = 0.0, 0
    while p < count:
        q = end_of_block(places, count, p)
        above, tied = places.above[p], places.tied[p]
        if above < level:
            counted = sum_of(ranking.discounts, above, min(above + tied, level))
            total += sum_of(gains, p, q) / tied * counted
        p = q
    return total / best_gain(ranking)
