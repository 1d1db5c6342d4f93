"""Seeds of a sweep, all out of one sequence, so that none is ever reused silently.

Replicate r of every point has the same seed: differences between points are paired (common random
numbers), and their noise cancels as far as the points live alike. The seed of a replicate does not
depend on how many there are, so more of them keep those that there were.
"""

from __future__ import annotations

import numpy as np

from experiments.sweeps.sections import SweepError

DESIGN_KEY = 2**32 - 1
"""Of the stream that designs draw from; replicates are counted from 0."""


def replicate_seeds(seed: int, count: int) -> list[int]:
    """Seeds of the replicates, each from 0 to 2**63 - 1.

    Raises:
        SweepError: two of them are the same.
    """
    children = (np.random.SeedSequence(seed, spawn_key=(r,)) for r in range(count))
    seeds = [int(child.generate_state(1, np.uint64)[0] >> np.uint64(1)) for child in children]
    refuse_repeats(seeds, seed)
    return seeds


def refuse_repeats(seeds: list[int], seed: int) -> None:
    """Raise SweepError if a seed stands twice, as one in 10^19 / n² sweeps has it."""
    if len(set(seeds)) < len(seeds):
        raise SweepError(
            f"seed {seed}: two replicates would have the same seed; give another, such as "
            f"--seed {seed + 1}"
        )


def design_chance(seed: int) -> np.random.Generator:
    """The stream that a design draws its points from."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(DESIGN_KEY,)))
