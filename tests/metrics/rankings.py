"""Metrics of one group by their definitions: of a given order of its rows, and over all orders of equal scores."""

import itertools
import math


def ndcg(labels, k, linear=False, **_):
    def dcg(ranked):
        gains = [y if linear else 2.0**y - 1.0 for y in ranked[:k]]
        return math.fsum(g / math.log2(rank + 2) for rank, g in enumerate(gains))

    return dcg(labels) / dcg(sorted(labels, reverse=True))


def mrr(labels, k, **_):
    return next((1 / (rank + 1) for rank, y in enumerate(labels[:k]) if y >= 1), 0.0)


def average_precision(labels, k, attainable=False, **_):
    found = [sum(y >= 1 for y in labels[: rank + 1]) / (rank + 1) for rank, y in enumerate(labels[:k]) if y >= 1]
    count = sum(y >= 1 for y in labels)
    return math.fsum(found) / (min(count, k) if attainable else count)


def precision(labels, k, **_):
    return sum(y >= 1 for y in labels[:k]) / k


def recall(labels, k, attainable=False, **_):
    count = sum(y >= 1 for y in labels)
    return sum(y >= 1 for y in labels[:k]) / (min(count, k) if attainable else count)


def hit_rate(labels, k, **_):
    return float(any(y >= 1 for y in labels[:k]))


METRICS = {one.__name__: one for one in (ndcg, mrr, average_precision, precision, recall, hit_rate)}


def blocks(scores, labels):
    """The labels of each score, by falling score, in input order."""
    return [[y for s, y in zip(scores, labels, strict=True) if s == x] for x in sorted(set(scores), reverse=True)]


def of_order(name, scores, labels, k, ties, **options):
    """The metric where ties are broken by input order, backwards, or by labels."""
    keys = {
        "stable": lambda block: block,
        "reversed": lambda block: block[::-1],
        "optimistic": lambda block: sorted(block, reverse=True),
        "pessimistic": sorted,
    }
    ranked = [y for block in blocks(scores, labels) for y in keys[ties](block)]
    return METRICS[name](ranked, k or len(ranked), **options)


def of_all_orders(name, scores, labels, k, **options):
    """The mean of the metric over every order of equal scores."""
    found = []
    for orders in itertools.product(*(itertools.permutations(block) for block in blocks(scores, labels))):
        ranked = [y for block in orders for y in block]
        found.append(METRICS[name](ranked, k or len(ranked), **options))
    return math.fsum(found) / len(found)


def of_thresholds(scores, labels):
    """Average precision where each score is a threshold."""
    total = 0.0
    for x in set(scores):
        above = [y for s, y in zip(scores, labels, strict=True) if s >= x]
        gained = sum(y >= 1 for s, y in zip(scores, labels, strict=True) if s == x)
        total += gained * sum(y >= 1 for y in above) / len(above)
    return total / sum(y >= 1 for y in labels)
