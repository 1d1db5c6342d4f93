"""The chance of a match: three streams from one seed, for both players and the referee.

A match's seed is a whole number of 64 bits. The first three draws of `swarm.chance.seeded(seed)`
are the seeds of the first player's stream, the second's, and the referee's, who draws the length
of the match and the trembling of hands. So nobody's draws depend on how much chance another uses,
and a match is the same alone and in any batch.

`Chance` is the same stream outside kernels.
"""

from __future__ import annotations

import numpy as np

_WORD = 2**64 - 1
_GAMMA = 0x9E3779B97F4A7C15


class Chance:
    """SplitMix64 in plain Python: the stream `swarm.chance.seeded(seed)`, draw by draw.

    >>> chance = Chance(7)
    >>> chance.random(), chance.below(6)
    (0.3898297483912715, 0)
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = int(seed) & _WORD

    def draw(self) -> int:
        """The next draw, uniform on 0..2⁶⁴−1."""
        self._state = (self._state + _GAMMA) & _WORD
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
        return z ^ (z >> 31)

    def random(self) -> float:
        """The next number in [0, 1)."""
        return (self.draw() >> 11) * 2.0**-53

    def below(self, bound: int) -> int:
        """The next whole number 0..bound−1, for 1 ≤ bound ≤ 2³² (bias below bound / 2³²)."""
        return ((self.draw() >> 32) * bound) >> 32

    def generator(self) -> np.random.Generator:
        """A generator of numpy's, seeded by the next draw; for who needs more than these."""
        return np.random.default_rng(self.draw())


def streams_of(seed: int) -> tuple[Chance, Chance, Chance]:
    """The chance of both players and of the referee in the match of this seed."""
    match = Chance(seed)
    return Chance(match.draw()), Chance(match.draw()), Chance(match.draw())
