"""Neighbours who would live mixed, and do not.

Residents move away if too few of their neighbours are like them. How much alike neighbours end up
is far more than anybody asks for (Schelling 1971).
"""

import matplotlib.pyplot as plt
import numpy as np

from experiments.models.schelling import Schelling


def draw():
    """A city before and after, and the end against what residents want."""
    figure, (first, last, curve) = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
    world = Schelling(residents=1400, width=40, seed=2)
    for axes, title in ((first, "at first"), (last, "after 30 ticks")):
        x, y = world.space.positions.T
        city = np.full((40, 40), np.nan)
        city[y, x] = world.agents.get("group")
        axes.imshow(city, cmap="coolwarm", interpolation="nearest")
        axes.set(title=title, xticks=[], yticks=[])
        for _ in range(30):
            world.step()
    wanted = range(9)
    ends = [end(minimum) for minimum in wanted]
    curve.plot(wanted, [found["segregation"] for found in ends], "o-", label="neighbours alike")
    curve.plot(wanted, [found["happy"] for found in ends], "o-", label="happy")
    curve.set(xlabel="neighbours of the own group wanted", ylabel="share", ylim=(0, 1.02))
    curve.legend(frameon=False)
    return figure


def end(minimum):
    """What is measured after 30 ticks."""
    world = Schelling(residents=1400, width=40, minimum=minimum, seed=1)
    for _ in range(30):
        world.step()
    return world.measures()


if __name__ == "__main__":
    draw()
    plt.show()
