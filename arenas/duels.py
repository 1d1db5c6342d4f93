"""Duels: two strategies answer the same query, and whoever ranks the truth higher wins.

A block of queries makes a round robin of every strategy against every other. Each strategy
reasons once on each query, not once an opponent: n strategies and Q queries make n^2 Q / 2
games of n Q answers. Nobody hears of others' findings here; it is an examination.

`DuelContest` is the same for tournaments: each match is about some of the queries, drawn by lot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.ratings.bradley_terry import Floats, Ratings, rate
from swarm.chance import below, seeded
from swarm.reasoning import Referee, ScoreTable, Strategies, reason

SCORES_MAX = 2**24
"""Scores that one batch of answers may hold: 64 MiB."""


class DuelError(ValueError):
    """Strategies and queries that cannot meet; the message says what would be right."""


@dataclass(frozen=True)
class DuelResults:
    """What came of everybody playing everybody on the same queries.

    Attributes:
        wins: float64[n, n], queries on which row ranked the truth above column, ties as halves.
        ratings: Bradley-Terry strengths. Their errors are clustered by query: one hard query
            decides many duels at once, so that n players learn less from Q queries than from
            as many games apart.
    """

    wins: Floats
    ratings: Ratings

    @classmethod
    def of(cls, ranks: npt.ArrayLike) -> DuelResults:
        """The round robin of float[n, Q] ranks of the truth, 1 the best."""
        wins, points = _compare(np.asarray(ranks, np.float64))
        return cls(wins, rate(wins, points=points))

    @classmethod
    def play(
        cls,
        strategies: Strategies,
        table: ScoreTable,
        referee: Referee,
        costs: npt.NDArray,
        queries: npt.ArrayLike | None = None,
    ) -> DuelResults:
        """As `duel`, with ratings."""
        return cls.of(rank_truth(strategies, table, referee, costs, queries))

    def table(self) -> dict[str, npt.NDArray]:
        """Standings, best first, as columns of n.

        Columns: `player` int64, row of the strategies; `elo`, `low`, `high` float64, rating and
        its 95% interval in Elo points; `won` float64, share of its games, ties as halves.
        """
        order = np.argsort(-self.ratings.elo, kind="stable")
        low, high = self.ratings.interval.T
        games = (self.wins + self.wins.T).sum(axis=1)
        share = self.wins.sum(axis=1) / np.maximum(games, 1)
        columns = {"elo": self.ratings.elo, "low": low, "high": high, "won": share}
        return {"player": order, **{name: column[order] for name, column in columns.items()}}


class DuelContest:
    """Duels as a contest of `arenas.tournaments`: a match is about queries drawn by its seed.

    The points of a match are the queries on which each ranked the truth higher, ties as halves.
    All matches draw from the same Q queries: many rounds tell ever more surely who is better on
    these, and not on others.

    >>> contest = DuelContest(rank_truth(strategies, table, referee, costs), ["a", "b"])
    >>> contest(pairs, seeds)  # int64[m, 2] and uint64[m] to points float64[m, 2]

    Args:
        ranks: float[n, Q], where each player ranks the truth of each query, 1 the best.
        names: of the n players.
        queries: how many a match is about, 1 to Q, each another.

    Raises:
        DuelError: for other ranks, names or numbers of queries.
    """

    def __init__(self, ranks: npt.ArrayLike, names: Sequence[str], queries: int = 32) -> None:
        self.ranks = np.array(ranks, np.float64, order="C", ndmin=2)
        self.names = tuple(names)
        self.queries = int(queries)
        if self.ranks.ndim != 2 or not (np.isfinite(self.ranks) & (self.ranks >= 1)).all():
            raise DuelError("ranks are float[n, Q], 1 the best, as `rank_truth` gives them")
        n, Q = self.ranks.shape
        if len(self.names) != n or len(set(self.names)) != n:
            raise DuelError(f"{len(self.names)} names for {n} players; each needs one of its own")
        if not 1 <= queries <= Q:
            raise DuelError(f"a match of {queries} queries; there are {Q}, so 1 to {Q} are allowed")

    @property
    def noise(self) -> str:
        """What chance decides in a match, for those who report results."""
        return f"each match is about {self.queries} of the same {self.ranks.shape[1]} queries"

    def __call__(self, pairs: npt.ArrayLike, seeds: npt.ArrayLike) -> Floats:
        """Play matches: int64[m, 2] rows of `names`, uint64[m] seeds; points float64[m, 2].

        O(m queries + Q). Raises `DuelError` for players that do not exist.
        """
        who = np.asarray(pairs, np.int64).reshape(-1, 2)
        chance = np.asarray(seeds, np.uint64).reshape(-1)
        if len(who) != len(chance):
            raise DuelError(f"{len(who)} pairs and {len(chance)} seeds; each match has one of both")
        if who.size and not 0 <= who.min() <= who.max() < len(self.names):
            raise DuelError(f"players are 0..{len(self.names) - 1}; got {who.min()}..{who.max()}")
        points = np.zeros((len(who), 2))
        _meet(self.ranks, np.ascontiguousarray(who), chance, self.queries, points)
        return points


@njit(cache=True, nogil=True)
def _meet(
    ranks: Floats,
    pairs: npt.NDArray[np.int64],
    seeds: npt.NDArray[np.uint64],
    queries: int,
    points: Floats,
) -> None:
    order = np.arange(ranks.shape[1])
    swapped = np.empty(queries, np.int64)
    for m in range(len(pairs)):
        one, other = pairs[m]
        stream = seeded(seeds[m])
        for k in range(queries):
            swapped[k] = k + below(stream, len(order) - k)
            order[k], order[swapped[k]] = order[swapped[k]], order[k]
            mine, theirs = ranks[one, order[k]], ranks[other, order[k]]
            points[m, 0] += 0.5 * (mine <= theirs) + 0.5 * (mine < theirs)
            points[m, 1] += 0.5 * (theirs <= mine) + 0.5 * (theirs < mine)
        for k in range(queries - 1, -1, -1):  # so that each match draws from the same order
            order[k], order[swapped[k]] = order[swapped[k]], order[k]


def duel(
    strategies: Strategies,
    table: ScoreTable,
    referee: Referee,
    costs: npt.NDArray,
    queries: npt.ArrayLike | None = None,
) -> Floats:
    """Let every strategy meet every other on a block of queries.

    Args:
        strategies: n strategies, such as `decode(world.genes)` of a world's survivors.
        table: what the engines say of the queries.
        referee: who knows the answers; of the same queries as `table`.
        costs: int32[K + 2], compute units (`Faculties.costs`).
        queries: int[Q], rows of the table to meet on; all of them if left out.

    Returns:
        wins float64[n, n]: on how many queries row ranked the truth above column, ties as
        halves; 0 on the diagonal. O(n Q (engines x C + n)).

    Raises:
        DuelError: if there are no strategies or queries, or a query is not in the table.
    """
    return _compare(rank_truth(strategies, table, referee, costs, queries))[0]


def rank_truth(
    strategies: Strategies,
    table: ScoreTable,
    referee: Referee,
    costs: npt.NDArray,
    queries: npt.ArrayLike | None = None,
) -> Floats:
    """float64[n, Q]: where each strategy ranks the truth of each query; arguments as `duel`."""
    asked = _checked(strategies, table, referee, queries)
    n, Q = len(strategies), len(asked)
    ranks = np.empty(n * Q)
    batch = max(SCORES_MAX // table.scores.shape[2], 1)
    for start in range(0, n * Q, batch):
        task = np.arange(start, min(start + batch, n * Q))
        query = asked[task % Q]
        answers = reason(strategies, table, costs, task // Q, query)
        ranks[task] = referee.ranks(answers.scores, query)
    return ranks.reshape(n, Q)


def _compare(ranks: Floats) -> tuple[Floats, Floats]:
    """Wins float64[n, n] over all queries, and points float64[n, Q] over all opponents."""
    wins = np.empty((len(ranks), len(ranks)))
    points = np.empty_like(ranks)
    for i, mine in enumerate(ranks):
        beaten = (mine < ranks) + 0.5 * (mine == ranks)
        beaten[i] = 0
        wins[i], points[i] = beaten.sum(axis=1), beaten.sum(axis=0)
    return wins, points


def _checked(
    strategies: Strategies, table: ScoreTable, referee: Referee, queries: npt.ArrayLike | None
) -> npt.NDArray[np.int64]:
    if len(table) != len(referee):
        raise DuelError(
            f"the table has {len(table)} queries and the referee {len(referee)}; both come from "
            "the same facts, as in faculties.table(ask(facts, evidence)) and judge(facts, ...)"
        )
    asked = np.arange(len(table)) if queries is None else np.asarray(queries)
    if not len(strategies) or not asked.size:
        raise DuelError(f"{len(strategies)} strategies on {asked.size} queries; both need one")
    if asked.ndim != 1 or asked.dtype.kind not in "iu":
        raise DuelError(
            f"queries are {asked.dtype}{list(asked.shape)}; expected one column of rows of the "
            "table, such as np.arange(256)"
        )
    if not (asked.min() >= 0 and asked.max() < len(table)):
        raise DuelError(
            f"queries lie in 0..{len(table) - 1}, rows of the table; got "
            f"{asked.min()}..{asked.max()}"
        )
    return asked.astype(np.int64)
