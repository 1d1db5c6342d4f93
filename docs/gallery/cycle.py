"""Rock, paper, scissors, and no end.

Where every choice is beaten by another, a population that copies what does well runs in circles,
and players who answer the other's past swing slower and slower; only their averages come to rest.
"""

import matplotlib.pyplot as plt
import numpy as np

from economy import FictitiousPlay, replicator

GAME = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
CORNERS = np.array([(0, 0), (1, 0), (0.5, np.sqrt(3) / 2)])


def draw():
    """Orbits of a population in the triangle of shares, and the averages of fictitious play."""
    figure, drawn = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for axes in drawn:
        axes.plot(*np.vstack([CORNERS, CORNERS[:1]]).T, color="grey", lw=0.8)
        for corner, name in zip(CORNERS, ("rock", "paper", "scissors"), strict=True):
            axes.annotate(name, corner, ha="center", va="top" if corner[1] == 0 else "bottom")
        axes.set_aspect("equal")
        axes.axis("off")
    left, right = drawn
    for share in (0.36, 0.45, 0.6, 0.8):
        start = [share, (1 - share) / 2, (1 - share) / 2]
        left.plot(*(replicator(GAME, start, 0.05, 600) @ CORNERS).T)
    left.set_title("a population that copies")
    play, shares = FictitiousPlay(GAME, start=(0, 1)), []
    for _ in range(3_000):
        shares.append(play.strategies()[0])
        play.run(1)
    right.plot(*(np.array(shares) @ CORNERS).T, color="#D55E00", lw=0.8)
    right.set_title("averages of two who answer the past")
    return figure


if __name__ == "__main__":
    draw()
    plt.show()
