"""Coevolutions whose disease is known, for the detectors and whatever else needs one."""

from __future__ import annotations

import numpy as np

from arenas.coevolution import Coevolution, NumbersGame
from evolution import Categorical, GeneticAlgorithm, Genomes, GenomeSpec

HAND = GenomeSpec({"hand": Categorical(1, 3)})
BEATS = np.array([[0.5, 0.0, 1.0], [1.0, 0.5, 0.0], [0.0, 1.0, 0.5]])


def rock_paper_scissors(one: Genomes, other: Genomes, seed: int) -> np.ndarray:
    """Rock 0, paper 1 and scissors 2."""
    return BEATS[np.ix_(one["hand"][:, 0], other["hand"][:, 0])]


def genetic(spec: GenomeSpec, seed: int, **settings) -> GeneticAlgorithm:
    return GeneticAlgorithm(spec, 25, rng=seed, elites=0, **settings)


def transitive(seed: int, sides: int, **settings) -> Coevolution:
    """The numbers game by the sum: an arms race."""
    game = NumbersGame("sum", bits=30)
    other = genetic(game.spec(), seed + 1000) if sides == 2 else None
    return Coevolution(genetic(game.spec(), seed), other, game, rng=seed, **settings)


def cyclic(seed: int, sides: int) -> Coevolution:
    """Rock, paper, scissors, without memory."""
    other = genetic(HAND, seed + 1000, mutation_rate=0.05) if sides == 2 else None
    one = genetic(HAND, seed, mutation_rate=0.05)
    return Coevolution(one, other, rock_paper_scissors, rng=seed, ancestors=0)


def one_sided(seed: int, winner: int) -> Coevolution:
    """The numbers game in which one side has won before it begins."""
    game = NumbersGame("sum", bits=30, advantage=31 if winner == 0 else -31)
    sides = (genetic(game.spec(), seed), genetic(game.spec(), seed + 1000))
    return Coevolution(*sides, game, rng=seed)
