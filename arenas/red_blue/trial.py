"""Trials: scripts against defences on seeds, each beside its twin in which red is silent.

Guarantees: a trial depends on its script, defence and seed alone, not on those tried with it; the
twin has the same truth, the same honest findings and the same lone readers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from arenas.red_blue.defence import Defences
from arenas.red_blue.errors import RedBlueError
from arenas.red_blue.lanes import Lanes
from arenas.red_blue.rules import CommonsRules
from arenas.red_blue.script import Act, checked_scripts

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TOGETHER = 1024
"""Lanes that are played in one go: enough to share the work, few enough for the cache."""


class Outcomes(NamedTuple):
    """What came of n commons.

    Attributes:
        misled: float64[n], share of all readers who acted wrongly.
        profit: int64[n], credits that red won, its tokens at par.
        harm: float64[n], misled and profit in purses, added up.
    """

    misled: Floats
    profit: Integers
    harm: Floats


class Gains(NamedTuple):
    """What attacks got beyond silence on the same seeds, [n] or [n, k].

    Attributes:
        misled: float64, share of all readers misled beyond the twin's.
        profit: float64, purses won.
    """

    misled: Floats
    profit: Floats


def play(
    known: npt.ArrayLike, defences: Defences, seeds: npt.ArrayLike, rules: CommonsRules
) -> Outcomes:
    """Play n commons: script i against defence i on seed i.

    Args:
        known: int[n, M, 6], scripts.
        defences: n of them, or one for all.
        seeds: n numbers 0..2⁶⁴−1.
        rules: of all of them.

    Raises:
        RedBlueError: for columns of unequal length, or values out of range.
    """
    rows, keys = checked_scripts(known, rules), np.asarray(seeds, np.uint64)
    settings = defences.take(np.zeros(len(keys), np.int64)) if defences.rows == 1 else defences
    if not len(rows) == settings.rows == len(keys):
        raise RedBlueError(
            f"{len(rows)} scripts, {defences.rows} defences and {len(keys)} seeds; one of each for "
            "every commons, or one defence for all"
        )
    parts = [
        _play(rows[part], settings.take(part), keys[part], rules)
        for part in np.array_split(np.arange(len(keys)), max(1, -(-len(keys) // TOGETHER)))
    ]
    return Outcomes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _play(
    rows: Integers, defences: Defences, seeds: npt.NDArray[np.uint64], rules: CommonsRules
) -> Outcomes:
    lanes = Lanes(rules, seeds)
    lane, place = np.nonzero(rows[:, :, 0] != Act.PASS)  # lane by lane, in the order of the script
    taken = rows[lane, place]
    while not lanes.over:
        now = taken[:, 5] == lanes.tick
        lanes.advance(defences, lane[now], np.ascontiguousarray(taken[now, :5]))
    asked = rules.queries * rules.readers
    return Outcomes(lanes.wrong.sum(axis=1) / asked, lanes.profit, lanes.harm)


def gains(
    known: npt.ArrayLike, defences: Defences, seeds: npt.ArrayLike, rules: CommonsRules
) -> Gains:
    """What n scripts gain on each of k seeds, float64[n, k]; script i against defence i.

    Arguments as for `play`, except that all scripts meet the same seeds.
    """
    rows, keys = checked_scripts(known, rules), np.asarray(seeds, np.uint64)
    n, k = len(rows), len(keys)
    if defences.rows not in (1, n):
        raise RedBlueError(f"{n} scripts and {defences.rows} defences; one for each, or for all")
    settings, twin = np.unique(defences.matrix(), axis=0, return_inverse=True)
    attacks = np.concatenate([rows, np.zeros((len(settings), *rows.shape[1:]), np.int64)])
    attacks[n:, :, 4] = 1
    faced = np.concatenate([np.broadcast_to(defences.matrix(), (n, settings.shape[1])), settings])
    each = np.repeat(np.arange(len(attacks)), k)
    got = play(attacks[each], Defences.of_matrix(faced[each]), np.tile(keys, len(attacks)), rules)
    misled = got.misled.reshape(-1, k)
    silent = misled[n:][np.broadcast_to(np.asarray(twin).reshape(-1), n)]
    return Gains(misled[:n] - silent, got.profit.reshape(-1, k)[:n] / rules.purse)
