"""Two machine instructions that numba does not offer: find the lowest or highest bit of a word,
and fetch a row of memory before it is needed.

Fetching changes nothing but time. A book of many accounts and orders does not fit into the near
caches; the messages of a batch are known in advance, so what they will touch can be on its way
while earlier messages are served.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def lowest_bit(typing: Any, word: Any) -> Any:
    """Return the position, 0 to 63, of the lowest bit set in a uint64; 64 if none is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@intrinsic
def highest_bit(typing: Any, word: Any) -> Any:
    """Return the position, 0 to 63, of the highest bit set in a uint64; -1 if none is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        empty = builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))
        return builder.sub(ir.Constant(ir.IntType(64), 63), empty)

    return types.int64(types.uint64), generate


@intrinsic
def fetch(typing: Any, column: Any, row: Any) -> Any:
    """Ask for a row of a one-dimensional array to be brought near, if it is one of its rows.

    The row is not read: any whole number will do, and rows beyond the column are harmless.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte = ir.IntType(8).as_pointer()
        size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        distance = builder.mul(arguments[1], ir.Constant(ir.IntType(64), size))
        place = builder.gep(builder.bitcast(array.data, byte), [distance])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        options = (1, 3, 1)  # to be written, keep near, data
        builder.call(function, [place, *(ir.Constant(number, option) for option in options)])
        return context.get_dummy_value()

    return types.void(column, types.int64), generate
