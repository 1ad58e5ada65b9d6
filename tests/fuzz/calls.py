"""A call drawn from its key: the same key gives the same call on every machine."""

import dataclasses
import inspect
import math
import zlib
from typing import Any

import numpy as np

from fastloss.compile.kernels import INTERPRETED
from fastloss.core.loss import REGISTRY, Loss
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss
from tests.fuzz import values
from tests.fuzz.forms import Form, forms

LENGTHS = (0, 1, 1, 2, 2, 3, 3, 5, 7, 8, 13, 21)
KERNEL_DTYPES = (np.float64, np.float32)


@dataclasses.dataclass
class Call:
    """One call of a loss."""

    key: str
    loss: Loss
    arguments: dict[str, Any]
    keywords: dict[str, Any]
    form: Form
    sizes: dict[str, int]
    profile: str
    letters: dict[str, str]  # the axes of each array argument
    tampered: bool = False  # something is no array, or has a shape, an id or a parameter that may be wrong
    certain: bool = True  # every parameter is within its range, and ordinary
    lean: bool = False  # nothing is asked for that needs a kernel which the other tests do not compile

    def __str__(self) -> str:
        words = [described(value) for value in self.arguments.values()]
        words += [f"{name}={described(value)}" for name, value in self.keywords.items()]
        return f"{self.loss.name}({', '.join(words)})"

    @property
    def ordinary(self) -> bool:
        """Whether it must succeed, to the digits that are promised."""
        return self.certain and not self.tampered and self.profile in values.ORDINARY

    @property
    def items(self) -> tuple[int, ...]:
        """The shape of the weights."""
        return self.shape(self.form.items)

    def shape(self, letters: str) -> tuple[int, ...]:
        """The lengths of axes; that of the letter S may be several."""
        if letters == "S":
            return self.sizes["S"]  # type: ignore[return-value]
        return tuple(self.sizes[letter] for letter in letters)

    def replaced(self, **words: Any) -> "Call":
        """The same with other arguments or keywords."""
        arguments = {name: words.pop(name, value) for name, value in self.arguments.items()}
        return dataclasses.replace(self, arguments=arguments, keywords={**self.keywords, **words})


def compiled() -> bool:
    """Whether kernels are compiled."""
    return not INTERPRETED


def described(value: Any) -> str:
    """A value as it could be typed, or what there is to say of a large array."""
    if isinstance(value, np.ndarray):
        lies = "" if value.flags.c_contiguous and value.flags.aligned else f" strides {value.strides}"
        if value.size > 12:
            return f"<{value.dtype} {value.shape}{lies}>"
        return " ".join(repr(value).split()) + (f"  <{lies.strip()}>" if lies else "")
    text = " ".join(repr(value).split())
    return text if len(text) < 200 else text[:200] + "..."


def generator(key: str) -> np.random.Generator:
    """The source of everything that is random in one call."""
    name, seed, number = key.rsplit(":", 2)
    return np.random.default_rng([zlib.crc32(name.encode()), int(seed), int(number)])


def draw(key: str, lean: bool = False) -> tuple[Call, np.random.Generator]:
    """The call of a key, and the generator for what is done with it.

    A `lean` one has no dtype that kernels read as float32, and asks for less, so that few kernels are compiled.
    """
    rng = generator(key)
    loss = REGISTRY[key.split(":")[0]]
    options = forms(loss)
    chosen = options[rng.integers(len(options))]
    profile = str(rng.choice(values.PROFILES, p=[0.4, 0.12, 0.05, 0.05, 0.18, 0.1, 0.1]))
    call = Call(key, loss, {}, {}, chosen, lengths(rng, loss, chosen), profile, {}, lean=lean)
    for name, about in chosen.arguments.items():
        value = _argument(rng, call, name, about)
        if name in loss.arguments:
            call.arguments[name] = value
        elif value is not _LEFT_OUT:
            call.keywords[name] = value
    call.arguments = {name: call.arguments[name] for name in loss.arguments if name in call.arguments}
    call.sizes["G"] = _count_groups(call)
    _parameters(rng, call)
    _labels_of_pairs(rng, call)
    if rng.random() < 0.4:
        call.keywords["sample_weight"] = values.weights(rng, call.items, profile)
    _dtypes(rng, call)
    _lay_out(rng, call)
    if rng.random() < 0.25:
        _tamper(rng, call)
    return call, rng


_LEFT_OUT = object()


def lengths(rng: np.random.Generator, loss: Loss, chosen: Form) -> dict[str, Any]:
    """The lengths of all axes; rarely more rows than a chunk has."""
    sizes: dict[str, Any] = {letter: int(rng.choice(LENGTHS)) for letter in "NCDKMPQUIAELG"}
    for letter in "CDA":
        sizes[letter] = max(sizes[letter], int(rng.random() < 0.95))
    many = rng.random()
    if many < 0.01 and isinstance(loss, PairwiseLoss | PointwiseLoss):
        large = int(rng.choice([1500, 8192, 8193, 20_001]))
        sizes["N"] = large if compiled() else sizes["N"]
    elif many < 0.04:
        some = int(rng.choice([64, 129, 300]))
        sizes["N"] = some if compiled() else sizes["N"]
    sizes["S"] = (sizes["N"],)
    if rng.random() < 0.2:
        sizes["S"] = tuple(int(rng.choice([0, 1, 2, 3, 4])) for _ in range(rng.integers(0, 4)))
    if "key" in chosen.arguments and chosen.arguments["key"] == "ND":
        sizes["M"] = sizes["N"]
    sizes["V"], sizes["W"] = 2 * sizes["N"], sizes["N"] * sizes["L"]
    return sizes


def _argument(rng: np.random.Generator, call: Call, name: str, about: Any) -> Any:
    if callable(about):
        call.letters[name] = ""
        return about(rng, call.sizes)
    if not isinstance(about, str) or not about[:1].isupper():
        return about
    if about.endswith("?"):
        about = about[:-1]
        if rng.random() < 0.6:
            return _LEFT_OUT
    letters, _, kind = about.partition(":")
    call.letters[name] = letters
    shape = call.shape(letters)
    if isinstance(call.loss, PointwiseLoss) and kind in call.loss.domains:
        return values.of_domain(call.loss.domains[kind])(rng, shape, call.profile)
    if len(kind) == 1 and kind.isupper():
        count = call.sizes[kind]
        if not count and math.prod(shape):
            call.certain = False  # there is no class
        return rng.integers(0, max(count, 1), shape)
    return values.KINDS[kind](rng, shape, call.profile)


def _count_groups(call: Call) -> int:
    if call.keywords.get("groups") is not None:
        return int(np.unique(call.keywords["groups"]).size)
    if call.keywords.get("offsets") is not None:
        return len(call.keywords["offsets"]) - 1
    return 1


def _parameters(rng: np.random.Generator, call: Call) -> None:
    loss = call.loss
    for name, spec in loss.parameters.items():
        required = loss.defaults[name] is inspect.Parameter.empty
        if name in call.arguments or name in call.form.arguments or (rng.random() < 0.6 and not required):
            continue
        value, certain = values.parameter(rng, spec)
        if value is None and certain:  # the loss checks it itself
            continue
        call.keywords[name] = value
        call.certain = call.certain and certain
    for name, words in (("method", ("auto", "direct", "fast")), ("with_counts", (False, True))):
        if name in loss.__signature__.parameters and rng.random() < 0.3 and _may(loss, name):
            call.keywords[name] = words[rng.integers(len(words))]
    if rng.random() < 0.03:
        call.keywords["backend"] = rng.choice(["cpu", "auto", "gpu"]).item()
        call.certain = call.certain and call.keywords["backend"] != "gpu"


def _labels_of_pairs(rng: np.random.Generator, call: Call) -> None:
    """The double sum over all pairs takes fewer labels than that of ordered ones."""
    loss = call.loss
    if isinstance(loss, PairwiseLoss):
        pairs = call.keywords.get("pairs", loss.defaults.get("pairs", "all"))
        if pairs == "all" and loss.labels.values:
            call.arguments["labels"] = values.of_domain(loss.labels)(rng, call.shape("N"), call.profile)


def _may(loss: Loss, name: str) -> bool:
    return name != "method" or not isinstance(loss, PairwiseLoss) or loss.has_fast


def _arrays(call: Call) -> list[tuple[dict[str, Any], str]]:
    """Where arrays stand: a dictionary and a name in it."""
    found = []
    for words in (call.arguments, call.keywords):
        found += [(words, name) for name, value in words.items() if isinstance(value, np.ndarray)]
    return found


def _dtypes(rng: np.random.Generator, call: Call) -> None:
    """Other dtypes; numbers that one cannot hold stay as they are."""
    one = KERNEL_DTYPES[int(rng.random() < 0.2 and not call.lean)]
    mixed = rng.random() < 0.3
    for words, name in _arrays(call):
        array = words[name]
        if array.dtype.kind not in "fi":
            continue
        dtype: Any = array.dtype if array.dtype.kind == "i" or name == "sample_weight" else one
        if mixed:
            options = [*values.FLOATS, *values.bfloat16()] if array.dtype.kind == "f" else []
            if array.dtype.kind == "i" or bool(rng.integers(2)):
                options = [*options, *values.WHOLE]
            options = [x for x in options if not call.lean or kernel_dtype(np.empty(0, x)) == np.float64]
            dtype = options[rng.integers(len(options))]
        made = values.cast(array, dtype)
        if made is not None and not _outside(call, name, made):
            words[name] = made


def _outside(call: Call, name: str, array: np.ndarray) -> bool:
    """Whether rounding has brought numbers out of their domain, or makes other groups."""
    if name in ("groups", "episodes", "ids"):
        return True
    if isinstance(call.loss, PointwiseLoss) and name in call.loss.domains:
        check = call.loss.domains[name].check
        return any(check(float(x)) for x in array.reshape(-1)[:50])
    about = call.form.arguments.get(name)
    return isinstance(about, str) and about.endswith(("simplex", "unit")) and array.dtype.kind in "iub"


def _lay_out(rng: np.random.Generator, call: Call) -> None:
    for words, name in _arrays(call):
        if rng.random() < 0.3:
            array = words[name]
            layout = str(rng.choice(list(values.LAYOUTS)))
            if layout in ("list", "tuple") and (array.size > 300 or not array.size or array.dtype.kind == "V"):
                continue
            if array.dtype.kind not in "fiubUS":
                continue
            words[name] = values.LAYOUTS[layout](array)


def _tamper(rng: np.random.Generator, call: Call) -> None:
    """Put something else in place of an argument."""
    call.tampered = True
    names = [*call.arguments, *(name for name in call.keywords if name in call.letters or name == "sample_weight")]
    name = names[rng.integers(len(names))]
    words = call.arguments if name in call.arguments else call.keywords
    if (
        callable(call.form.arguments.get(name))
        and isinstance(words[name], tuple)
        and words[name]
        and rng.random() < 0.7
    ):
        parts = list(words[name])
        which = rng.integers(len(parts))
        parts[which] = values.bent(rng, parts[which])[1]
        words[name] = tuple(parts)
        return
    array = words[name] if isinstance(words[name], np.ndarray) else np.zeros(3)
    _, words[name] = values.bent(rng, array)
