"""The names that a misspelt one may stand for, and the words of an error that asks."""

from collections.abc import Iterable

SHORT = 2  # letters of a name of which too little remains to be near another one


def nearest(name: str, names: Iterable[str], cutoff: float = 0.7) -> tuple[str, ...]:
    """Return the name that another one may stand for; none if there is none.

    Case, hyphens, underscores and spaces do not count. Of one that is the beginning of several, none is meant.
    """
    import difflib  # few processes meet a misspelt name

    folded: dict[str, str] = {}
    for one in names:
        folded.setdefault(_key(one), one)
    key = _key(name)
    if key in folded:
        return (folded[key],)
    same_letters = [one for one in folded if sorted(one) == sorted(key)]
    near = same_letters[:1]
    if not near and len(key) > SHORT:
        near = difflib.get_close_matches(key, folded, 1, cutoff)
    longer = [one for one in folded if key and one.startswith(key)]
    return tuple(folded[one] for one in near or (longer if len(longer) == 1 else ()))


def did_you_mean(names: Iterable[str]) -> str:
    """Return "; did you mean 'a' or 'b'?", to be put behind an error; "" if nothing is meant."""
    *others, last = [repr(one) for one in names] or [""]
    listed = f"{', '.join(others)} or {last}" if others else last
    return f"; did you mean {listed}?" if last else ""


def _key(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in "-_ ")
