"""Numba as a compiler: a bound template becomes an object file with one C entry, for each processor level asked for.

Numba types and lowers the functions; LLVM optimises what comes out for a level. Numba's own optimisation is left out:
it is for the processor of this machine, whose kernels would have bits of their own, and is done again for every
function that is inlined.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types
from numba.core import errors, registry
from numba.core import typed_passes as typed
from numba.core import untyped_passes as untyped
from numba.core.compiler import Compiler, CompilerBase, DefaultPassBuilder
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import PassManager

from fastloss.compile.address import address
from fastloss.compile.complaints import RAISES, not_allowed, not_compiled
from fastloss.compile.kernels import SYMBOL
from fastloss.compile.levels import Level
from fastloss.compile.signatures import PARAMETERS, Array, Signature
from fastloss.compile.templates import Function, called, may_fuse, may_regroup, rebound

# Without nnan and ninf: NaN and infinity are data. Reassociation is what lets LLVM vectorise a sum.
REGROUPING: dict[str, Any] = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}
# Formulas keep the order in which they are written: their accuracy rests on it.
EXACT: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}


class CannotCompile(TypeError):
    """A formula that Numba cannot compile; the message has the line."""


def flags_of(function: Function) -> dict[str, Any]:
    """Numba's options for a function."""
    chosen = REGROUPING if may_regroup(function.__code__) else EXACT
    if may_fuse(function.__code__):
        return chosen
    return {**chosen, "fastmath": chosen["fastmath"] - {"contract"}}


# Passes for closures, contexts, literals and expressions of arrays, which kernels have none of.
LEFT_OUT = (
    untyped.WithLifting,
    untyped.InlineClosureLikes,
    untyped.RewriteDynamicRaises,
    untyped.MakeFunctionToJitFunction,
    untyped.InlineInlinables,
    untyped.FindLiterallyCalls,
    untyped.LiteralUnroll,
    untyped.LiteralPropagationSubPipelinePass,
    typed.NopythonRewrites,
)


class KernelCompiler(CompilerBase):
    """Numba's compiler with the passes that a kernel needs: the others take as long where they do nothing."""

    def define_pipelines(self) -> list[Any]:
        passes = PassManager("kernel")
        for one, description in DefaultPassBuilder.define_nopython_pipeline(self.state).passes:
            if one not in LEFT_OUT:
                passes.add_pass(one, description)
        passes.finalize()
        return [passes]


# Kernels allocate nothing, so arrays have no owners to count references for.
OPTIONS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}


def _compiler_for(function: Function) -> type[CompilerBase]:
    """Numba's own compiler where a function defines functions, which it inlines."""
    has_functions = any(isinstance(one, CodeType) for one in function.__code__.co_consts)
    return Compiler if has_functions else KernelCompiler


_lowered: dict[str, Any] = {}  # by address: what no loss binds is typed and lowered once a process


def _inlined(function: Function) -> Any:
    """A function as Numba compiles it into its caller, with all that it calls."""
    key = address(function)
    if key not in _lowered:
        _lowered[key] = _jitted(function, forceinline=True)
    return _lowered[key]


def _jitted(function: Function, **options: Any) -> Any:
    """A function for Numba, not yet compiled.

    A block is not forced into its entry: there it would lie before its loops are simplified, and some of them were not
    made packed instructions then.
    """
    callees = {name: _inlined(callee) for name, callee in called(function).items()}
    options |= {"pipeline_class": _compiler_for(function)}
    return numba.njit(**options, **OPTIONS, **flags_of(function))(rebound(function, **callees))


def _array(array: Array) -> Any:
    """Numba's type of an array."""
    return types.Array(numba.from_dtype(np.dtype(array.dtype)), array.dimensions, "C")


def _types(signature: Signature) -> tuple[Any, ...]:
    """Numba's types of a block's arguments: inputs, parameters, outputs with scratch, first, last."""
    pack = types.BaseTuple.from_types
    inputs, outputs = (pack([*map(_array, some)]) for some in (signature.inputs, signature.outputs + signature.scratch))
    return inputs, _array(PARAMETERS), outputs, types.int64, types.int64


@contextlib.contextmanager
def _unoptimised() -> Iterator[None]:
    """Inside, Numba leaves LLVM's optimisations out, and makes no machine code of single functions.

    Its lock is held, so that no other thread's code is meant. The settings are public; that modules are kept from the
    JIT's engine is not, and where Numba has no such methods any more, machine code is made that never runs.
    """
    with global_compiler_lock:
        codegen = registry.cpu_target.target_context.codegen()  # made before, with its own settings
        config, is_known = numba.config, all(hasattr(type(codegen), name) for name in ("_add_module", "set_env"))
        before = config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE
        config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE = type(config.OPT)(0), 0, 0
        if is_known:
            codegen._add_module = lambda module: None
            codegen.set_env = lambda name, environment: None
        try:
            yield
        finally:
            config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE = before
            if is_known:
                del codegen._add_module, codegen.set_env


def _lower(function: Function, signature: Signature) -> tuple[str, str]:
    """LLVM's text of a block behind its entry, and the name of the entry in it."""
    with _unoptimised():
        arguments = _types(signature)
        try:
            block = _lowered[address(function)] = _jitted(function)
            block.compile(arguments)
        except (errors.NumbaError, errors.UnsupportedBytecodeError, NotImplementedError) as error:
            raise CannotCompile(not_compiled(function, error, _lowered.values())) from None
        made = block.overloads[arguments]
        return made.library.get_llvm_str(), made.fndesc.llvm_func_name


def _texts(function: Function) -> Iterator[tuple[Function, str]]:
    """LLVM's texts of a function that was lowered, behind those of the functions that it calls."""
    for callee in called(function).values():
        yield from _texts(callee)
    for made in _lowered[address(function)].overloads.values():
        yield function, made.library.get_llvm_str()


def _loaded_array(at: int, place: int, array: Array) -> tuple[list[str], list[str]]:
    """LLVM's lines that load an array's address and lengths, and what Numba's function takes for it.

    That is (owner, owner's object, elements, bytes of one, address, lengths, strides in bytes): Numba's convention.
    """
    size = np.dtype(array.dtype).itemsize
    lines = [
        f"%at{at} = getelementptr ptr, ptr %addresses, i64 {at}",
        f"%a{at} = load ptr, ptr %at{at}",
    ]
    for axis in range(array.dimensions):
        lines.append(f"%of{at}.{axis} = getelementptr i64, ptr %sizes, i64 {place + axis}")
        lines.append(f"%n{at}.{axis} = load i64, ptr %of{at}.{axis}")
    lengths = [f"%n{at}.{axis}" for axis in range(array.dimensions)]
    count, strides = "1", [f"{size}"]  # of elements behind an axis, and their bytes
    for axis in reversed(range(array.dimensions)):
        lines.append(f"%c{at}.{axis} = mul nuw nsw i64 {count}, {lengths[axis]}")
        count = f"%c{at}.{axis}"
        if axis:
            lines.append(f"%s{at}.{axis} = mul nuw nsw i64 {count}, {size}")
            strides.insert(0, f"%s{at}.{axis}")
    taken = ["ptr null", "ptr null", f"i64 {count}", f"i64 {size}", f"ptr %a{at}"]
    return lines, taken + [f"i64 {number}" for number in (*lengths, *strides)]


def _entry_module(lowered: str, signature: Signature) -> str:
    """The C entry, which calls the function that Numba has made.

    That one's status is 0 unless it raises an error: what would then be called is a foreign function, if the optimiser
    has not found that it never is. A function of Numba's that made the arrays (`carray`) took a third of a second.
    """
    lines: list[str] = []
    taken, place = ["ptr %result", "ptr %error"], 0
    for at, array in enumerate(signature.arrays):
        more, own = _loaded_array(at, place, array)
        lines += more
        taken += own
        place += array.dimensions
    taken += ["i64 %first", "i64 %last"]
    kinds, body = ", ".join(one.split()[0] for one in taken), "\n    ".join(lines)
    return f"""
declare i32 @"{lowered}"({kinds})
declare void @{RAISES}()
define void @{SYMBOL}(ptr %addresses, ptr %sizes, i64 %first, i64 %last) {{
    %result = alloca ptr
    %error = alloca ptr
    {body}
    %status = call i32 @"{lowered}"({", ".join(taken)})
    %raises = icmp sgt i32 %status, 0
    br i1 %raises, label %wrong, label %right
wrong:
    call void @{RAISES}()
    unreachable
right:
    ret void
}}
"""


def _require_convention(function: Any, entry: Any) -> None:
    """Raise unless Numba's function takes what the entry hands over: another Numba may have another convention."""
    own, ours = ([str(one.type) for one in some.arguments] for some in (function, entry))
    if own != ours:
        raise CannotCompile(f"numba {numba.__version__} passes arrays as {own}: expected {ours}")


LIBRARY = re.compile(
    r"(mem(cpy|move|set|cmp)|a?(sin|cos|tan)h?f?|atan2f?|exp(2|m1)?f?|log(2|10|1p)?f?|pow(i|f)?|sqrtf?|cbrtf?|hypotf?"
    r"|fmodf?|fmaf?|floorf?|ceilf?|truncf?|rintf?|roundf?|nextafterf?|ldexpf?|frexpf?|erfc?f?|l?t?gammaf?|fabsf?)"
)


def _optimised(text: str, lowered: str, signature: Signature, machine: Any) -> Any:
    """A module that has been optimised for a level, with names that are the same in every process."""
    module = llvm.parse_assembly(text)
    entry = llvm.parse_assembly(_entry_module(lowered, signature))
    _require_convention(module.get_function(lowered), entry.get_function(lowered))
    module.link_in(entry)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.name = SYMBOL
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration and value.name != SYMBOL:
            value.linkage = "internal"
    for speed, vectorise in ((0, False), (3, True)):
        tuning = llvm.create_pipeline_tuning_options(speed)
        tuning.loop_vectorization, tuning.slp_vectorization = vectorise, False
        builder = llvm.create_pass_builder(machine, tuning)
        passes = builder.getModulePassManager()
        if not vectorise:  # loops in rotated form are vectorised more often, as Numba knows
            passes.add_loop_rotate_pass()
            passes.add_instruction_combine_pass()
            passes.add_jump_threading_pass()
        passes.run(module, builder)
    for at, value in enumerate((*module.functions, *module.global_variables)):
        if not value.is_declaration and value.name != SYMBOL:
            value.name = f"{SYMBOL}_{at}"
    return module


def _foreign(module: Any) -> list[str]:
    """The functions that a module needs of others, but for those that every process has."""
    needed = (one.name for one in module.functions if one.is_declaration and not one.name.startswith("llvm."))
    return [name for name in needed if not LIBRARY.fullmatch(name)]


def modules(function: Function, signature: Signature, levels: Sequence[Level]) -> Iterator[tuple[Any, Any]]:
    """LLVM's target machine and optimised module of a bound block, for each level.

    Raises
    ------
    CannotCompile
        If Numba cannot compile the function, or it needs what a kernel may not have.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    text, lowered = _lower(function, signature)
    for level in levels:
        target = llvm.Target.from_default_triple()
        machine = target.create_target_machine(
            cpu=level.cpu, features=level.features, opt=3, reloc="pic", codemodel="default"
        )
        module = _optimised(text, lowered, signature, machine)
        if foreign := _foreign(module):
            raise CannotCompile(not_allowed(foreign[0], _texts(function)))
        yield machine, module


def compiled(function: Function, signature: Signature, levels: Sequence[Level]) -> list[bytes]:
    """Object files of a bound block, one for each level; fails as `modules` does."""
    return [machine.emit_object(module) for machine, module in modules(function, signature, levels)]


def checked(function: Function) -> Function:
    """A bound block that tests every index: for NUMBA_BOUNDSCHECK, compiled in memory for what it is called with."""

    def jitted(one: Function) -> Any:
        callees = {name: jitted(callee) for name, callee in called(one).items()}
        return numba.njit(boundscheck=True, nogil=True, **flags_of(one))(rebound(one, **callees))

    return jitted(function)
