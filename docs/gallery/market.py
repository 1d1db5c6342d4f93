"""A price that nobody knows.

Traders bid and ask at random, only never at a loss. Their order book still finds the price at which
supply meets demand, and the goods go where they are worth most (Gode and Sunder 1993).
"""

import matplotlib.pyplot as plt

from experiments.models.market import Market


def draw():
    """Price, and how much of what could be gained is gained, for few traders and for many."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for traders, colour in ((100, "#E69F00"), (4_000, "#0072B2")):
        world = Market(traders=traders, fickle=0.05, seed=1)
        price, efficiency = [], []
        for _ in range(100):
            world.step()
            price.append(world.measures()["price"] or float("nan"))  # nothing was traded
            efficiency.append(world.measures()["efficiency"])
        left.plot(price, color=colour, label=f"{traders:,} traders")
        right.plot(efficiency, color=colour)
    left.axhline(100, color="grey", linestyle=":", label="supply meets demand")
    left.set(xlabel="tick", ylabel="mean price (tokens)", ylim=(0, 200))
    left.legend(frameon=False)
    right.set(xlabel="tick", ylabel="share of the possible worth", ylim=(0.5, 1.01))
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
