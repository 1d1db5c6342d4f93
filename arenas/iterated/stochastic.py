"""Memory-one strategies: the probability of cooperating after each outcome of the turn before.

M. Nowak & K. Sigmund, "The evolution of stochastic strategies in the prisoner's dilemma", Acta
Applicandae Mathematicae 20, 1990. Zero-determinant strategies hold the opponent's points on a
line (W. H. Press & F. J. Dyson, "Iterated prisoner's dilemma contains strategies that dominate any
evolutionary opponent", PNAS 109, 2012; the generous one from A. J. Stewart & J. B. Plotkin,
"Extortion and cooperation in the prisoner's dilemma", PNAS 109, 2012).
"""

from __future__ import annotations

from collections.abc import Sequence

from arenas.iterated.games import COOPERATE, DEFECT, IteratedError
from arenas.iterated.machines import Machines, memory_one
from arenas.iterated.players import Player


class MemoryOne(Player):
    """Cooperate with a probability that the last turn decides.

    >>> MemoryOne((1, 1/3, 1, 1/3), name="generous tit for tat").machine().names
    ('generous tit for tat',)

    Draws one number a turn. Subclasses set `cooperates` and `first`.

    Attributes:
        cooperates: the probability after CC, CD, DC and DD, one's own move first.
        first: the probability in the first turn.
    """

    cooperates: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 1.0)
    first: float = 1.0

    def __init__(
        self,
        cooperates: Sequence[float] | None = None,
        first: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if cooperates is not None:
            if len(cooperates) != 4:
                raise IteratedError(f"cooperates is {cooperates!r}; expected four probabilities")
            cc, cd, dc, dd = map(float, cooperates)
            self.cooperates = cc, cd, dc, dd
        if first is not None:
            self.first = float(first)
        for chance in (*self.cooperates, self.first):
            if not 0.0 <= chance <= 1.0:
                raise IteratedError(f"{self.name} cooperates with probability {chance}; 0 to 1")

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        """By one number of its chance."""
        chance = self.cooperates[2 * mine[-1] + theirs[-1]] if mine else self.first
        return COOPERATE if self.rng.random() < chance else DEFECT

    def machine(self) -> Machines:
        """Five states."""
        return memory_one(self.cooperates, [self.name], self.first)


class Random(MemoryOne):
    """Cooperate half the time."""

    cooperates = (0.5, 0.5, 0.5, 0.5)
    first = 0.5


class GenerousTitForTat(MemoryOne):
    """Tit for tat that forgives one defection in three (Nowak & Sigmund 1992)."""

    cooperates = (1.0, 1 / 3, 1.0, 1 / 3)


class Joss(MemoryOne):
    """Tit for tat that tries a defection one time in ten (Axelrod 1980a)."""

    cooperates = (0.9, 0.0, 0.9, 0.0)


class FirmButFair(MemoryOne):
    """Pavlov's forgiveness without its exploiting (M. Frean 1994)."""

    cooperates = (1.0, 0.0, 1.0, 2 / 3)


class Extortioner(MemoryOne):
    """ZD-Extort-2: its surplus over P is twice the opponent's (Stewart & Plotkin 2012)."""

    cooperates = (8 / 9, 1 / 2, 1 / 3, 0.0)


class GenerousZeroDeterminant(MemoryOne):
    """ZD-GTFT-2: it falls short of R by twice as much as the opponent (Stewart & Plotkin 2012)."""

    cooperates = (1.0, 1 / 8, 1.0, 1 / 4)
