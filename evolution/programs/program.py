"""The program locus: expressions over a primitive set, as columns that cross and mutate.

Koza 1992, "Genetic Programming: On the Programming of Computers by Means of Natural Selection"
(MIT Press). A population of programs is one column, so it samples, crosses, mutates and saves as
any other; `trees` says how a row holds a program, `variation` how rows vary, and `interpreter` runs
all of them at once.

Guarantees: what is drawn, crossed and mutated is valid: whole, of the right types, within its
height and places; a result depends on nothing but the arguments and the generator's stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from evolution.genomes.locus import Locus, Mask
from evolution.programs import interpreter, trees, variation as koza
from evolution.programs.functions import Ephemeral, Function, ProgramError, Terminal
from evolution.programs.primitives import (
    ARITY,
    EPHEMERAL,
    OPCODE,
    ROOT,
    PrimitiveSet,
)
from evolution.programs.trees import Integers
from evolution.variation import Column

# The standard deviation of a constant's step at scale 1, as a share of its range.
_STEP = 0.1
# For how many genes a program counts where a rate is shared out. It changes as a whole: counted by
# its places it would hardly ever change, nor would the genes of other loci beside it.
_WORTH = 10


@dataclass(frozen=True)
class Program(Locus):
    """Programs of limited size and height: ``float64[n, 2·places]``, symbols and then constants.

    Programs begin ramped half-and-half with heights ``ramp`` (least, most), 2 to 6 in Koza's
    book, and never grow higher than ``height``: 17 there. A lone terminal has height 0.

    A mutation rate r is the chance that a program changes, in one way: by a new subtree of height
    ``mutant`` (least, most) at any place; by another primitive of the same types at one place; by
    leaving nothing but one of its subtrees; by normal steps of all its ephemeral constants, of
    deviation 0.1·``scale`` of their range. ``subtree``, ``point``, ``hoist`` and ``constants``
    weigh these four.

    Crossover puts a subtree of the father into the mother. Either place is a function with chance
    ``inner`` (Koza: 0.9), or any node alike where that is None. A child that would break a limit
    is its parent.

    >>> maths = PrimitiveSet(("x",), ("add", "mul", "sin"), ephemerals=(Ephemeral("k"),))
    >>> locus = Program(maths)
    >>> column = locus.sample(100, rng)
    >>> values = locus.evaluate(column, np.linspace(-1, 1, 20)[:, np.newaxis])  # [100, 20]
    """

    parts: ClassVar[tuple[type[Any], ...]] = (PrimitiveSet, Function, Terminal, Ephemeral)

    size: int = field(init=False, default=1)
    primitives: PrimitiveSet
    places: int = 128
    height: int = 17
    ramp: tuple[int, int] = (2, 6)
    mutant: tuple[int, int] = (0, 2)
    inner: float | None = 0.9
    subtree: float = 0.6
    point: float = 0.2
    hoist: float = 0.1
    constants: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", 2 * self.places)
        super().__post_init__()

    @property
    def dtype(self) -> np.dtype:
        """float64, which holds every symbol exactly."""
        return np.dtype(np.float64)

    @property
    def allowed(self) -> str:
        """The values a row may hold."""
        return (
            f"symbols 1 to {len(self.primitives.names) - 1} in prefix order, each of the type that "
            f"its place wants, no deeper than {self.height}, zeros behind them; then the constants "
            "of ephemeral symbols within their bounds, and zeros for all others"
        )

    @property
    def effective_size(self) -> int:
        """10 genes' worth: a genome that is one program changes at a rate of 0.1."""
        return _WORTH

    def draw(self, n: int, rng: np.random.Generator) -> Column:
        """Ramped half-and-half."""
        column = np.zeros((n, self.size))
        trees.draw_rows(column, self.primitives.tables, *self.ramp, rng)
        return column

    def wrong(self, column: Column) -> Mask:
        """Genes that break a row; all its symbols where it is no whole program."""
        wrong = np.zeros(column.shape, np.bool_)
        rows = np.ascontiguousarray(column)
        trees.mark_wrong(rows, wrong, self.primitives.tables, self.height)
        return wrong

    def mutate(self, column: Column, rng: np.random.Generator, rate: float, scale: float) -> Column:
        """Change each program with chance ``rate``, as the class says."""
        children = np.array(column, order="C")
        weights = np.cumsum([self.subtree, self.point, self.hoist, self.constants])
        kinds = koza.Kinds(*(float(share) for share in weights[:3] / weights[3]))
        limits = koza.Limits(self.height, *self.mutant)
        step = float(_STEP * scale)
        tables = self.primitives.tables
        koza.mutate_rows(children, tables, limits, kinds, float(rate), step, rng)
        return children

    def crossover(self, mothers: Column, fathers: Column, rng: np.random.Generator) -> Column:
        """One child per pair of rows: the mother with a subtree of the father."""
        children = np.array(mothers, order="C")
        inner = -1.0 if self.inner is None else float(self.inner)
        fathers = np.ascontiguousarray(fathers)
        koza.cross_rows(children, fathers, self.primitives.tables, self.height, inner, rng)
        return children

    def evaluate(self, column: Column, cases: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Values float64[n, cases] of all programs on ``cases[cases, arguments]``; quiet."""
        return interpreter.evaluate(column, self.primitives, cases)

    def sizes(self, column: Column) -> Integers:
        """How many nodes each program has: int64[n]."""
        return trees.sizes_of(np.ascontiguousarray(column))

    def heights(self, column: Column) -> Integers:
        """How high each program's tree is, 0 for a lone terminal: int64[n]."""
        return trees.heights_of(np.ascontiguousarray(column), self.primitives.tables)

    def describe(self, genes: Column) -> str:
        """One row as an expression."""
        tables, stack = self.primitives.tables, []
        for place in range(trees.used_of(genes) - 1, -1, -1):
            symbol = int(genes[place])
            if tables.codes[symbol, OPCODE] == EPHEMERAL:
                stack.append(f"{genes[self.places + place]:.6g}")
            else:
                operands = [stack.pop() for _ in range(tables.codes[symbol, ARITY])]
                stack.append(self.primitives.forms[symbol].format(*operands))
        return stack.pop()

    def summarise(self, column: Column) -> str:
        """How many programs differ, and how large they are."""
        sizes, heights = self.sizes(column), self.heights(column)
        return (
            f"{super().summarise(column)}; {sizes.min()} to {sizes.max()} nodes, "
            f"{sizes.mean():.3g} on average; heights {heights.min()} to {heights.max()}"
        )

    def changes(self, genes: Column, others: Column) -> list[str]:
        """Both programs, where they differ: a gene alone says nothing of a program."""
        if np.array_equal(genes, others):
            return []
        return [f"{self.describe(genes)} → {self.describe(others)}"]

    def encode(self, programs: Sequence[Sequence[str | float]]) -> Column:
        """Programs in prefix order as a column: names, and a number for an ephemeral constant.

        A number becomes an ephemeral that can hold it, the first there is. `ProgramError` where
        it is no program of this locus.

        >>> column = locus.encode([["add", "x", "mul", "x", 0.5]])
        """
        column = np.zeros((len(programs), self.size))
        for row, program in zip(column, programs, strict=True):
            if len(program) > self.places:
                raise ProgramError(f"a program of {len(program)} nodes; places: {self.places}")
            for place, node in enumerate(program):
                if isinstance(node, str):
                    row[place] = self._symbol(node)
                else:
                    row[place], row[self.places + place] = self._holder(float(node)), node
        wrong = self.wrong(column).any(axis=1)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise ProgramError(f"{list(programs[at])} is no program here; allowed: {self.allowed}")
        return column

    def _symbol(self, name: str) -> int:
        if name not in self.primitives.names[1:]:
            raise ProgramError(f"no primitive {name!r}; there are {self.primitives.names[1:]}")
        return self.primitives.names.index(name)

    def _holder(self, value: float) -> int:
        symbol = self.primitives.ephemeral_for(value)
        if not symbol:
            known = self.primitives.ephemerals
            raise ProgramError(f"no ephemeral constant can be {value}; there are {known}")
        return symbol

    def _check(self) -> None:
        self._require(
            self.places >= 1 and self.places == int(self.places),
            f"places is {self.places}; allowed: whole numbers, 1 or more",
        )
        self._require(
            isinstance(self.primitives, PrimitiveSet),
            f"primitives is {self.primitives!r}; expected a PrimitiveSet, e.g. "
            'PrimitiveSet(("x",), ("add", "mul"))',
        )
        for what in ("ramp", "mutant"):
            least, most = getattr(self, what)
            self._require(
                0 <= least <= most <= self.height,
                f"{what} is {(least, most)}; heights rise, from 0 to {self.height} at most",
            )
        tables = self.primitives.tables
        reach, arity = int(tables.reach[ROOT]), int(tables.codes[:, ARITY].max())
        # What programs of the least height may need.
        needed = sum(arity**level for level in range(reach + 1))
        self._require(
            reach <= self.height and needed <= self.places,
            f"not every program fits {self.places} places and height {self.height}: the least of "
            f"this type has height {reach} and takes up to {needed} places",
        )
        share = 0.0 if self.inner is None else self.inner
        self._require(0.0 <= share <= 1.0, f"inner is {self.inner}; allowed: 0 to 1, or None")
        weights = (self.subtree, self.point, self.hoist, self.constants)
        self._require(
            min(weights) >= 0.0 and 0.0 < sum(weights) < np.inf,
            f"subtree, point, hoist and constants are {weights}; none negative, some positive",
        )
