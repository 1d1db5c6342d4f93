"""Ants find the shortest way.

Fifty-two places in Berlin, and ants that follow the scent of those before them. The shortest tour
that there is measures 7,542 (TSPLIB); a colony of MAX-MIN ants finds it.
"""

import matplotlib.pyplot as plt
import numpy as np

from swarm.motion import MaxMinAntSystem, load_instance


def draw():
    """The tour."""
    berlin = load_instance("berlin52")
    ants = MaxMinAntSystem(local_search="2.5-opt")
    tour = ants.solve(berlin, np.random.default_rng(1), 200)
    figure, axes = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
    x, y = berlin.coordinates[np.append(tour.order, tour.order[0])].T
    axes.plot(x, y, color="#0072B2")
    axes.plot(x, y, "o", color="#D55E00", markersize=4)
    axes.set(title=f"{tour.length:,}, the optimum is {berlin.optimum:,}", xticks=[], yticks=[])
    axes.set_aspect("equal")
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
