"""Wrong findings planted in a world, and how many repeat them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from swarm.reasoning import Referee
from swarm.systems import Reasoning, Remembering, System, Tasks

if TYPE_CHECKING:
    from swarm.world import World


class Planting(System):
    """Has agents say wrong answers with full confidence, once, and counts who repeats them.

    The queries, answers and voices are drawn from a stream of its own, and drawn alike whether
    they are sown or not, so that a life without is the twin of a life with.

    Args:
        tick: when; counting begins with the next.
        queries: how many different ones.
        voices: agents that say each.
        sown: whether anything is said; otherwise there is only counting.

    Attributes:
        answer: int64[Q], the planted place of each query, -1 for none.
    """

    def __init__(self, tick: int, queries: int, voices: int, sown: bool) -> None:
        self.tick = tick
        self.queries = queries
        self.voices = voices
        self.sown = sown
        self.answer = np.empty(0, np.int64)
        self._repeated = self._asked = 0

    @property
    def fooled(self) -> float:
        """Share of the answers that could use hearsay, on planted queries, that repeat it."""
        return self._repeated / max(self._asked, 1)

    def __call__(self, world: World) -> None:
        """Count; plant, if it is time."""
        if world.steps > self.tick:
            self._count(world)
        if world.steps == self.tick:
            self._plant(world)

    def _count(self, world: World) -> None:
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        assert reasoning.answers is not None, "Planting comes after Reasoning"
        planted = self.answer[tasks.board[reasoning.place]]
        given = reasoning.answers.best[reasoning.in_time]
        open_ = (planted >= 0) & ~tasks.sealed[reasoning.place]
        self._asked += int(open_.sum())
        self._repeated += int((open_ & (given == planted)).sum())

    def _plant(self, world: World) -> None:
        tasks, rng = world.system(Tasks), world.stream(self.name)
        block, referee = tasks.problem.table.block, tasks.problem.referee
        assert isinstance(referee, Referee), "findings are planted about graphs"
        wrong = block.open & referee.counted
        wrong[np.arange(len(block)), referee.truth] = False
        able = np.flatnonzero(wrong.any(axis=1))
        chosen = np.sort(rng.choice(able, min(self.queries, len(able)), replace=False))
        lot = np.where(wrong[chosen], rng.random((len(chosen), wrong.shape[1])), -1.0)
        self.answer = np.full(len(block), -1, np.int64)
        self.answer[chosen] = lot.argmax(axis=1)
        living = np.flatnonzero(world.population["alive"])
        each = min(self.voices, len(living))
        author = np.argsort(rng.random((len(chosen), len(living))), axis=1)[:, :each]
        if self.sown:
            query = np.repeat(chosen, each)
            fact = Remembering.stated(tasks, query, self.answer[query])
            ids = world.population["id"][living[author.ravel()]]
            world.system(Remembering).write(world, ids, *fact, confidence=np.ones(len(ids)))

    def state(self) -> dict[str, Any]:
        """What was planted, and what was counted."""
        counted = {"repeated": self._repeated, "asked": self._asked}
        return {"answer": self.answer.copy(), **counted}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Take up the count."""
        self.answer = np.array(state["answer"], np.int64)
        self._repeated, self._asked = int(state["repeated"]), int(state["asked"])
