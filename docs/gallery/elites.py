"""The best of every kind.

An arm of eight joints reaches for every place in reach, each with as little bending as it can. MAP-
Elites keeps the best of each cell; one optimiser would keep one arm.
"""

import matplotlib.pyplot as plt
import numpy as np

from evolution import GenomeSpec, Grid, MAPElites, Real, evolve

JOINTS = 8


def reach(genomes):
    """How uneven the bends are, to be minimised, and where the hand is, float64[n, 2]."""
    bends = genomes["bends"]
    heading = np.cumsum(bends, axis=1)
    hand = np.column_stack([np.cos(heading).mean(axis=1), np.sin(heading).mean(axis=1)])
    return bends.var(axis=1), hand


def draw():
    """The map: for every place of the hand the smoothest arm that was found, and three of them."""
    spec = GenomeSpec({"bends": Real(JOINTS, -np.pi / 2, np.pi / 2)})
    search = evolve(MAPElites(spec, Grid([(-1, 1), (-1, 1)], (40, 40)), rng=1), reach, 400)
    elites = search.residents
    variance, hands = reach(elites.genomes)
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    drawn = axes.scatter(*hands.T, c=np.sqrt(variance), s=9, marker="s", cmap="viridis_r")
    figure.colorbar(drawn, label="spread of the bends (radians)")
    for target in ((0.5, 0.5), (-0.4, 0.6), (0.1, -0.7)):
        arm = elites.genomes["bends"][np.abs(hands - target).sum(axis=1).argmin()]
        steps = np.exp(1j * np.cumsum(arm)) / JOINTS
        path = np.append(0, np.cumsum(steps))
        axes.plot(path.real, path.imag, "o-", color="#D55E00", markersize=3)
    axes.set(aspect="equal", title=f"{search.coverage:.0%} of the cells have an arm")
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
