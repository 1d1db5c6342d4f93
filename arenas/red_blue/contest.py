"""The contest of red and blue: scripts against defences, for `arenas.coevolution.Coevolution`.

Red, the first side, gets the harm that its script does: the share of readers who act wrongly, and
what it wins in purses, which is nothing where it loses. Blue gets the rest; it pays for defences
that mislead readers by themselves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from arenas.red_blue.defence import defences
from arenas.red_blue.errors import RedBlueError
from arenas.red_blue.rules import CommonsRules
from arenas.red_blue.script import scripts
from arenas.red_blue.trial import play
from evolution import Genomes

Floats = npt.NDArray[np.float64]


class RedBlueContest:
    """Everybody of one side against everybody of the other, each pair on the same few worlds.

    >>> red = GeneticAlgorithm(script_spec(rules), 30, rng=1, elites=0)
    >>> blue = GeneticAlgorithm(defence_spec(), 30, rng=2, elites=0)
    >>> run = Coevolution(red, blue, RedBlueContest(rules), rng=3).run(20)

    Args:
        rules: of all commons.
        worlds: seeds on which each pair meets.
    """

    def __init__(self, rules: CommonsRules, worlds: int = 4) -> None:
        if worlds < 1:
            raise RedBlueError(f"{worlds} worlds; a pair meets in at least 1, such as 4")
        self.rules, self.worlds = rules, worlds

    def __call__(self, one: Genomes, other: Genomes, seed: int) -> Floats:
        """float64[n_red, n_blue] in [0, 1], the harm done."""
        known, faced = scripts(one), defences(other)
        seeds = np.random.default_rng(seed).integers(2**63, size=self.worlds, dtype=np.uint64)
        red, blue, world = (
            each.ravel() for each in np.indices((len(known), faced.rows, self.worlds))
        )
        got = play(known[red], faced.take(blue), seeds[world], self.rules)
        shape = len(known), faced.rows, self.worlds
        misled, profit = got.misled.reshape(shape), got.profit.reshape(shape)
        return harm(misled, profit / self.rules.purse)


def harm(misled: Floats, profit: Floats) -> Floats:
    """Harm in [0, 1] of what was seen in several worlds, the last axis: misled, purses won."""
    won = np.maximum(np.mean(profit, axis=-1), 0.0)
    return np.asarray(np.minimum(np.mean(misled, axis=-1) + won, 1.0))
