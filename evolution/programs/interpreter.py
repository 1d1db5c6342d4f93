"""The batch interpreter: all programs on all cases, without a Python call per node.

Koza's S-expressions (1992) in prefix order need no compilation: read backwards, a row is code for
a stack machine. The machine works on blocks of cases, so that each symbol is decoded once for many
numbers (after Langdon & Banzhaf 2008, "A SIMD interpreter for genetic programming on GPU graphics
cards", EuroGP).

Guarantees: IEEE 754 double precision without reordering, so the result is that of plain Python
wherever Python gives one; where Python raises (0 division, overflow, outside the domain) it is an
infinity or a NaN, and nothing warns. A result depends on nothing but its own program and case.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.programs.functions import OPCODES, ProgramError
from evolution.programs.primitives import (
    ARGUMENT,
    ARITY,
    EPHEMERAL,
    LOW,
    OPCODE,
    PrimitiveSet,
    Tables,
)
from evolution.programs.trees import Integers, used_of
from evolution.variation import Column

Floats = npt.NDArray[np.float64]

# Cases at a time: a few stack rows of this many numbers stay in the nearest cache.
_BLOCK = 256

_ADD, _SUB, _MUL, _DIV, _PROTECTED_DIV = (
    OPCODES[name] for name in ("add", "sub", "mul", "div", "protected_div")
)
_NEG, _ABS, _SQUARE, _SQRT, _EXP, _LOG, _SIN, _COS, _TANH = (
    OPCODES[name] for name in ("neg", "abs", "square", "sqrt", "exp", "log", "sin", "cos", "tanh")
)
_MAX, _MIN, _LT, _LE, _GT, _GE, _EQ, _NE = (
    OPCODES[name] for name in ("max", "min", "lt", "le", "gt", "ge", "eq", "ne")
)
_AND, _OR, _XOR, _NOT, _IF = (OPCODES[name] for name in ("and", "or", "xor", "not", "if"))


def evaluate(column: Column, primitives: PrimitiveSet, cases: npt.ArrayLike) -> Floats:
    """The values float64[n, cases] of programs ``[n, 2·places]`` on ``cases[cases, arguments]``.

    O(nodes · cases); of equal programs one is run. Functions that are not built in are called once
    per place and program.
    """
    inputs = np.array(cases, np.float64, ndmin=2, order="C")
    arguments = len(primitives.arguments)
    if primitives.unread:
        raise ProgramError(
            f"nothing computes {', '.join(primitives.unread)}: such programs are not for the "
            "interpreter, but for whoever made their primitive set, e.g. HornRules.read(column)"
        )
    if inputs.ndim != 2 or inputs.shape[1] != arguments:
        raise ProgramError(
            f"cases are {list(np.shape(cases))}; expected [cases, {arguments}], a row per case of "
            f"{', '.join(primitives.arguments) or 'no arguments'}"
        )
    rows = np.ascontiguousarray(column, np.float64)
    if np.ndim(column) != 2 or rows.shape[1] % 2:
        raise ProgramError(
            f"programs are {list(np.shape(column))}; expected [n, 2·places], as a Program has them"
        )
    columns = np.ascontiguousarray(inputs.T)
    if primitives.vectorised:
        return _evaluate_with_calls(rows, primitives, columns)
    values = np.empty((len(rows), len(inputs)))
    wrong = _run(rows, _twins(rows, len(inputs)), primitives.tables, columns, values)
    if wrong >= 0:
        raise _no_program(wrong)
    return values


def _no_program(row: int) -> ProgramError:
    return ProgramError(
        f"row {row} is no program of this primitive set: a symbol or an argument is missing, or "
        "something is left over; spec.validate(genomes) says where"
    )


def _twins(rows: Column, cases: int) -> Integers:
    """For each row the first that is equal to it; itself where so few cases are run sooner."""
    if cases < _BLOCK:
        return np.arange(len(rows))
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(row.tobytes(), n) for n, row in enumerate(rows)], np.int64)


@njit(cache=True, nogil=True)
def _run(rows: Column, twins: Integers, tables: Tables, inputs: Floats, values: Floats) -> int:
    """Fill in the values; -1, or the row that is no program."""
    arguments, cases = inputs.shape
    places = rows.shape[1] // 2
    block = max(1, min(_BLOCK, cases))
    # The arguments lie before the stack, so that an operand is a row of one array, never a copy.
    bench = np.empty((arguments + 2 * places, block))
    where = np.empty(places + 1, np.int64)
    for first in range(0, cases, block):
        width = min(block, cases - first)
        for argument in range(arguments):
            for i in range(width):
                bench[argument, i] = inputs[argument, first + i]
        for n in range(len(rows)):
            if twins[n] < n:
                for i in range(first, first + width):
                    values[n, i] = values[twins[n], i]
                continue
            result = _walk(rows[n], tables, bench, where, arguments, width)
            if result < 0:
                return n
            for i in range(width):
                values[n, first + i] = bench[result, i]
    return -1


@njit(cache=True, nogil=True)
def _walk(
    row: Column, tables: Tables, bench: Floats, where: Column, arguments: int, width: int
) -> int:
    """Run one program on the cases of a block; the row of the bench that holds the result.

    -1 where it is no whole program.
    """
    places = len(row) // 2
    top = 0
    for place in range(used_of(row) - 1, -1, -1):
        if not 1.0 <= row[place] < len(tables.codes):
            return -1
        symbol = int(row[place])
        if tables.codes[symbol, ARITY] > top:
            return -1
        opcode = tables.codes[symbol, OPCODE]
        if opcode == ARGUMENT:
            where[top] = int(tables.values[symbol, LOW])
            top += 1
            continue
        arity = tables.codes[symbol, ARITY]
        top -= arity
        # Two rows for each place of the stack, so that a result never overwrites an operand.
        out = arguments + 2 * top
        if opcode >= 0:
            out += where[top] == out
            # Read backwards, the first argument is the last that was pushed.
            a = where[top + arity - 1]
            b = where[top + max(arity - 2, 0)]
            apply(opcode, bench, a, b, where[top], out, width)
        else:
            own = opcode == EPHEMERAL
            constant = row[places + place] if own else tables.values[symbol, LOW]
            for i in range(width):
                bench[out, i] = constant
        where[top] = out
        top += 1
    return where[0] if top == 1 else -1


def _evaluate_with_calls(rows: Column, primitives: PrimitiveSet, inputs: Floats) -> Floats:
    """The same one node at a time, for sets with functions that are not built in."""
    tables, calls = primitives.tables, primitives.vectorised
    cases, places = inputs.shape[1], rows.shape[1] // 2
    values = np.empty((len(rows), cases))
    for n, row in enumerate(rows):
        stack: list[Floats] = []
        for place in range(used_of(row) - 1, -1, -1):
            known = 1.0 <= row[place] < len(tables.codes)
            symbol = int(row[place]) if known else 0
            if not known or tables.codes[symbol, ARITY] > len(stack):
                raise _no_program(n)
            opcode, arity = tables.codes[symbol, OPCODE], tables.codes[symbol, ARITY]
            operands = [stack.pop() for _ in range(arity)]
            if opcode == ARGUMENT:
                stack.append(inputs[int(tables.values[symbol, LOW])])
            elif symbol in calls:
                with np.errstate(all="ignore"):
                    given = np.asarray(calls[symbol](*operands), np.float64)
                stack.append(np.broadcast_to(given, (cases,)))
            elif opcode >= 0:
                bench = np.empty((4, cases))
                bench[: len(operands)] = operands
                apply(opcode, bench, 0, min(1, arity - 1), min(2, arity - 1), 3, cases)
                stack.append(bench[3])
            else:
                own = opcode == EPHEMERAL
                constant = row[places + place] if own else tables.values[symbol, LOW]
                stack.append(np.full(cases, constant))
        if len(stack) != 1:
            raise _no_program(n)
        values[n] = stack.pop()
    return values


@njit(cache=True, nogil=True, error_model="numpy")
def apply(opcode: int, bench: Floats, a: int, b: int, c: int, out: int, width: int) -> None:
    """A built-in function of the rows a, b and c of the bench, into the row out."""
    if opcode <= _SQUARE:
        _arithmetic(opcode, bench, a, b, out, width)
    elif opcode <= _TANH:
        _transcendental(opcode, bench, a, out, width)
    elif opcode <= _NE:
        _comparison(opcode, bench, a, b, out, width)
    else:
        _logic(opcode, bench, a, b, c, out, width)


@njit(cache=True, nogil=True, error_model="numpy")
def _arithmetic(opcode: int, bench: Floats, a: int, b: int, out: int, width: int) -> None:
    if opcode == _ADD:
        for i in range(width):
            bench[out, i] = bench[a, i] + bench[b, i]
    elif opcode == _SUB:
        for i in range(width):
            bench[out, i] = bench[a, i] - bench[b, i]
    elif opcode == _MUL:
        for i in range(width):
            bench[out, i] = bench[a, i] * bench[b, i]
    elif opcode == _DIV:
        for i in range(width):
            bench[out, i] = bench[a, i] / bench[b, i]
    elif opcode == _PROTECTED_DIV:
        for i in range(width):
            bench[out, i] = 1.0 if bench[b, i] == 0.0 else bench[a, i] / bench[b, i]
    elif opcode == _NEG:
        for i in range(width):
            bench[out, i] = -bench[a, i]
    elif opcode == _ABS:
        for i in range(width):
            bench[out, i] = abs(bench[a, i])
    else:
        for i in range(width):
            bench[out, i] = bench[a, i] * bench[a, i]


@njit(cache=True, nogil=True, error_model="numpy")
def _transcendental(opcode: int, bench: Floats, a: int, out: int, width: int) -> None:
    if opcode == _SQRT:
        for i in range(width):
            bench[out, i] = math.sqrt(bench[a, i])
    elif opcode == _EXP:
        for i in range(width):
            bench[out, i] = math.exp(bench[a, i])
    elif opcode == _LOG:
        for i in range(width):
            bench[out, i] = math.log(bench[a, i])
    elif opcode == _SIN:
        for i in range(width):
            bench[out, i] = math.sin(bench[a, i])
    elif opcode == _COS:
        for i in range(width):
            bench[out, i] = math.cos(bench[a, i])
    else:
        for i in range(width):
            bench[out, i] = math.tanh(bench[a, i])


@njit(cache=True, nogil=True)
def _comparison(opcode: int, bench: Floats, a: int, b: int, out: int, width: int) -> None:
    for i in range(width):
        x, y = bench[a, i], bench[b, i]
        if opcode == _MAX:
            bench[out, i] = y if y > x else x  # Python's choice where one is a NaN
        elif opcode == _MIN:
            bench[out, i] = y if y < x else x
        elif opcode == _LT:
            bench[out, i] = 1.0 if x < y else 0.0
        elif opcode == _LE:
            bench[out, i] = 1.0 if x <= y else 0.0
        elif opcode == _GT:
            bench[out, i] = 1.0 if x > y else 0.0
        elif opcode == _GE:
            bench[out, i] = 1.0 if x >= y else 0.0
        elif opcode == _EQ:
            bench[out, i] = 1.0 if x == y else 0.0
        else:
            bench[out, i] = 1.0 if x != y else 0.0


@njit(cache=True, nogil=True)
def _logic(opcode: int, bench: Floats, a: int, b: int, c: int, out: int, width: int) -> None:
    for i in range(width):
        x, y = bench[a, i] != 0.0, bench[b, i] != 0.0
        if opcode == _AND:
            bench[out, i] = 1.0 if x and y else 0.0
        elif opcode == _OR:
            bench[out, i] = 1.0 if x or y else 0.0
        elif opcode == _XOR:
            bench[out, i] = 1.0 if x != y else 0.0
        elif opcode == _NOT:
            bench[out, i] = 0.0 if x else 1.0
        else:
            bench[out, i] = bench[b, i] if x else bench[c, i]
