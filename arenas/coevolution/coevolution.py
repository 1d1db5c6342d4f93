"""Coevolution: two populations whose fitness is how they fare against each other.

Hillis 1990, "Co-evolving parasites improve simulated evolution as an optimization procedure",
Physica D 42; sampled opponents, competitive fitness sharing and the hall of fame after Rosin &
Belew 1997, "New methods for competitive coevolution", Evolutionary Computation 5. Any
`evolution.Search` of one objective can be a side; one that carries objectives over from former
generations compares what was told of different opponents, so set ``elites=0`` where it can be.

Guarantees: everybody of a generation meets the same opponents with the same seed; a run depends on
its arguments and generators alone; `Coevolution.state` perturbs nothing, and a restored run goes on
bit for bit; a step that failed in the contest can be taken again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.coevolution.contest import Contest, Floats, mean_score, outcomes, shared_score
from arenas.coevolution.errors import CoevolutionError
from arenas.coevolution.hall import HallOfFame
from arenas.coevolution.held_out import Generalisation, fingerprints, held_out
from evolution import Genomes, Search
from evolution.state import State, packed, plain, unpacked

SEEDS = 2**63


class Side:
    """One population of a coevolution.

    Attributes:
        search: what evolves it.
        hall: its champions, as opponents of the other side.
        met: uint64[m], sorted, fingerprints of all opponents that it was ever tested against.
    """

    def __init__(self, search: Search, limit: int | None) -> None:
        self.search = search
        self.hall = HallOfFame(search.spec, limit)
        self.met = np.empty(0, np.uint64)
        self._champions: list[Genomes] = []

    @property
    def champions(self) -> Genomes:
        """The best of each generation, a row each."""
        if not self._champions:
            raise CoevolutionError("there are no champions before the first step()")
        return self.search.spec.concatenate(*self._champions)

    def asked(self) -> Genomes:
        """The genomes to test: those of a step that failed, or new ones."""
        if self.search.asked is None:
            return self.search.ask()
        return self.search.spec.take(self.search.asked, slice(None))


class Coevolution:
    """Two searches, or one against itself, each told how its genomes fare.

        one, other = (GeneticAlgorithm(spec, 50, rng=seed, elites=0) for seed in (1, 2))
        run = Coevolution(one, other, contest, rng=3).run(100)
        matrix = run.ciao(seed=4)

    Args:
        one: the first side of the contest.
        other: the second, with a generator of its own; None where ``one`` plays against itself.
        contest: see `arenas.coevolution.contest`.
        rng: a generator or seed, for samples of opponents and seeds of contests.
        rivals: how many of the opposing generation everybody meets; None for all.
        ancestors: how many champions of the other side's past everybody meets; 0 for no hall of
            fame.
        hall_limit: how many champions are remembered as opponents; None for all.
        sharing: whether fitness is `shared_score` rather than `mean_score`.

    Attributes: ``sides``, one `Side` or two; ``generation``, steps taken; ``mean`` and ``spread``
    float64[G, sides], mean and variance over a generation's genomes of the mean of what each got,
    a row for each generation.
    """

    def __init__(
        self,
        one: Search,
        other: Search | None,
        contest: Contest,
        *,
        rng: np.random.Generator | int,
        rivals: int | None = 10,
        ancestors: int = 5,
        hall_limit: int | None = None,
        sharing: bool = False,
    ) -> None:
        if other is not None and (other is one or other.rng is one.rng):
            raise CoevolutionError(
                "both sides are the same search or draw from the same generator; give each its "
                "own, or other=None for a population against itself"
            )
        if (rivals is not None and rivals < 1) or ancestors < 0:
            raise CoevolutionError(
                f"rivals is {rivals} and ancestors is {ancestors}; at least 1 (or None for all) "
                "and 0, such as 10 and 5"
            )
        self.contest = contest
        self.rng = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        self.rivals, self.ancestors, self.sharing = rivals, ancestors, sharing
        self.hall_limit = hall_limit
        searches = (one,) if other is None else (one, other)
        self.sides = tuple(Side(search, hall_limit) for search in searches)
        self._history: list[tuple[list[float], list[float]]] = []

    @property
    def generation(self) -> int:
        """How many steps have been taken."""
        return len(self._history)

    @property
    def mean(self) -> Floats:
        """float64[G, sides], what the genomes of each generation got, on average."""
        return self._column(0)

    @property
    def spread(self) -> Floats:
        """float64[G, sides], the variance of that between the genomes: the gradient they feel."""
        return self._column(1)

    def step(self) -> None:
        """One generation of each side: ask, meet, tell, and honour the champions."""
        asked = [side.asked() for side in self.sides]
        opponents = [self._opponents(row, asked) for row in range(len(self.sides))]
        seed = int(self.rng.integers(SEEDS))
        known = [
            self._outcomes(row, asked[row], opponents[row], seed) for row in range(len(self.sides))
        ]
        got = [mean_score(each) for each in known]
        self._history.append(
            ([float(each.mean()) for each in got], [float(each.var()) for each in got])
        )
        for row, side in enumerate(self.sides):
            fitness = shared_score(known[row]) if self.sharing else got[row]
            side.search.tell(-fitness)
            met = fingerprints(self._against(row).search.spec, opponents[row])
            side.met = np.union1d(side.met, met)
            best = int(fitness.argmax())
            champion = side.search.spec.take(asked[row], slice(best, best + 1))
            side._champions.append(champion)
            side.hall.add(champion, self.generation - 1, self.rng)

    def run(self, generations: int) -> Coevolution:
        """Take so many steps."""
        for _ in range(generations):
            self.step()
        return self

    def ciao(self, seed: int) -> Floats:
        """float64[G, G], what one's champion of generation i gets against the other's of j.

        Cliff & Miller 1995; see `arenas.coevolution.ciao`. For a side against itself both are its
        own.
        """
        one, other = self.sides[0], self.sides[-1]
        specs = one.search.spec, other.search.spec
        return outcomes(self.contest, one.champions, other.champions, specs, seed)

    def held_out(
        self, opponents: Genomes, seed: int, side: int = 0, genomes: Genomes | None = None
    ) -> Generalisation:
        """Score a side's last champion, or these genomes, on opponents it never trained against.

        Raises:
            CoevolutionError: where one of the opponents was met in training, or for a side that
                there is not.
        """
        if side not in range(len(self.sides)):
            raise CoevolutionError(
                f"side is {side}; 0 is the first side"
                + (", 1 the second" if len(self.sides) == 2 else ", and there is no other")
            )
        tested = self.sides[side]
        spec = self._against(side).search.spec
        met = np.isin(fingerprints(spec, opponents), tested.met)
        if met.any():
            raise CoevolutionError(
                f"{int(met.sum())} of {len(met)} opponents were met in training, the first in row "
                f"{int(met.argmax())}; a score against them says nothing of others: draw the test "
                "set anew, such as spec.sample(200, np.random.default_rng(2**40))"
            )
        if genomes is None:
            if not self.generation:
                raise CoevolutionError("there is no champion to test before the first step()")
            genomes = tested._champions[-1]
        specs = self.sides[0].search.spec, self.sides[-1].search.spec
        return held_out(self.contest, genomes, opponents, specs, seed, side=side)

    def state(self) -> State:
        """Everything a resumed run needs, as plain arrays and a dict that JSON can hold."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        sides = []
        for row, side in enumerate(self.sides):
            for name, (kept, _) in {
                "search": side.search.state(),
                "hall": side.hall.state(),
            }.items():
                arrays |= packed(kept, f"{row}.{name}")
            if side._champions:
                arrays |= packed(side.champions, f"{row}.champions")
            arrays[f"{row}.met"] = side.met.copy()
            sides.append({"search": side.search.state()[1], "hall": side.hall.state()[1]})
        arrays["mean"], arrays["spread"] = self.mean, self.spread
        rng = plain(self.rng.bit_generator.state)
        return arrays, {"settings": self._settings, "sides": sides, "rng": rng}

    def restore(self, state: State) -> None:
        """Go on where the run that gave ``state`` stood; searches and settings must be alike.

        A state that is refused leaves the run as it was.

        Raises:
            CoevolutionError: for a state of other settings, or a damaged one.
            AskTellError, GenomeError: where a search refuses its part.
        """
        if not (isinstance(state, tuple | list) and [type(part) for part in state] == [dict, dict]):
            raise CoevolutionError("restore(state): that is not what state() returned")
        settings = state[1].get("settings")
        if settings != self._settings:
            raise CoevolutionError(
                f"the state is of a coevolution with {settings}; this one has {self._settings}"
            )
        before = self.state()
        try:
            self._load(state)
        except BaseException as error:
            self._load(before)
            damaged = KeyError, TypeError, IndexError, AttributeError
            # A plain ValueError is NumPy's; those of the searches and halls say more.
            if isinstance(error, damaged) or type(error) is ValueError:
                raise CoevolutionError(f"the state is damaged: {error!r}") from error
            raise

    def _load(self, state: State) -> None:
        arrays, facts = state
        mean, spread = arrays["mean"], arrays["spread"]
        if mean.shape != spread.shape or mean.shape[1:] != (len(self.sides),):
            raise CoevolutionError("the state is damaged: mean and spread are of other shapes")
        if not (np.isfinite(mean) & np.isfinite(spread)).all():
            raise CoevolutionError("the state is damaged: mean or spread is not finite")
        for row, side in enumerate(self.sides):
            known = facts["sides"][row]
            side.search.restore((unpacked(arrays, f"{row}.search"), known["search"]))
            side.hall.restore((unpacked(arrays, f"{row}.hall"), known["hall"]))
            champions = unpacked(arrays, f"{row}.champions")
            if len(mean):
                side.search.spec.validate(champions)
            side._champions = [
                side.search.spec.take(champions, slice(i, i + 1)) for i in range(len(mean))
            ]
            side.met = np.array(arrays[f"{row}.met"], np.uint64)
        self._history = list(zip(mean.tolist(), spread.tolist(), strict=True))
        self.rng.bit_generator.state = facts["rng"]

    @property
    def _settings(self) -> dict[str, Any]:
        return {
            "sides": len(self.sides),
            "rivals": self.rivals,
            "ancestors": self.ancestors,
            "hall_limit": self.hall_limit,
            "sharing": self.sharing,
            "bit_generator": type(self.rng.bit_generator).__name__,
        }

    def _against(self, row: int) -> Side:
        """The side that this one meets: the other, or itself."""
        return self.sides[len(self.sides) - 1 - row]

    def _opponents(self, row: int, asked: list[Genomes]) -> Genomes:
        """Whom everybody of a side meets: rivals of this generation, and ancestors of them."""
        against = self._against(row)
        spec, generation = against.search.spec, asked[self.sides.index(against)]
        n = spec.count(generation)
        rows = np.arange(n)
        if self.rivals is not None and self.rivals < n:
            rows = np.sort(self.rng.choice(n, self.rivals, replace=False))
        present = spec.take(generation, rows)
        past = against.hall.sample(self.ancestors, self.rng)
        return present if past is None else spec.concatenate(present, past)

    def _outcomes(self, row: int, mine: Genomes, theirs: Genomes, seed: int) -> Floats:
        """What the genomes of a side got against these opponents, [n, k]."""
        specs = self.sides[0].search.spec, self.sides[-1].search.spec
        if row == 0:
            return outcomes(self.contest, mine, theirs, specs, seed)
        return 1.0 - outcomes(self.contest, theirs, mine, specs, seed).T

    def _column(self, which: int) -> Floats:
        rows = [each[which] for each in self._history]
        return np.array(rows, np.float64).reshape(len(rows), len(self.sides))
