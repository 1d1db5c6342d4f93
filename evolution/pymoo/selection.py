"""Tournaments of two as NSGA-II has them, all at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pymoo.core.selection import Selection

from evolution.pymoo.columns import objectives, remembered
from evolution.search import Floats, Integers, failed


class BinaryTournament(Selection):  # type: ignore[misc]
    """Takes the place of ``TournamentSelection(func_comp=binary_tournament)``.

    If either breaks constraints, the one that breaks them less wins; else the one that dominates
    (or has the lower ``rank``, for ``tournament_type="comp_by_rank_and_crowding"``), else the less
    crowded, else a coin decides.
    """

    def _do(
        self,
        problem: Any,
        pop: Any,
        n_select: int,
        n_parents: int = 1,
        *args: Any,
        algorithm: Any = None,
        random_state: Any = None,
        **kwargs: Any,
    ) -> Integers:
        """Rows ``int64[n_select, n_parents]`` of the population."""
        standing = self.standing(problem, pop, algorithm)
        return standing.winners(n_select * n_parents, random_state).reshape(n_select, n_parents)

    def standing(self, problem: Any, pop: Any, algorithm: Any) -> Standing:
        """What decides tournaments between these."""
        violation = np.zeros(len(pop))
        if problem.has_constraints():
            violation = np.array([individual.CV[0] for individual in pop])
        allowed = violation <= 0.0
        crowding, rank = np.zeros(len(pop)), np.zeros(len(pop))
        crowding[allowed] = remembered(pop[allowed], "crowding")
        if getattr(algorithm, "tournament_type", None) != "comp_by_rank_and_crowding":
            return Standing(violation, objectives(pop), crowding)
        rank[allowed] = remembered(pop[allowed], "rank")
        return Standing(violation, rank[:, np.newaxis], crowding)


class Standing(NamedTuple):
    """Of each: how much it breaks constraints ``[n]``, objectives ``[n, M]`` (or the rank as the
    only one), and crowding ``[n]``."""

    violation: Floats
    objectives: Floats
    crowding: Floats

    def winners(self, count: int, rng: np.random.Generator) -> Integers:
        """The winning rows ``int64[count]`` of tournaments whose entrants come from shuffles."""
        n = len(self.violation)
        shuffles = [rng.permutation(n) for _ in range(-(-2 * count // n))]
        home, guest = np.concatenate(shuffles)[: 2 * count].reshape(-1, 2).T
        lead = self._lead(home, guest)
        coin = rng.random(count) < 0.5
        return np.where((lead > 0.0) | ((lead == 0.0) & coin), guest, home)

    def _lead(self, home: Integers, guest: Integers) -> Floats:
        """Above 0 where the guest is better, below where the home one is, else 0."""
        F, violation = self.objectives, self.violation
        # Twice infinite is a tie, and their difference must not be NaN.
        crowding = np.minimum(self.crowding, np.finfo(np.float64).max)
        better = _dominates(F[guest], F[home]) - _dominates(F[home], F[guest])
        lead = np.where(better == 0.0, np.sign(crowding[guest] - crowding[home]), better)
        both_allowed = np.maximum(violation[home], violation[guest]) <= 0.0
        return np.asarray(np.where(both_allowed, lead, np.sign(violation[home] - violation[guest])))


def _dominates(these: Floats, those: Floats) -> Floats:
    """1.0 where a row is nowhere greater and somewhere less; a NaN is greater than anything."""
    a, b = (np.where(failed(rows)[:, np.newaxis], np.inf, rows) for rows in (these, those))
    return np.asarray((a <= b).all(axis=1) & (a < b).any(axis=1), np.float64)
