"""Wealth without merit.

Everybody has five coins and gives one away at random, again and again. Chance alone makes a few
rich: wealth comes close to the distribution of Boltzmann and Gibbs (Drăgulescu and Yakovenko 2000).
"""

import matplotlib.pyplot as plt
import numpy as np

from experiments.models.boltzmann import Boltzmann


def draw():
    """Inequality over time, and who has how much at the end beside the theory."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    world = Boltzmann(people=20_000, wealth=5, seed=1)
    gini = []
    for _ in range(400):
        gini.append(world.measures()["gini"])
        world.step()
    left.plot(gini)
    left.axhline(1 / (2 - 1 / 6), color="grey", linestyle=":", label="theory")
    left.set(xlabel="tick", ylabel="Gini coefficient", ylim=(0, 0.7))
    left.legend(frameon=False)
    counts = np.bincount(world.agents.get("wealth")) / len(world.agents)
    coins = np.arange(len(counts))
    right.bar(coins, counts, color="#56B4E9", label="people")
    right.plot(coins, (1 / 6) * (5 / 6) ** coins, color="#D55E00", label="theory")
    right.set(xlabel="coins", ylabel="share of people", yscale="log", xlim=(-1, 45))
    right.legend(frameon=False)
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
