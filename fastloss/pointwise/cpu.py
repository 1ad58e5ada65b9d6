"""Pointwise losses on the CPU."""

from typing import Any

import numpy as np

from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import ALONE, launch, output
from fastloss.compile.signatures import INTEGERS, REALS, Signature, array_of
from fastloss.compile.templates import bind, known_names, regroups, unbound
from fastloss.core import validate
from fastloss.core.outcomes import Outcome
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Wanted
from fastloss.core.small import Plan, convertible, reading
from fastloss.core.summation import CHUNK
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.direct.products import log_of_products
from fastloss.pointwise import small as small_pointwise
from fastloss.pointwise.element import FIRST, PARTIAL, SCALE, UNPACKS, WRONG, Formulas, element, element_odds
from fastloss.pointwise.host import product as product
from fastloss.pointwise.host import times as times

STAGE = 64 * CHUNK  # elements converted at a time, where an array cannot be read as it is

unpack = unbound

ODDS = WRONG + 1  # the scratch array of `split_block`


@regroups
def block(inputs, parameters, outputs, first, last):
    scale, numbers = parameters[SCALE], unpack(parameters)
    for chunk in range(first, last):
        total = 0.0
        wrong = 0
        # unsigned, since a signed index would be tested for a negative value and spoil the vector loads
        for i in range(np.uint64(chunk * CHUNK), np.uint64(min(inputs[FIRST].size, (chunk + 1) * CHUNK))):
            loss, bits = element(i, inputs, scale, numbers, outputs)
            total += loss
            wrong |= bits
        outputs[PARTIAL][chunk] = total
        outputs[WRONG][chunk] = wrong


@regroups
def split_block(inputs, parameters, outputs, first, last):
    """Do what `block` does where the loss is rest + log(1 + odds): the logarithms are taken eight at a time."""
    scale, numbers = parameters[SCALE], unpack(parameters)
    odds = outputs[ODDS]
    for chunk in range(first, last):
        total = 0.0
        wrong = 0
        start = np.uint64(chunk * CHUNK)
        stop = np.uint64(min(inputs[FIRST].size, (chunk + 1) * CHUNK))
        for i in range(start, stop):
            rest, bits = element(i, inputs, scale, numbers, outputs)
            total += rest
            wrong |= bits
            odds[i - start] = element_odds(i, inputs, numbers)
        outputs[PARTIAL][chunk] = total + log_of_products(1.0, 0, stop - start, odds)
        outputs[WRONG][chunk] = wrong


@once
def compiled(formulas: Formulas, wanted: Wanted, dtypes: tuple[np.dtype, ...], weighted: bool) -> Kernel:
    """Compile the block for one loss and set of outputs; the weights are its last input."""
    split = formulas.splits(wanted, weighted)
    kind = array_of(dtypes[0])
    signature = Signature(
        (*map(array_of, dtypes), *[REALS] * weighted), (kind, kind, kind, REALS, INTEGERS), (REALS,) * split
    )
    template = split_block if split else block
    names = {"unpack": UNPACKS[formulas.parameters], **formulas.bindings(wanted, weighted, split)}
    bound = bind(template, **known_names(template, names))
    return kernel(bound, f"{formulas.name}_{wanted.code}{'w' if weighted else ''}", signature)


def readable(array: np.ndarray, dtype: np.dtype) -> bool:
    """Check whether kernels can read the array where it lies."""
    return array.dtype == dtype and array.dtype.isnative and array.flags.c_contiguous and array.flags.aligned


def flat(array: np.ndarray, dtype: np.dtype, start: int, stop: int) -> np.ndarray:
    """Return elements start..stop-1 in C order, viewed where possible, else converted into a small copy."""
    part = array.reshape(-1)[start:stop] if array.flags.c_contiguous or array.ndim == 1 else array.flat[start:stop]
    return part if readable(part, dtype) else np.require(part, dtype, ["C", "A"])


def operands(names: tuple[str, ...], values: tuple[Any, ...]) -> tuple[np.ndarray, ...]:
    """Return the arguments as arrays, not converted."""
    return tuple(validate.array(name, value) for name, value in zip(names, values, strict=True))


def weights(value: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return the examples' weights, viewed in the losses' shape."""
    return validate.sample_weight(value, shape)


def plan(
    formulas: Formulas,
    arrays: tuple[np.ndarray, ...],
    wanted: Wanted,
    parameters: tuple[float, ...],
    reduction: Reduction,
) -> Plan | None:
    """Plan calls with arrays of these dtypes the short way."""
    if not convertible(arrays):
        return None
    dtypes = tuple(map(kernel_dtype, arrays))
    kernel = compiled(formulas, wanted, dtypes, False)
    if not kernel.entry:
        return None
    return reading(small_pointwise.plan(kernel, formulas, wanted, parameters, reduction), arrays, dtypes)


def run(
    formulas: Formulas, operands: tuple[np.ndarray, ...], weights, parameters: tuple[float, ...], wanted: Wanted
) -> Outcome:
    """Pass over the operands, all of one shape, once; `parameters` starts with the derivatives' factor."""
    dtypes = tuple(kernel_dtype(operand) for operand in operands)
    size = operands[0].size
    arrays = list(zip(operands, dtypes, strict=True))
    if weights is not None:
        arrays.append((weights, np.dtype(np.float64)))
    stage = size if all(readable(*array) for array in arrays) else STAGE
    kernel = compiled(formulas, wanted, dtypes, weights is not None)
    results = tuple(output(size if want else 0, dtypes[0]) for want in wanted[1:])
    chunks = -(-size // CHUNK)
    partials, wrong = np.zeros(chunks), np.zeros(chunks, np.int64)
    settings = np.array(parameters, np.float64)
    scratch = (CHUNK,) * len(kernel.signature.scratch)
    for start in range(0, size, max(stage, 1)):
        stop = min(size, start + stage)
        inputs = tuple(flat(*array, start, stop) for array in arrays)
        elements, stage_chunks = slice(start, stop), slice(start // CHUNK, -(-stop // CHUNK))
        outputs = (*(result[elements] for result in results), partials[stage_chunks], wrong[stage_chunks])
        launch(kernel, inputs, settings, outputs, -(-(stop - start) // CHUNK), ALONE // CHUNK, scratch)
    shape, bits = operands[0].shape, int(np.bitwise_or.reduce(wrong))
    shaped = (one.reshape(shape) if want else None for one, want in zip(results, wanted[1:], strict=True))
    return wanted.outcome(shaped, chunks=partials, wrong=bits)
