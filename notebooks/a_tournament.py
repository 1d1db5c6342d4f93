# %% [markdown]
# # A tournament
#
# Who is better? A tournament answers with a table, and a table always has a first row. This one
# asks two more questions of every table. How much of it is luck? And is there a better at all, or
# do the players run in circles, like rock, paper and scissors?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from arenas import IteratedContest, Player, round_robin
from arenas.iterated import CLASSICS, ROCK_PAPER_SCISSORS
from experiments import load_tournament, play_tournament

plt.style.use("tableau-colorblind10")

# %% [markdown]
# ## From a file
#
# The iterated prisoner's dilemma among the classic strategies, with trembling hands: one move in
# twenty is another than was meant. Everything that the table depends on stands in a TOML file; any
# key of it can be changed, here the seed. `noosphere tournament noisy-dilemma` does the same.

# %%
classics = play_tournament(load_tournament("noisy-dilemma", ["seed=7"]))
print(classics)

# %% [markdown]
# Look at the last column. Strategies that share a letter cannot be told apart at 5% once it is
# taken into account that 210 pairs were compared, so their order may be luck. What no interval
# here tells is what would come of another field of players: who is best depends on who is there.
#
# ## A class of one's own
#
# A player is a class with a `move`: 0 is to cooperate, 1 to defect. This one keeps accounts, and
# defects as long as the other has defected more often than itself. A slip of either hand is
# balanced once, where tit for tat would go on answering it for ever.


# %%
class Accountant(Player):
    """Defect while they have defected more often than I have."""

    name = "accountant"

    def move(self, mine, theirs):
        return int(sum(theirs) > sum(mine))


# %% [markdown]
# Strategies that are finite-state machines play in a compiled kernel (`machine()`), plain classes
# in Python; they meet in the same contest. As Axelrod did, we place players by what they earn, not
# by whom they beat.

# %%
machines = [strategy(name=name).machine() for name, strategy in CLASSICS.items()]
contest = IteratedContest([*machines, Accountant()], turns=200, noise=0.05)
dilemma = round_robin(contest, rounds=20, seed=1, self_play=True, count="points")
table = pd.DataFrame(dilemma.standings())
columns = ["place", "name", "points", "score", "rating", "rating_low", "rating_high", "group"]
table[columns].round(1).head(8)

# %% [markdown]
# ## To earn is not to beat
#
# The Bradley–Terry rating, in Elo points, is fitted to who had more points than the other in a
# match, and comes with a 95% interval. What a strategy earns differs from round to round, and the
# rounds are independent, so their spread gives an interval too.

# %%
games = dilemma.games
seats = pd.DataFrame(
    {
        "round": np.tile(games.round, 2),
        "player": np.concatenate([games.first, games.second]),
        "points": np.concatenate([games.points_first, games.points_second]) / 200,
    }
)
by_round = seats.groupby(["player", "round"])["points"].mean().unstack()
T_95 = 2.093  # Student's t, 19 degrees of freedom
earned = pd.DataFrame({"mean": by_round.mean(axis=1), "reach": T_95 * by_round.sem(axis=1)})
earned.index = dilemma.names
rank = earned["mean"].corr(pd.Series(dilemma.ratings.elo, dilemma.names), method="spearman")
print(f"rank correlation of what strategies earn with whom they beat: {rank:.2f}")

# %% [markdown]
# ## A game without a best
#
# Rock, paper, scissors, played by people who think. Level 0 repeats itself. Level 1 believes that
# the other does, and plays what beats that. Level 2 believes that the other is of level 1, and so
# on up: each level sees through the one below. Every player slips in one move of five. Level 6
# would move as level 0 does, so six are all there are.


# %%
class Thinker(Player):
    """Beats the thinker one level below, by that one's next move."""

    def __init__(self, level):
        super().__init__(f"level {level}")
        self.level = level

    def move(self, mine, theirs):
        if not mine:
            return self.rng.below(3)
        # Level 0 repeats; who is seen through one level deeper is beaten by the next move.
        seen = mine if self.level % 2 == 0 else theirs
        return (seen[-1] + self.level) % 3


thinkers = IteratedContest(
    [Thinker(level) for level in range(6)], ROCK_PAPER_SCISSORS, turns=40, noise=0.2
)
circle = round_robin(thinkers, rounds=20, seed=1)
print(circle)

# %% [markdown]
# One number a player means little here, says the warning: nearly all margins run in circles, far
# more than chance would make of as many games. Every level beats the one below by nearly all
# matches, and level 0 beats level 5; yet the ratings differ by less than their intervals. (The
# cycle that the warning names is the strongest of three players; the ring of six is stronger
# still.) The mean score of row against column:

# %%
pd.DataFrame(circle.score_matrix(), circle.names, circle.names).round(2)

# %% [markdown]
# ## The picture
#
# Bars are 95% intervals. The players are in the order of what they earn: who beats most earns
# little, since to beat the other it is enough to drag both down. On the right every arrow carries
# the mean score of its tail, and every player the rating that tells them apart no more.

# %%
figure = plt.figure(figsize=(13, 5.6), layout="constrained")
earning, beating, ring = figure.subplots(1, 3, width_ratios=(1, 1, 1.25))
order = earned["mean"].argsort().to_numpy()
rows = np.arange(len(order))
reach = (dilemma.ratings.interval[:, 1] - dilemma.ratings.elo)[order]
style = {"fmt": "o", "markersize": 5, "capsize": 2}
earning.errorbar(
    earned["mean"].iloc[order], rows, xerr=earned["reach"].iloc[order], color="C0", **style
)
beating.errorbar(dilemma.ratings.elo[order], rows, xerr=reach, color="C1", **style)
earning.set_yticks(rows, earned.index[order])
beating.set_yticks(rows, [])
earning.get_yticklabels()[list(earned.index[order]).index("accountant")].set_weight("bold")
earning.set(xlabel="points a turn")
beating.set(xlabel="Bradley–Terry rating (Elo points)")
earning.set_title("What they earn ...", loc="left")
beating.set_title("... is not whom they beat", loc="left")
for axes in (earning, beating):
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)

turn = np.pi / 2 - 2 * np.pi * np.arange(6) / 6
x, y = np.cos(turn), np.sin(turn)
scores = circle.score_matrix()
for winner, loser in zip(*np.nonzero(scores > 0.9), strict=True):
    arrow = {"arrowstyle": "-|>", "color": "C0", "shrinkA": 24, "shrinkB": 24, "linewidth": 2}
    ring.annotate("", (x[loser], y[loser]), (x[winner], y[winner]), arrowprops=arrow)
    middle = 0.72 * (x[winner] + x[loser]) / 2, 0.72 * (y[winner] + y[loser]) / 2
    ring.annotate(f"{scores[winner, loser]:.2f}", middle, ha="center", va="center", color="C0")
for level, (low, high) in enumerate(circle.ratings.interval):
    rating = circle.ratings.elo[level]
    text = f"level {level}\n{rating:+.0f} ± {(high - low) / 2:.0f}"
    ring.annotate(text, (x[level], y[level]), ha="center", va="center")
ring.set(xlim=(-1.35, 1.35), ylim=(-1.25, 1.25), aspect="equal")
ring.axis("off")
ring.set_title("Nobody is best: the tail of an arrow beats its head", loc="left")
plt.show()
