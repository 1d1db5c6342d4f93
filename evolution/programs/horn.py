"""Horn rules as programs: head(x, y) ← a chain of relations from x to y, evolved by ask and tell.

A typed primitive set makes a rule of a head and a path, and a path of a relation and what follows,
so rules cross and mutate as programs do and are always whole. `coverage` says what they are worth
on a graph: bottom-up rule learning after Meilicke, Chekol, Ruffinelli & Stuckenschmidt 2019,
"Anytime bottom-up rule learning for knowledge graph completion", IJCAI, with evolution in the place
of sampled paths.

Relations are numbered 0 … 2R-1; those from R on are the inverses of the first R.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.programs.coverage import LONGEST, Integers, RuleMeasures, Rules
from evolution.programs.functions import Function, ProgramError, Terminal
from evolution.programs.primitives import PrimitiveSet
from evolution.programs.program import Program
from evolution.variation import Column

# The first symbols of the primitive set: the two functions.
_FUNCTIONS = 2
_VARIABLES = ("x", "z", "w", "y")


@dataclass(frozen=True)
class HornRules:
    """Rules with bodies of up to ``length`` (1 to 3) of ``relations`` relations and inverses.

    ``heads`` are the relations that rules may be about, all 2R unless given; ``names``, of the R
    relations, serve `describe`.

    >>> horn = HornRules(relations=46, heads=(3,))
    >>> spec = GenomeSpec({"rule": horn.locus})
    >>> measures = measure_rules(horn.read(genomes["rule"]), cube)  # bool[92, E, E]
    """

    relations: int
    heads: tuple[int, ...] = ()
    length: int = LONGEST
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.relations < 1 or not 1 <= self.length <= LONGEST:
            raise ProgramError(
                f"rules of length {self.length} over {self.relations} relations; allowed: length "
                f"1 to {LONGEST}, at least 1 relation"
            )
        if not all(0 <= head < 2 * self.relations for head in self.heads):
            raise ProgramError(
                f"heads are {self.heads}; allowed: 0 to {2 * self.relations - 1}, inverses from "
                f"{self.relations} on"
            )
        if len(self.names) not in (0, self.relations):
            raise ProgramError(f"{len(self.names)} names for {self.relations} relations")

    @cached_property
    def locus(self) -> Program:
        """The locus of one rule; a path has room for ``length`` relations and no more."""
        every = tuple(range(2 * self.relations))
        heads = tuple(Terminal(f"head {h}", h, "head") for h in self.heads or every)
        literals = tuple(Terminal(f"relation {r}", r, "literal") for r in every)
        primitives = PrimitiveSet(
            arguments=(),
            functions=(
                Function("rule", ("head", "path"), "rule", computed=False),
                Function("then", ("literal", "path"), "path", computed=False),
            ),
            terminals=heads + literals,
            returns="rule",
            narrower=(("literal", "path"),),
        )
        return Program(
            primitives,
            places=1 + 2 * self.length,
            height=self.length,
            ramp=(min(2, self.length), self.length),
            mutant=(0, min(1, self.length - 1)),
            inner=None,
            subtree=0.3,
            point=0.7,
            hoist=0.0,
            constants=0.0,
        )

    def read(self, column: Column) -> Rules:
        """The rules that rows of the locus are; `ProgramError` where one is none."""
        wrong = self.locus.wrong(column).any(axis=1)
        if wrong.any():
            raise ProgramError(
                f"row {int(np.argmax(wrong))} is no rule; allowed: {self.locus.allowed}"
            )
        values = self.locus.primitives.tables.values[:, 0].astype(np.int64)
        head = values[column[:, 1].astype(np.int64)]
        body = np.full((len(column), self.length), -1, np.int64)
        _read_bodies(np.ascontiguousarray(column), values, body)
        return Rules(head, body)

    def write(self, rules: Rules) -> Column:
        """Rules as rows of the locus, to begin with say."""
        programs: list[list[str | float]] = []
        for head, body in zip(rules.head.tolist(), rules.body.tolist(), strict=True):
            program: list[str | float] = ["rule", f"head {head}"]
            *inner, last = [f"relation {relation}" for relation in body if relation >= 0]
            for relation in inner:
                program += ["then", relation]
            programs.append([*program, last])
        return self.locus.encode(programs)

    def describe(self, rules: Rules, row: int = 0) -> str:
        """One rule in words, e.g. ``uncle(x, y) <- parent(x, z), brother(z, y)``."""
        body = [int(relation) for relation in rules.body[row] if relation >= 0]
        variables = [*_VARIABLES[: len(body)], "y"]
        literals = [
            self._literal(relation, *variables[i : i + 2]) for i, relation in enumerate(body)
        ]
        return f"{self._literal(int(rules.head[row]), 'x', 'y')} <- {', '.join(literals)}"

    def _literal(self, relation: int, first: str, second: str) -> str:
        if relation >= self.relations:  # an inverse: the relation itself the other way round
            relation, first, second = relation - self.relations, second, first
        name = self.names[relation] if self.names else f"r{relation}"
        return f"{name}({first}, {second})"


class RuleBook:
    """The rules that a search has come upon, each once, with what the graph says of them.

    A search for one best rule ends with many copies of it; a theory needs many good ones. So a
    rule counts only the first time, and the search has to go on from it to others:

    >>> new = book.add(rules, measures)
    >>> search.tell(np.where(new, -measures.confidence(), np.inf))

    Attribute: ``found``, of (head, body) the (groundings, support), in the order found.
    """

    def __init__(self) -> None:
        self.found: dict[tuple[int, tuple[int, ...]], tuple[int, int]] = {}

    def add(self, rules: Rules, measures: RuleMeasures) -> npt.NDArray[np.bool_]:
        """Note rules; which of them, bool[n], were not known yet."""
        new = np.zeros(len(rules.head), np.bool_)
        counts = zip(measures.groundings.tolist(), measures.support.tolist(), strict=True)
        keys = zip(rules.head.tolist(), map(tuple, rules.body.tolist()), strict=True)
        for row, (key, count) in enumerate(zip(keys, counts, strict=True)):
            if key not in self.found:
                self.found[key] = count
                new[row] = True
        return new

    def best(self, support_min: int = 2, pseudo_count: float = 5.0) -> tuple[Rules, RuleMeasures]:
        """The rules with this support at least, most confident first; ``facts`` are not known."""
        kept = [(key, count) for key, count in self.found.items() if count[1] >= support_min]
        kept.sort(key=lambda item: -item[1][1] / (item[1][0] + pseudo_count))
        length = len(kept[0][0][1]) if kept else 1
        body = np.array([key[1] for key, _ in kept], np.int64).reshape(len(kept), length)
        counts = np.array([count for _, count in kept], np.int64).reshape(len(kept), 2)
        rules = Rules(np.array([key[0] for key, _ in kept], np.int64), body)
        return rules, RuleMeasures(counts[:, 0], counts[:, 1], np.zeros(len(kept), np.int64))


@njit(cache=True, nogil=True)
def _read_bodies(column: Column, values: Integers, body: Integers) -> None:
    for n in range(len(column)):
        literals = 0
        for place in range(2, column.shape[1] // 2):
            symbol = int(column[n, place])
            if symbol > _FUNCTIONS:
                body[n, literals] = values[symbol]
                literals += 1
