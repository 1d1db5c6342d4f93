"""The classic strategies of the iterated prisoner's dilemma, each as a class and as a machine.

Sources: R. Axelrod, "Effective choice in the prisoner's dilemma" and "More effective choice...",
Journal of Conflict Resolution 24, 1980; M. Nowak & K. Sigmund, "A strategy of win-stay,
lose-shift...", Nature 364, 1993; for the probabilistic ones `arenas.iterated.stochastic`.

The classes say `move` in a line or two; `machine()` gives the machine of the same moves, which
kernels play (the tests hold that both are the same).
"""

from __future__ import annotations

from collections.abc import Sequence

from arenas.iterated.games import COOPERATE, DEFECT
from arenas.iterated.machines import Machines, machine_of
from arenas.iterated.players import Player

C, D = COOPERATE, DEFECT
Moves = Sequence[int]


class Cooperator(Player):
    """Always cooperate."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """Cooperate."""
        return C

    def machine(self) -> Machines:
        """One state."""
        return machine_of([C], [[0, 0]], name=self.name)


class Defector(Player):
    """Always defect."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """Defect."""
        return D

    def machine(self) -> Machines:
        """One state."""
        return machine_of([D], [[0, 0]], name=self.name)


class Alternator(Player):
    """Cooperate and defect in turns."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """The other than last time."""
        return 1 - mine[-1] if mine else C

    def machine(self) -> Machines:
        """The state is the move to come: by what it played, not by what it meant."""
        return machine_of([C, D], [[[1, 1], [0, 0]]] * 2, name=self.name)


class CyclerCCD(Player):
    """Cooperate twice, defect once, whatever happens."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """By the number of the turn."""
        return D if len(mine) % 3 == 2 else C

    def machine(self) -> Machines:
        """A state a turn."""
        return machine_of([C, C, D], [[1, 1], [2, 2], [0, 0]], name=self.name)


class TitForTat(Player):
    """Cooperate first, then do what the other did (A. Rapoport; won both of Axelrod's)."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """Their last move."""
        return theirs[-1] if theirs else C

    def machine(self) -> Machines:
        """The state is their last move."""
        return machine_of([C, D], [[0, 1], [0, 1]], name=self.name)


class SuspiciousTitForTat(Player):
    """Tit for tat that begins by defecting."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """Their last move."""
        return theirs[-1] if theirs else D

    def machine(self) -> Machines:
        """The state is their last move."""
        return machine_of([C, D], [[0, 1], [0, 1]], start=1, name=self.name)


class Bully(Player):
    """Defect first, then do the opposite of what the other did."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """The opposite of their last move."""
        return 1 - theirs[-1] if theirs else D

    def machine(self) -> Machines:
        """The state is the opposite of their last move."""
        return machine_of([C, D], [[1, 0], [1, 0]], start=1, name=self.name)


class TitForTwoTats(Player):
    """Defect only after two defections in a row."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """By their last two moves."""
        return D if list(theirs[-2:]) == [D, D] else C

    def machine(self) -> Machines:
        """The state is how often they have defected in a row, at most 2."""
        return machine_of([C, C, D], [[0, 1], [0, 2], [0, 2]], name=self.name)


class TwoTitsForTat(Player):
    """Defect twice after every defection."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """By their last two moves."""
        return D if D in theirs[-2:] else C

    def machine(self) -> Machines:
        """The state is how many retaliations are due."""
        return machine_of([C, D, D], [[0, 2], [0, 2], [1, 2]], name=self.name)


class HardTitForTat(Player):
    """Defect while any of their last three moves was a defection."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """By their last three moves."""
        return D if D in theirs[-3:] else C

    def machine(self) -> Machines:
        """The state is how many retaliations are due."""
        return machine_of([C, D, D, D], [[0, 3], [0, 3], [1, 3], [2, 3]], name=self.name)


class Grudger(Player):
    """Cooperate until they defect once, then never again (J. Friedman 1971: grim trigger)."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """Whether they ever defected."""
        return D if D in theirs else C

    def machine(self) -> Machines:
        """The second state is never left."""
        return machine_of([C, D], [[0, 1], [1, 1]], name=self.name)


class WinStayLoseShift(Player):
    """Keep the move that paid 3 or 5, else change it (Pavlov)."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """Cooperate if both did the same last time."""
        return C if not mine or mine[-1] == theirs[-1] else D

    def machine(self) -> Machines:
        """The state is the move to come."""
        return machine_of([C, D], [[[0, 1], [1, 0]]] * 2, name=self.name)


class Tester(Player):
    """Defect first; who answers by a defection gets an apology and tit for tat, others C and D.

    D. Gladstein's and others' idea, in Axelrod's second tournament; this is the form with
    cooperation in turns 2 and 3, and alternation from there on.
    """

    def reset(self) -> None:
        """Nobody has answered yet."""
        self.answered = False

    def move(self, mine: Moves, theirs: Moves) -> int:
        """Tit for tat once they have defected, with a first cooperation as the apology."""
        if not mine:
            return D
        if self.answered:
            return theirs[-1]
        if theirs[-1] == D:
            self.answered = True
            return C
        return C if len(mine) <= 2 else 1 - mine[-1]

    def machine(self) -> Machines:
        """States 0-4 test, 5 apologises, 6 and 7 are tit for tat."""
        own = [
            [[1, 5], [1, 5]],  # turn 1: D
            [[2, 5], [2, 5]],  # turn 2: C
            [[4, 5], [3, 5]],  # turn 3: C; then the opposite of what was played
            [[4, 5], [3, 5]],  # C
            [[4, 5], [3, 5]],  # D
            [[6, 7], [6, 7]],  # the apology
            [[6, 7], [6, 7]],
            [[6, 7], [6, 7]],
        ]
        return machine_of([D, C, C, C, D, C, C, D], own, name=self.name)


class Handshake(Player):
    """Play C, D; cooperate for ever with who did the same, else defect (A. Robson 1990)."""

    def move(self, mine: Moves, theirs: Moves) -> int:
        """By their first two moves."""
        if len(mine) < 2:
            return (C, D)[len(mine)]
        return C if list(theirs[:2]) == [C, D] else D

    def machine(self) -> Machines:
        """Two turns of greeting, then friend or foe."""
        moves_on = [[1, 2], [4, 3], [4, 4], [3, 3], [4, 4]]
        return machine_of([C, D, D, C, D], moves_on, name=self.name)


class SoftGrudger(Player):
    """Punish a defection by four of its own, then offer peace twice."""

    def reset(self) -> None:
        """Nothing is planned."""
        self.plan: list[int] = []

    def move(self, mine: Moves, theirs: Moves) -> int:
        """By the plan; while there is one, by nothing else."""
        if not self.plan and theirs and theirs[-1] == D:
            self.plan = [D, D, D, D, C, C]
        return self.plan.pop(0) if self.plan else C

    def machine(self) -> Machines:
        """Peace, and six turns of the plan."""
        moves_on = [[0, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6], [0, 1]]
        return machine_of([C, D, D, D, D, C, C], moves_on, name=self.name)
