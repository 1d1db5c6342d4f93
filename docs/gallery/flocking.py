"""Birds that find one way.

Each bird steers by those it sees. How long is it until all fly one way, if they see less far? The
model is one that ships, `noosphere run flocking`.
"""

import matplotlib.pyplot as plt

from experiments.models.flocking import Flocking


def draw():
    """Order over time for three visions, and the birds of the shortest one."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for vision in (8.0, 4.0, 2.0):
        world = Flocking(birds=300, vision=vision, seed=1)
        order = []
        for _ in range(400):
            order.append(world.measures()["order"])
            world.step()
        left.plot(order, label=f"vision {vision:g}")
    left.set(xlabel="tick", ylabel="order (length of the mean heading)", ylim=(0, 1))
    left.legend(frameon=False)
    x, y = world.space.positions.T
    u, v = world.agents.get("heading").T
    right.quiver(x, y, u, v, color="#0072B2", pivot="mid", scale=40)
    right.set(title="tick 400, vision 2", aspect="equal", xticks=[], yticks=[])
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
