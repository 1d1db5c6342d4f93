"""Programs as nested tuples, run by plain Python: what the tests compare the columns with."""

from __future__ import annotations

import math
import operator

import numpy as np

from evolution.programs import Ephemeral, PrimitiveSet, Program, Terminal

MATHS = PrimitiveSet(
    ("x", "y"),
    ("add", "sub", "mul", "protected_div", "neg", "sin", "cos", "max", "min", "if"),
    terminals=(Terminal("half", 0.5),),
    ephemerals=(Ephemeral("k", -1, 1, whole=True), Ephemeral("u", -2.0, 3.0)),
)
TYPED = PrimitiveSet(
    ("x", "y", "p"),
    ("add", "mul", "lt", "gt", "and", "or", "xor", "not", "if"),
    terminals=(Terminal("one", 1.0),),
    ephemerals=(Ephemeral("u", -2.0, 3.0),),
    typed=True,
    argument_types=("number", "number", "truth"),
)

FUNCTIONS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "protected_div": lambda a, b: 1.0 if b == 0 else a / b,
    "neg": operator.neg,
    "abs": abs,
    "square": lambda a: a * a,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "max": max,
    "min": min,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
    "xor": lambda a, b: bool(a) != bool(b),
    "not": operator.not_,
    "if": lambda a, b, c: b if a else c,
}


def tree(locus: Program, row: np.ndarray) -> tuple:
    """A row as (name, constant or None, children): read off by recursion, and nothing left over."""
    primitives = locus.primitives
    arities = [0, *(len(f.takes) for f in primitives.functions)]
    ephemerals = [e.name for e in primitives.ephemerals]
    symbols, constants = row[: locus.places].astype(int), row[locus.places :]

    def read(place: int) -> tuple[tuple, int]:
        symbol = symbols[place]
        assert symbol > 0
        name = primitives.names[symbol]
        arity = arities[symbol] if symbol < len(arities) else 0
        constant = float(constants[place]) if name in ephemerals else None
        assert name in ephemerals or constants[place] == 0.0
        children, place = [], place + 1
        for _ in range(arity):
            child, place = read(place)
            children.append(child)
        return (name, constant, tuple(children)), place

    whole, end = read(0)
    assert not row[end : locus.places].any()
    assert not row[locus.places + end :].any()
    return whole


def size(node: tuple) -> int:
    return 1 + sum(size(child) for child in node[2])


def height(node: tuple) -> int:
    return max((1 + height(child) for child in node[2]), default=0)


def subtrees(node: tuple) -> list[tuple]:
    """All subtrees, the whole first, in prefix order."""
    return [node, *(below for child in node[2] for below in subtrees(child))]


def replacements(node: tuple, new: tuple) -> list[tuple]:
    """The tree with each of its subtrees in turn replaced by a new one."""
    name, constant, children = node
    inner = [
        (name, constant, (*children[:i], changed, *children[i + 1 :]))
        for i, child in enumerate(children)
        for changed in replacements(child, new)
    ]
    return [new, *inner]


def value(node: tuple, arguments: dict[str, float], terminals: dict[str, float]) -> float:
    name, constant, children = node
    if constant is not None:
        return constant
    if name in FUNCTIONS:
        return FUNCTIONS[name](*(value(child, arguments, terminals) for child in children))
    return arguments[name] if name in arguments else terminals[name]


def type_of(primitives: PrimitiveSet, name: str) -> str:
    """What a primitive gives."""
    given = {f.name: f.gives for f in primitives.functions}
    given |= dict(zip(primitives.arguments, primitives.argument_types, strict=True))
    given |= {leaf.name: leaf.type for leaf in (*primitives.terminals, *primitives.ephemerals)}
    return given[name]


def well_typed(primitives: PrimitiveSet, node: tuple, wanted: str) -> bool:
    takes = {f.name: f.takes for f in primitives.functions}
    name, _, children = node
    return type_of(primitives, name) == wanted and all(
        well_typed(primitives, child, kind)
        for child, kind in zip(children, takes.get(name, ()), strict=True)
    )
