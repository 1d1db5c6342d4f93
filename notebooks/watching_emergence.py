# %% [markdown]
# # Watching emergence
#
# A flock has a direction though no bird knows where to go. A colony has specialists though all
# were born equal. A market has circles of friends though nobody founded any. Three times the whole
# does what no part does. We measure each, beside two things that a measure is nothing without:
# what pure chance would give, and what the same world gives when the one rule that matters is
# switched off.

# %%
import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from swarm import Agent, Plane, World
from swarm.emergence import (
    AgainstChance,
    division_against_chance,
    division_of_labour,
    exchange_graph,
    find_communities,
    modularity_against_chance,
)
from swarm.systems import Partnering, Specialising

plt.style.use("tableau-colorblind10")
rng = np.random.default_rng(1)  # draws what chance would give, never what the worlds do
found = {}


def tell(what, measure):
    """Keep a measure for the table at the end, and print it beside chance."""
    found[what] = measure
    print(f"{what}: {measure.observed:.3f}, by chance {measure.mean:.3f} ± {measure.deviation:.3f}")


# %% [markdown]
# ## A flock
#
# The rule of Vicsek and others (1995): fly on, and turn to the mean heading of all within distance
# 1, with some noise. One bird hears only its neighbours.

# %%
SIZE, BIRDS = 10, 200


class Bird(Agent):
    """Turns to the mean heading of its neighbours, itself included."""

    angle: float = 0.0

    @classmethod
    def step_all(cls, birds):
        sky, number = birds.model, len(birds)
        places, angle = birds.get("position"), birds.get("angle")
        heading = np.exp(1j * angle)
        heard = heading.copy()
        if sky.listening:
            one, other = cKDTree(places, boxsize=SIZE).query_pairs(1, output_type="ndarray").T
            np.add.at(heard, one, heading[other])
            np.add.at(heard, other, heading[one])
        angle = np.angle(heard)
        angle += sky.noise * np.pi * sky.stream("Bird").uniform(-1, 1, number)
        birds.set("angle", angle)
        way = 0.1 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        sky.space.move(birds.rows, places + way)


class Sky(World):
    """Birds on a periodic plane that fly from random places in random directions."""

    def __init__(self, noise=0.1, listening=True, seed=None):
        super().__init__({Bird: BIRDS}, seed=seed, space=Plane(SIZE))
        self.noise, self.listening = noise, listening
        self.agents.set("angle", self.stream("begin").uniform(-np.pi, np.pi, BIRDS))


def order(angles):
    """Length of the mean heading: 1 if all fly one way; for headings by chance near 1/√n."""
    return float(abs(np.exp(1j * np.asarray(angles)).mean(axis=-1)))


def run(world, ticks):
    """The same world, some ticks later."""
    for _ in range(ticks):
        world.step()
    return world


# %% [markdown]
# Chance is easy here: as many headings drawn by lot, a thousand times. The control is birds that
# do not listen.

# %%
by_lot = [order(rng.uniform(-np.pi, np.pi, BIRDS)) for _ in range(1000)]
flock = run(Sky(seed=1), 300)
tell("order of a flock", AgainstChance.of(order(flock.agents.get("angle")), by_lot))
deaf = run(Sky(listening=False, seed=1), 300)
tell("order of birds that do not listen", AgainstChance.of(order(deaf.agents.get("angle")), by_lot))

# %% [markdown]
# With more noise the flock loses its way. Each point is one world; three seeds for each noise.

# %%
noises = np.linspace(0.1, 0.9, 9)
orders = pd.DataFrame(
    [
        (noise, order(run(Sky(noise, seed=seed), 150).agents.get("angle")))
        for noise in noises
        for seed in range(3)
    ],
    columns=["noise", "order"],
)
orders.groupby("noise")["order"].agg(["min", "mean", "max"]).round(2).T

# %% [markdown]
# ## A colony
#
# Response thresholds (Bonabeau, Theraulaz & Deneubourg): undone work grows more urgent, and
# whoever's threshold is low enough takes it up. With `learning`, doing a task lowers one's
# threshold for it, and not doing it raises it. Sixty equals, two tasks.
#
# The index of division of labour is 1 if everybody does one task only. What chance would give is
# found by dealing out the same acts anew: everybody keeps how many, every task keeps how many.


# %%
def colony(ticks=1200, counted=400, **rule):
    """A colony, and everybody's threshold for the first task, a row a tick."""
    work = Specialising(**rule)
    world, thresholds = World(60, [work], seed=1), []
    for tick in range(ticks):
        if tick == ticks - counted:
            work.count_anew(world)
        world.step()
        thresholds.append(world.population["threshold"][:, 0].copy())
    return world, np.array(thresholds)


workers, thresholds = colony()
tell("division of labour", division_against_chance(workers.population["bouts"], rng))
alike, _ = colony(learning=0, forgetting=0)
tell("the same if nobody learns", division_against_chance(alike.population["bouts"], rng))

# %% [markdown]
# Bouts are counted, not ticks: whoever is at work goes on with it, so ticks in a row are not free
# to be dealt out anew, and equals would look like specialists. That is a trap worth seeing once:

# %%
ticks_alike = alike.population["work"].astype(int)
wrong = division_against_chance(ticks_alike, rng)
index = division_of_labour(ticks_alike).by_task
print(
    f"equals, by ticks: {index:.3f}, {wrong.z:.0f} deviations beyond chance, all of it stickiness"
)

# %% [markdown]
# ## A market
#
# Traders offer one of three goods and barter with those who offer another. They go to whom they
# have bartered with before, and are introduced to new partners by those they know. The control
# goes to anybody, each time anew. A random graph has communities too, so chance is the same graph
# with its links dealt out anew, searched by the same algorithm.


# %%
class Trader(Agent):
    """Has one thing to offer, always."""

    good: int = 0


def market(ticks=500, **rule):
    """Who has exchanged how much with whom, as a graph; trader i offers good i % 3."""
    partnering = Partnering(goods="good", **rule)
    world = World({Trader: 0}, [partnering], seed=1)
    world.birth(Trader, 100, good=np.arange(100) % 3)
    run(world, ticks)
    return exchange_graph(*partnering.ties(world))


friends = market(introduction=0.98, curiosity=2)
tell("communities of a market", modularity_against_chance(friends, rng, draws=50))
strangers = market(strength=0, introduction=0, curiosity=1e9)
tell("the same among strangers", modularity_against_chance(strangers, rng, draws=50))
circles = find_communities(friends, rng)
print("circles of", *circles.sizes)

# %% [markdown]
# ## The table, and the picture
#
# `z` is how many deviations beyond chance, `p` the share of chance that came as high. The controls
# are no failures: they show that the measures can say no. One seed each; the measures tell one
# world from chance, not how much worlds differ among themselves.

# %%
pd.DataFrame(
    [(what, m.observed, m.mean, m.z, m.as_high) for what, m in found.items()],
    columns=["measure", "observed", "by chance", "z", "p"],
).set_index("measure").round(3)

# %%
figure, ((sky, phases), (learning, trade)) = plt.subplots(
    2, 2, figsize=(10.5, 9), layout="constrained"
)
for world, colour in ((deaf, "C2"), (flock, "C0")):
    (x, y), angle = world.agents.get("position").T, world.agents.get("angle")
    sky.quiver(x, y, np.cos(angle), np.sin(angle), color=colour, width=0.005, scale=35)
sky.set(xticks=[], yticks=[], xlim=(0, SIZE), ylim=(0, SIZE), aspect="equal")
sky.set_title("A flock agrees on a direction (grey: the deaf do not)", loc="left")

low, high = np.quantile(by_lot, [0.025, 0.975])
phases.axhspan(low, high, color="C2", alpha=0.5, linewidth=0)
phases.annotate("95% of chance", (0.1, high + 0.015), color="C3")
phases.scatter(orders["noise"], orders["order"], color="C0", s=22, alpha=0.8)
phases.plot(orders.groupby("noise")["order"].mean(), color="C0")
phases.set(xlabel="noise (share of the circle)", ylabel="order of the flock", ylim=(0, 1.02))
phases.set_title("Noise dissolves it", loc="left")

first = workers.population["threshold"][:, 0] < workers.population["threshold"][:, 1]
for mine, colour, name in ((first, "C0", "come to do task 1"), (~first, "C1", "come to do task 2")):
    learning.plot(thresholds[:, mine], color=colour, linewidth=0.6, alpha=0.6)
    learning.plot([], [], color=colour, linewidth=2, label=name)
learning.legend(loc="center right", edgecolor="white", framealpha=1)
learning.set(xlabel="tick", ylabel="an agent's threshold for task 1")
learning.set_title("Equals become specialists", loc="left")

middle, places = 2 * np.pi / len(circles.sizes), {}
for label, size in enumerate(circles.sizes):
    members = circles.ids[circles.labels == label]
    turn = 2 * np.pi * np.arange(size) / size
    rim = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    centre = [np.cos(middle * label), np.sin(middle * label)]
    places |= dict(zip(members.tolist(), centre + 0.017 * size * rim, strict=True))
weights = np.array([weight for *_, weight in friends.edges(data="weight")])
nx.draw_networkx_edges(friends, places, ax=trade, width=2 * weights / weights.max(), alpha=0.5)
for good, shape in enumerate("os^"):
    mine = circles.ids[circles.ids % 3 == good]
    x, y = np.array([places[trader] for trader in mine.tolist()]).T
    label = circles.labels[circles.ids % 3 == good]
    colours = [f"C{number % 10}" for number in label]
    trade.scatter(x, y, 55, colours, marker=shape, edgecolors="white", linewidths=0.5, zorder=2)
trade.set_title("Traders find circles of friends (shape: the good)", loc="left")
trade.set_aspect("equal")
trade.axis("off")
for axes in (phases, learning):
    axes.spines[["top", "right"]].set_visible(False)
plt.show()
