"""Compiled kernels: what their object files hold, and what is said of a formula that cannot be compiled."""

import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import fastloss
from fastloss.compile import kernels, levels, store
from fastloss.compile.signatures import REALS, Signature
from fastloss.compile.templates import bind, unbound

pytestmark = pytest.mark.compiled

CALLS = """
import json, sys
import numpy as np
import fastloss
from fastloss.compile import kernels
rng = np.random.default_rng(0)
x, t, labels = rng.normal(size=5000), rng.normal(size=5000), rng.integers(0, 3, 5000)
results = [
    fastloss.huber_loss.value_and_grad(x, t),
    fastloss.cross_entropy.value_and_grad(x.reshape(-1, 5).astype(np.float32), labels[:1000]),
    fastloss.pairwise_hinge_loss.value_and_grad(x[:300], labels[:300], method="direct"),
]
print(json.dumps({
    "values": [value for value, _ in results],
    "bits": [gradient.tobytes().hex() for _, gradient in results],
    "numba": "numba" in sys.modules,
    "from": sorted({one.origin for one in kernels.known}),
    "addresses": sorted({one.address for one in kernels.known}),
}))
"""


def run(code: str, folder: pathlib.Path, **environment: str):
    root = str(pathlib.Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, store.OVERRIDE: str(folder), **environment}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=300)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A store that a process has filled, and what it printed."""
    folder = tmp_path_factory.mktemp("store")
    return folder, run(CALLS, folder)


def test_what_is_loaded_has_the_bits_of_what_is_compiled(compiled):
    folder, first = compiled
    assert (first["numba"], first["from"]) == (True, ["compiled"])
    again = run(CALLS, folder)
    assert again == {**first, "numba": False, "from": ["store"]}


def test_another_process_compiles_the_same_bytes(compiled, tmp_path):
    folder, first = compiled
    assert run(CALLS, tmp_path, PYTHONHASHSEED="7") == first
    assert contents(tmp_path) == contents(folder)


def test_kernels_need_nothing_of_others(compiled):
    """But for what every process has: the symbols of an object file are names in it."""
    from fastloss.compile.front_end import LIBRARY

    folder, _ = compiled
    for name, content in contents(folder).items():
        assert b"NRT_" not in content and b"Py" not in content and b"numba" not in content, name
        needed = undefined(store.unpacked(content))
        assert [symbol for symbol in needed if not LIBRARY.fullmatch(symbol)] == [], name


def undefined(content: bytes) -> list[str]:
    """The undefined symbols of an ELF object file of 64 bits, low bytes first."""
    if content[:6] != b"\x7fELF\x02\x01":
        pytest.skip("reads ELF files")
    header = np.frombuffer(content, "<u8", 1, 0x28)[0]
    size, count = np.frombuffer(content, "<u2", 2, 0x3A)
    kind = np.dtype([("name", "<u4"), ("type", "<u4"), ("", "<u8", 2), ("at", "<u8"), ("size", "<u8"), ("link", "<u4")])
    sections = [np.frombuffer(content, kind, 1, int(header) + k * int(size))[0] for k in range(count)]
    (table,) = [one for one in sections if one["type"] == 2]
    names = sections[table["link"]]
    entry = np.dtype([("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("", "<u8", 2)])
    symbols = np.frombuffer(content, entry, int(table["size"]) // entry.itemsize, int(table["at"]))
    starts = [int(names["at"]) + int(one["name"]) for one in symbols[1:] if one["section"] == 0]
    return [content[start : content.index(b"\0", start)].decode() for start in starts]


def test_undefined_symbols_are_found():
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    text = "declare void @foreign()\ndefine void @f() {\n call void @foreign()\n ret void\n}"
    assert undefined(machine.emit_object(llvm.parse_assembly(text))) == ["foreign"]


@pytest.mark.parametrize("level", [level.name for level in levels.supported()])
def test_every_level_gives_nearly_the_same(compiled, tmp_path, level):
    _, first = compiled
    found = run(CALLS, tmp_path, FASTLOSS_LEVEL=level)
    assert all(f"-{level}-" in name for name in contents(tmp_path))
    np.testing.assert_allclose(found["values"], first["values"], rtol=1e-6)
    if level == levels.chosen().name:
        assert found["bits"] == first["bits"]


def test_an_unknown_level_is_an_error(monkeypatch):
    monkeypatch.setenv(levels.OVERRIDE, "x86-64-v9")
    levels.chosen.cache_clear()
    names = ", ".join(level.name for level in levels.supported())
    with pytest.raises(ValueError, match=f"^FASTLOSS_LEVEL is 'x86-64-v9': expected one of .*{re.escape(names)}$"):
        levels.chosen()
    monkeypatch.undo()
    assert levels.chosen() in levels.supported()


# -- formulas that cannot be compiled

formula = unbound


def block(inputs, parameters, outputs, first, last):
    for i in range(first, last):
        outputs[0][i] = formula(inputs[0][i])


def unknown_attribute(x):
    y = x + 1.0
    return y.nothing  # here


def unknown_name(x):  # here
    return nothing(x)  # noqa: F821


def calls_one(x):
    return unknown_attribute(x)


def imports(x):
    import math  # here

    return math.exp(x)


def allocates(x):
    return np.zeros(3).sum() + x  # here


def sorts(x):
    return sorted([x, 1.0])[0]  # here


def calls_abroad(x):  # here
    return abs((x + 1j) ** 2.5)


def raises(x):  # here
    if x > 1.0:
        raise ValueError("too large")
    return x


SAID = {
    unknown_attribute: "cannot be compiled: Unknown attribute 'nothing' of type float64",
    unknown_name: "cannot be compiled: NameError: name 'nothing' is not defined",
    calls_one: "cannot be compiled: Unknown attribute 'nothing' of type float64",
    imports: "cannot be compiled: Use of unsupported opcode (IMPORT_NAME) found.",
    allocates: "allocates memory, or returns an array that it has made, which a kernel may not do",
    sorts: "allocates memory, or returns an array that it has made, which a kernel may not do",
    calls_abroad: "calls numba_cpow, which a kernel may not do",
    raises: "raises an error, which a kernel may not do",
}


def lines_of(function) -> tuple[int, str]:
    """The line of this file that is marked in a function, or in the one that it calls."""
    source = pathlib.Path(__file__).read_text().splitlines()
    start = (unknown_attribute if function is calls_one else function).__code__.co_firstlineno
    line = next(k for k in range(start, len(source)) if "# here" in source[k - 1])
    return line, source[line - 1].strip()


@pytest.mark.parametrize("function", SAID, ids=lambda function: function.__name__)
def test_a_formula_that_cannot_be_compiled_is_told_by_its_line(function, tmp_path, monkeypatch):
    from fastloss.compile.front_end import CannotCompile

    monkeypatch.setenv(store.OVERRIDE, str(tmp_path))
    with pytest.raises(CannotCompile) as caught:
        kernels.kernel(bind(block, formula=function), "test", Signature((REALS,), (REALS,)))
    line, source = lines_of(function)
    message = str(caught.value)
    assert f"{__file__}, line {line}: {source!r} {SAID[function]}" in message
    assert "\n" not in message and len(message) < len(__file__) + 300
    assert list(tmp_path.iterdir()) == []


def has_its_own(x):
    shifted = lambda t: t + x  # noqa: E731
    return shifted(1.0)


def test_a_formula_may_define_functions(tmp_path, monkeypatch):
    monkeypatch.setenv(store.OVERRIDE, str(tmp_path))
    made = kernels.kernel(bind(block, formula=has_its_own), "test", Signature((REALS,), (REALS,)))
    result = np.zeros(2)
    made.calls((np.array([1.5, -2.0]), np.zeros(1), result))(0, 2)
    assert result.tolist() == [2.5, -1.0]


# -- a user's own loss

OWN = """
import json, math, sys
from fastloss.compile import kernels
from fastloss.pointwise.loss import pointwise

STEEPNESS = 2.0


def bent(d):
    return math.sqrt(1.0 + d * d) - 1.0


def _value(x, t):
    return STEEPNESS * bent(x - t)


def _slope(x, t):
    return STEEPNESS * (x - t) / math.sqrt(1.0 + (x - t) * (x - t))


@pointwise(_value, _slope, reference="none")
def own_loss(input, target):
    \"\"\"Declared in a script.\"\"\"


value, (slope,) = own_loss.value_and_grad([1.0], [0.0])
print(json.dumps([value, slope, "numba" in sys.modules, {**kernels.made}]))
"""


def test_a_loss_of_a_script_is_stored_for_its_next_run(tmp_path):
    for script, steepness in ((OWN, 2.0), (OWN.replace("STEEPNESS = 2.0", "STEEPNESS = 3.0"), 3.0)):
        for numba, origin in ((True, "compiled"), (False, "store")):
            value, slope, *more = run(script, tmp_path)
            assert value == pytest.approx(steepness * (2**0.5 - 1)) and slope == pytest.approx(steepness / 2**0.5)
            assert more == [numba, {origin: 1}]


FAR = """
import ctypes, mmap, sys
import numpy as np
import fastloss
GIB, PAGE = 1 << 30, mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
def reserve(size):
    return libc.mmap(None, size, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
x = np.linspace(-1, 1, 5)
fastloss.mse_loss(x, x)  # LLVM has what it needs
far = reserve(8 * GIB)
for size in [1 << power for power in range(30, 11, -1)]:
    while reserve(size) > far:  # fill every hole above
        pass
hole = int(sys.argv[1]) * PAGE
libc.munmap(far + 8 * GIB - hole, hole)
print(fastloss.binary_cross_entropy_with_logits(x, 0 * x + 0.5))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="knows where Linux maps memory")
@pytest.mark.parametrize("pages", [1, 2])
def test_sections_of_a_kernel_lie_together(pages):
    """The driver of a GPU maps so much that MCJIT found room for the next section too far away."""
    found = subprocess.run([sys.executable, "-c", FAR, str(pages)], capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr[-400:]
    x = np.linspace(-1, 1, 5)
    assert float(found.stdout) == fastloss.binary_cross_entropy_with_logits(x, 0 * x + 0.5)
