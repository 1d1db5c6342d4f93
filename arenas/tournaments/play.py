"""Playing matches: each with a seed of its own, in this process or spread over several.

Guarantees: the seed of a match follows from the tournament's seed, the round, the two players,
their seats and the repetition, and from nothing else; so the points are the same for any number
of workers. Forfeits that a contest raises are recorded; any other exception comes through.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from numba import njit

from arenas.tournaments.contest import (
    POINTS_MAX,
    Contest,
    Floats,
    Forfeit,
    Rows,
    Seeds,
    TournamentError,
    played,
)
from swarm.chance import GAMMA, mixed

CHUNKS = 4
"""Batches a worker and round: enough to even out matches that take longer."""

Played = tuple[Floats, dict[int, str]]
Play = Callable[[Rows, Seeds], Played]
Workers = int | Executor


def match_seeds(
    seed: int, round_: Rows, first: Rows, second: Rows, repetition: Rows, mirror: bool = False
) -> Seeds:
    """A seed for every match, uint64[m].

    Args:
        seed: of the tournament, 0 ... 2^63 - 1.
        round_, first, second, repetition: int64[m], what tells the matches apart.
        mirror: whether both orders of a pair get the same seed, so that each has the luck of
            the other (as duplicate boards in bridge).
    """
    return _seeds(np.uint64(seed), round_, first, second, repetition, mirror)


@njit(cache=True, nogil=True)
def _seeds(
    seed: np.uint64, round_: Rows, first: Rows, second: Rows, repetition: Rows, mirror: bool
) -> Seeds:
    seeds = np.empty(len(first), np.uint64)
    for match in range(len(first)):
        one, other = first[match], second[match]
        if mirror and one > other:
            one, other = other, one
        state = mixed(seed + GAMMA)
        for part in (round_[match], one, other, repetition[match]):
            # The sum, not the exclusive or, so that no part can undo another.
            state = mixed(state + GAMMA * (np.uint64(part) + np.uint64(1)))
        seeds[match] = state
    return seeds


def play_batch(contest: Contest, pairs: Rows, seeds: Seeds) -> Played:
    """Points float64[m, 2] of m matches, and why some were forfeited, by row.

    Where a contest raises Forfeit the batch is halved until the match is found, and the others
    are played without it.
    """
    noted = getattr(contest, "forfeits", ())
    before = len(noted)
    try:
        points = played(contest, pairs, seeds)
        return points, _reasons(points, pairs, seeds, noted[before:])
    except Forfeit as forfeit:
        if len(pairs) > 1:
            half = len(pairs) // 2
            front, reasons = play_batch(contest, pairs[:half], seeds[:half])
            back, others = play_batch(contest, pairs[half:], seeds[half:])
            later = {row + half: reason for row, reason in others.items()}
            return np.concatenate([front, back]), {**reasons, **later}
        return _forfeited(pairs[0], forfeit), {0: forfeit.reason}


def _reasons(points: Floats, pairs: Rows, seeds: Seeds, noted: Sequence[Any]) -> dict[int, str]:
    """Why matches were forfeited, from what the contest noted of them meanwhile."""
    why = {(tuple(each.pair), int(each.seed)): str(each.reason) for each in noted}
    rows = np.flatnonzero(np.isnan(points).any(axis=1)) if why else ()
    matches = {int(row): (tuple(pairs[row].tolist()), int(seeds[row])) for row in rows}
    return {row: why[match] for row, match in matches.items() if match in why}


def _forfeited(pair: Rows, forfeit: Forfeit) -> Floats:
    out = np.array([forfeit.player in (player, -1) for player in pair])
    if not out.any():
        raise TournamentError(
            f"player {forfeit.player} forfeits a match of {pair.tolist()}; the player of a "
            f"Forfeit is one of the match, or -1 for both ({forfeit.reason})"
        ) from forfeit
    if not abs(forfeit.points) <= POINTS_MAX:
        raise TournamentError(
            f"player {forfeit.player} forfeits and gives {forfeit.points} points to the other; "
            f"points are finite, -{POINTS_MAX:g} to {POINTS_MAX:g}"
        ) from forfeit
    return np.where(out, np.nan, forfeit.points)[None, :]


@contextmanager
def playing(contest: Contest, workers: Workers = 1) -> Iterator[Play]:
    """A way to play matches, by processes that stay for as long as it is open.

    A contest that other processes are to play has to be picklable, and a script that asks for
    workers needs `if __name__ == "__main__":`, as with any process that is spawned.

    Args:
        contest: who plays what; sent to each process once.
        workers: how many processes; 1 plays here. Or an executor of one's own, which stays open
            and is sent the contest with every batch.

    Raises:
        TournamentError: for fewer than one worker.
    """
    if isinstance(workers, Executor):
        number = getattr(workers, "_max_workers", CHUNKS)
        yield lambda pairs, seeds: _spread(
            workers, partial(play_batch, contest), CHUNKS * number, pairs, seeds
        )
        return
    if workers < 1:
        raise TournamentError(f"workers is {workers}; at least 1 plays")
    if workers == 1:
        yield partial(play_batch, contest)
        return
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_hold, initargs=(contest,)
    ) as processes:
        yield partial(_spread, processes, _play_held, CHUNKS * workers)


def _spread(executor: Executor, play: Play, chunks: int, pairs: Rows, seeds: Seeds) -> Played:
    """Matches in about so many batches, put together in their order."""
    size = max(math.ceil(len(pairs) / chunks), 1)
    begins = range(0, len(pairs), size)
    parts = executor.map(
        play,
        [pairs[begin : begin + size] for begin in begins],
        [seeds[begin : begin + size] for begin in begins],
    )
    points = [np.empty((0, 2))]
    reasons: dict[int, str] = {}
    for begin, (part, why) in zip(begins, parts, strict=True):
        points.append(part)
        reasons |= {begin + row: reason for row, reason in why.items()}
    return np.concatenate(points), reasons


_held: list[Contest] = []


def _hold(contest: Contest) -> None:
    """In a worker: keep the contest, which is sent once."""
    _held[:] = [contest]


def _play_held(pairs: Rows, seeds: Seeds) -> Played:
    return play_batch(_held[0], pairs, seeds)
