"""Users' positive items against all other items, by the scores of factors: what the engines share."""

from typing import NamedTuple

import numpy as np

Interactions = tuple[np.ndarray, np.ndarray]  # offsets of the users, and item numbers


class Outcome(NamedTuple):
    """Each user's loss summed over its pairs; gradients by users, items and the items' biases, where wanted."""

    loss: np.ndarray
    users: np.ndarray
    items: np.ndarray
    bias: np.ndarray


def distinct(interactions: Interactions, items: int) -> Interactions:
    """Each user's items in order, one that is listed twice once."""
    offsets, indices = interactions
    owners = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    owners, numbers = np.divmod(np.unique(owners * items + indices), max(items, 1))
    return np.searchsorted(owners, np.arange(offsets.size)), numbers


def pair_counts(interactions: Interactions, items: int) -> np.ndarray:
    """Each user's pairs; an item listed twice counts once."""
    positives = np.diff(distinct(interactions, items)[0])
    return positives * (items - positives)
