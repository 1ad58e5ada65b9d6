"""The CUDA kernels compiled for real GPUs, with no GPU at hand. Needs the extra `cuda`; not in the simulator."""

import os

import pytest

numba_cuda = pytest.importorskip("numba.cuda")

if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0" or getattr(numba_cuda, "implementation", "") != "NVIDIA":
    pytest.skip("needs numba-cuda's compiler", allow_module_level=True)

from tests.cuda import machine_code  # noqa: E402

KERNELS = machine_code.kernels()
# These keep everything in registers.
UNSPILLED = (
    "pointwise.",
    "rows.",
    "pairs.direct.",
    "pairs.negatives.",
    "pairs.queries.",
    "embeddings.",
    "compile.cuda.columns.",
    "compile.cuda.ranges.",
)


@pytest.mark.parametrize("start", UNSPILLED)
def test_there_are_kernels_of_each_kind(start):
    assert any(kernel.name.startswith(start) for kernel in KERNELS)


def test_the_table_lists_every_kernel():
    names = {name for name, _ in machine_code.read()}
    assert names == {kernel.name for kernel in KERNELS}


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_takes_what_the_table_says(kernel):
    """Another version of the compiler may take a few registers more or less; nothing may newly spill."""
    for capability, found in zip(machine_code.TARGETS, machine_code.resources(kernel), strict=True):
        expected = machine_code.read()[kernel.name, machine_code.target_name(capability)]
        assert found.registers <= 1.25 * expected.registers + 8
        assert found.spilled <= expected.spilled
        assert found.stack <= expected.stack
        if kernel.name.startswith(UNSPILLED):
            assert (found.spilled, found.stack) == (0, 0)


def test_a_spill_is_seen():
    """A kernel with an array that is indexed at run time has a stack."""
    from numba import cuda, int64, void

    def kernel(index, out):
        numbers = cuda.local.array(64, int64)
        for k in range(64):
            numbers[k] = index[k]
        out[0] = numbers[index[0]]

    launched = machine_code.Launched("planted", kernel, void(int64[::1], int64[::1]))
    assert machine_code.resources(launched, [(9, 0)])[0].stack > 0
