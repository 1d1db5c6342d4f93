"""Iterated matrix games beside the axelrod library: the same players, turns and pairs.

Figures are millions of turns a CPU second, a turn being one move of both players, in round robins
of 200 turns. The library plays its own `Match` objects one after the other; we play a batch, from
machines and seeds to points. First both play the same: without chance the scores have to be equal,
with chance both means have to lie within four standard errors of the exact expectation. The last
rows are those of `benchmarks.arenas.axelrod_entry`.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import axelrod
import numpy as np
import numpy.typing as npt

from arenas.iterated import (
    IteratedContest,
    IteratedMatch,
    MachineGenomes,
    Machines,
    NetworkPlayer,
    TitForTat,
    WinStayLoseShift,
    count_outcomes,
    expected_points,
    inputs_for,
    machines_of_networks,
    memory_one,
)
from benchmarks.arenas import axelrod_entry
from benchmarks.rows import Row
from evolution.neat import NetworkConfig, NetworkSpec

Floats = npt.NDArray[np.float64]
Pairs = npt.NDArray[np.int64]

MATCH = IteratedMatch(turns=200)
GOAL = 300.0
MEGA = 1e6


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of speed, then those of the evolved entrants."""
    first = memory_one([[1.0, 0.0, 1.0, 0.0], [0.5, 0.5, 0.5, 0.5]])
    compile_s = _seconds(lambda: _points(first, [[0, 0], [1, 1]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield stochastic(quick, compile_s)
        yield deterministic(quick)
        yield state_machines(quick)
        yield from alone(quick)
        yield from axelrod_entry.rows(quick)


def stochastic(quick: bool, compile_s: float) -> Row:
    """Twenty memory-one strategies with all probabilities between 0 and 1."""
    n = 5 if quick else 20
    p = np.random.default_rng(1).uniform(0.05, 0.95, (n, 4))
    machines, pairs = memory_one(p), _everybody(n)
    theirs = [axelrod.MemoryOnePlayer(tuple(each), axelrod.Action.C) for each in p.tolist()]
    seconds, scores = _library(theirs, pairs)
    ours, repeated = _repeated(machines, pairs)
    expected = expected_points(machines, pairs, MATCH)
    spread = repeated.std(axis=0)
    # The mean over all matches of both, in its standard errors.
    error = np.sqrt(np.square(spread).sum()) / spread.size
    checks: dict[str, bool | float] = {}
    for name, mean, width in (
        ("ours", repeated.mean() - expected.mean(), error / np.sqrt(len(repeated))),
        ("the library's", scores.mean() - expected.mean(), error),
    ):
        # Both scores of a match depend on each other: at most doubling the variance of the mean.
        checks[f"{name} mean as expected"] = bool(abs(mean) < 4 * np.sqrt(2) * width)
    peer = len(pairs) * MATCH.turns / seconds / MEGA
    notes = {"compile_s": round(compile_s, 2), "axelrod": axelrod.__version__}
    name = "memory-one strategies, M turns/s (axelrod)"
    return Row(name, ours, peer, ours / peer, checks, None if quick else GOAL, notes)


def deterministic(quick: bool) -> Row:
    """All 32 memory-one strategies without chance: by what they play first and after each turn."""
    vectors = list(itertools.product((0, 1), repeat=5))[:: 5 if quick else 1]
    machines = memory_one([v[1:] for v in vectors], first=[v[0] for v in vectors])
    pairs = _everybody(len(vectors))
    first = (axelrod.Action.D, axelrod.Action.C)
    theirs = [axelrod.MemoryOnePlayer(v[1:], first[v[0]]) for v in vectors]
    name = "memory-one strategies without chance, M turns/s (axelrod)"
    return _sure(name, machines, pairs, theirs, quick)


def state_machines(quick: bool) -> Row:
    """Machines of 16 states, as ours and as the library's `FSMPlayer`."""
    n, S = (5, 16) if quick else (20, 16)
    genomes = MachineGenomes(S)
    machines = genomes.machines_of(genomes.spec.sample(n, np.random.default_rng(2)))
    plays = machines.plays.argmax(axis=1).reshape(n, S)
    moves_on = machines.moves_on[:, 0].reshape(n, S, 2)
    action = (axelrod.Action.C, axelrod.Action.D)
    theirs = []
    for row in range(n):
        table = [
            (
                s,
                action[seen],
                int(moves_on[row, s, seen]),
                action[plays[row, moves_on[row, s, seen]]],
            )
            for s in range(S)
            for seen in range(2)
        ]
        theirs.append(axelrod.FSMPlayer(tuple(table), 0, action[plays[row, 0]]))
    name = "machines of 16 states, M turns/s (axelrod)"
    return _sure(name, machines, _everybody(n), theirs, quick)


def alone(quick: bool) -> Iterator[Row]:
    """What has no peer: noise, NEAT networks, three actions, and plain classes."""
    n = 20 if quick else 100
    rng = np.random.default_rng(3)
    pairs = _everybody(n)
    genomes = MachineGenomes(16)
    machines = genomes.machines_of(genomes.spec.sample(n, rng))
    noisy = IteratedMatch(turns=200, noise=0.05)
    yield Row("machines of 16 states, noise 5%, M turns/s", _rate(machines, pairs, noisy))

    spec = NetworkSpec(NetworkConfig(inputs_for(3), 2))
    networks = spec.sample(n, rng)
    for _ in range(10):
        networks = spec.mutate(networks, rng)
    compiling = min(_seconds(lambda: machines_of_networks(spec, networks)) for _ in range(3))
    compiled = machines_of_networks(spec, networks)
    plays = compiled.player(0), compiled.player(1)
    asked = NetworkPlayer(spec, networks, 0), NetworkPlayer(spec, networks, 1)
    same = (noisy.play(*plays, 1).actions == noisy.play(*asked, 1).actions).all()
    turns = len(pairs) * MATCH.turns
    stepping = turns / _rate(compiled, pairs, MATCH, shortcut=False) / MEGA
    yield Row(
        f"NEAT networks that see 3 turns, {n} all against all, M turns/s",
        turns / (compiling + stepping) / MEGA,
        checks={"same moves as the networks": bool(same)},
        notes={
            "of it compiling 100 networks, ms": round(1e3 * compiling * 100 / n, 2),
            "without compiling": round(turns / stepping / MEGA, 1),
            "with circles cut short": round(_rate(compiled, pairs, MATCH), 1),
        },
    )
    contest = IteratedContest([TitForTat(), WinStayLoseShift()])
    plain = min(_seconds(lambda: contest([[0, 1]] * 5, range(5))) for _ in range(5)) / 5
    theirs, _ = _library([axelrod.TitForTat(), axelrod.WinStayLoseShift()], np.array([[0, 1]] * 5))
    ours, peer = MATCH.turns / plain / MEGA, 5 * MATCH.turns / theirs / MEGA
    yield Row("plain Python classes, M turns/s (axelrod)", ours, peer, ours / peer)


def _sure(name: str, machines: Machines, pairs: Pairs, theirs: Sequence[Any], quick: bool) -> Row:
    """A row of players without chance: every turn played, and with circles cut short."""
    seconds, scores = _library(theirs, pairs)
    ours = _rate(machines, pairs, MATCH, shortcut=False)
    peer = len(pairs) * MATCH.turns / seconds / MEGA
    checks = {
        "same scores": bool((_points(machines, pairs) == scores).all()),
        "and turn by turn": bool((_points(machines, pairs, shortcut=False) == scores).all()),
    }
    notes = {"with circles cut short": round(_rate(machines, pairs, MATCH), 1)}
    return Row(name, ours, peer, ours / peer, checks, None if quick else GOAL, notes)


def _everybody(n: int) -> Pairs:
    """Each pair of n once, and each with itself: int64[n (n + 1) / 2, 2]."""
    return np.column_stack(np.triu_indices(n)).astype(np.int64)


def _points(machines: Machines, pairs: npt.ArrayLike, shortcut: bool = True) -> Floats:
    seeds = np.arange(len(np.asarray(pairs)), dtype=np.uint64)
    return MATCH.points(count_outcomes(machines, MATCH, pairs, seeds, shortcut))


def _repeated(machines: Machines, pairs: Pairs, times: int = 50) -> tuple[float, Floats]:
    """M turns/s, and the points float64[times, m, 2]."""
    rate = _rate(machines, pairs, MATCH)
    seeds = np.random.default_rng(4).integers(2**64, size=times * len(pairs), dtype=np.uint64)
    counts = count_outcomes(machines, MATCH, np.tile(pairs, (times, 1)), seeds)
    return rate, MATCH.points(counts).reshape(times, len(pairs), 2)


def _rate(machines: Machines, pairs: Pairs, match: IteratedMatch, shortcut: bool = True) -> float:
    """M turns/s from machines and seeds to points; the best of five, of some 20 M turns each."""
    times = max(1, 100_000 // len(pairs))
    many = np.tile(pairs, (times, 1))
    seeds = np.random.default_rng(5).integers(2**64, size=len(many), dtype=np.uint64)
    best = min(
        _seconds(lambda: match.points(count_outcomes(machines, match, many, seeds, shortcut)))
        for _ in range(5)
    )
    return len(many) * match.turns / best / MEGA


def _library(players: Sequence[Any], pairs: Pairs) -> tuple[float, Floats]:
    """CPU seconds, the better of two, and scores float64[m, 2] of the library's matches."""

    def play() -> list[tuple[float, float]]:
        scores = []
        for seed, (i, j) in enumerate(pairs.tolist()):
            both = players[i], players[j] if i != j else players[j].clone()
            match = axelrod.Match(both, turns=MATCH.turns, seed=seed)
            match.play()
            scores.append(match.final_score())
        return scores

    scores = play()
    return min(_seconds(play) for _ in range(2)), np.array(scores, np.float64)


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
