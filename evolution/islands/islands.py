"""Islands: several searches side by side that send each other some of their best.

Tanese 1989, "Distributed genetic algorithms"; topologies and policies after Cantú-Paz 2000,
"Efficient and Accurate Parallel Genetic Algorithms". An island is any `Search`, and so are the
islands together.

Guarantees: the same result, to the bit, by ask and tell and by `Islands.run` with any number of
workers, synchronous or not; what holds for every search (`evolution.search`).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from evolution.evolve import Evaluate, check_generations, workers_for
from evolution.genomes.spec import Genomes
from evolution.islands.routes import Topology, check_topology, routes
from evolution.islands.voyage import Voyage
from evolution.search import AskTellError, Evaluated, Search
from evolution.state import packed, unpacked


class Islands(Search):
    """Searches over the same genomes, with migration every few generations.

    >>> spec = GenomeSpec({"x": Real(30)})
    >>> search = Islands([NSGA2(spec, 100, rng=seed) for seed in range(4)], rng=9, every=10)
    >>> search.run(zdt1, 200, workers=4)

    ``topology``: "ring" (each sends to the next), "star" (the first sends to all others and they
    to it), "random" (each sends to another one, drawn anew each time), "full" (each to all), or
    ``bool[n, n]``, sender by receiver. Every ``every`` generations each island sends copies of
    ``migrants`` of its residents, the best ones or, with ``policy="random"``, any.

    An ``asynchronous`` migrant arrives one migration after it was sent, so that no island ever
    waits for another one that is at most one migration behind.

    ``islands`` are the searches themselves, each with a generator of its own, and all told the
    same objectives and measures; ``mail`` is what each sent at the last migration where that is
    still on its way, else empty.
    """

    def __init__(
        self,
        islands: Sequence[Search],
        rng: np.random.Generator | int,
        *,
        topology: Topology = "ring",
        every: int = 10,
        migrants: int = 2,
        policy: Literal["best", "random"] = "best",
        asynchronous: bool = False,
    ) -> None:
        self.islands = list(islands) if isinstance(islands, Sequence) else []
        _check_islands(self.islands)
        self.objectives_expected = _agreed("objectives", [i._told_width for i in self.islands])
        self.measures_needed = any(island.measures_needed for island in self.islands)
        self.receives = all(island.receives for island in self.islands)
        super().__init__(self.islands[0].spec, rng)
        self._measure_width = _agreed("measures", [i._measure_width for i in self.islands])
        if migrants > 0:
            _check_migration(self.islands)
        if every < 1 or migrants < 0:
            raise AskTellError(
                f"every is {every} and migrants is {migrants}; at least 1 and 0, e.g. 10 and 2"
            )
        if policy not in ("best", "random"):
            raise AskTellError(f"policy is {policy!r}; allowed: 'best', 'random'")
        self.topology = check_topology(topology, len(self.islands))
        self.every = every
        self.migrants = migrants
        self.policy = policy
        self.asynchronous = asynchronous
        # Epochs draw from streams of their own, so that their order does not matter.
        self._seed = int(self.rng.integers(2**63))
        self.mail: list[Evaluated] = []

    @property
    def residents(self) -> Evaluated:
        """Those of all islands: by their objective if there is one, else each island's in turn."""
        parts = [island.residents for island in self.islands]
        parts = [part for part in parts if len(part.objectives)] or parts[:1]
        place = np.concatenate([np.arange(len(part.objectives)) for part in parts])
        objectives = np.concatenate([part.objectives for part in parts])
        one = objectives.shape[1] == 1
        order = np.argsort(objectives[:, 0] if one else place, kind="stable")
        measures = [part.measures for part in parts if part.measures is not None]
        return Evaluated(
            self.spec.take(self.spec.concatenate(*(part.genomes for part in parts)), order),
            objectives[order],
            np.concatenate(measures)[order] if len(measures) == len(parts) else None,
        )

    def _receive(self, immigrants: Evaluated) -> None:
        """Shared out over the islands, one each in turn."""
        for place, island in enumerate(self.islands):
            rows = np.arange(place, len(immigrants.objectives), len(self.islands))
            if len(rows):
                island.receive(self._rows(immigrants, rows))

    def run(
        self,
        evaluate: Evaluate,
        generations: int,
        *,
        workers: int = 1,
        pool: Executor | None = None,
    ) -> Islands:
        """Let all islands live for so many generations, each in a process while it can.

        Arguments are those of `evolution.evolve`. The searches in ``islands`` go on in place; if
        it fails, all are as they were.
        """
        if self.asked is not None:
            raise AskTellError("run() after ask(): give the objectives to tell(F) first")
        check_generations(generations)
        before, told = self.state(), sum(island.evaluations for island in self.islands)
        try:
            with workers_for(evaluate, min(workers, len(self.islands)), pool) as executor:
                Voyage(self, evaluate, self.generation + generations).sail(executor)
        except BaseException:
            self.restore(before)  # some islands may have come further than others
            raise
        first = self.islands[0]
        self._told_width, self._measure_width = first._told_width, first._measure_width
        self.generation += generations
        self.evaluations += sum(island.evaluations for island in self.islands) - told
        return self

    def _ask(self) -> Genomes:
        return self.spec.concatenate(*(island.ask() for island in self.islands))

    def _tell(self, evaluated: Evaluated) -> None:
        stop = 0
        for island in self.islands:
            assert island.asked is not None
            start, stop = stop, stop + self.spec.count(island.asked)
            measures = evaluated.measures
            own = None if measures is None else measures[start:stop]
            island.tell(evaluated.objectives[start:stop], own)
        if (self.generation + 1) % self.every == 0:
            epoch = (self.generation + 1) // self.every
            sent = [self.emigrants(place, epoch) for place in range(len(self.islands))]
            arriving, at = (self.mail, epoch - 1) if self.asynchronous else (sent, epoch)
            for place in range(len(self.islands)):
                self.land(place, arriving, at)
            self.mail = sent if self.asynchronous else []

    def emigrants(self, place: int, epoch: int) -> Evaluated:
        """Copies of those that an island sends at the end of an epoch."""
        residents = self.islands[place].residents
        n = len(residents.objectives)
        rows = np.arange(min(self.migrants, n))
        if self.policy == "random":
            stream = np.random.default_rng([self._seed, epoch, place + 1])
            rows = stream.choice(n, len(rows), replace=False)
        return self._rows(residents, rows)

    def land(self, place: int, mail: list[Evaluated], epoch: int) -> None:
        """Let an island receive what was sent to it at the end of an epoch."""
        if not mail:
            return
        for sender in np.flatnonzero(self.routes(epoch)[:, place]):
            if len(mail[sender].objectives):
                self.islands[place].receive(mail[sender])

    def routes(self, epoch: int) -> npt.NDArray[np.bool_]:
        """Who sends to whom at the end of an epoch: ``bool[n, n]``, sender by receiver."""
        return routes(self.topology, len(self.islands), np.random.default_rng([self._seed, epoch]))

    def _rows(self, evaluated: Evaluated, rows: npt.NDArray[Any]) -> Evaluated:
        measures = evaluated.measures
        return Evaluated(
            self.spec.take(evaluated.genomes, rows),
            evaluated.objectives[rows],
            None if measures is None else measures[rows],
        )

    def _settings(self) -> dict[str, Any]:
        topology = self.topology
        return {
            "islands": [island.settings for island in self.islands],
            "topology": topology.tolist() if isinstance(topology, np.ndarray) else topology,
            "every": self.every,
            "migrants": self.migrants,
            "policy": self.policy,
            "asynchronous": self.asynchronous,
        }

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        arrays: dict[str, npt.NDArray[Any]] = {}
        own = []
        for place, island in enumerate(self.islands):
            theirs, facts = island.state()
            arrays |= packed(theirs, f"island.{place}")
            own.append(facts)
        for place, sent in enumerate(self.mail):
            arrays |= packed(sent.genomes, f"mail.{place}.genomes")
            arrays[f"mail.{place}.objectives"] = sent.objectives
            if sent.measures is not None:
                arrays[f"mail.{place}.measures"] = sent.measures
        facts = {"islands": own, "seed": self._seed, "mail": len(self.mail)}
        return arrays, facts

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        for place, (island, own) in enumerate(zip(self.islands, facts["islands"], strict=True)):
            island.restore((unpacked(arrays, f"island.{place}"), own))
        self._seed = facts["seed"]
        self.mail = [
            Evaluated(
                unpacked(arrays, f"mail.{place}.genomes"),
                np.array(arrays[f"mail.{place}.objectives"]),
                arrays.get(f"mail.{place}.measures"),
            )
            for place in range(facts["mail"])
        ]


def _check_islands(islands: list[Search]) -> None:
    if not islands:
        raise AskTellError(
            "no islands; a list of at least 1 search is needed, e.g. [NSGA2(spec, 100, rng=1)]"
        )
    if len({repr(island.spec) for island in islands}) > 1:
        raise AskTellError("the islands have different specs; migrants must fit everywhere")
    if len({id(island.rng.bit_generator) for island in islands}) < len(islands):
        raise AskTellError(
            "islands share a generator, so that each would disturb the other; give each its own, "
            "e.g. [NSGA2(spec, 100, rng=seed) for seed in range(4)]"
        )
    if any(island.asked is not None for island in islands):
        raise AskTellError("an island waits for objectives; tell(F) them first")


def _agreed(what: str, widths: list[int | None]) -> int | None:
    """How many of them all islands are told; None where no island says."""
    known = sorted({width for width in widths if width is not None})
    if len(known) > 1:
        raise AskTellError(
            f"the islands are told different numbers of {what}, {known}; they must agree, as one "
            "tell() serves them all"
        )
    return known[0] if known else None


def _check_migration(islands: list[Search]) -> None:
    if not all(island.receives for island in islands):
        raise AskTellError(
            "an island cannot receive migrants (a down-sampled lexicase knows no errors on other "
            "cases); let none travel by migrants=0, or use downsample=1.0"
        )
    if len({island.measures_needed for island in islands}) > 1:
        kinds = sorted({type(island).__name__ for island in islands if not island.measures_needed})
        raise AskTellError(
            f"some islands look at behaviour, but migrants from {', '.join(kinds)} come without "
            "measures; let none travel by migrants=0, or put searches of one kind together"
        )
