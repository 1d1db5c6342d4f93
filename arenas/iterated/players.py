"""Players as plain classes: subclass `Player`, and say what to move.

    class Copycat(Player):
        '''Cooperate first, then do what the other did.'''

        def move(self, mine, theirs):
            return theirs[-1] if theirs else COOPERATE

A match is played by a copy of the player (`fresh`), so that nothing is carried from one match to
another, and a player can meet itself. A player that raises an exception, or whose move is no
action of the game, forfeits the match: see `arenas.iterated.match`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

from arenas.iterated.chance import Chance
from arenas.iterated.games import IteratedError

if TYPE_CHECKING:
    from arenas.iterated.machines import Machines
    from arenas.iterated.match import IteratedMatch


class Player:
    """Somebody who moves once a turn, knowing all moves so far.

    Attributes:
        name: that of the class, unless another is given.

    Attributes, there from `reset` on:
        match: the game, the turns and the noise that the match is played with.
        rng: the player's own `Chance` in this match; `rng.generator()` is one of numpy's.
    """

    name: str = "Player"
    match: IteratedMatch
    rng: Chance

    def __init__(self, name: str | None = None) -> None:
        if name is not None:
            self.name = name

    def __init_subclass__(cls) -> None:
        # Subclasses need not call __init__ to have a name.
        if "name" not in cls.__dict__:
            cls.name = cls.__name__

    def reset(self) -> None:
        """Called before the first move of a match."""

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        """The next action, 0..A−1.

        Args:
            mine: this player's actions so far, as they were played after noise.
            theirs: the opponent's.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define move(self, mine, theirs)")

    def fresh(self) -> Player:
        """A copy that plays one match: deep, so that matches share nothing."""
        return copy.deepcopy(self)

    def machine(self) -> Machines:
        """The finite-state machine that always plays as this player does, where there is one.

        Raises:
            IteratedError: if the class gives none.
        """
        raise IteratedError(
            f"{self.name} has no finite-state machine; define machine(self), such as "
            "return machine_of(plays=[0, 1], moves_on=[[0, 1], [0, 1]]), or play it as it is"
        )
