"""What is tried in every order: one strategy, the queries, and how they are judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np

from swarm.reasoning.faculties import ScoreTable
from swarm.reasoning.referee import Referee
from swarm.reasoning.strategy import Strategies
from swarm.reasoning.walk import PRUNED

ENGINES_MAX = 8
"""Nine engines have 362,880 orders, more than anybody wants to see."""


class OrdersError(ValueError):
    """Orders that cannot be searched; the message says what to change."""


def all_orders(engines: int) -> np.ndarray:
    """int8[K!, K]: every order of K engines, in the order of a dictionary."""
    if not 1 <= engines <= ENGINES_MAX:
        raise OrdersError(
            f"{engines} engines: orders are searched of 1 to {ENGINES_MAX} engines, such as the "
            "seven faculties"
        )
    return _permutations(engines).copy()


@cache
def _permutations(engines: int) -> np.ndarray:
    return np.array(list(permutations(range(engines))), np.int8)


@dataclass(frozen=True)
class Trial:
    """One strategy on Q queries; no truth in it.

    Attributes:
        scores: float32[Q, K, C] of the variant chosen of each engine.
        open: bool[Q, C].
        gain, beam, commit: float32[K]; how much an engine counts, and when it prunes and ends.
        cost: int32[K] compute units.
        consensus, memory: float32 scalars.
        echo: float32[K, M, C, C] and echo_row: int32[Q], what working memory adds; float32[0, ...]
            if memory is 0 or the domain has none.
    """

    scores: np.ndarray
    open: np.ndarray
    gain: np.ndarray
    beam: np.ndarray
    commit: np.ndarray
    cost: np.ndarray
    consensus: np.float32
    memory: np.float32
    echo: np.ndarray
    echo_row: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def remembers(self) -> bool:
        """Whether working memory adds anything."""
        return bool(self.memory > 0) and len(self.echo) > 0

    @classmethod
    def of(cls, strategy: Strategies, table: ScoreTable, costs: np.ndarray) -> Trial:
        """The trial of N = 1 strategy; its order, length and gate are left aside.

        Args:
            strategy: one row. Council and inversion have to be off: they speak after the last
                engine, whatever the order.
            table: scores of Q queries.
            costs: int32[K + 2] compute units (`Faculties.costs`).

        Raises:
            OrdersError: not one strategy, too many engines, or protocols that are on.
        """
        engines = strategy.order.shape[1]
        all_orders(engines)
        if len(strategy) != 1:
            raise OrdersError(
                f"{len(strategy)} strategies: give one, such as `strategies.take(np.array([0]))`"
            )
        for name in ("council", "inversion"):
            if getattr(strategy, name)[0] > 0:
                raise OrdersError(
                    f"{name} is {getattr(strategy, name)[0]:g}: it speaks after the last engine, "
                    f"in every order alike; search with {name} = 0"
                )
        columns = table.first[:-1] + strategy.variant[0]
        memory = np.float32(strategy.memory[0])
        candidates = table.scores.shape[2]
        echo, echo_row = np.zeros((0, 1, candidates, candidates), np.float32), None
        if memory > 0 and table.echo.shape[0] > 0:
            echo, echo_row = table.echo, table.echo_row
        return cls(
            np.ascontiguousarray(table.scores[:, columns]),
            np.ascontiguousarray(table.block.open),
            np.maximum(strategy.weight[0], np.float32(1e-3)),
            strategy.beam[0].copy(),
            strategy.commit[0].copy(),
            np.asarray(costs[:engines], np.int32),
            np.float32(strategy.consensus[0]),
            memory,
            np.ascontiguousarray(echo),
            np.zeros(len(table), np.int32) if echo_row is None else np.asarray(echo_row, np.int32),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes, in order."""
        return tuple(self.__dataclass_fields__)

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the kernels take, in the order of the attributes."""
        return tuple(getattr(self, name) for name in self.names)

    def take(self, rows: np.ndarray) -> Trial:
        """The same strategy on some of the queries."""
        changed = {name: getattr(self, name) for name in self.names}
        for name in ("scores", "open", "echo_row"):
            changed[name] = np.ascontiguousarray(changed[name][rows])
        return Trial(**changed)


@dataclass(frozen=True)
class Judge:
    """A referee, tabulated: ranks are found where the scores are, credits are looked up.

    Attributes:
        truth: int64[Q].
        counted: int32[Q, C], 1 for the candidates compared with the truth, 0 for the truth.
        kind: int64[Q], row of `credits`: queries with equally many hidden answers share one.
        credits: float64[kinds, 2C + 1], the referee's credit for twice the rank.
    """

    truth: np.ndarray
    counted: np.ndarray
    kind: np.ndarray
    credits: np.ndarray

    @classmethod
    def of(cls, referee: Referee, rows: np.ndarray) -> Judge:
        """Ask the referee of some queries, int[Q], for the credit of every rank that can be."""
        chosen = referee.counted[rows]
        truth = referee.truth[rows].astype(np.int64)
        counted = chosen.astype(np.int32)
        counted[np.arange(len(rows)), truth] = 0
        _, example, kind = np.unique(referee.hidden[rows], return_index=True, return_inverse=True)
        twice = np.arange(2, 2 * chosen.shape[1] + 1)
        credits = np.zeros((len(example), 2 * chosen.shape[1] + 1))
        for row, query in enumerate(rows[example]):
            credits[row, 2:] = referee.credit(twice / 2, np.full(len(twice), query))
        return cls(truth, counted, kind.astype(np.int64), credits)

    @classmethod
    def anything(cls, queries: int, candidates: int) -> Judge:
        """One to whom every answer is worth nothing: to count steps with."""
        return cls(
            np.zeros(queries, np.int64),
            np.zeros((queries, candidates), np.int32),
            np.zeros(queries, np.int64),
            np.zeros((1, 2 * candidates + 1)),
        )

    @classmethod
    def fits(cls, referee: object) -> bool:
        """Whether a referee can be tabulated: ranks among C candidates, every truth one of them."""
        if not isinstance(referee, Referee):
            return False
        outside = getattr(referee, "outside", None)
        return bool((referee.truth >= 0).all()) and (outside is None or not outside.any())

    def take(self, rows: np.ndarray) -> Judge:
        """The judge of some of the queries."""
        return Judge(self.truth[rows], self.counted[rows], self.kind[rows], self.credits)

    def twice(self, rows: np.ndarray, q: int) -> np.ndarray:
        """int32[n]: twice the rank of the truth of query q in final scores float32[n, C]."""
        own = rows[:, self.truth[q], None]
        others = rows[:, self.counted[q] > 0]
        above, equal = (others > own).sum(axis=1), (others == own).sum(axis=1)
        return (2 + 2 * above + equal).astype(np.int32)

    def narrows(self, trial: Trial) -> bool:
        """Whether no sum of scores can make up for one step of pruning."""
        loudest = float(np.abs(trial.scores).max(initial=0.0))
        echo = float(np.abs(trial.echo).max(initial=0.0)) * float(trial.memory)
        return 2 * float(trial.consensus) * (loudest + echo) < -0.9 * float(PRUNED)

    def merges(self, trial: Trial) -> bool:
        """Whether prefixes of the same engines can come to the same: sums alone decide."""
        return not trial.remembers and bool(trial.consensus >= 1e-3) and self._tame(trial)

    def remembers(self, trial: Trial) -> bool:
        """Whether working memory is on, and who fell with others than the truth can be left out."""
        return trial.remembers and self._tame(trial)

    def _tame(self, trial: Trial) -> bool:
        parts = (trial.scores, trial.gain, trial.beam, trial.commit, trial.consensus, trial.echo)
        return all(bool(np.isfinite(part).all()) for part in parts) and self.narrows(trial)

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes, in order."""
        return tuple(self.__dataclass_fields__)

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the kernels take, in the order of the attributes."""
        return self.truth, self.counted, self.kind, self.credits
