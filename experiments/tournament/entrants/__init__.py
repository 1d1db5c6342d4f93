"""Who plays in a tournament: strategies that ship, Python classes, machines and saved agents."""

from experiments.tournament.entrants.contest import contest_of

__all__ = ["contest_of"]
