"""What an animal of the chase sees, and how a genome turns that into steering.

An observation is float32[8]: of the nearest living animal of the other kind within sight how far
it lies ahead and to the left (cosine and sine of its bearing) and how close it is (1 − distance /
sight), the same of the nearest of its own kind, its energy (1 when it set out), and a constant 1.
All zeros stand for nobody in sight, and for the dead. Miller & Cliff 1994, "Protean behavior in
dynamic games: arguments for the co-evolution of pursuit-evasion tactics", use such senses.

A genome is a row of weights: without hidden units the 8 of tanh(w·o); with H of them, 8 for each
and then H from them, tanh(v·tanh(W·o)). The result, in (−1, 1), is the share of the sharpest turn
to take, to the left where positive.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from arenas.predation.errors import PredationError
from evolution import GenomeSpec, Real
from swarm.motion.cell_list import CellList, near

SENSES = 8
"""Numbers in an observation."""
LOCUS = "steering"
WEIGHT_MAX = 5.0

Weights = npt.NDArray[np.float64]
Observations = npt.NDArray[np.float32]


def weights_of(hidden: int) -> int:
    """How many weights a genome with so many hidden units has."""
    return SENSES if hidden == 0 else hidden * (SENSES + 1)


def hidden_of(weights: int) -> int:
    """How many hidden units a genome of so many weights has.

    Raises:
        PredationError: for a number of weights that no network here has.
    """
    if weights == SENSES:
        return 0
    if weights < 1 or weights % (SENSES + 1):
        raise PredationError(
            f"a genome of {weights} weights; expected {SENSES} without hidden units, or "
            f"{SENSES + 1} for each, such as {weights_of(4)}"
        )
    return weights // (SENSES + 1)


def steering_spec(hidden: int = 0) -> GenomeSpec:
    """Genomes that steer: one locus of `weights_of` reals from −5 to 5."""
    if hidden < 0:
        raise PredationError(f"hidden is {hidden}; at least 0 hidden units, such as 4")
    size = weights_of(hidden)
    return GenomeSpec({LOCUS: Real(size, low=-WEIGHT_MAX, high=WEIGHT_MAX, mutation="gaussian")})


def steer(weights: Weights, observations: Observations) -> Weights:
    """The actions float64[n] of n animals: row i of the weights looks at row i of what is seen.

    Raises:
        PredationError: for arrays of other shapes.
    """
    genes = np.ascontiguousarray(weights, np.float64)
    seen = np.ascontiguousarray(observations, np.float32)
    if genes.ndim != 2 or seen.shape != (len(genes), SENSES):
        raise PredationError(
            f"weights are {list(genes.shape)} and observations {list(seen.shape)}; expected "
            f"[n, weights] and [n, {SENSES}], a row for each animal in both"
        )
    actions = np.empty(len(seen))
    for_all(genes, np.arange(len(genes)), seen, hidden_of(genes.shape[1]), actions)
    return actions


@njit(cache=True, nogil=True)
def for_all(
    weights: Weights,
    genome: npt.NDArray[np.int64],
    observations: Observations,
    hidden: int,
    actions: Weights,
) -> None:
    """As `steer`, with the row of weights of each animal, into `actions`."""
    for row in range(len(observations)):
        genes = genome[row]
        if hidden == 0:
            total = 0.0
            for sense in range(SENSES):
                total += weights[genes, sense] * observations[row, sense]
            actions[row] = math.tanh(total)
            continue
        total = 0.0
        for unit in range(hidden):
            excitation = 0.0
            for sense in range(SENSES):
                excitation += weights[genes, unit * SENSES + sense] * observations[row, sense]
            total += weights[genes, hidden * SENSES + unit] * math.tanh(excitation)
        actions[row] = math.tanh(total)


@njit(cache=True, nogil=True)
def observe_all(
    cells: CellList,
    predators: int,
    heading: Weights,
    energy: Weights,
    sight: float,
    rows: npt.NDArray[np.int64],
    ways: Weights,
    observations: Observations,
) -> None:
    """Write what every animal sees; the first rows are the predators."""
    for row in range(len(heading)):
        observations[row] = 0.0
        if not cells.alive[row]:
            continue
        observations[row, 6] = energy[row]
        observations[row, 7] = 1.0
        found = near(cells, row, sight, rows, ways)
        nearest, own_nearest, other, own = math.inf, math.inf, -1, -1
        for k in range(found):
            distance = ways[k, 0] ** 2 + ways[k, 1] ** 2
            # Of equally near ones the lower row, so that the order of a cell never matters.
            if (rows[k] < predators) == (row < predators):
                if distance < own_nearest or (distance == own_nearest and rows[k] < rows[own]):
                    own_nearest, own = distance, k
            elif distance < nearest or (distance == nearest and rows[k] < rows[other]):
                nearest, other = distance, k
        ahead, left = math.cos(heading[row]), math.sin(heading[row])
        for place, k in ((0, other), (3, own)):
            if k >= 0:
                dx, dy = ways[k, 0], ways[k, 1]
                far = math.sqrt(dx * dx + dy * dy)
                observations[row, place + 2] = 1.0 - far / sight
                if far > 0.0:  # in the same place it lies in no direction
                    observations[row, place] = (dx * ahead + dy * left) / far
                    observations[row, place + 1] = (dy * ahead - dx * left) / far
