"""Arenas: where strategies meet, and how they are rated by it."""

from arenas.duel import DuelError, RoundRobin, duel, rank_truth
from arenas.ratings import RatingError, Ratings, rate

__all__ = ["DuelError", "RatingError", "Ratings", "RoundRobin", "duel", "rank_truth", "rate"]
