"""Ratings: from games to strengths with intervals, and what they may not tell."""

from arenas.ratings.bradley_terry import RatingError, Ratings, rate
from arenas.ratings.cycles import Cycles, cycles
from arenas.ratings.davidson import TieRatings, rate_ties
from arenas.ratings.elo import Elo
from arenas.ratings.gaussian_skill import GaussianSkill
from arenas.ratings.glicko2 import Glicko2
from arenas.ratings.hodge import Hodge, hodge, strongest_cycle
from arenas.ratings.online import OnlineRating
from arenas.ratings.significance import (
    adjusted,
    benjamini_hochberg,
    gap_test,
    groups,
    holm,
    sign_flip_test,
    sign_test,
)
from arenas.ratings.weng_lin import WengLin

__all__ = [
    "Cycles",
    "Elo",
    "GaussianSkill",
    "Glicko2",
    "Hodge",
    "OnlineRating",
    "RatingError",
    "Ratings",
    "TieRatings",
    "WengLin",
    "adjusted",
    "benjamini_hochberg",
    "cycles",
    "gap_test",
    "groups",
    "hodge",
    "holm",
    "rate",
    "rate_ties",
    "sign_flip_test",
    "sign_test",
    "strongest_cycle",
]
