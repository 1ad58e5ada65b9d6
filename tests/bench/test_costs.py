"""The hot kernels cost what `bench/costs.csv` says: operations and instructions, counted, never timed.

`python -m bench.costs --save` writes the table anew after a change that is meant.
"""

import pathlib
import re
import shutil

import pytest

import fastloss
from bench import assembly, costs, operations
from bench.hot import HOT

# The counts come from processes of their own, so that those with the JIT off would say the same again.
pytestmark = pytest.mark.compiled

PROFILES = pathlib.Path(__file__).parents[2] / "docs" / "profiles"
COUNTED, COMPILED, LLVM = costs.stored()
PACKED = [hot.name for hot in HOT if hot.packed]
compiles = pytest.mark.skipif(bool(assembly.why_not()), reason=assembly.why_not() or "compiles")


def tolerance():
    return costs.LOOP_TOLERANCE if costs.llvm() == LLVM else costs.OTHER_LLVM


@pytest.fixture(scope="module")
def instructions():
    return assembly.measured()


def test_operations():
    assert costs.more_operations(COUNTED, operations.measured()) == []


@compiles
def test_instructions(instructions):
    assert costs.more_instructions(COMPILED, instructions, tolerance()) == []


@compiles
@pytest.mark.parametrize("name", PACKED)
def test_vectors(instructions, name):
    """Kernels that promise packed instructions of 256 bits have them in their hot loop, and no call."""
    found = instructions[name]
    assert found["bits"] == 256
    assert found["packed"] > 2 * found["scalar"]
    assert found["calls"] == 0


def changed(folder: pathlib.Path, file: str, old: str, new: str) -> pathlib.Path:
    """A copy of the package with one text replaced in one file."""
    source = pathlib.Path(fastloss.__file__).parent
    shutil.copytree(source, folder / "fastloss", ignore=shutil.ignore_patterns("__pycache__", "data"))
    path = folder / "fastloss" / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return folder


def test_a_linear_search_is_found(tmp_path):
    """Instead of a chunk's few rows, all others are looked at."""
    folder = changed(tmp_path, "pairs/thresholds/merge.py", "    if left >= CHUNK:\n", "    if left < 0:\n")
    found = operations.measured(folder, ("thresholds walk",))
    wrong = costs.more_operations(COUNTED, found)
    assert any("grows with the power" in one for one in wrong)
    assert any("operations at size 1024" in one for one in wrong)


def test_a_dearer_formula_is_found(tmp_path):
    old = "def _square(x, t):\n    return (x - t) * (x - t)\n"
    folder = changed(
        tmp_path, "pointwise/regression.py", old, old.replace("(x - t)\n", "(x - t) + (x - x) * (t - t)\n")
    )
    wrong = costs.more_operations(COUNTED, operations.measured(folder, ("mse value",)))
    assert len(wrong) == 2 and all(one.startswith("mse value: ") for one in wrong)


@compiles
def test_lost_vectors_are_found(tmp_path):
    """`math.exp` instead of the polynomial: a call for each element."""
    folder = changed(
        tmp_path,
        "compile/elementary.py",
        "def expm1_negative(x):\n",
        "def expm1_negative(x):\n    return math.expm1(x)\n\n\ndef _(x):\n",
    )
    wrong = costs.more_instructions(COMPILED, assembly.measured(folder, ("log_cosh value",)), tolerance())
    assert any("vectors of" in one or "packed in all loops" in one for one in wrong)


def test_counts_do_not_depend_on_the_run():
    some = ("mse value", "mining all triplets")
    assert operations.measured(names=some) == operations.measured(names=some)


LOOPS = """
fastloss_kernel:
	pushq	%rbp
.LBB0_1:
	vaddpd	%ymm0, %ymm1, %ymm2
.LBB0_2:
	vmulsd	%xmm0, %xmm1, %xmm2
	addq	$1, %rax
	jne	.LBB0_2
	decq	%rcx
	jne	.LBB0_1
.LBB0_3:
	vfmadd213ps	(%rax), %ymm1, %ymm2
	testb	$1, %al
	je	.LBB0_5
	callq	*%rax
.LBB0_5:
	decq	%rcx
	jne	.LBB0_3
	retq
"""


def test_loops_are_read():
    """A loop within a loop, and a loop of two blocks."""
    loops = assembly.innermost(assembly.blocks_of(LOOPS))
    assert [loop[0].label for loop in loops] == [".LBB0_2", ".LBB0_3"]
    assert [[step for block in loop for step, _ in block.steps] for loop in loops] == [
        ["vmulsd", "addq", "jne"],
        ["vfmadd213ps", "testb", "je", "callq", "decq", "jne"],
    ]
    assert assembly.measures(LOOPS) == {
        "instructions": 6,
        "packed": 1,
        "scalar": 0,
        "bits": 256,
        "calls": 1,
        "loops": 2,
        "packed in all loops": 1,
    }


@pytest.mark.parametrize("page", sorted({hot.page for hot in HOT}))
def test_every_hot_kernel_has_a_page(page):
    """Whose counts are the table's: `name: measure count` in a list is compared."""
    text = (PROFILES / f"{page}.md").read_text()
    found = re.findall(r"^\| ([a-z_ ]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    names = [hot.name for hot in HOT if hot.page == page]
    assert [row[0] for row in found] == names
    for name, *numbers in found:
        own = COMPILED[name]
        assert [int(one) for one in numbers] == [own[of] for of in ("instructions", "packed", "scalar", "bits")]


def test_every_result_that_a_page_names_is_there():
    results = PROFILES.parents[1] / "bench" / "results"
    for page in PROFILES.glob("*.md"):
        for name in re.findall(r"results/([\w.-]+\.csv)", page.read_text()):
            assert (results / name).exists(), f"{page.name} names {name}"
