"""Numbers, counts and names as tables and pages write them."""

from fastloss.comparing.results import Comparison

SINGULAR = {"queries": "query"}


def counted(number: int, plural: str) -> str:
    """Return a number with what it counts: `1 row`, `3,599 pairs`."""
    return f"{number:,} {SINGULAR.get(plural, plural.removesuffix('s')) if number == 1 else plural}"


def of_all(number: int, total: int, plural: str) -> str:
    """Return how many there are, and of how many if not of all: `50 queries`, `41 of 50 queries`."""
    return counted(total, plural) if number == total else f"{number:,} of {counted(total, plural)}"


def p_value(one: Comparison) -> str:
    """Return the p-value of a difference; one of resamples is bounded by their number."""
    if one.method == "bootstrap" and one.p_value < 0.001:
        return "< 0.001"
    return "< 1e-300" if one.p_value == 0.0 else f"{one.p_value:.2g}"


def escaped(text: str) -> str:
    r"""Return a text as one line that a terminal shows: a line feed is written as \n, as Python does."""
    return text if text.isprintable() else repr(text)[1:-1]
