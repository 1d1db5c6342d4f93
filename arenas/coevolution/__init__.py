"""Coevolution: populations that are each other's fitness, and what goes wrong with that.

`Coevolution` lets two searches (`evolution.Search`), or one against itself, evolve by a contest,
with sampled rivals and a `HallOfFame`; `cycling` and `disengagement` detect its two diseases,
`ciao_picture` shows them, and `held_out` scores on opponents that were never trained against.
`NumbersGame` is the smallest game that has them all.
"""

from arenas.coevolution.ciao import ciao_picture, lag_profile, looking_back
from arenas.coevolution.coevolution import Coevolution, Side
from arenas.coevolution.contest import Contest, mean_score, shared_score
from arenas.coevolution.cycling import Cycling, cycling, intransitivity
from arenas.coevolution.disengagement import Disengagement, disengagement
from arenas.coevolution.errors import CoevolutionError
from arenas.coevolution.hall import HallOfFame
from arenas.coevolution.held_out import Generalisation, fingerprints, held_out
from arenas.coevolution.interval import Interval, mean_interval
from arenas.coevolution.numbers_game import NumbersGame

__all__ = [
    "Coevolution",
    "CoevolutionError",
    "Contest",
    "Cycling",
    "Disengagement",
    "Generalisation",
    "HallOfFame",
    "Interval",
    "NumbersGame",
    "Side",
    "ciao_picture",
    "cycling",
    "disengagement",
    "fingerprints",
    "held_out",
    "intransitivity",
    "lag_profile",
    "looking_back",
    "mean_interval",
    "mean_score",
    "shared_score",
]
