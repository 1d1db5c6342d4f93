"""Evolved players in a round robin with the axelrod library's strategies: where they come in.

Machines of 16 states and memory-one strategies are evolved, each with several seeds, by a
generational genetic algorithm. They train on our own 21 classics and on each other, 200 turns
without noise; nothing of the library is played before the evolution is over. Then each entrant
joins the library's short-run-time strategies that obey Axelrod's rules: everybody meets everybody
else for 200 turns, pairs with chance in them several times. A player's score in a repetition is
its mean payoff a turn over its opponents, and its rank is by the median over the repetitions, as
in the library. Each entrant is ranked in a field of the library and itself alone. The library's
field has twins of many training opponents (its TitForTat is tit for tat), so the mean payoff
against those that have none among `TWINS` is given beside the rank.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import axelrod
import numpy as np
import numpy.typing as npt

from arenas.iterated import (
    CLASSICS,
    AxelrodPlayer,
    IteratedContest,
    IteratedMatch,
    MachineGenomes,
    Machines,
    MemoryOneGenomes,
    Player,
    axelrod_players,
    count_outcomes,
)
from benchmarks.rows import Row
from evolution import GeneticAlgorithm

Floats = npt.NDArray[np.float64]
Representation = MachineGenomes | MemoryOneGenomes

TRAINING: tuple[type[Player], ...] = tuple(CLASSICS.values())
"""Whom they train on, beside each other."""

TWINS = (
    "Cooperator",
    "Defector",
    "Alternator",
    "Cycler CCD",
    "Tit For Tat",
    "Suspicious Tit For Tat",
    "Bully",
    "Tit For 2 Tats",
    "Two Tits For Tat",
    "Hard Tit For Tat",
    "Grudger",
    "Win-Stay Lose-Shift",
    "Second by Tester",
    "Handshake",
    "Soft Grudger",
    "Random: 0.5",
    "GTFT: 0.33",
    "First by Joss: 0.9",
    "Firm But Fair",
    "ZD-Extort-2: 0.1111111111111111, 0.5",
    "ZD-GTFT-2: 0.25, 0.5",
)
"""The library's names of the same strategies."""

SLOW = (
    "First by Graaskamp: 0.05",
    "Second by Tranquilizer",
    "Meta Majority Memory One: 37 players",
    "Meta Winner Memory One: 37 players",
    "NMWE Memory One: 37 players",
)
"""Left out: these five take 30 to 90 ms for a match against tit for tat, others 2 ms."""

TURNS = 200
PEERS = 10


def evolve_player(
    genomes: Representation, name: str, seed: int, generations: int, population: int = 200
) -> Machines:
    """The best of the last generation, by 20 more matches with each of the training set."""
    rng = np.random.default_rng(seed)
    search = GeneticAlgorithm(genomes.spec, population, rng=seed)
    for _ in range(generations):
        machines = genomes.machines_of(search.ask())
        search.tell(-training_points(machines, rng, repetitions=2))
    final = genomes.machines_of(search.genomes)
    points = training_points(final, rng, repetitions=20)
    return final.take([int(points.argmax())]).named([f"{name}, seed {seed}"])


def training_points(machines: Machines, rng: np.random.Generator, repetitions: int) -> Floats:
    """Mean payoff a turn float64[n] against the training set and ten drawn from the n."""
    n, match = len(machines), IteratedMatch(turns=TURNS)
    teachers = Machines.of_players(each() for each in TRAINING)
    theirs = n + np.tile(np.arange(len(teachers)), repetitions)
    opponents = np.concatenate(
        [np.tile(theirs, (n, 1)), rng.integers(n, size=(n, PEERS * repetitions))], axis=1
    )
    pairs = np.column_stack([np.repeat(np.arange(n), opponents.shape[1]), opponents.ravel()])
    seeds = rng.integers(2**64, size=len(pairs), dtype=np.uint64)
    everybody = Machines.concatenate([machines, teachers])
    points = match.points(count_outcomes(everybody, match, pairs, seeds))[:, 0]
    return np.asarray(points.reshape(n, -1).mean(axis=1) / TURNS)


def library(sample: int | None, seed: int = 0) -> list[AxelrodPlayer]:
    """The library's field: all but the slow, or a seeded sample of these and tit for tat."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        players = axelrod_players()
    players = [player for player in players if player.name not in SLOW]
    if sample is not None:
        rng = np.random.default_rng(seed)
        chosen = set(rng.choice(len(players), sample, replace=False).tolist())
        players = [p for i, p in enumerate(players) if i in chosen or p.name == "Tit For Tat"]
    return players


def round_robin(players: Sequence[Player | Machines], repetitions: int, libraries: int) -> Floats:
    """Mean payoff a turn float64[repetitions, n, n] of row against column.

    The first `libraries` players meet everybody, the others only those. Pairs without chance are
    played once.
    """
    contest = IteratedContest(players, turns=TURNS)
    n = len(contest)
    stochastic = _stochastic(players)
    payoff = np.full((repetitions, n, n), np.nan)
    rng = np.random.default_rng(1)
    for i in range(n):
        for j in range(i + 1, n):
            if i >= libraries:
                continue
            times = repetitions if stochastic[i] or stochastic[j] else 1
            seeds = rng.integers(2**64, size=times, dtype=np.uint64)
            points = contest(np.tile([i, j], (times, 1)), seeds) / TURNS
            payoff[:, i, j], payoff[:, j, i] = points[:, 0], points[:, 1]
    if contest.forfeits:
        raise AssertionError(f"a strategy of the library failed: {contest.forfeits[0].reason}")
    return payoff


def _stochastic(players: Sequence[Player | Machines]) -> list[bool]:
    found: list[bool] = []
    for player in players:
        if isinstance(player, Machines):
            found += (~player.sure).tolist()
        elif isinstance(player, AxelrodPlayer):
            found.append(bool(axelrod.Classifiers["stochastic"](player.strategy)))
        else:
            raise TypeError(f"{player!r} is neither of the library nor machines")
    return found


@dataclass(frozen=True)
class Place:
    """Where a player came in: its rank of so many, its median score, and that against strangers."""

    name: str
    rank: int
    of: int
    score: float
    held_out: float


def places(
    payoff: Floats, names: Sequence[str], twins: Sequence[bool], field: Sequence[int]
) -> list[Place]:
    """The places of a field of players, in their order; of equal ones the first is ahead.

    Args:
        payoff: float64[repetitions, n, n], NaN where they did not meet.
        names: of the n.
        twins: for each of the library, who come first, whether it is a training opponent's twin.
        field: rows of those who are ranked, who all met.
    """
    scores = np.median(np.nanmean(payoff[:, field][:, :, field], axis=2), axis=0)
    strangers = np.flatnonzero(~np.asarray(twins))
    held_out = np.median(np.nanmean(payoff[:, field][:, :, strangers], axis=2), axis=0)
    rank = np.empty(len(field), np.int64)
    rank[(-scores).argsort(kind="stable")] = np.arange(len(field)) + 1
    return [
        Place(names[row], int(rank[k]), len(field), float(scores[k]), float(held_out[k]))
        for k, row in enumerate(field)
    ]


def entries(quick: bool) -> tuple[list[Place], list[Place], float]:
    """Evolve, enter, and rank: entrants' places, the library's own, CPU seconds of evolving."""
    seeds = (1,) if quick else (1, 2, 3, 4, 5)
    generations = 60 if quick else 300
    start = time.process_time()
    entrants = [
        evolve_player(genomes, name, seed, generations)
        for genomes, name in (
            (MachineGenomes(16), "machine of 16 states"),
            (MemoryOneGenomes(), "memory one"),
        )
        for seed in seeds
    ]
    evolving = time.process_time() - start
    field = library(12 if quick else None)
    machines = Machines.concatenate(entrants)
    payoff = round_robin([*field, machines], 2, len(field))
    names = [*(player.name for player in field), *machines.names]
    twins = [player.name in TWINS for player in field]
    residents = range(len(field))
    own = [
        places(payoff, names, twins, [*residents, len(field) + k])[-1] for k in range(len(entrants))
    ]
    return own, places(payoff, names, twins, residents), evolving


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row an entrant: its rank, beside that of the library's tit for tat."""
    own, theirs, evolving = entries(quick)
    tit_for_tat = next(place for place in theirs if place.name == "Tit For Tat")
    winner = min(theirs, key=lambda place: place.rank)
    for place in own:
        yield Row(
            f"rank of an evolved {place.name}, of {place.of} (tit for tat)",
            place.rank,
            tit_for_tat.rank,
            tit_for_tat.rank / place.rank,
            {
                "payoff a turn": round(place.score, 3),
                "tit for tat's": round(tit_for_tat.score, 3),
                "against strangers": round(place.held_out, 3),
                "tit for tat's so": round(tit_for_tat.held_out, 3),
            },
            None,
            {
                "library's best": winner.name,
                "its payoff a turn": round(winner.score, 3),
                "evolution of all, CPU s": round(evolving, 1),
                "trained on": ", ".join(each.__name__ for each in TRAINING) + ", each other",
                "twins in the library": sum(name.name in TWINS for name in theirs),
            },
        )
