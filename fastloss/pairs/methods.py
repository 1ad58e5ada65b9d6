"""Which method sums the pairs of a group: what both engines decide alike."""

from fastloss.pairs import differences, halving
from fastloss.pairs.halving import Kind, Large
from fastloss.pairs.pair import PairFormulas, multiplier_difference, multiplier_first


def fast_method(formulas: PairFormulas) -> str | None:
    """Return the folder of a loss's fast method, None if it has none."""
    if formulas.tails is not None:
        return "boxes"
    if formulas.power is not None:
        return "thresholds"
    return "separable" if formulas.separable else None


def suits(formulas: PairFormulas, kind: Kind, number: float, group: Large, method: str) -> bool:
    """Tell whether the fast method sums a surveyed group; `number` is the formulas' parameter."""
    if kind.multiplier is multiplier_difference and group.levels.finite:
        return differences.suits(formulas, number, group, method == "auto")
    possible = kind.multiplier is not multiplier_first or halving.can_slope(group, number, formulas.power or 0)
    return halving.suits(kind, group, possible)
