"""Findings go to the shared memory, and what memory says of tasks goes to the agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from evolution import Locus, Real
from swarm.genes import PROTOCOLS
from swarm.memory import Facts, surprisal
from swarm.memory.priority import keep_same
from swarm.population import Column
from swarm.reasoning import Block, Hearsay
from swarm.systems.gossip import Gossip
from swarm.systems.reasoning import HearsaySource, Reasoning
from swarm.systems.settlement import Settlement
from swarm.systems.shared_memory import SharedMemory
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World


class Remembering(SharedMemory, HearsaySource):
    """Writes what agents are sure of; keeps it from others until its embargo is over.

    A finding is what an agent answered, before anybody was told whether it was right. For
    `embargo` ticks only those who have it in mind may use it: its author, and whoever heard
    the rumour. (In a world without Gossip nobody keeps findings in mind.)

    An answer that could rest on hearsay names its grounds: the findings that said the same, as far
    as its author could know of them. What rests on poison can so be withdrawn with it.

    Args:
        per_agent: most findings that an agent writes in a tick.
        embargo: ticks before a finding is public.
        grounds: most public findings that one names, the earliest, an author each; 0 for none.

    Attributes:
        facts: the shared memory; also see `SharedMemory`.
        written: rows of the authors, ids, and answers (places in `Reasoning.agent`) of the findings
            of this tick, int64[m] each.

    Gene: `publish`, the confidence from which on an agent writes a finding. Column: `surprise`
    float64, sum of credit times surprisal over answered tasks, fading by generation.
    """

    columns: ClassVar[Mapping[str, Column]] = {"surprise": Column(np.float64)}

    def __init__(self, per_agent: int = 4, embargo: int = 4, grounds: int = 4):
        super().__init__(1, 1, embargo)  # until the problem says what there is
        self.per_agent = per_agent
        self.grounds = grounds
        self.written = (np.empty(0, np.int64),) * 3
        self._mind = np.empty((0, 1), np.int64)

    def loci(self, world: World) -> Mapping[str, Locus]:
        """From which confidence on to write."""
        return {"publish": Real(1, 0.0, 1.0, precision="float32")}

    def setup(self, world: World) -> None:
        """An empty memory of the problem's size."""
        evidence = world.system(Tasks).problem.evidence
        self._begin(world, Facts(evidence.entities, evidence.relations))

    def hearsay(self, world: World) -> Hearsay:
        """What each agent may use of what others and it itself have found."""
        self.publish(world)
        tasks = world.system(Tasks)
        block = tasks.problem.table.block
        R, board = self.facts.relations, tasks.board
        shape = (len(self.editions), *block.open.shape)
        count, weight = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
        for number in range(len(self.editions)):
            count[number, board], weight[number, board] = self._said(number, block, board)
        sealed = np.zeros(len(block), bool)
        sealed[board] = tasks.sealed

        heard = self._mind = self.private(world)
        columns = self.facts.columns()
        known = np.maximum(heard, 0)  # -1 is no finding; its key is overwritten below
        replica = self.replica(world)
        if not len(self.facts):
            return Hearsay(count, weight, replica, *_nothing_heard(len(heard)), sealed)
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
            replica,
            key,
            place,
            np.concatenate([confidence, confidence], axis=1),
            sealed,
        )

    def _said(self, replica: int, block: Block, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int32 and float32 [len(rows), C]: what an edition says of some queries of a block."""
        listed = None if block.candidate is None else block.candidate[rows]
        tally = self.editions[replica].tally
        said = tally.rows(block.source[rows], block.relation[rows], listed)
        places = block.open.shape[1]  # answers may be fewer than what is asked about
        return said[0][:, :places], said[1][:, :places]

    def private(self, world: World) -> np.ndarray:
        """int64[n, H]: what each has in mind and its edition has not, -1 elsewhere."""
        if world.find(Gossip) is None:
            return np.full((len(world.population), 1), -1, np.int64)
        heard = world.population["heard"].astype(np.int64)
        replica = self.replica(world)
        for number, edition in enumerate(self.editions):
            mine = replica == number
            heard[mine] = np.where(edition.heard_of(heard[mine]), -1, heard[mine])
        return heard

    def __call__(self, world: World) -> None:
        """Measure how surprising the answers were, then write the surest."""
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        population, answers = world.population, reasoning.answers
        assert answers is not None, "Remembering comes after Reasoning"
        in_time = reasoning.in_time
        best, confidence = answers.best[in_time], answers.confidence[in_time]
        surprise = self._surprise(world, best)
        n = len(population)
        credit = world.system(Settlement).credit
        population["surprise"][:] += np.bincount(reasoning.agent, surprise * credit, minlength=n)

        sure = confidence >= world.genes("publish")[reasoning.agent, 0]
        chosen = _best_of_each(reasoning.agent, confidence, sure, self.per_agent)
        self.written = (np.empty(0, np.int64),) * 3
        if not len(chosen):
            return
        author, place = reasoning.agent[chosen], reasoning.place[chosen]
        fact = self.stated(tasks, tasks.board[place], best[chosen])
        ids = self.write(
            world,
            population["id"][author],
            *fact,
            engine=answers.proposer[in_time[chosen]],
            confidence=confidence[chosen],
            evidence=self._grounds(world, author, place, fact),
        )
        self.written = (author, ids, chosen)

    def _surprise(self, world: World, best: np.ndarray) -> np.ndarray:
        """float64[T]: how new the answers were to those who gave them."""
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        block, board = tasks.problem.table.block, tasks.board
        replica, place = self.replica(world)[reasoning.agent], reasoning.place
        said, total = np.zeros((2, len(best)), np.int64)
        for number, edition in enumerate(self.editions):
            mine = replica == number
            said[mine] = self._said(number, block, board)[0][place[mine], best[mine]]
            totals = edition.tally.totals(block.source[board], block.relation[board])
            total[mine] = totals[place[mine]]
        return surprisal(said, total, self.facts.entities)

    @staticmethod
    def stated(
        tasks: Tasks, query: np.ndarray, answer: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Subjects, relations and objects of answers (places) to queries, int64[m] each."""
        block, R = tasks.problem.table.block, tasks.problem.evidence.relations
        source, relation, answer = (
            block.source[query],
            block.relation[query],
            block.entity(query, answer),
        )
        forward = relation < R
        return np.where(forward, source, answer), relation % R, np.where(forward, answer, source)

    def _grounds(
        self,
        world: World,
        author: np.ndarray,
        place: np.ndarray,
        fact: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """What answers may rest on: ids that said the same and that their authors were told."""
        if not (self.grounds and len(self.facts)):
            return None
        trust = world.genes("protocol")[:, list(PROTOCOLS).index("trust")] > 0
        open_ = trust[author] & ~world.system(Tasks).sealed[place]
        replica = self.replica(world)[author]
        heard = np.where(open_[:, None], self._mind[author], -1)
        first = np.full((len(author), self.grounds), -1)
        for number, edition in enumerate(self.editions):
            mine = np.flatnonzero(open_ & (replica == number))
            said = [column[mine] for column in fact]
            first[mine] = edition.first_to_say(self.facts, said, self.grounds, ended=True)
        keep_same(self.facts, fact, heard)
        ids = np.concatenate([first, heard], axis=1)
        return ids[ids >= 0], (ids >= 0).sum(axis=1)

    def fade(self, world: World, share: float) -> None:
        """Surprise of earlier generations counts less."""
        world.population["surprise"][:] *= share


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
