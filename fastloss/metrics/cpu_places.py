"""Metrics of queries whose own keys are placed among all keys already, by the formulas of `measures`."""

from typing import Any

import numpy as np

from fastloss.compile.templates import known_names, regroups
from fastloss.metrics.cpu import Measure, kernel_name, measured, names_of
from fastloss.metrics.places import Places
from fastloss.pairs.cpu_nodes import Scratch, few_within, run_block
from fastloss.pairs.queries.query import discount

CHUNK = 1 << 10  # queries of a task


@regroups
def block(inputs, parameters, outputs, first, last):
    offsets, above, tied, sizes, labels, discounts = inputs
    values, keys, order, spare = outputs
    level = np.int64(parameters[0])
    for i in range(first * CHUNK, min(last * CHUNK, values.size)):
        p, q = offsets[i], offsets[i + 1]
        places = Places(above[p:q], tied[p:q], labels[: q - p])
        values[i] = measured(places, q - p, sizes[i], level, discounts, (keys, order, spare))


def run(asked: Measure, offsets: np.ndarray, above: np.ndarray, tied: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the metric of each query, NaN for one without own keys; `sizes` are the numbers of keys that they rank."""
    most = int(np.diff(offsets).max(initial=0))
    labels = np.ones(most)
    size = int(sizes.max(initial=0))
    levels = (min(asked.level, size) if asked.level else size) if asked.name == "ndcg" else 0
    discounts = np.asarray(discount(np.arange(levels, dtype=np.float64)))
    values = np.empty(offsets.size - 1)
    known = known_names(block, names_of(asked))
    chunks = -(-values.size // CHUNK)
    scratch = (Scratch(most, np.float64),) + (Scratch(most, np.int64),) * 2
    inputs: Any = offsets, above, tied, sizes, labels, discounts
    numbers = (float(asked.level),)
    few = few_within(chunks, above.size)
    run_block(block, kernel_name(known), inputs, numbers, (values,), chunks, scratch, known, few)
    return values
