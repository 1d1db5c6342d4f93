"""Evidence: the facts that agents may reason from, as a cube of both directions."""

from __future__ import annotations

import hashlib
from functools import cached_property

import numpy as np

from swarm.reasoning.graph import GraphError
from swarm.reasoning.paths import Bodies

CELLS_MAX = 10_000_000
"""Most cells of a score cube; some fifty engine settings then take about 2 GB."""


class Evidence:
    """Facts known to everybody, read-only.

    Relations come in both directions: r' in [0, R) asks for the tail of (head, r', ?), and
    r' + R asks for the head of (?, r', tail). D = 2R counts both.

    Attributes:
        facts: int32[n, 3] rows (head, relation, tail).
        cube: bool[D, E, E]; `cube[r', x, y]` says that y answers (x, r', ?).
        bodies: all rule bodies of length one and two with their groundings, found on first use.
    """

    def __init__(self, facts: np.ndarray, entities: int, relations: int):
        if 2 * relations * entities**2 > CELLS_MAX:
            raise GraphError(
                f"{entities} entities and {relations} relations need a score cube of "
                f"{2 * relations * entities**2:,} cells; dense reasoning takes at most "
                f"{CELLS_MAX:,}, about 300 entities with 50 relations; `Problem.pose` takes larger "
                "graphs with shortlists"
            )
        self.facts = np.ascontiguousarray(facts, dtype=np.int32)
        self.entities = entities
        self.relations = relations
        self.directions = 2 * relations
        self.cube = cube_of(self.facts, entities, relations)
        self.cube.setflags(write=False)
        size = f"{entities} {relations} ".encode()
        self.version = hashlib.sha256(size + self.facts.tobytes()).hexdigest()[:16]

    @cached_property
    def bodies(self) -> Bodies:
        """Rule bodies with their groundings; mined once and shared by the engines."""
        return Bodies.mine(self.cube)

    @cached_property
    def fan_out(self) -> np.ndarray:
        """float32[D]: mean number of answers per source that has any, for each direction."""
        answers = self.cube.sum(axis=2)
        sources = np.maximum((answers > 0).sum(axis=1), 1)
        return (answers.sum(axis=1) / sources).astype(np.float32)

    @cached_property
    def degree(self) -> np.ndarray:
        """float32[E]: number of facts, in both directions, that an entity takes part in."""
        return self.cube.sum(axis=(0, 2)).astype(np.float32)


def cube_of(facts: np.ndarray, entities: int, relations: int) -> np.ndarray:
    """bool[2R, E, E] of int32[n, 3] facts; the second half holds the inverse directions."""
    cube = np.zeros((2 * relations, entities, entities), dtype=bool)
    head, relation, tail = facts.T
    cube[relation, head, tail] = True
    cube[relation + relations, tail, head] = True
    return cube
