"""What agents have earned with which relation, and what they may expect of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from swarm.population import Column, PopulationError
from swarm.reasoning import Problem
from swarm.systems.compute_market import ComputeMarket
from swarm.systems.reasoning import Reasoning
from swarm.systems.settlement import Settlement
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World


class Practising(System):
    """Keeps a record of every agent's answers and earnings, a relation each.

    Relations are those of queries: asking for heads is another skill than asking for tails.
    `practice` is a table of who does which work, as `swarm.emergence.division_of_labour` takes it.

    Stands after `Settlement`.

    Args:
        problem: what the agents reason about; it says how many relations there are.
        doubt: answers at the mean of the population that everybody is given in advance where
            something is expected, > 0.

    Columns, fading by generation: `practice` float32[2R], answers of each relation given in time;
    `proceeds` float32[2R], tokens that they earned less those paid for their compute.
    """

    def __init__(self, problem: Problem, doubt: float = 4.0):
        if not 0 < doubt < np.inf:
            raise PopulationError(
                f"Practising: doubt is a number of answers above 0, such as 4.0; got {doubt}"
            )
        self.doubt = doubt
        self.relations = 2 * int(problem.evidence.relations)
        # The width is the problem's, so the columns are the instance's.
        self.columns = {  # type: ignore[misc]
            "practice": Column(np.float32, (self.relations,)),
            "proceeds": Column(np.float32, (self.relations,)),
        }

    def setup(self, world: World) -> None:
        """Answers have to be paid for, and of the relations that were given."""
        world.system(Settlement)
        posed = 2 * int(world.system(Tasks).problem.evidence.relations)
        if posed != self.relations:
            raise PopulationError(
                f"Practising records {self.relations} relations, but Tasks asks about {posed}; "
                "give both the same problem: Tasks(problem), Practising(problem)"
            )

    def __call__(self, world: World) -> None:
        """This tick's answers join the record."""
        population, reasoning = world.population, world.system(Reasoning)
        answers = reasoning.answers
        assert answers is not None, "Practising comes after Reasoning"
        tasks = world.system(Tasks)
        earned = world.system(Settlement).reward.astype(float)
        market = world.find(ComputeMarket)
        if market is not None:
            earned -= answers.spent[reasoning.in_time] * float(market.price)
        relation = tasks.problem.table.block.relation[tasks.board[reasoning.place]]
        cell = reasoning.agent * self.relations + relation
        for name, amount in (("practice", None), ("proceeds", earned)):
            column = population[name]
            column += np.bincount(cell, amount, column.size).reshape(column.shape)

    def expected(self, world: World, relation: int) -> np.ndarray:
        """float64[n]: tokens that each agent expects of an answer about a relation.

        The mean of its record, shrunk by `doubt` answers towards the mean of all records of the
        relation; 0 where nobody has any.
        """
        practice = world.population["practice"][:, relation].astype(float)
        proceeds = world.population["proceeds"][:, relation].astype(float)
        number = practice.sum()
        common = proceeds.sum() / number if number > 0 else 0.0
        expected: np.ndarray = (proceeds + self.doubt * common) / (practice + self.doubt)
        return expected

    def fade(self, world: World, share: float) -> None:
        """Records of earlier generations count less."""
        for name in ("practice", "proceeds"):
            world.population[name][:] *= np.float32(share)

    def state(self) -> dict[str, Any]:
        """Nothing: all of it is in the columns."""
        return {}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Nothing to take up."""
