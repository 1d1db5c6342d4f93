# %% [markdown]
# # An agent of your own
#
# Grazers wander over a meadow. Each has a stride, which it inherits from its parent with a small
# error, and every step costs energy: the longer, the more. Nobody says which stride is best. We
# write the agent as one would in Mesa, give it a world, measure it, make it fast, and see where
# evolution takes the stride, how much of that is chance, and whom it is good for.

# %%
import matplotlib.pyplot as plt
import mesa
import numpy as np
import pandas as pd

from swarm import Acting, Agent, Plane, System, World

plt.style.use("tableau-colorblind10")

# %% [markdown]
# ## A world is a list of systems
#
# Grass belongs to no agent, so it is a system: something that happens once a tick. What it names
# in `kept` is saved with the world. Chance comes from `world.stream`, a stream of its own for
# every name, so that adding a system does not change what another draws.

# %%
SIZE = 40


class Grass(System):
    """Grows on square patches, the slower the less room is left: logistic growth."""

    kept = ("height",)

    def __init__(self, growth=0.1):
        self.growth = growth
        self.height = np.ones((SIZE, SIZE))

    def __call__(self, world):
        self.height += self.growth * self.height * (1 - self.height) + 0.001


# %% [markdown]
# ## An agent is a class with annotations
#
# Each annotated attribute becomes a column of the population, with that value at birth. `step` is
# plain Python. `walk`, `position`, `birth` and `remove` do what they say, `self.rng` is the stream
# of this kind of agent, and `self.model` is the world, as in Mesa.


# %%
class Grazer(Agent):
    """Eats a third of what grows where it stands, and walks on."""

    energy: float = 2.0
    stride: float = 1.0

    def step(self):
        self.walk(self.stride)
        x, y = self.position
        height = self.model.system(Grass).height
        bite = height[int(y), int(x)] / 3
        height[int(y), int(x)] -= bite
        self.energy += bite - 0.04 - 0.03 * self.stride
        if self.energy > 4:
            self.energy -= 2
            error = self.rng.normal(0, self.model.error)
            self.birth(stride=self.stride * np.exp(error), position=self.position)
        elif self.energy < 0:
            self.remove()


# %% [markdown]
# ## A world that measures itself
#
# A `World` is a `mesa.Model`, so Mesa's `DataCollector` works as it is. `measures` is ours:
# figures by name, which runs and sweeps record without being told.


# %%
class Pasture(World):
    """Grazers of one kind on a periodic plane of grass."""

    def __init__(self, kind=Grazer, grazers=100, stride=1.0, error=0.2, seed=None):
        super().__init__({}, [Grass(), Acting()], seed=seed, space=Plane(SIZE))
        self.error = error
        self.birth(kind, grazers, stride=stride)
        self.turn()  # they are born now, not at the end of the first tick
        self.datacollector = mesa.DataCollector(
            model_reporters={name: lambda m, name=name: m.measures()[name] for name in MEASURES}
        )

    def measures(self):
        stride = self.agents.get("stride")
        return {
            "grazers": len(stride),
            "stride": stride.mean() if len(stride) else np.nan,
            "grass": self.system(Grass).height.mean(),
        }

    def step(self):
        super().step()
        self.datacollector.collect(self)


MEASURES = ("grazers", "stride", "grass")
pasture = Pasture(seed=1)
for _ in range(100):
    pasture.step()
pasture.datacollector.get_model_vars_dataframe().iloc[[0, 24, 49, 99]].round(2)

# %% [markdown]
# An agent is a view of a row, so whole columns are at hand too, and pandas takes them as they are.

# %%
agents = pasture.agents
print(agents[0], "at", np.round(agents[0].position, 1), "with energy", round(agents[0].energy, 2))
print("hungry:", len(agents.select(agents.get("energy") < 0.5)), "of", len(agents))
print("neighbours within 3 of it:", len(agents[0].neighbours(3)))

# %% [markdown]
# ## The same on whole columns
#
# A step in Python is easy to write and slow to run. `step_all` gets all agents of the kind at once
# and works on columns with numpy. Where several meet on a patch, each still takes a third of what
# the one before has left, so we draw who comes first, and count for everybody how many came
# `before`.


# %%
class Herd(Grazer):
    """Grazers as columns, by the same rules."""

    @classmethod
    def step_all(cls, herd):
        world, number = herd.model, len(herd)
        rng, grass = world.stream("Herd"), world.system(Grass)
        stride, energy = herd.get("stride"), herd.get("energy")

        angle = rng.random(number) * 2 * np.pi
        way = stride[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        world.space.move(herd.rows, herd.get("position") + way)
        x, y = herd.get("position").astype(int).T
        patch = y * SIZE + x
        order = rng.permutation(number)
        order = order[np.argsort(patch[order], kind="stable")]
        before = np.empty(number, int)
        before[order] = np.arange(number) - np.searchsorted(patch[order], patch[order])
        left = (2 / 3) ** before
        energy = energy + grass.height.flat[patch] * left / 3 - 0.04 - 0.03 * stride
        crowd = np.bincount(patch, minlength=SIZE * SIZE).reshape(SIZE, SIZE)
        grass.height *= (2 / 3) ** crowd

        parents = energy > 4
        born = int(parents.sum())
        herd.set("energy", energy - 2 * parents)
        world.birth(
            cls,
            born,
            stride=stride[parents] * np.exp(rng.normal(0, world.error, born)),
            position=herd.get("position")[parents],
        )
        world.population.kill(herd.rows[energy < 0])


# %% [markdown]
# Is it still the same model? Both kinds, five seeds each, the last 50 of 150 ticks: mean and 95%
# interval.


# %%
def story(kind, ticks, **settings):
    """A pasture after some ticks, and what it measured, a row a tick."""
    world = Pasture(kind, **settings)
    for _ in range(ticks):
        world.step()
    return world, world.datacollector.get_model_vars_dataframe()


def mean_and_reach(ends):
    """Mean of the rows, and how far the 95% interval reaches to either side (Student's t)."""
    t_95 = {3: 4.303, 5: 2.776}[len(ends)]
    return ends.mean(), t_95 * ends.std() / len(ends) ** 0.5


both = {}
for kind in (Grazer, Herd):
    ends = [story(kind, 150, seed=seed)[1].tail(50).mean() for seed in range(5)]
    mean, reach = mean_and_reach(pd.DataFrame(ends))
    both[kind.__name__] = [f"{mean[name]:.2f} ± {reach[name]:.2f}" for name in MEASURES]
pd.DataFrame(both, index=MEASURES)

# %% [markdown]
# ## Where does the stride go?
#
# Five worlds begin with short strides and five with long ones. If all come to the same place,
# selection took them there. If their lines only spread, it is drift.

# %%
SHORT, LONG = 0.3, 3.0
fates = {}
for stride in (SHORT, LONG):
    for seed in range(5):
        world, fates[stride, seed] = story(Herd, 2000, stride=stride, seed=seed)
ends = pd.DataFrame({key: fate.tail(300).mean() for key, fate in fates.items()}).T
ends.groupby(level=0).agg(["min", "max"]).round(2)

# %% [markdown]
# ## Whom is it good for?
#
# Without errors in inheritance a flock keeps the stride that it began with (`error=0`). So we can
# ask what a meadow looks like under every stride, evolved or not: three seeds each.

# %%
STRIDES = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
kept = {}
for stride in STRIDES:
    runs = [story(Herd, 500, stride=stride, error=0, seed=seed)[1].tail(200) for seed in range(3)]
    kept[stride] = mean_and_reach(pd.DataFrame([found.mean() for found in runs]))
pd.DataFrame({stride: mean[["grazers", "grass"]] for stride, (mean, _) in kept.items()}).round(2)

# %% [markdown]
# Most grazers live where strides are about half a patch. Evolution goes on to longer ones: who
# walks further finds the grass that others have not yet eaten, and this pays until no stride lives
# on less. So it ends not where the flock is largest but where **the least grass is left**. That
# evolution drives down the resource that limits it is an old result of theory (Tilman's R*; Mylius
# & Diekmann's pessimisation principle). Nothing in our rules says so; it came out.

# %% [markdown]
# ## The picture
#
# Every line is a world of its own; the bars are 95% intervals of three seeds.

# %%
figure, (meadow, time, grass) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
extent = (0, SIZE, 0, SIZE)
meadow.imshow(world.system(Grass).height, "Greens", origin="lower", extent=extent, vmin=0, vmax=1.6)
x, y = world.agents.get("position").T
dots = meadow.scatter(x, y, c=world.agents.get("stride"), s=12, cmap="plasma")
figure.colorbar(dots, label="stride (patches a tick)", shrink=0.8)
meadow.set(xticks=[], yticks=[])
meadow.set_title("One meadow at the end (dark: much grass)", loc="left")

for colour, stride in (("C0", SHORT), ("C1", LONG)):
    for seed in range(5):
        time.plot(fates[stride, seed]["stride"], color=colour, linewidth=1, alpha=0.8)
time.annotate("began short", (60, 0.27), color="C0")
time.annotate("began long", (350, 3.0), color="C1")
time.set(xlabel="tick", ylabel="mean stride (patches a tick)", yscale="log", ylim=(0.22, 3.8))
time.set_yticks([0.3, 1, 3], ["0.3", "1", "3"])
time.set_title("Ten worlds find one stride ...", loc="left")

means = [mean["grass"] for mean, _ in kept.values()]
reaches = [reach["grass"] for _, reach in kept.values()]
grass.errorbar(STRIDES, means, reaches, fmt="o-", color="C3", capsize=3)
grass.axvspan(ends["stride"].min(), ends["stride"].max(), color="C4", alpha=0.4, linewidth=0)
grass.annotate("where all\nten ended", (ends["stride"].max() * 1.07, 0.54), color="C3")
grass.set(
    xlabel="stride of a flock that cannot change it", ylabel="grass that is left", xscale="log"
)
grass.set_xticks([0.3, 1, 3], ["0.3", "1", "3"])
grass.set_title("... the one that leaves least grass", loc="left")
for axes in (time, grass):
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
plt.show()
