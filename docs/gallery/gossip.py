"""A rumour on its way.

In a round everybody calls one neighbour. Who tells whom, and who knows whom, decides how fast all
of 100,000 have heard; lost messages cost little.
"""

import matplotlib.pyplot as plt
import numpy as np

from swarm.gossip import broadcast, complete, small_world


def draw():
    """Who has heard by round: by the way of telling, and by who knows whom."""
    rng = np.random.default_rng(1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    everybody = complete(100_000)
    for mode in ("push", "pull", "push-pull"):
        told = broadcast(everybody, rng, mode)
        left.plot(told.informed / told.members, ".-", label=mode)
    left.set(title="everybody knows everybody", xlabel="round", ylabel="share who have heard")
    for shortcuts in (0.003, 0.03, 0.3):
        told = broadcast(small_world(100_000, 10, shortcuts, rng), rng, loss=0.2)
        right.plot(told.informed / told.members, label=f"{shortcuts:.1%} are shortcuts")
    right.set(title="10 neighbours, a fifth of messages lost", xlabel="round", xlim=(0, 150))
    for axes in (left, right):
        axes.legend(frameon=False)
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
