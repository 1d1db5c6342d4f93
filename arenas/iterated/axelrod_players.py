"""The strategies of the axelrod library in our contests, and our machines in its matches.

V. Knight, O. Campbell, M. Harper et al., "An open framework for the reproducible study of the
iterated prisoner's dilemma", Journal of Open Research Software 4, 2016: the package ``axelrod``,
which has more than 200 strategies.

Guarantees: a strategy in our matches sees what it would see in the library's own: its history and
its opponent's, kept by the library's `Player.update_history`, the game, the noise and the turns
where they are known. Its generator is seeded from its own stream of the match, so that matches
repeat. What it cannot do is look into its opponent, which is a stranger with a history and
nothing else: strategies that do (the library's classifiers `inspects_source`, `manipulates_source`
and `manipulates_state`) are cheaters, and `axelrod_players` leaves them out.

The library is imported by the functions that need it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

from arenas.iterated.games import IteratedError, MatrixGame
from arenas.iterated.machines import Machines
from arenas.iterated.players import Player


class AxelrodPlayer(Player):
    """A strategy of the library as a player of ours.

    For the library's Gradual: `AxelrodPlayer(axelrod.Gradual())`.
    """

    def __init__(self, strategy: Any, name: str | None = None) -> None:
        library = _library()
        made = strategy() if isinstance(strategy, type) else strategy
        if not isinstance(made, library.Player):
            raise IteratedError(
                f"{strategy!r} is no strategy of axelrod, such as axelrod.Gradual()"
            )
        super().__init__(name or repr(made))
        self.strategy = made

    def reset(self) -> None:
        """Begin a match as the library does: a clone, the match's facts, a seed."""
        game = axelrod_game(self.match.game)
        turns = self.match.known_turns
        facts = {
            "length": float("inf") if turns is None else turns,
            "game": game,
            "noise": self.match.noise,
        }
        self._own = self.strategy.clone()
        self._own.set_match_attributes(**facts)
        self._own.set_seed(self.rng.below(2**32 - 1))
        self._other = _stranger()()

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        """Let both histories catch up, then ask the strategy."""
        C, D = _actions()
        for turn in range(len(self._own.history), len(mine)):
            own = D if mine[turn] else C
            other = D if theirs[turn] else C
            self._own.update_history(own, other)
            self._other.update_history(other, own)
        return int(self._own.strategy(self._other) == D)

    def fresh(self) -> AxelrodPlayer:
        """Another player of the same strategy, which is cloned for each match."""
        player = object.__new__(AxelrodPlayer)
        player.name, player.strategy = self.name, self.strategy
        return player


def axelrod_players(strategies: Iterable[Any] | None = None) -> list[AxelrodPlayer]:
    """Players of these strategies of the library that obey the rules, or of all.

    Args:
        strategies: classes or instances; `axelrod.short_run_time_strategies` if left out.
            Cheaters among them are left out.
    """
    library = _library()
    given = library.short_run_time_strategies if strategies is None else strategies
    made = [each() if isinstance(each, type) else each for each in given]
    return [AxelrodPlayer(each) for each in made if library.Classifiers.obey_axelrod(each)]


def axelrod_strategy(machines: Machines, row: int = 0) -> Any:
    """A machine of two actions as an `axelrod.Player`, for matches of the library.

    Its tournaments take it too, in one process: the class is made here, and cannot be sent.
    """
    if machines.actions != 2:
        raise IteratedError(f"{machines.actions} actions; the library's games have two")
    return _strategy_class()(machines, row)


@lru_cache(maxsize=64)
def axelrod_game(game: MatrixGame) -> Any:
    """The library's form of a symmetric game of two actions."""
    if len(game) != 2 or not game.is_symmetric:
        raise IteratedError(f"{game.name} is none of the library's: two actions, seats alike")
    (r, s), (t, p) = game.payoffs[:, :, 0].tolist()
    return _library().Game(r=r, s=s, t=t, p=p)


def _library() -> Any:
    try:
        return importlib.import_module("axelrod")
    except ImportError as error:
        raise IteratedError('axelrod is missing; pip install "axelrod>=4.14"') from error


@cache
def _actions() -> tuple[Any, Any]:
    action = _library().Action
    return action.C, action.D


@cache
def _stranger() -> type:
    """An opponent of whom nothing is known but what it played."""
    library = _library()
    base: Any = library.Player

    class Stranger(base):  # type: ignore[misc]
        name = "Stranger"
        classifier = library.Cooperator.classifier

    return Stranger


@cache
def _strategy_class() -> type:
    """The library's player that is a machine of ours."""
    base: Any = _library().Player
    C, D = _actions()

    class MachineStrategy(base):  # type: ignore[misc]
        name = "Machine"

        def __init__(self, machines: Machines, row: int = 0) -> None:
            super().__init__()
            self.machines, self.row = machines, row
            # The library keeps results of sure players by their names.
            self.name = machines.names[row]
            self.sure = bool(machines.sure[row])
            self.first = int(machines.state_start[row])
            self.state = self.first + int(machines.start[row])
            self.classifier = {
                "memory_depth": float("inf"),
                "stochastic": not self.sure,
                "long_run_time": False,
                "inspects_source": False,
                "manipulates_source": False,
                "manipulates_state": False,
            }

        def strategy(self, opponent: Any) -> Any:
            if self.history:
                own, other = int(self.history[-1] == D), int(opponent.history[-1] == D)
                self.state = self.first + int(self.machines.moves_on[self.state, own, other])
            chance = float(self.machines.plays[self.state, 0])
            if self.sure:
                return C if chance == 1.0 else D
            return self._random.random_choice(chance)

        def __repr__(self) -> str:
            return str(self.name)

    return MachineStrategy
