"""Arenas: where strategies meet, and how they are rated by it."""

from arenas.bradley_terry import RatingError, Ratings, rate
from arenas.duel import DuelError, RoundRobin, duel, rank_truth

__all__ = ["DuelError", "RatingError", "Ratings", "RoundRobin", "duel", "rank_truth", "rate"]
