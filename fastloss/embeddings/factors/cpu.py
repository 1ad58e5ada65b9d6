"""Every user's positives against the whole catalogue: strips of scores by BLAS, then linear-time sums of each row.

Memory is a strip of scores, of labels and of slopes for each thread, whatever the numbers of users and items.
"""

import numpy as np

from fastloss.compile.blas import check, in_order
from fastloss.core.outcomes import Outcome
from fastloss.embeddings.candidates.cpu import Adder, groups_of, ranges
from fastloss.embeddings.cpu_strips import sum_rows
from fastloss.embeddings.factors.sums import Factors, Interactions
from fastloss.pairs.pair import PairFormulas

STRIP = 1 << 22  # scores: each thread has them
BLOCK = 4096  # items whose gradient is added at a time: it stays in a second-level cache
TASKS = 32


def run(
    formulas: PairFormulas, factors: Factors, interactions: Interactions, scales: np.ndarray, gradient: bool
) -> Outcome:
    """Make one pass over the users; `scales` multiplies users' derivatives."""
    users, items, bias = factors.users, factors.items, factors.bias
    offsets, numbers = interactions
    count, width = len(users), len(items)
    height = max(1, min(STRIP // max(width, 1), count))
    losses = np.zeros(count)
    by_users, by_items, by_bias = (np.zeros(one.shape if gradient else 0, one.dtype) for one in (users, items, bias))

    def work(strips: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        score_strip, label_strip = np.empty((height, width), users.dtype), np.zeros((height, width), np.uint8)
        slope_strip = np.empty((height, width) if gradient else (0, 0), users.dtype)
        more_items, more_bias = np.zeros_like(by_items), np.zeros_like(by_bias)
        adder = Adder(BLOCK, users.shape[1], users.dtype)
        for start, stop in strips:
            check()
            some = slice(stop - start)
            scores, labels, slopes = score_strip[some], label_strip[some], slope_strip[some]
            np.matmul(users[start:stop], items.T, out=scores)
            if bias.size:
                scores += bias
            ends = offsets[start : stop + 1]
            listed = np.repeat(np.arange(stop - start), np.diff(ends)), numbers[ends[0] : ends[-1]]
            labels[listed] = 1
            slopes[...] = 0.0
            if width:
                losses[start:stop] = sum_rows(formulas, scores, labels, slopes, scales[start:stop])
            labels[listed] = 0
            if gradient:
                slopes[np.isnan(losses[start:stop])] = np.nan
                by_users[start:stop] = slopes @ items
                for block in ranges(width, BLOCK):
                    adder.add(more_items[slice(*block)], slopes[:, slice(*block)].T, users[start:stop])
                if bias.size:
                    more_bias += np.ones(stop - start, slopes.dtype) @ slopes
        return more_items, more_bias

    for more_items, more_bias in in_order(work, groups_of(ranges(count, height), TASKS)):
        by_items += more_items
        by_bias += more_bias
    return Outcome(each=losses, gradients=(by_users, by_items, by_bias))
