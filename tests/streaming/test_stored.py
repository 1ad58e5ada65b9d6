"""Bytes of states: what is damaged, cut, made up or of another kind is refused, and what is not comes back the same."""

import io
import json
import tracemalloc

import numpy as np
import pytest

import fastloss
from fastloss.streaming import stored
from fastloss.streaming.accumulate import accumulate
from fastloss.streaming.additive import Accumulator
from fastloss.streaming.all_pairs import PairAccumulator
from fastloss.streaming.examples import ExampleAccumulator
from fastloss.streaming.grouped import GroupAccumulator

SCORES, LABELS, WEIGHTS = [0.5, -1.0, 2.0, 0.25], [1, 0, 2, 1], [0.5, 1.0, 0.0, 2.0]
CLASSES = {
    "elements": Accumulator,
    "examples": ExampleAccumulator,
    "pairs": PairAccumulator,
    "exponentials": PairAccumulator,
    "groups": GroupAccumulator,
}
KINDS = tuple(CLASSES)


def a_state(kind, weights=None):
    """A small state of each kind."""
    if kind == "elements":
        state = accumulate("hinge_loss", margin=0.5)
        state.update(SCORES, [1.0, -1.0, -1.0, 1.0], weights)
    elif kind == "examples":
        state = accumulate("cross_entropy", ignore_index=3)
        state.update(np.eye(4)[LABELS] * 0.1, LABELS, sample_weight=weights, weight=[0.1, 0.7, 1.3, 2.0])
    elif kind in ("pairs", "exponentials"):
        name = {"pairs": "pairwise_logistic_loss", "exponentials": "pairwise_exponential_loss"}[kind]
        state = accumulate(name, sigma=0.7)
        state.update(SCORES, LABELS, weights)
    else:
        state = accumulate("pairwise_logistic_loss", grouped=True)
        state.update(SCORES, LABELS, weights, groups=[7, 7, 8, 7])
        state.update(SCORES, LABELS, weights, offsets=[0, 4])
    return state


def opened(data):
    """The description and the arrays of a state's bytes, without any check."""
    size, _, rest = data[len(stored.MAGIC) :].partition(b"\n")
    header = json.loads(rest[: int(size)])
    arrays, at = {}, int(size)
    for name, (dtype, shape) in header["arrays"].items():
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(rest, dtype, count, at).reshape(shape).copy() if count else np.empty(shape, dtype)
        at += arrays[name].nbytes
    return header, arrays


def closed(header, arrays):
    """Bytes with a right digest."""
    return stored.pack(header["kind"], header["about"], arrays)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("kind", KINDS)
def test_a_state_comes_back(kind, weights):
    state = a_state(kind, weights)
    data = state.to_bytes()
    for given in (data, bytearray(data), memoryview(data)):
        again = CLASSES[kind].from_bytes(given)
        assert again.to_bytes() == data
        assert (again.rows, again.result(), again.weight()) == (state.rows, state.result(), state.weight())
    empty = type(state)(state.loss, state.parameters)
    assert type(state).from_bytes(empty.to_bytes()).result() == 0.0
    empty.merge(again)
    assert empty.result() == state.result()


@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_bit_and_every_cut_is_found(kind):
    data = a_state(kind).to_bytes()
    read = CLASSES[kind].from_bytes
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
            read(bytes(damaged))
    for size in range(len(data)):
        with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
            read(data[:size])
    for more in (b"\0", data):
        with pytest.raises(ValueError, match="cut or damaged"):
            read(data + more)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_state(kind):
    read = CLASSES[kind].from_bytes
    for value in ("text", None, 3, [1]):
        with pytest.raises(TypeError, match="data is of type"):
            read(value)
    old = io.BytesIO()
    np.savez_compressed(old, about=np.array("{}"), keys=np.zeros(3))
    with pytest.raises(ValueError, match="of an older version"):
        read(old.getvalue())
    for other in KINDS:
        if CLASSES[other] is not CLASSES[kind]:
            with pytest.raises(
                ValueError, match=f"these bytes are a state of .* over {CLASSES[other].kind}: expected "
            ):
                read(a_state(other).to_bytes())


def test_few_bytes_take_little_memory():
    header, arrays = opened(a_state("pairs").to_bytes())
    text = json.dumps({**header, "arrays": {"labels": ["<f8", [1 << 40]]}}).encode()
    whole = stored.MAGIC + b"%d\n" % len(text) + text
    claims = whole + stored.hashlib.sha256(whole).digest()
    many = 20_000  # boxes apart, each of which takes a whole coarse one: the most that bytes can ask for
    moments = np.zeros((many, 6))
    moments[:, 0] = 1.0
    arrays |= {"labels": np.zeros(1), "counts": np.array([many]), "weights": np.array([float(many)])}
    arrays |= {
        "powers": np.zeros(1, np.int64),
        "sizes": np.array([many]),
        "keys": 10.0 * np.arange(many),
        "subs": np.zeros(many, np.uint8),
    }
    header["about"]["rows"] = many
    apart = closed(header, {**arrays, "moments": moments})
    tracemalloc.start()
    with pytest.raises(ValueError, match="has shape"):
        PairAccumulator.from_bytes(claims)
    state = PairAccumulator.from_bytes(apart)
    assert tracemalloc.get_traced_memory()[1] < 32 * len(apart)
    tracemalloc.stop()
    assert state.rows == many


ABOUT = [
    ("loss", "huber"),
    ("loss", 3),
    ("loss", "mse_loss"),
    ("loss", "pairwise_hinge_loss"),
    ("parameters", {}),
    ("parameters", []),
    ("parameters", {"sigma": -1.0, "pairs": "ordered"}),
    ("parameters", {"sigma": 1.0, "pairs": "none", "more": 1}),
    ("parameters", {"sigma": "1", "pairs": "ordered"}),
    ("parameters", {"sigma": 10**400, "pairs": "ordered"}),
    ("parameters", {"margin": None}),
    ("parameters", {"margin": float("nan")}),
    ("rows", -1),
    ("rows", 1.0),
    ("rows", True),
    ("rows", 10**30),
    ("rows", 3),
    ("rows", 0),
    ("weighted", None),
    ("weighted", 1),
    ("power", 1),
    ("power", 10**6),
    ("power", None),
    ("groups", 0),
    ("groups", -3),
    ("pairs", 10**6),
    ("pairs", 0),
    ("pairs", -1),
    ("bits", 16),
    ("bits", 6 << 4),
    ("bits", 1),
    ("bits", 256),
    ("dtypes", None),
    ("dtypes", ["float64"]),
    ("dtypes", ["float64", "object"]),
    ("dtypes", "float64"),
    ("more", 1),
]


@pytest.mark.parametrize(("name", "value"), ABOUT)
@pytest.mark.parametrize("kind", KINDS)
def test_a_made_up_field_is_refused(kind, name, value):
    header, arrays = opened(a_state(kind).to_bytes())
    if name not in header["about"] and name != "more":
        return
    if kind == "examples" and (name, value) == ("rows", 3):
        return  # which rows count, and how much, is not known any more
    header["about"][name] = value
    with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
        CLASSES[kind].from_bytes(closed(header, arrays))
    del header["about"][name]
    if name != "more":
        with pytest.raises(ValueError, match=f"{name} is missing"):
            CLASSES[kind].from_bytes(closed(header, arrays))


BAD = (np.nan, np.inf, -np.inf, -1.0, 0.5, 1e300, 0.0, 3.0)


def changed_arrays(arrays):
    """Arrays with an element that is not possible, of another dtype, shape or order."""
    for name, array in arrays.items():
        if array.dtype.kind == "f":
            for bad in BAD[:3]:
                yield name, np.full_like(array, bad)
            yield name, array.astype(np.float32)
        if name in ("weights", "weight", "keys", "labels"):
            yield name, -array - 1.0
            yield name, np.append(array, array)
        if name in ("keys", "weights"):
            yield name, array + 0.5
        yield name, array[..., None]
        if not name.startswith(("ids", "loss")):
            yield name, array[:-1]
        yield name, array.astype("U8")
        if array.size > 1 and name not in ("loss", "losses", "counts", "sizes", "subs", "totals"):
            yield name, array[::-1]
        if array.dtype.kind == "i":
            yield name, -array
    yield "more", np.zeros(1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_made_up_array_is_refused(kind):
    header, arrays = opened(a_state(kind).to_bytes())
    for name, value in changed_arrays(arrays):
        if name in ("loss", "losses", "loss 0") and value.dtype == np.float64 and value.shape == arrays[name].shape:
            continue  # a loss may be NaN or infinite
        if kind == "examples" and value.dtype == np.float64 and value.ndim == 1 and not value.sum() < 0.0:
            continue  # nor what they weigh
        if np.array_equal(value, arrays.get(name, [])) and value.dtype == arrays[name].dtype:
            continue
        with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
            CLASSES[kind].from_bytes(closed(header, {**arrays, name: value}))
    for name in (name for name in arrays if not name.startswith("ids")):  # whose groups may have come by offsets
        with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
            CLASSES[kind].from_bytes(closed(header, {key: x for key, x in arrays.items() if key != name}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_made_up_numbers_are_refused_or_harmless(kind, weights):
    """Whatever passes the checks can be used: no index is made of a number that was not looked at."""
    header, arrays = opened(a_state(kind, weights).to_bytes())
    rng = np.random.default_rng(13)
    refused = 0
    for _ in range(60 if kind == "pairs" else 300):
        new = {name: x.copy() for name, x in arrays.items()}
        for name in rng.choice([name for name, x in new.items() if x.size], rng.integers(1, 3)):
            flat = new[name].reshape(-1)
            value = rng.choice(np.array([*BAD, 1e18, -1e18, 2.0**62, 16.0, 1e308, 5e-324]))
            with np.errstate(invalid="ignore", over="ignore"):
                flat[rng.integers(flat.size)] = np.array(value).astype(flat.dtype)
        try:
            state = CLASSES[kind].from_bytes(closed(header, new))
        except ValueError:
            refused += 1
            continue
        with np.errstate(all="ignore"):
            assert isinstance(state.result(), float) and isinstance(state.weight(), float)
            if kind in ("pairs", "exponentials"):
                assert state.gradient(SCORES, LABELS, weights).shape == (4,)
    assert refused > 20


def test_descriptions_that_are_no_descriptions():
    for text in (
        b"",
        b"[]",
        b"{",
        b'{"kind": "pairs"}',
        b"[" * 60_000,
        b'{"kind": 1, "about": {}, "arrays": {}}',
        b"\xff",
    ):
        whole = stored.MAGIC + b"%d\n" % len(text) + text
        with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
            PairAccumulator.from_bytes(whole + stored.hashlib.sha256(whole).digest())
    for size in (b"", b"x", b"-1", b"99999999999", b"1000"):
        whole = stored.MAGIC + size + b"\n{}"
        with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
            PairAccumulator.from_bytes(whole + stored.hashlib.sha256(whole).digest())
    header, _ = opened(a_state("pairs").to_bytes())
    arrays = [3, ["<f8"], ["O", [1]], ["<f8,<f8", [1]], ["<f8", [-1]], ["<f8", [True]], ["<f8", 1], [">f8", [0]]]
    arrays += [["<f8", [0] * 9], ["<U0", [1]], ["<M8[x]", [0]], ["<M8[99999999999s]", [0]], ["V8", [1]], [8, [1]]]
    for about in arrays:
        text = json.dumps({**header, "arrays": {"labels": about}}).encode()
        whole = stored.MAGIC + b"%d\n" % len(text) + text
        with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
            PairAccumulator.from_bytes(whole + stored.hashlib.sha256(whole).digest())


def test_parameters_of_every_type_travel():
    for state in (
        accumulate("binary_cross_entropy_with_logits", pos_weight=np.float32(2.0), label_smoothing=0.1),
        accumulate("nmae_loss", norm=np.int64(3)),
        accumulate("lambdarank_loss", grouped=True, truncation_level=np.int32(3), gains="linear"),
        accumulate(fastloss.huber_loss, delta=np.float64(0.5)),
    ):
        again = type(state).from_bytes(state.to_bytes())
        assert again.parameters == state.parameters
        again.merge(state)


@pytest.mark.parametrize("bits", [2, 4, 1, 6, 0, "2"])
@pytest.mark.parametrize("name", ["soft_pairwise_loss", "pairwise_hinge_loss"])
def test_bits_of_labels_are_of_a_loss_that_has_them(bits, name):
    """2 stands for 0, 4 for -1, see `fastloss.core.domains`; only `soft_pairwise_loss` takes either."""
    state = accumulate(name, grouped=True)
    state.update([0.5, 1.0], [1, 1], offsets=[0, 2])
    header, arrays = opened(state.to_bytes())
    assert "bits" not in header["about"]  # as in the bytes of states before there were bits
    header["about"]["bits"] = bits
    made = closed(header, arrays)
    if name == "soft_pairwise_loss" and bits in (2, 4):
        again = GroupAccumulator.from_bytes(made)
        assert again.to_bytes() == made
        with pytest.raises(ValueError, match="mixes 0 and -1 in different batches"):
            again.update([0.5], [-1 if bits == 2 else 0], offsets=[0, 1])
    else:
        with pytest.raises(ValueError, match="these bytes are no state of fastloss: in a state of groups, bits"):
            GroupAccumulator.from_bytes(made)
