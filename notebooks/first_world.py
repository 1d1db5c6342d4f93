# %% [markdown]
# # A first world
#
# Reasoning agents live on a small graph of relations between nations. They hear rumours, bid for
# compute, answer questions, are paid for it, and have children. We watch them get better.
#
# This file is a notebook in percent format: open it with Jupyter and jupytext, VS Code or PyCharm.

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

# %% [markdown]
# A graph becomes a problem: its training facts are what everybody knows, its validation facts are
# what agents are asked. The test facts stay outside.

# %%
problem = Problem.pose(load_graph("nations"))
problem.faculties.names

# %% [markdown]
# A tick is a visible list of systems. Leave one out and see what it was good for.

# %%
world = World(
    100,
    [
        Tasks(problem, per_tick=128),
        Gossip(),
        ComputeMarket(),
        Reasoning(),
        Settlement(),
        Remembering(),
        Selection(),
        Observation(keep=True),
    ],
    seed=1,
)
for _ in range(80):
    world.step()
ticks, agents = map(pd.DataFrame, world.system(Observation).drain())
ticks[["tick", "accuracy_mean", "accuracy_best", "price", "findings"]].tail()

# %% [markdown]
# Accuracy is measured on sealed tasks, which have to be answered without hearsay. The price of
# compute rises while demand exceeds supply.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
left.plot(ticks["tick"], ticks["accuracy_best"], label="best agent")
left.plot(ticks["tick"], ticks["accuracy_mean"].rolling(4).mean(), label="mean of all answers")
left.set(xlabel="tick", ylabel="accuracy (expected reciprocal rank)")
left.legend(frameon=False)
right.plot(ticks["tick"], ticks["price"], color="tab:green")
right.set(xlabel="tick", ylabel="price of compute (tokens a unit)")
plt.show()

# %% [markdown]
# What the last generation looks like: who is accurate, and at what cost?

# %%
last = agents[agents["tick"] == agents["tick"].max()]
axes = last.plot.scatter("cost", "accuracy", c="novelty", colormap="viridis", figsize=(5, 3.5))
axes.set_xlabel("cost (compute units a task)")
plt.show()
