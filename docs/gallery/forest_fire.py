"""A fire that dies out, or takes all.

The left edge of a forest burns. Below a density of .59 the fire is soon over; above it nearly
everything burns. Nothing in the rule for one tree says so: it is the percolation threshold.
"""

import matplotlib.pyplot as plt
import numpy as np

from experiments.models.forest_fire import ForestFire


def draw():
    """What has burnt by density, and the fire at the threshold."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    densities = np.arange(0.4, 0.81, 0.02)
    burnt = [[burn(density, seed)[1] for seed in range(5)] for density in densities]
    left.plot(densities, burnt, "o", color="#D55E00", alpha=0.35, markersize=4)
    left.plot(densities, np.mean(burnt, axis=1), color="#D55E00")
    left.axvline(0.5927, color="grey", linestyle=":")
    left.set(xlabel="density of trees", ylabel="share of trees that burnt")
    world, _ = burn(0.6, 3)
    x, y = world.space.positions.T
    colours = np.array(list(world.legend.values()))
    right.scatter(x, y, s=3, c=colours[world.agents.get("condition")], marker="s", linewidths=0)
    right.set(title="density .60", aspect="equal", xticks=[], yticks=[])
    return figure


def burn(density, seed):
    """The world when nothing burns any more, and the share that burnt."""
    world = ForestFire(density=density, seed=seed)
    while (world.agents.get("condition") == 1).any():
        world.step()
    return world, (world.agents.get("condition") == 2).mean()


if __name__ == "__main__":
    draw()
    plt.show()
