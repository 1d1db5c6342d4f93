"""Memory asked for before it is needed, so that the wait for it overlaps with other work."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

AHEAD = 24
"""How many facts ahead: a fact takes a nanosecond or two, and far memory a hundred."""

_WRITE, _KEEP, _DATA = 1, 3, 1  # what for, how long, and of which cache


@intrinsic
def prefetch(_context: Any, _array: Any, _place: Any) -> Any:
    """Ask for array[place], to write to it soon; an instruction that changes nothing."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        pointer = builder.bitcast(builder.gep(data, [values[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        instruction = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0i8")
        how = [ir.Constant(number, value) for value in (_WRITE, _KEEP, _DATA)]
        builder.call(instruction, [pointer, *how])
        return context.get_dummy_value()

    return types.void(_array, _place), generate
