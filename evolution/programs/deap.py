"""DEAP's primitive sets and trees as ours, and back.

`from_deap` reads a ``deap.gp.PrimitiveSet`` or ``PrimitiveSetTyped``; `to_column` and `to_trees`
convert individuals, exactly in both directions; `evaluate` runs DEAP's own trees on all cases at
once, instead of ``toolbox.compile`` and a call per case, and `batch_map` makes DEAP's algorithms
do so:

>>> primitives = from_deap(pset)
>>> values = evaluate(population, primitives, cases)  # float64[trees, cases]

Guarantee: values equal those of DEAP's compiled functions to the last bit for built-in functions,
wherever those give finite numbers and do not raise.
"""

from __future__ import annotations

import itertools
import math
import operator
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from deap import gp

from evolution.programs import interpreter
from evolution.programs.functions import (
    OPCODES,
    OPERATIONS,
    Ephemeral,
    Function,
    ProgramError,
    Terminal,
)
from evolution.programs.primitives import EPHEMERAL, OPCODE, WHOLE, PrimitiveSet
from evolution.programs.program import Program
from evolution.programs.trees import used_of
from evolution.variation import Column

_KNOWN: dict[Callable[..., Any], str] = {
    **{getattr(operator, name): name for name in ("add", "sub", "mul", "neg", "abs")},
    **{getattr(operator, name): name for name in ("lt", "le", "gt", "ge", "eq", "ne", "xor")},
    **{getattr(math, name): name for name in ("sqrt", "exp", "log", "sin", "cos", "tanh")},
    **{getattr(np, name): name for name in ("sqrt", "exp", "log", "sin", "cos", "tanh")},
    **{operator.truediv: "div", operator.and_: "and", operator.or_: "or", operator.not_: "not"},
    **{np.add: "add", np.subtract: "sub", np.multiply: "mul", np.negative: "neg"},
    **{abs: "abs", math.fabs: "abs", np.abs: "abs", max: "max", min: "min"},
}
# What a function that may be a built-in one is tried on.
_NUMBERS = (-1e300, -2.5, -1.0, -1e-9, 0.0, 1e-9, 0.75, 1.0, 3.0, 1e300)
_TRUTHS = (False, True)


def from_deap(
    pset: gp.PrimitiveSetTyped,
    *,
    operations: Mapping[str, str] | None = None,
    vectorised: Mapping[str, Callable[..., Any]] | None = None,
    ephemerals: Mapping[str, Ephemeral] | None = None,
) -> PrimitiveSet:
    """The same primitives, types and names as a set of ours.

    Functions are known by themselves (``operator.add``, ``math.sin``, ``np.cos``), numpy's other
    functions are called on whole columns, and a function of one's own such as a protected
    division is taken for the built-in one that its name hints at if it does the same on a grid of
    numbers. Otherwise name the built-in one in ``operations``, or give a function of whole columns
    in ``vectorised``. Ephemeral constants by ``random.randint``, ``uniform`` or ``random`` (in a
    ``functools.partial``) are known; name other distributions in ``ephemerals``.

    `ProgramError` for what is not known, for automatically defined functions, and for constants
    that are no numbers.
    """
    operations, vectorised = operations or {}, vectorised or {}
    kinds = _kinds(pset)
    functions: list[Function] = []
    terminals: list[Terminal] = []
    drawn: list[Ephemeral] = []
    for name, primitive in pset.mapping.items():
        if isinstance(primitive, gp.Primitive):
            called = _called(pset, name)
            takes = tuple(kinds[kind] for kind in primitive.args)
            known = operations.get(name)
            call = vectorised.get(name)
            if known is None and call is None:
                known = _recognised(name, called, len(takes))
                call = called if known is None and isinstance(called, np.ufunc) else None
            if known is None and call is None:
                raise _unknown(name, len(takes))
            functions.append(Function(name, takes, kinds[primitive.ret], known, call))
        elif isinstance(primitive, gp.MetaEphemeral):
            told = (ephemerals or {}).get(name)
            found = told if told is not None else _distribution(name, primitive.func)
            kind = kinds[primitive.ret]
            drawn.append(Ephemeral(name, found.low, found.high, found.whole, kind))
        elif name not in pset.arguments:
            terminals.append(Terminal(name, _constant(pset, primitive), kinds[primitive.ret]))
    return PrimitiveSet(
        arguments=tuple(pset.arguments),
        functions=tuple(functions),
        terminals=tuple(terminals),
        ephemerals=tuple(drawn),
        argument_types=tuple(kinds[kind] for kind in pset.ins),
        returns=kinds[pset.ret],
        narrower=tuple(
            (kinds[a], kinds[b]) for a, b in itertools.permutations(kinds, 2) if issubclass(a, b)
        ),
    )


def evaluate(
    trees: Sequence[gp.PrimitiveTree], primitives: PrimitiveSet, cases: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Values float64[trees, cases] of DEAP's trees on ``cases[cases, arguments]``; quiet."""
    return interpreter.evaluate(_column(trees, primitives), primitives, cases)


def batch_map(
    primitives: PrimitiveSet,
    cases: npt.ArrayLike,
    score: Callable[[npt.NDArray[np.float64]], npt.ArrayLike],
) -> Callable[..., list[tuple[float, ...]]]:
    """A ``map`` for DEAP's algorithms that evaluates all individuals at once, in one line.

    ``score`` takes values float64[n, cases] to fitness values [n] or [n, M]; the toolbox's
    ``evaluate`` is not called.

    >>> score = lambda values: np.square(values - targets).mean(axis=1)
    >>> toolbox.register("map", batch_map(from_deap(pset), cases, score))
    """

    def mapped(_: object, individuals: Iterable[gp.PrimitiveTree]) -> list[tuple[float, ...]]:
        trees = list(individuals)
        if not trees:
            return []
        with np.errstate(all="ignore"):
            told = np.asarray(score(evaluate(trees, primitives, cases)), np.float64)
        return [tuple(row) for row in told.reshape(len(trees), -1).tolist()]

    return mapped


def to_column(trees: Sequence[gp.PrimitiveTree], locus: Program) -> Column:
    """DEAP's trees as rows ``[n, locus.size]``; `ProgramError` where one does not fit the locus."""
    longest = max((len(tree) for tree in trees), default=0)
    if longest > locus.places:
        raise ProgramError(
            f"a tree has {longest} nodes and the locus {locus.places} places: "
            f"Program(primitives, places={longest})"
        )
    column = _column(trees, locus.primitives, locus.places)
    wrong = locus.wrong(column).any(axis=1)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ProgramError(f"tree {at}, {trees[at]}, is no such program; allowed: {locus.allowed}")
    return column


def to_trees(
    column: Column, primitives: PrimitiveSet, pset: gp.PrimitiveSetTyped
) -> list[gp.PrimitiveTree]:
    """Rows as trees over the primitive set that `from_deap` read."""
    codes, places = primitives.tables.codes, column.shape[1] // 2
    nodes = ["", *(pset.mapping[name] for name in primitives.names[1:])]
    trees = []
    for row in column:
        tree = []
        for place in range(used_of(row)):
            symbol, constant = int(row[place]), float(row[places + place])
            node = nodes[symbol]
            if codes[symbol, OPCODE] == EPHEMERAL:
                # Made without its constructor, which would draw a value from a global generator.
                node = object.__new__(nodes[symbol])
                node.value = int(constant) if codes[symbol, WHOLE] else constant
            tree.append(node)
        trees.append(gp.PrimitiveTree(tree))
    return trees


def _column(
    trees: Sequence[gp.PrimitiveTree], primitives: PrimitiveSet, places: int | None = None
) -> Column:
    """Trees as rows, types and heights unseen."""
    if places is None:
        places = max((len(tree) for tree in trees), default=1)
    known = {name: symbol for symbol, name in enumerate(primitives.names)}
    column = np.zeros((len(trees), 2 * places))
    for row, tree in zip(column, trees, strict=True):
        pairs = [_read(node, known, primitives) for node in tree]
        row[: len(tree)] = [symbol for symbol, _ in pairs]
        row[places : places + len(tree)] = [constant for _, constant in pairs]
    return column


def _read(node: Any, known: dict[str, int], primitives: PrimitiveSet) -> tuple[int, float]:
    """The symbol of a node, and its constant if it has one of its own."""
    if node.arity:
        symbol = known.get(node.name)
    elif node.conv_fct is str:  # a renamed argument keeps its old name, but not its old value
        symbol = known.get(node.value)
    elif isinstance(type(node), gp.MetaEphemeral):
        symbol = known.get(node.name)
        if symbol is not None:
            return symbol, node.value
    else:
        symbol = known.get(node.name)
        if symbol is None and primitives.ephemerals:
            # A number that a tree was read with: where nothing holds it, it can still be run.
            last = len(primitives.names) - 1
            return primitives.ephemeral_for(node.value) or last, node.value
    if symbol is None:
        told = node.value if node.arity == 0 else node.name
        raise ProgramError(f"no primitive {told!r}; there are {primitives.names[1:]}")
    return symbol, 0.0


def _kinds(pset: gp.PrimitiveSetTyped) -> dict[type, str]:
    """A name for each type of a set, unlike all others."""
    told: Iterable[type] = [pset.ret, *pset.ins]
    for primitive in pset.mapping.values():
        told = [*told, primitive.ret, *getattr(primitive, "args", ())]
    kinds: dict[type, str] = {}
    for kind in dict.fromkeys(told):
        name = kind.__name__
        kinds[kind] = name if name not in kinds.values() else f"{kind.__module__}.{name}"
    return kinds


def _called(pset: gp.PrimitiveSetTyped, name: str) -> Callable[..., Any]:
    if name not in pset.context:
        raise ProgramError(
            f"{name!r} is an automatically defined function, which evolves with its callers; "
            "make it a locus of its own, or a primitive"
        )
    return pset.context[name]


def _constant(pset: gp.PrimitiveSetTyped, terminal: gp.Terminal) -> float:
    value = pset.context.get(terminal.value) if terminal.conv_fct is str else terminal.value
    if not isinstance(value, int | float | np.number | np.bool_):
        raise ProgramError(
            f"terminal {terminal.name!r} is {value!r}; programs here compute with numbers"
        )
    return float(value)


def _recognised(name: str, called: Callable[..., Any], arity: int) -> str | None:
    """The built-in function that this one is, or that its names hint at and it behaves like."""
    try:
        known = _KNOWN.get(called)
    except TypeError:  # it cannot be looked up
        known = None
    if known is not None:
        return known if len(OPERATIONS[known].takes) == arity else None
    hints = f"{name} {getattr(called, '__name__', '')}".lower()
    for operation, (takes, _, _) in OPERATIONS.items():
        hinted = operation.removeprefix("protected_") in hints
        if hinted and len(takes) == arity and _behaves(called, operation):
            return operation
    return None


def _behaves(called: Callable[..., Any], operation: str) -> bool:
    """Whether a function gives on a grid what a built-in one does, wherever that is finite."""
    takes = OPERATIONS[operation].takes
    grid = list(itertools.product(*(_TRUTHS if k == "truth" else _NUMBERS for k in takes)))
    bench = np.zeros((4, len(grid)))
    bench[: len(takes)] = np.array(grid, np.float64).T
    last = len(takes) - 1
    interpreter.apply(OPCODES[operation], bench, 0, min(1, last), min(2, last), 3, len(grid))
    for values, expected in zip(grid, bench[3].tolist(), strict=True):
        try:
            given = float(called(*values))
        except (ArithmeticError, ValueError, TypeError):
            given = math.nan
        if given != expected and math.isfinite(expected):
            return False
        if math.isfinite(given) and given != expected:
            return False
    return True


def _distribution(name: str, drawn: Callable[[], Any]) -> Ephemeral:
    """What an ephemeral constant is drawn from, read off the call that draws it."""
    call: Any = drawn.func if isinstance(drawn, partial) else drawn
    bounds = drawn.args if isinstance(drawn, partial) else ()
    plain = not (isinstance(drawn, partial) and drawn.keywords)
    if plain and call == random.random and not bounds:
        return Ephemeral(name, 0.0, 1.0)
    if plain and call in (random.randint, random.uniform) and len(bounds) == 2:
        return Ephemeral(name, min(bounds), max(bounds), whole=call == random.randint)
    raise ProgramError(
        f"ephemeral {name!r} is drawn by {drawn!r}, which cannot be seen through: use "
        "functools.partial(random.uniform, -1, 1), or say what it draws: "
        f"from_deap(pset, ephemerals={{{name!r}: Ephemeral({name!r}, -1, 1, whole=True)}})"
    )


def _unknown(name: str, arity: int) -> ProgramError:
    names = ", ".join("abcdefgh"[:arity])
    return ProgramError(
        f"function {name!r} is none that the interpreter knows. Give one that takes whole columns, "
        f"from_deap(pset, vectorised={{{name!r}: lambda {names}: np.where(...)}}), or name the "
        f"built-in one it is: from_deap(pset, operations={{{name!r}: 'protected_div'}}); built in "
        f"are {list(OPERATIONS)}"
    )
