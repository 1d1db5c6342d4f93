"""What can be had of two things at once.

NSGA-II on a problem with two objectives whose best trade-offs are known, ZDT3: a front in five
pieces. A hundred genomes find it in 150 generations.
"""

import matplotlib.pyplot as plt
import numpy as np

from evolution import NSGA2, GenomeSpec, Real


def zdt3(genomes):
    """Zitzler, Deb and Thiele 2000, the third: float64[n, 2], both to be minimised."""
    x = genomes["x"]
    first, g = x[:, 0], 1 + 9 * x[:, 1:].mean(axis=1)
    second = g * (1 - np.sqrt(first / g) - first / g * np.sin(10 * np.pi * first))
    return np.column_stack([first, second])


def draw():
    """The population on its way to the front."""
    search = NSGA2(GenomeSpec({"x": Real(12, 0, 1)}), 100, rng=1)
    figure, axes = plt.subplots(figsize=(6.5, 4), layout="constrained")
    for generation in range(151):
        genomes = search.ask()
        found = zdt3(genomes)
        if generation in (0, 15, 150):
            axes.plot(*found.T, "o", markersize=3.5, label=f"generation {generation}")
        search.tell(found)
    x = np.linspace(0, 1, 500)
    axes.plot(x, 1 - np.sqrt(x) - x * np.sin(10 * np.pi * x), color="grey", lw=0.8, zorder=0)
    axes.set(xlabel="first objective", ylabel="second objective")
    axes.legend(frameon=False)
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
