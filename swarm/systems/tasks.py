"""Tasks arrive on the board, with their rewards in escrow."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from swarm.reasoning import Problem
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World

CODE = 1


class Tasks(System):
    """Posts a block of queries each tick and hands every agent its share of them.

    Args:
        problem: where the queries come from.
        per_tick: tasks on the board, int >= 1; at most as many as the problem has.
        per_agent: tasks each agent is given; all of the board if left out.
        bounty: tokens that the treasury puts into escrow for each task of each agent.
        sealed: share of the board that has to be answered from the evidence alone, without
            hearsay; accuracy is measured there, so that copying is not taken for reasoning.

    Attributes:
        board: int64[B], rows of the problem's tasks on the board in this tick.
        sealed: bool[B], places of the board that are sealed.
        agent, place: int64[T], who has which place of the board, grouped by agent.
        load: tasks that each agent has.
        pot: tokens in escrow for each task of each agent; less than the bounty if the
            treasury could not afford it.
    """

    def __init__(
        self,
        problem: Problem,
        per_tick: int = 256,
        per_agent: int | None = None,
        bounty: int = 4_000,
        sealed: float = 0.5,
    ):
        self.problem = problem
        self.per_tick = min(per_tick, len(problem.table))
        self.load = min(per_agent or self.per_tick, self.per_tick)
        self.bounty = bounty
        self.sealed = np.arange(self.per_tick) < round(sealed * self.per_tick)
        self.board = np.empty(0, np.int64)
        self.agent = np.empty(0, np.int64)
        self.place = np.empty(0, np.int64)
        self.pot = 0

    @cached_property
    def luck(self) -> np.ndarray:
        """float64[Q]: how much easier than the mean each task is for the engine variants alone.

        What a board has of it is the luck of the draw; taken off, it leaves what agents can do
        (a control variate).
        """
        table, referee = self.problem.table, self.problem.referee
        variants = range(table.scores.shape[1])
        scores = (np.ascontiguousarray(table.scores[:, v]) for v in variants)
        ease = np.mean([referee.marks(each) for each in scores], axis=0)
        luck: np.ndarray = ease - ease.mean()
        return luck

    def __call__(self, world: World) -> None:
        """New tasks on the board, drawn without repetition; rewards into escrow."""
        rng = world.stream(self.name)
        self.board = rng.choice(len(self.problem.table), self.per_tick, replace=False)
        living = np.flatnonzero(world.population["alive"])
        n = len(living)
        # Each agent takes a run of the board from a place of its own, so that all tasks are
        # taken equally often; the board itself is already in random order.
        start = rng.integers(0, self.per_tick, n) if self.load < self.per_tick else np.zeros(n, int)
        self.agent = np.repeat(living, self.load)
        self.place = (start[:, None] + np.arange(self.load)).ravel() % self.per_tick
        wealth = int(world.ledger.balance(world.treasury))
        self.pot = min(self.bounty, wealth // max(len(self.agent), 1))
        if self.pot and n:
            world.ledger.transfer(
                world.treasury, world.escrow, self.pot * len(self.agent), code=CODE
            )

    def hand_over(self, task: np.ndarray, to: np.ndarray) -> None:
        """Tasks int64[m], places in `agent`, go to other agents, by row.

        What an agent gets comes after what it has. Nobody may be given a place that it has.
        """
        given = np.zeros(len(self.agent), bool)
        given[task] = True
        self.agent[task] = to
        order = np.lexsort((given, self.agent))
        self.agent, self.place = self.agent[order], self.place[order]
