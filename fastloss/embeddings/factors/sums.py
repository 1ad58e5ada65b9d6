"""Users' positive items against all other items, by the scores of factors: what the engines share."""

from typing import Any, NamedTuple

import numpy as np

Interactions = tuple[np.ndarray, np.ndarray]  # offsets of the users, and item numbers


class Factors(NamedTuple):
    """Factors of users and items where the engine has them, and the items' biases on the host, empty for none."""

    store: Any  # the engine's
    users: Any
    items: Any
    bias: np.ndarray


def distinct(interactions: Interactions, items: int) -> Interactions:
    """Sort each user's items, and list each of them once."""
    offsets, indices = interactions
    owners = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    owners, numbers = np.divmod(np.unique(owners * items + indices), max(items, 1))
    return np.searchsorted(owners, np.arange(offsets.size)), numbers


def pair_counts(interactions: Interactions, items: int) -> np.ndarray:
    """Count each user's pairs; an item listed twice counts once."""
    positives = np.diff(distinct(interactions, items)[0])
    return positives * (items - positives)
