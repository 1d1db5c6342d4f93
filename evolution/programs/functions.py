"""Primitives: the functions and constants that programs are made of.

Koza 1992, "Genetic Programming" (MIT Press), chapter 6: the function set and the terminal set. Each
function says the types it takes and gives (Montana 1995, "Strongly typed genetic programming",
Evolutionary Computation 3(2)). Values are float64, truth is 1 and 0, and anything but 0 is true.
Errors: `ProgramError` (a GenomeError).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from evolution.genomes.locus import GenomeError


class ProgramError(GenomeError):
    """A primitive set or a program that contradicts itself; the message names what and where."""


class Operation(NamedTuple):
    """A built-in function: natural types and how it is written; `interpreter.apply` computes it."""

    takes: tuple[str, ...]
    gives: str
    form: str


NUMBER, TRUTH = "number", "truth"
_N, _B = NUMBER, TRUTH
OPERATIONS: dict[str, Operation] = {
    "add": Operation((_N, _N), _N, "({} + {})"),
    "sub": Operation((_N, _N), _N, "({} - {})"),
    "mul": Operation((_N, _N), _N, "({} * {})"),
    "div": Operation((_N, _N), _N, "({} / {})"),
    "protected_div": Operation((_N, _N), _N, "({} % {})"),
    "neg": Operation((_N,), _N, "-{}"),
    "abs": Operation((_N,), _N, "abs({})"),
    "square": Operation((_N,), _N, "square({})"),
    "sqrt": Operation((_N,), _N, "sqrt({})"),
    "exp": Operation((_N,), _N, "exp({})"),
    "log": Operation((_N,), _N, "log({})"),
    "sin": Operation((_N,), _N, "sin({})"),
    "cos": Operation((_N,), _N, "cos({})"),
    "tanh": Operation((_N,), _N, "tanh({})"),
    "max": Operation((_N, _N), _N, "max({}, {})"),
    "min": Operation((_N, _N), _N, "min({}, {})"),
    "lt": Operation((_N, _N), _B, "({} < {})"),
    "le": Operation((_N, _N), _B, "({} <= {})"),
    "gt": Operation((_N, _N), _B, "({} > {})"),
    "ge": Operation((_N, _N), _B, "({} >= {})"),
    "eq": Operation((_N, _N), _B, "({} == {})"),
    "ne": Operation((_N, _N), _B, "({} != {})"),
    "and": Operation((_B, _B), _B, "({} and {})"),
    "or": Operation((_B, _B), _B, "({} or {})"),
    "xor": Operation((_B, _B), _B, "({} xor {})"),
    "not": Operation((_B,), _B, "(not {})"),
    "if": Operation((_B, _N, _N), _N, "(if {} then {} else {})"),
}
OPCODES = {name: opcode for opcode, name in enumerate(OPERATIONS)}


@dataclass(frozen=True)
class Function:
    """A function by name, of typed arguments.

    It computes the built-in ``operation``, or else calls ``vectorised`` with one array
    float64[cases] per argument for one such array, as numpy's functions do. What is not
    ``computed`` only joins its arguments, for somebody else to read.

    >>> Function("hypot", ("number", "number"), "number", vectorised=np.hypot)
    """

    name: str
    takes: tuple[str, ...]
    gives: str
    operation: str | None = None
    vectorised: Callable[..., Any] | None = field(default=None, repr=False, compare=False)
    computed: bool = True

    def __post_init__(self) -> None:
        takes: Any = self.takes
        if isinstance(takes, str):
            raise ProgramError(
                f"function {self.name!r} takes {takes!r}; expected a tuple of types, ({takes!r},)"
            )
        object.__setattr__(self, "takes", tuple(takes))
        if not self.takes:
            raise ProgramError(f"function {self.name!r} takes nothing; make it a Terminal")
        if self.computed and self.operation is None and self.vectorised is None:
            raise ProgramError(
                f"function {self.name!r} has nothing to compute: give operation=, one of "
                f"{list(OPERATIONS)}, or vectorised=, a function of whole columns as np.hypot is"
            )
        if self.operation is not None:
            arity = len(operation_of(self.operation).takes)
            if arity != len(self.takes):
                raise ProgramError(
                    f"function {self.name!r} takes {len(self.takes)} arguments, but "
                    f"{self.operation!r} takes {arity}"
                )

    @property
    def form(self) -> str:
        """How an application is written, with a {} per argument."""
        if self.operation is not None:
            return OPERATIONS[self.operation].form
        return f"{self.name}({', '.join('{}' for _ in self.takes)})"


@dataclass(frozen=True)
class Terminal:
    """A constant by name: the same in all programs."""

    name: str
    value: float
    type: str = _N

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", float(self.value))
        if np.isnan(self.value):
            raise ProgramError(f"terminal {self.name!r} is no number, and would fail every program")


@dataclass(frozen=True)
class Ephemeral:
    """A constant that each place draws for itself, evenly from ``low`` to ``high`` (Koza's ℜ).

    ``whole`` draws whole numbers, both bounds included.
    """

    name: str
    low: float = -1.0
    high: float = 1.0
    whole: bool = False
    type: str = _N

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        if not 0.0 <= self.high - self.low < np.inf:  # nor where their distance overflows
            raise ProgramError(
                f"ephemeral {self.name!r} is drawn from {self.low} to {self.high}; the bounds and "
                "their distance must be finite, low at most high"
            )
        if self.whole and not (self.low == int(self.low) and self.high == int(self.high)):
            raise ProgramError(
                f"ephemeral {self.name!r} is whole; its bounds {self.low} and {self.high} are not"
            )


def operation_of(name: str) -> Operation:
    """A built-in function; `ProgramError` where there is none of that name."""
    if name not in OPERATIONS:
        raise ProgramError(
            f"no built-in function {name!r}; there are {list(OPERATIONS)}; others go as "
            'Function("hypot", ("number", "number"), "number", vectorised=np.hypot)'
        )
    return OPERATIONS[name]
