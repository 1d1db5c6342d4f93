"""A player of the iterated prisoner's dilemma, among some that are well known.

`move` is given all moves so far, yours and the other's, 0 to cooperate and 1 to defect, and returns
yours. `self.rng` is where chance comes from.

    python my_world.py                     plays it and draws my_world.png
    noosphere tournament my_world.toml     plays the tournament of that file
"""

from collections.abc import Sequence
from pathlib import Path

from arenas import IteratedContest, Player, round_robin
from arenas.iterated import Defector, Grudger, Random, TitForTat, WinStayLoseShift


class MyWorld(Player):
    """Answers a defection with one of its own, but forgives one in five."""

    def move(self, mine: Sequence[int], theirs: Sequence[int]) -> int:
        """The next move."""
        provoked = bool(len(theirs)) and theirs[-1] == 1
        return int(provoked and self.rng.random() > 0.2)


if __name__ == "__main__":
    import matplotlib.pyplot as plt

    players = [MyWorld(), TitForTat(), WinStayLoseShift(), Grudger(), Defector(), Random()]
    results = round_robin(
        IteratedContest(players, turns=100, noise=0.01), rounds=5, seed=1, count="points"
    )
    print(results)

    placed, points = results.order[::-1], results.ranking["points"]
    figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
    axes.barh([results.names[player] for player in placed], points[placed])
    axes.set(xlabel="points in the mean match")
    picture = Path(__file__).with_name("my_world.png")
    figure.savefig(picture, dpi=120)
    print("picture:", picture.name)
