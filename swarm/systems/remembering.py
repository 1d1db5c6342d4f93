"""Findings go to the shared memory, and what memory says of tasks goes to the agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from evolution import Locus, Real
from swarm.memory import Facts, Tally, surprisal
from swarm.population import Column
from swarm.reasoning import Block, Hearsay
from swarm.systems.gossip import Gossip
from swarm.systems.reasoning import HearsaySource, Reasoning
from swarm.systems.settlement import Settlement
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World


class Standing(System):
    """A system that knows how far each agent's word is believed."""

    def credence(self, world: World) -> np.ndarray:
        """float32[n] in [0, 1], by row; findings carry it, and count by it."""
        return np.ones(len(world.population), np.float32)


class Remembering(HearsaySource):
    """Writes what agents are sure of; keeps it from others until its embargo is over.

    A finding is what an agent answered, before anybody was told whether it was right. For
    `embargo` ticks only those who have it in mind may use it: its author, and whoever heard
    the rumour. (In a world without Gossip nobody keeps findings in mind.)

    Args:
        per_agent: most findings that an agent writes in a tick.
        embargo: ticks before a finding is public.

    Attributes:
        findings: the shared memory.
        tally: how often and how strongly the public part says what.
        written: rows of the authors, ids, and answers (places in `Reasoning.agent`) of the findings
            of this tick, int64[m] each.

    Gene: `publish`, the confidence from which on an agent writes a finding. Column: `surprise`
    float64, sum of credit times surprisal over answered tasks, fading by generation.
    """

    columns: ClassVar[Mapping[str, Column]] = {"surprise": Column(np.float64)}

    def __init__(self, per_agent: int = 4, embargo: int = 4):
        self.per_agent = per_agent
        self.embargo = embargo
        self.findings: Facts
        self.tally: Tally
        self.written = (np.empty(0, np.int64),) * 3

    def loci(self, world: World) -> Mapping[str, Locus]:
        """From which confidence on to write."""
        return {"publish": Real(1, 0.0, 1.0, precision="float32")}

    def setup(self, world: World) -> None:
        """An empty memory of the problem's size."""
        evidence = world.system(Tasks).problem.evidence
        self.findings = Facts(evidence.entities, evidence.relations)
        self.tally = Tally(evidence.entities, evidence.relations)

    def hearsay(self, world: World) -> Hearsay:
        """What each agent may use of what others and it itself have found."""
        self._publish(world)
        tasks = world.system(Tasks)
        block = tasks.problem.table.block
        R, board = self.findings.relations, tasks.board
        count = np.zeros(block.open.shape, np.int32)
        weight = np.zeros(block.open.shape, np.float32)
        count[board], weight[board] = self._said(block, board)
        sealed = np.zeros(len(block), bool)
        sealed[board] = tasks.sealed

        heard = self._private(world)
        columns = self.findings.columns()
        known = np.maximum(heard, 0)  # -1 is no finding; its key is overwritten below
        if not len(self.findings):
            return Hearsay(count, weight, *_nothing_heard(len(heard)), sealed)
        subject, relation, object_ = (
            columns[name][known] for name in ("subject", "relation", "object")
        )
        confidence = columns["confidence"][known] * columns["credence"][known]
        key, place = block.heard(
            np.concatenate([subject, object_], axis=1),
            np.concatenate([relation, relation + R], axis=1),
            np.concatenate([object_, subject], axis=1),
        )
        key[np.concatenate([heard, heard], axis=1) < 0] = -1
        return Hearsay(
            count,
            weight,
            key,
            place,
            np.concatenate([confidence, confidence], axis=1),
            sealed,
        )

    def _said(self, block: Block, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int32 and float32 [len(rows), C]: what is public about some queries of a block."""
        listed = None if block.candidate is None else block.candidate[rows]
        said = self.tally.rows(block.source[rows], block.relation[rows], listed)
        places = block.open.shape[1]  # answers may be fewer than what is asked about
        return said[0][:, :places], said[1][:, :places]

    def _private(self, world: World) -> np.ndarray:
        """int32[n, H]: what each has in mind that is not public yet, -1 elsewhere."""
        if world.find(Gossip) is None:
            return np.full((len(world.population), 1), -1, np.int32)
        heard = world.population["heard"]
        return np.where(heard >= self.tally.absorbed, heard, -1)

    def _publish(self, world: World) -> None:
        public = self.findings.public_count(world.steps, self.embargo)
        self.tally.absorb(self.findings, self.tally.absorbed, public)

    def __call__(self, world: World) -> None:
        """Measure how surprising the answers were, then write the surest."""
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        population, answers = world.population, reasoning.answers
        assert answers is not None, "Remembering comes after Reasoning"
        block, in_time = tasks.problem.table.block, reasoning.in_time
        best, confidence = answers.best[in_time], answers.confidence[in_time]
        said, _ = self._said(block, tasks.board)
        total = self.tally.totals(block.source[tasks.board], block.relation[tasks.board])
        total = total[reasoning.place]
        surprise = surprisal(said[reasoning.place, best], total, self.findings.entities)
        n = len(population)
        credit = world.system(Settlement).credit
        population["surprise"][:] += np.bincount(reasoning.agent, surprise * credit, minlength=n)

        sure = confidence >= world.genes("publish")[reasoning.agent, 0]
        chosen = _best_of_each(reasoning.agent, confidence, sure, self.per_agent)
        self.written = (np.empty(0, np.int64),) * 3
        if not len(chosen):
            return
        author, best = reasoning.agent[chosen], best[chosen]
        query = tasks.board[reasoning.place[chosen]]
        source, relation = block.source[query], block.relation[query]
        best = block.entity(query, best)
        forward = relation < self.findings.relations
        standing = world.find(Standing)
        credence = standing.credence(world)[author] if standing else 1.0
        ids = self.findings.append(
            np.where(forward, source, best),
            relation % self.findings.relations,
            np.where(forward, best, source),
            author=population["id"][author],
            tick=world.steps,
            engine=answers.proposer[in_time[chosen]],
            confidence=confidence[chosen],
            credence=credence,
        )
        self.written = (author, ids, chosen)
        gossip = world.find(Gossip)
        if gossip is not None:
            gossip.tell(world, author, ids)

    def fade(self, world: World, share: float) -> None:
        """Surprise of earlier generations counts less."""
        world.population["surprise"][:] *= share

    def state(self) -> dict[str, Any]:
        """The findings, and how many of them are public."""
        return {"findings": self.findings.state(), "public": self.tally.absorbed}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """Findings come back; the tally is counted again from them."""
        self.findings.restore(state["findings"])
        self.tally = Tally(self.findings.entities, self.findings.relations)
        self.tally.absorb(self.findings, 0, state["public"])


def _best_of_each(
    group: np.ndarray, value: np.ndarray, allowed: np.ndarray, most: int
) -> np.ndarray:
    """Rows of the `most` largest allowed values of each group, in row order."""
    rows = np.flatnonzero(allowed)
    order = rows[np.lexsort((-value[rows], group[rows]))]
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    place = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    return np.sort(order[place < most])


def _nothing_heard(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.full((n, 1), -1, np.int64), np.zeros((n, 1), np.int32), np.zeros((n, 1), np.float32)
