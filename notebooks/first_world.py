# %% [markdown]
# # A first world
#
# A hundred agents live on a small graph of relations between nations. They hear rumours, bid
# tokens for compute, answer questions, are paid for what was right, and have children. Do they get
# better because they evolve, or would they have anyway? The last picture answers that, with ten
# worlds.

# %%
import matplotlib.pyplot as plt
import pandas as pd

from swarm import (
    ComputeMarket,
    Gossip,
    Observation,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    Tasks,
    World,
)
from swarm.reasoning import Problem, load_graph

plt.style.use("tableau-colorblind10")

# %% [markdown]
# ## A graph becomes a problem
#
# Its training facts are what everybody knows, its validation facts are what agents are asked. The
# test facts stay outside: no world ever sees them.

# %%
graph = load_graph("nations")
for fact in graph.facts[:3]:
    head, relation, tail = fact
    print(graph.entities[head], "–", graph.relations[relation], "→", graph.entities[tail])
problem = Problem.pose(graph)
print(f"{len(graph.train):,} facts are known, {len(graph.valid):,} are asked for")

# %% [markdown]
# Seven engines answer a question in seven ways. An agent's genome says in what order it asks them,
# how loud each speaks, and when to stop.

# %%
print(*problem.faculties.names, sep=", ")

# %% [markdown]
# ## A tick is a visible list of systems
#
# Everything that happens in a tick stands in this list, in order. Leave one out and see what it
# was good for. That is all that the second kind of world below is: the same list without
# `Selection`, in which nobody dies and nobody is born.


# %%
def live(seed, selection=True, ticks=60):
    """A world after some ticks, and what was observed of it: a row a tick, a row an agent."""
    systems = [
        Tasks(problem, per_tick=128),
        Gossip(),
        ComputeMarket(),
        Reasoning(),
        Settlement(),
        Remembering(),
        *([Selection()] if selection else []),
        Observation(keep=True),
    ]
    world = World(100, systems, seed=seed)
    for _ in range(ticks):
        world.step()
    return world, *map(pd.DataFrame, world.system(Observation).drain())


world, ticks, agents = live(seed=1)
columns = ["tick", "generation", "accuracy_mean", "accuracy_best", "price", "messages", "findings"]
ticks[columns].iloc[[0, 3, 11, 27, 59]].round(2)

# %% [markdown]
# Accuracy is the reciprocal rank of the right answer, as far as the referee can tell: 1 if it came
# first, 1/2 if second. `accuracy_mean` is over all answers of a tick; `accuracy_best` is an
# agent's record on sealed tasks alone, which have to be answered without hearsay. A generation is
# four ticks. The price of compute stays above its floor of one token for as long as agents ask for
# more than there is.
#
# An agent is a row of columns, so the last generation is a table. Who answers well, and at what
# cost? `front` 0 are those whom nobody beats in accuracy, novelty and thrift at once; who has lost
# tokens ranks behind all who have not, however accurate, since an agent has to live off its work.

# %%
last = agents[agents["tick"] == agents["tick"].max()]
shown = ["born", "accuracy", "cost", "novelty", "wealth", "front"]
last.nlargest(5, "accuracy").set_index("id")[shown].round(2)

# %% [markdown]
# ## Is it evolution, or is it chance?
#
# Mean accuracy goes up and down with the questions that a tick happens to ask, and one seed is one
# draw. So we live five worlds of each kind. Each thin line is a world, the thick line their mean.

# %%
SEEDS = range(1, 6)
stories = {
    kind: pd.DataFrame(
        {seed: live(seed, selection)[1].set_index("tick")["accuracy_mean"] for seed in SEEDS}
    )
    for kind, selection in {"with selection": True, "without": False}.items()
}
ends = pd.DataFrame({kind: story.tail(20).mean() for kind, story in stories.items()})
gain = ends["with selection"] - ends["without"]
T_95 = 2.776  # Student's t, four degrees of freedom
reach = T_95 * gain.std() / len(gain) ** 0.5
print(f"selection is worth {gain.mean():.3f} ± {reach:.3f} (95% interval, five pairs of worlds)")

# %% [markdown]
# ## The picture
#
# On the left what selection is worth; on the right what it leaves one world to choose from. Cheap
# agents and accurate ones live side by side, since neither is better in everything.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for colour, (kind, story) in zip(("C0", "C1"), stories.items(), strict=True):
    smooth = story.rolling(6, min_periods=1).mean()
    left.plot(smooth, color=colour, linewidth=0.7, alpha=0.5)
    left.plot(smooth.mean(axis=1), color=colour, linewidth=2.5)
    end = smooth.mean(axis=1).iloc[-1]
    left.annotate(kind, (ticks["tick"].max() + 1, end), color=colour, va="center")
left.set(
    xlabel="tick", ylabel="mean accuracy of all answers", xlim=(0, 76), xticks=range(0, 61, 20)
)
left.set_title("Evolution, not time, makes them better", loc="left")

right.scatter(last["cost"], last["accuracy"], s=18, color="C2", label="agents")
front = last[last["front"] == 0]
points = right.scatter(
    front["cost"], front["accuracy"], c=front["novelty"], s=60, edgecolors="black", cmap="cividis"
)
figure.colorbar(points, label="novelty of the undominated (nats)")
right.set(xlabel="cost (compute units a task)", ylabel="accuracy on sealed tasks")
right.set_title("One world's last generation, the undominated ringed", loc="left")
for axes in (left, right):
    axes.spines[["top", "right"]].set_visible(False)
plt.show()
