"""Users' positive items against all other items, by the scores of factors: what the engines share."""

import numpy as np

Interactions = tuple[np.ndarray, np.ndarray]  # offsets of the users, and item numbers


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
