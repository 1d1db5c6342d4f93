"""How far from all that is known: novelty of what agents do, or of what they find.

Lehman & Stanley 2011, "Abandoning objectives: evolution through the search for novelty alone",
Evolutionary Computation 19(2), equation 1: the mean distance to the k nearest, among the others and
an archive of the past. The archive is a vector index, exact at first and a graph when it is large.

Guarantees: what is known never includes what is being measured; a restored world measures on to the
same bits, its archive made again in the steps in which it grew; all are between 0 and 1, and 1
where there is nothing to compare with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from swarm.memory.vectors import Exact, VectorIndex, vector_index
from swarm.population import Column, PopulationError
from swarm.systems.fact_space import FactSpace
from swarm.systems.reasoning import Reasoning
from swarm.systems.remembering import Remembering
from swarm.systems.selection import Selection
from swarm.systems.settlement import Settlement
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

if TYPE_CHECKING:
    from swarm.world import World

Of = Literal["behaviour", "findings"]
FARTHEST = 1.0
HABITS = 4
"""Components of a behaviour beside the engines: answering, confidence, compute, publishing."""


class Exploring(System):
    """Measures originality, which `Selection` then seeks in place of surprise.

    The behaviour of an agent in a generation is, of its answers, the share that used each engine,
    their mean confidence, their mean compute as a share of what all engines cost together (1 at
    most) and the share that it published; and the share of its tasks that it answered. It is
    compared with the others alive and with an archive, which `admitted` of the living, drawn at
    random, join at the end of each generation (as good a rule as any more elaborate one: Gomes,
    Mariano & Christensen 2015, GECCO). Credit does not count.

    An answer is compared, in a `FactSpace`, with the facts that its author's edition of the memory
    had when it was given, the author's own among them. A fact counts as often as it is said: what
    k have said is not original at all. Credit counts, as it does for surprise.

    Distances are Euclidean, scaled so that the largest possible is 1. Where fewer than k are known
    the mean is over those.

    Stands after `Remembering` and before `Selection`.

    Args:
        of: "behaviour", which needs `Selection` to say what a generation is, or "findings", which
            needs `Remembering` and a knowledge graph.
        k: neighbours, ≥ 1; 15 is customary.
        admitted: behaviours that join the archive in a generation, ≥ 0.
        index: makes the archive, an empty index of so many dimensions and metric "l2"; by default
            one that grows with what is in it.

    Attributes:
        archive: everything known; for findings each different fact once.
        mean: how original the answers of this tick, or the behaviours of the last generation,
            were on average, whatever their credit.

    Columns: `originality` float64, sum over answers, fading by generation, of credit times the
    originality of the finding, or of that of the behaviour they were part of; with "behaviour" also
    `conduct` float64[engines + 5], sums over this generation.

    >>> World(200, [Tasks(problem), ..., Remembering(), Exploring("findings"), Selection()])
    """

    columns: ClassVar[Mapping[str, Column]] = {"originality": Column(np.float64)}

    def __init__(
        self,
        of: Of = "behaviour",
        k: int = 15,
        admitted: int = 10,
        index: Callable[[int], VectorIndex] = vector_index,
    ):
        if of not in get_args(Of) or k < 1 or admitted < 0:
            raise PopulationError(
                'Exploring: of is "behaviour" or "findings", k 1 or more and admitted 0 or more, '
                f"such as 15 and 10; got {of!r}, {k} and {admitted}"
            )
        self.of = of
        self.k = k
        self.admitted = admitted
        self.mean = 0.0
        self.archive: VectorIndex
        self._index = index
        self._steps: list[int] = []  # vectors in the archive after each addition
        self._facts = np.empty(0, np.int64)  # of findings: the key of each vector
        self._seen = 0  # facts of the memory that have been looked at
        self._space: FactSpace

    def setup(self, world: World) -> None:
        """What is compared has to be there."""
        problem = world.system(Tasks).problem
        if self.of == "behaviour":
            world.system(Selection)
            width = len(problem.faculties.names) + HABITS
            # The width is the problem's, so the column is defined where the problem is known.
            world.population.define("conduct", Column(np.float64, (width + 1,)))
        else:
            world.system(Remembering)
            evidence = problem.evidence
            if not hasattr(evidence, "facts"):
                raise PopulationError(
                    "Exploring: findings are compared by the relations of a knowledge graph, and "
                    'this problem has none; Exploring("behaviour") works with every problem'
                )
            self._space = FactSpace(evidence.facts, evidence.entities, evidence.relations)
            width = self._space.width
        self._width = width
        self._begin()

    def _begin(self) -> None:
        self.archive = self._index(self._width)
        self._steps, self._facts, self._seen = [], np.empty(0, np.int64), 0

    def __call__(self, world: World) -> None:
        """Findings are measured in every tick, behaviours at the end of a generation."""
        if self.of == "findings":
            self._measure_findings(world)
            return
        self._watch(world)
        if world.steps % world.system(Selection).every == 0:
            self._measure_behaviours(world)

    def fade(self, world: World, share: float) -> None:
        """Originality of earlier generations counts less."""
        world.population["originality"][:] *= share

    # Behaviours

    def _watch(self, world: World) -> None:
        """Add up what agents did in this tick."""
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        answers, agent = reasoning.answers, reasoning.agent
        assert answers is not None, "Exploring comes after Reasoning"
        memory = world.find(Remembering)
        authors = memory.written[0] if memory else np.empty(0, np.int64)
        conduct, n = world.population["conduct"], len(world.population)
        used = answers.used[reasoning.in_time]
        for engine in range(self._width - HABITS):
            conduct[:, engine] += np.bincount(agent[(used >> engine & 1) > 0], minlength=n)
        for column, (who, amount) in enumerate(
            [
                (tasks.agent, None),
                (agent, None),
                (agent, answers.confidence[reasoning.in_time]),
                (agent, answers.spent[reasoning.in_time]),
                (authors, None),
            ],
            self._width - HABITS,
        ):
            conduct[:, column] += np.bincount(who, amount, minlength=n)

    def behaviours(self, world: World) -> np.ndarray:
        """float32[n, engines + 4]: what each agent did in this generation, by row."""
        *_, given, answered, confidence, units, published = world.population["conduct"].T
        engines = world.population["conduct"].T[: self._width - HABITS]
        costs = world.system(Tasks).problem.faculties.costs
        share = np.maximum(answered, 1)
        done = [
            *(engines / share),
            answered / np.maximum(given, 1),
            confidence / share,
            np.minimum(units / share / costs.sum(), 1),
            published / share,
        ]
        return (np.stack(done, axis=1) / np.sqrt(self._width)).astype(np.float32)

    def _measure_behaviours(self, world: World) -> None:
        population = world.population
        living = np.flatnonzero(population["alive"])
        behaviours = self.behaviours(world)[living]
        novelty = self._unlike(behaviours)
        answered = population["conduct"][living, self._width - HABITS + 1]
        population["originality"][living] += novelty * answered
        self.mean = float(novelty.mean()) if len(living) else 0.0
        chosen = world.stream(self.name).choice(
            len(living), min(self.admitted, len(living)), replace=False
        )
        self._remember(behaviours[np.sort(chosen)])
        population["conduct"][:] = 0

    def _unlike(self, behaviours: np.ndarray) -> np.ndarray:
        """float64[m]: how far each is from the others and from the archive."""
        others = Exact(self._width)
        others.add(behaviours)
        near, past = others.search(behaviours, self.k + 1), self.archive.search(behaviours, self.k)
        itself = near.ids == np.arange(len(behaviours))[:, None]
        times = np.concatenate([(near.ids >= 0) & ~itself, past.ids >= 0], axis=1)
        squared = np.concatenate([near.distances, past.distances], axis=1)
        order = np.argsort(squared, axis=1, kind="stable")
        squared, times = (np.take_along_axis(each, order, 1) for each in (squared, times))
        return mean_distance(squared, times, self.k)

    def _remember(self, vectors: np.ndarray) -> None:
        """Vectors join the archive, and how many is kept: its graph depends on it."""
        if len(vectors):
            self.archive.add(vectors)
            self._steps.append(len(self.archive))

    # Findings

    def _measure_findings(self, world: World) -> None:
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        answers, memory = reasoning.answers, world.system(Remembering)
        assert answers is not None, "Exploring comes after Reasoning"
        self._learn(memory)
        agent, best = reasoning.agent, answers.best[reasoning.in_time].astype(np.int64)
        places, replica = answers.scores.shape[1], memory.replica(world)[agent]
        # Thousands gave the same answers: each is measured once an edition.
        given = (replica * len(tasks.board) + reasoning.place) * places + best
        cells = np.zeros(len(memory.editions) * len(tasks.board) * places, np.bool_)
        cells[given] = True
        asked = np.flatnonzero(cells)
        edition, asked = np.divmod(asked, len(tasks.board) * places)
        place, answer = np.divmod(asked, places)
        fact = np.stack(memory.stated(tasks, tasks.board[place], answer))
        distinct = np.empty(len(asked))
        for number in np.unique(edition):
            mine = edition == number
            distinct[mine] = self._unheard(memory, int(number), fact[:, mine])
        novelty = distinct[(np.cumsum(cells) - 1)[given]]
        credit = world.system(Settlement).credit
        n = len(world.population)
        world.population["originality"][:] += np.bincount(agent, novelty * credit, minlength=n)
        self.mean = float(novelty.mean()) if len(novelty) else 0.0

    def _learn(self, memory: Remembering) -> None:
        """Facts that have become public join the archive, unless they were known."""
        columns = memory.facts.columns()
        subject, relation, object_ = (
            columns[name][self._seen : memory.public].astype(np.int64)
            for name in ("subject", "relation", "object")
        )
        keys = np.unique(self._space.keys(subject, relation, object_))
        keys = keys[~np.isin(keys, self._facts)]
        self._seen = memory.public
        self._facts = np.concatenate([self._facts, keys])
        self._remember(self._space.embed(*self._space.facts(keys)))

    def _unheard(self, memory: Remembering, edition: int, fact: np.ndarray) -> np.ndarray:
        """float64[m]: how far facts int64[3, m] are from those of an edition."""
        if not len(self._facts):
            return np.full(fact.shape[1], FARTHEST)
        subject, relation, object_ = self._space.facts(self._facts)
        tally = memory.editions[edition].tally
        said = tally.rows(subject, relation, object_[:, None])[0][:, 0]
        # What was withdrawn, or has not come to this edition yet, is not known.
        known = None if (said > 0).all() else said > 0
        near = self.archive.search(self._space.embed(*fact), self.k, known)
        times = np.append(said, 0)[near.ids]  # nobody, -1, is the last
        return mean_distance(near.distances, times, self.k)

    # Save and restore

    def state(self) -> dict[str, Any]:
        """The archive: behaviours as vectors, findings as facts; how it grew; the mean."""
        known = {"facts": self._facts.copy(), "seen": self._seen}
        if self.of == "behaviour":
            known = {"vectors": self.archive.vectors(self.archive.ids())}
        return {**known, "steps": np.array(self._steps, np.int64), "mean": self.mean}

    def restore(self, world: World, state: Mapping[str, Any]) -> None:
        """The archive is made again, step by step."""
        self._begin()
        if self.of == "behaviour":
            vectors = np.asarray(state["vectors"], np.float32)
        else:
            self._facts, self._seen = np.array(state["facts"], np.int64), int(state["seen"])
            vectors = self._space.embed(*self._space.facts(self._facts))
        for first, last in zip([0, *state["steps"]], state["steps"], strict=False):
            self._remember(vectors[first:last])
        self.mean = float(state["mean"])


def mean_distance(squared: np.ndarray, times: np.ndarray, k: int) -> np.ndarray:
    """The mean distance to the k nearest, where neighbours may stand for several.

    Args:
        squared: float32[m, c], squared distances of neighbours, nearest first.
        times: int[m, c], how many each stands for; 0 for none.
        k: how many count.

    Returns:
        float64[m]: over those there are if they are fewer, and 1 where there is none.
    """
    number = times.astype(np.int64)
    counted = np.clip(k - (np.cumsum(number, axis=1) - number), 0, number)
    far = np.sqrt(np.where(counted > 0, squared, 0.0).astype(np.float64))
    total, among = (counted * far).sum(axis=1), counted.sum(axis=1)
    return np.where(among > 0, total / np.maximum(among, 1), FARTHEST)
