"""Ratings: from games to strengths with intervals."""

from arenas.ratings.bradley_terry import RatingError, Ratings, rate

__all__ = ["RatingError", "Ratings", "rate"]
