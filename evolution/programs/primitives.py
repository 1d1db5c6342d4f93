"""Primitive sets: what programs are made of, by name, and as tables for kernels.

Koza 1992, "Genetic Programming" (MIT Press), chapter 6; types after Montana 1995, "Strongly typed
genetic programming", Evolutionary Computation 3(2): every program obeys them.

Each primitive of a set is a symbol, a whole number from 1; `Tables` holds what kernels need to know
of symbols as arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from evolution.programs.functions import (
    NUMBER,
    OPCODES,
    Ephemeral,
    Function,
    ProgramError,
    Terminal,
    operation_of,
)

# What a symbol that is no built-in function does; built-in functions have opcodes from 0.
ARGUMENT, CONSTANT, EPHEMERAL, EXTERNAL = -1, -2, -3, -4
# The columns of `Tables.codes` and of `Tables.values`.
OPCODE, ARITY, NEED, WHOLE = range(4)
LOW, HIGH = range(2)
# The number of the type of whole programs.
ROOT = 0
# The fields of a set that hold several.
_SEVERAL = ("arguments", "functions", "terminals", "ephemerals", "argument_types", "narrower")
# The least height of what cannot be finished at all.
_NEVER = 1 << 30


class Tables(NamedTuple):
    """What kernels know of the symbols 0 … S-1 (0 is an empty place) and the types 0 … T-1.

    Attributes:
        codes: int64[S, 4]: OPCODE (or one of ARGUMENT, CONSTANT, EPHEMERAL, EXTERNAL), ARITY,
            NEED, the least height of a tree with this root, and WHOLE, of ephemerals.
        values: float64[S, 2]: LOW and HIGH, of ephemerals; a constant or the number of an
            argument is both.
        takes: int64[S, most arguments], types.
        fits: bool[T, S], whether a symbol may stand where a type is wanted.
        reach: int64[T], the least height of a tree of a type.
        leaf_share: the share of terminals among the primitives.
    """

    codes: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    takes: npt.NDArray[np.int64]
    fits: npt.NDArray[np.bool_]
    reach: npt.NDArray[np.int64]
    leaf_share: float


@dataclass(frozen=True)
class PrimitiveSet:
    """What programs are made of.

    Functions are given by the names of built-in ones or as `Function`. Without types everything
    is a number; ``typed`` gives built-in functions their natural types "number" and "truth".
    ``argument_types`` (one per argument) and ``returns`` are types; ``narrower`` lists pairs
    (narrow, wide) of types where the narrow one may stand for the wide one.

    Symbols count from 1 in the order functions, arguments, terminals, ephemerals.

    >>> PrimitiveSet(("x",), ("add", "sub", "mul", "protected_div", "sin"), ephemerals=(
    ...     Ephemeral("k", -1, 1, whole=True),))
    """

    arguments: tuple[str, ...]
    functions: tuple[str | Function, ...]
    terminals: tuple[Terminal, ...] = ()
    ephemerals: tuple[Ephemeral, ...] = ()
    typed: bool = False
    argument_types: tuple[str, ...] = ()
    returns: str = NUMBER
    narrower: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for field in _SEVERAL:
            told = getattr(self, field)
            if not isinstance(told, list | tuple):
                raise ProgramError(f'{field} is {told!r}; expected a tuple, e.g. ("x",)')
            object.__setattr__(self, field, tuple(told))
        object.__setattr__(self, "narrower", tuple((a, b) for a, b in self.narrower))
        defined = tuple(
            self._builtin(function) if isinstance(function, str) else function
            for function in self.functions
        )
        object.__setattr__(self, "functions", defined)
        kinds = self.argument_types or (NUMBER,) * len(self.arguments)
        object.__setattr__(self, "argument_types", kinds)
        if len(kinds) != len(self.arguments):
            raise ProgramError(f"{len(kinds)} argument types for {len(self.arguments)} arguments")
        names = self.names[1:]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ProgramError(f"primitives need names of their own; twice there are {twice}")
        if not names:
            raise ProgramError('an empty primitive set; e.g. PrimitiveSet(("x",), ("add", "mul"))')
        endless = [
            name
            for name, reach in zip(self.types, self.tables.reach, strict=True)
            if reach >= _NEVER
        ]
        if endless:
            raise ProgramError(
                f"no program of type {endless} can end: add an argument, a Terminal or an "
                "Ephemeral of that type, or a function that leads to one"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each symbol; 0 has none."""
        leaves = [leaf.name for leaf in self._leaves]
        return ("", *(function.name for function in self._defined), *self.arguments, *leaves)

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """How each symbol is written, with a {} per argument."""
        functions = self._defined
        return ("", *(f.form for f in functions), *self.names[1 + len(functions) :])

    @cached_property
    def vectorised(self) -> dict[int, Callable[..., Any]]:
        """The functions that are not built in, by symbol."""
        return {
            symbol: function.vectorised
            for symbol, function in enumerate(self._defined, start=1)
            if function.operation is None and function.vectorised is not None
        }

    def ephemeral_for(self, value: float) -> int:
        """The symbol of the first ephemeral constant that can be this number; 0 if none can."""
        codes, (low, high) = self.tables.codes, self.tables.values.T
        holds = (codes[:, OPCODE] == EPHEMERAL) & (low <= value) & (value <= high)
        holds &= (codes[:, WHOLE] == 0) | (value == np.floor(value))
        return int(np.argmax(holds))

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """The functions that nothing computes."""
        return tuple(function.name for function in self._defined if not function.computed)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The types there are, the one of programs first."""
        told = [self.returns, *self.argument_types]
        told += [kind for f in self._defined for kind in (f.gives, *f.takes)]
        told += [leaf.type for leaf in self._leaves]
        return tuple(dict.fromkeys(told))

    @cached_property
    def tables(self) -> Tables:
        """The same as arrays, for kernels."""
        functions, leaves = self._defined, self._leaves
        most = max((len(f.takes) for f in functions), default=1)
        numbers = {kind: number for number, kind in enumerate(self.types)}
        codes: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)]
        values, takes = [(0.0, 0.0)], [[0] * most]
        for function in functions:
            opcode = EXTERNAL if function.operation is None else OPCODES[function.operation]
            codes.append((opcode, len(function.takes), 0, 0))
            values.append((0.0, 0.0))
            wanted = [numbers[kind] for kind in function.takes]
            takes.append(wanted + [0] * (most - len(wanted)))
        codes += [(ARGUMENT, 0, 0, 0) for _ in self.arguments]
        values += [(float(i), float(i)) for i in range(len(self.arguments))]
        codes += [(CONSTANT, 0, 0, 0) for _ in self.terminals]
        values += [(leaf.value, leaf.value) for leaf in self.terminals]
        codes += [(EPHEMERAL, 0, 0, int(leaf.whole)) for leaf in self.ephemerals]
        values += [(leaf.low, leaf.high) for leaf in self.ephemerals]
        takes += [[0] * most for _ in (*self.arguments, *leaves)]
        gives = [f.gives for f in functions] + [*self.argument_types, *(k.type for k in leaves)]
        table, arguments = np.array(codes, np.int64), np.array(takes, np.int64)
        fits = self._fits(gives)
        table[:, NEED], reach = _heights(table[:, ARITY], arguments, fits)
        leaf_share = float((table[1:, ARITY] == 0).mean())
        return Tables(table, np.array(values, np.float64), arguments, fits, reach, leaf_share)

    def _fits(self, gives: list[str]) -> npt.NDArray[np.bool_]:
        """Which symbols, of which types, may stand where a type is wanted."""
        stands = {(kind, kind) for kind in self.types} | set(self.narrower)
        fits = np.zeros((len(self.types), 1 + len(gives)), np.bool_)
        for symbol, given in enumerate(gives, start=1):
            fits[:, symbol] = [(given, wanted) in stands for wanted in self.types]
        return fits

    @property
    def _defined(self) -> tuple[Function, ...]:
        return tuple(f for f in self.functions if isinstance(f, Function))

    @property
    def _leaves(self) -> list[Terminal | Ephemeral]:
        return [*self.terminals, *self.ephemerals]

    def _builtin(self, name: str) -> Function:
        operation = operation_of(name)
        if self.typed:
            return Function(name, operation.takes, operation.gives, name)
        return Function(name, (NUMBER,) * len(operation.takes), NUMBER, name)


def _heights(
    arity: npt.NDArray[np.int64], takes: npt.NDArray[np.int64], fits: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The least height of a tree by its root's symbol, and by its type."""
    need = np.where(arity == 0, 0, _NEVER)
    need[0] = _NEVER
    for _ in range(len(fits) + 1):  # each round finishes a type, or none is left that can end
        reach = np.where(fits, need, _NEVER).min(axis=1)
        for s in np.flatnonzero(arity):
            need[s] = min(_NEVER, 1 + int(reach[takes[s, : arity[s]]].max()))
    return need, reach
