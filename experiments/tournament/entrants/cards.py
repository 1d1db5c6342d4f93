"""Card games between strategies as tables and players that somebody wrote, in one contest.

A written player has `move(observation, legal, rng)`: what it knows (the numbers that the rules in
`arenas.games` tell a player), the actions that it may take, and a numpy generator of its own. It
plays a match as a copy, so that nothing is carried from one match to another. Who raises an
exception, or moves what is not legal, forfeits the match; the other keeps what it had.

Guarantees: a match is decided by its players and its seed. Matches of two tables are played by the
kernel of `TreeContest`.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from arenas.games import SequentialGame, TreeContest, after_chance
from arenas.iterated import Forfeited
from economy.equilibria import LEAF, GameTree
from experiments.tournament.entrants.written import made, without_exit

Floats = npt.NDArray[np.float64]
Entrant = Floats | tuple[Path, str]


class _Fault(Exception):  # noqa: N818 - of a player, not of ours
    """Seat, and why."""


class CardContest:
    """n players of a game of two; a match is some hands, the seats changing.

    Points are the mean payoff a hand, NaN for a player that forfeits.

    Args:
        rules: of the game; tree: grown from them.
        players: name to a table float64[I, A], or to the file and the name of a class.
        hands: of a match, 1 or more.

    Attributes:
        names: of the players.
        forfeits: list of `Forfeited`, of the batches that were played in this process.
    """

    def __init__(
        self,
        rules: SequentialGame[Any],
        tree: GameTree,
        players: Mapping[str, Entrant],
        hands: int,
    ) -> None:
        self.rules, self.hands = rules, hands
        self.names = tuple(players)
        self.forfeits: list[Forfeited] = []
        self._written = {
            row: entrant
            for row, entrant in enumerate(players.values())
            if isinstance(entrant, tuple)
        }
        self._makes: dict[int, Any] = {}
        tables = [
            tree.uniform() if isinstance(entrant, tuple) else entrant
            for entrant in players.values()
        ]
        self._tables = tables
        self._row = {key: row for row, key in enumerate(tree.keys)}
        self._dealt = TreeContest(tree, dict(zip(self.names, tables, strict=True)), hands)

    def __getstate__(self) -> dict[str, Any]:
        # Written players are made anew where this is sent.
        return {**self.__dict__, "_makes": {}, "forfeits": []}

    def __call__(self, pairs: npt.NDArray[np.int64], seeds: npt.NDArray[np.uint64]) -> Floats:
        """Play matches: int64[m, 2] rows of `names`, uint64[m] seeds; points float64[m, 2]."""
        written = np.isin(pairs, list(self._written)).any(axis=1)
        points = np.empty((len(pairs), 2))
        points[~written] = self._dealt(pairs[~written], seeds[~written])
        for m in np.flatnonzero(written).tolist():
            first, second = pairs[m].tolist()
            points[m] = self._played((first, second), int(seeds[m]))
        return points

    def _played(self, pair: tuple[int, int], seed: int) -> Floats:
        dealer, *own = [np.random.default_rng([seed, which]) for which in range(3)]
        won = np.zeros(2)
        try:
            players = [self._player(row, seat) for seat, row in enumerate(pair)]
            for hand in range(self.hands):
                # Seats of this hand: who of the pair sits first.
                turned = hand & 1
                state = after_chance(self.rules, self.rules.initial(), dealer)
                while (seat := self.rules.player(state)) != LEAF:
                    who = seat ^ turned
                    action = self._move(players[who], state, seat, own[who], who, hand)
                    state = after_chance(self.rules, self.rules.next(state, action), dealer)
                paid = self.rules.returns(state)
                won += np.array([paid[turned], paid[1 - turned]]) / self.hands
        except _Fault as fault:
            who, reason = fault.args
            self.forfeits.append(
                Forfeited(pair[who], pair, seed, f"{self.names[pair[who]]} {reason}")
            )
            won[who] = np.nan
        return won

    def _player(self, row: int, seat: int) -> Any:
        if row not in self._written:
            return self._tables[row]
        try:
            if row not in self._makes:
                self._makes[row] = without_exit(made, *self._written[row])
            return copy.deepcopy(self._makes[row])
        except Exception as error:
            raise _Fault(seat, f"raised {error!r} before the first hand") from None

    def _move(
        self, player: Any, state: Any, seat: int, rng: np.random.Generator, who: int, hand: int
    ) -> int:
        seen, legal = self.rules.observation(state, seat), tuple(self.rules.legal(state))
        if isinstance(player, np.ndarray):
            sums = np.cumsum(player[self._row[seat, seen]])
            return int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
        try:
            given = without_exit(player.move, seen, legal, rng)
        except Exception as error:
            raise _Fault(who, f"raised {error!r} in hand {hand + 1}") from None
        try:
            action = operator.index(given)
        except TypeError:
            action = -1
        if action not in legal:
            raise _Fault(who, f"moved {given!r} in hand {hand + 1}; legal were {list(legal)}")
        return action
