"""Who eats whom.

Wolves, sheep and grass: many sheep feed many wolves, who leave few sheep. Counted tick by tick the
three chase each other round and round.
"""

import matplotlib.pyplot as plt

from experiments.models.wolf_sheep import WolfSheep


def draw():
    """The three over time, and wolves against sheep."""
    world = WolfSheep(
        sheep=500, wolves=50, width=50, regrowth=10, sheep_breed=0.05, wolf_breed=0.05, seed=1
    )
    rows = []
    for _ in range(800):
        rows.append(world.measures())
        world.step()
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10, 3.8), width_ratios=(2, 1), layout="constrained"
    )
    for name, colour in (("sheep", "#0072B2"), ("wolves", "#D55E00"), ("grass", "#009E73")):
        left.plot([row[name] for row in rows], color=colour, label=name)
    left.set(xlabel="tick", ylabel="how many", ylim=(0, None))
    left.legend(frameon=False, ncols=3)
    right.plot(
        [row["sheep"] for row in rows], [row["wolves"] for row in rows], color="grey", lw=0.8
    )
    right.set(xlabel="sheep", ylabel="wolves")
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
