"""What a loss or a metric is in each of some groups."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa


class GroupResults(NamedTuple):
    """What a loss or metric is in each of some groups."""

    values: np.ndarray  # means
    used: np.ndarray  # whether a group has something to say
    weight: np.ndarray  # of each group, in the mean over all
    pairs: np.ndarray | None = None

    @property
    def column(self) -> pa.Array:
        """The values, null where a group has nothing to say."""
        return pa.array(self.values, mask=~self.used)
