# %% [markdown]
# # A sweep and its analysis
#
# Schelling's town (1971): two groups on a grid; whoever has too few neighbours of the own group
# moves to an empty cell. How apart do they end up, how much does that depend on what people want
# and on how full the town is, and how much of it is chance? A sweep answers with one tidy table.

# %%
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from experiments import compare, sweep

plt.style.use("tableau-colorblind10")
scratch = tempfile.TemporaryDirectory()  # yours would be a folder that you keep, such as runs/

# %% [markdown]
# ## The design
#
# `schelling` is a model that ships; a study file of your own would do as well. What is in `vary`
# is crossed, and every point is lived by as many replicates, each with a seed of its own. A
# resident who wants 0 neighbours of the own group never moves: that column of the design is a town
# settled by lot, our chance. On a grid of 40 by 40, 1,440 residents leave one cell in ten empty.

# %%
CELLS = 40 * 40
design = {"minimum": [0, 1, 2, 3, 4, 5, 6], "residents": [800, 960, 1120, 1280, 1440, 1520]}
town = {"source": "schelling", "changes": ["ticks=60"], "out": scratch.name, "executor": "in-place"}
found = sweep(vary=design, name="towns", replicates=3, **town)
print(
    f"{len(found.table)} trials, {len(found.failed)} failed; measures: {', '.join(found.measures)}"
)

# %% [markdown]
# A trial that fails would be a row with its error, and the others would go on. What is finished is
# never run again: ask for more replicates, and only the new ones are run. Trials can run one after
# the other, as here, in a pool of processes or on a cluster (`executor="pool"`, `"ray"`); the
# table has the same bytes.

# %%
before = found.table
found = sweep(vary=design, name="towns", replicates=5, **town)
kept = found.table.merge(before, on=list(before.columns))
print(f"{len(found.table)} trials now, {len(kept)} of them those of before")

# %% [markdown]
# ## The table
#
# One row a trial: its point, its replicate and seed, a column a factor, a column a measure. The
# rest is pandas. `segregation` is the mean share of one's own group among one's neighbours,
# `happy` the share of residents who have what they want: both over the late ticks of a run (with
# `_last`, in the last).

# %%
WANTS, RESIDENTS = found.factors
trials = found.table.assign(full=lambda table: table[RESIDENTS] / CELLS)
trials[["point", "replicate", WANTS, RESIDENTS, "segregation", "happy"]].sample(5, random_state=1)

# %%
points = trials.groupby(["full", WANTS])["segregation"].agg(["mean", "sem", "count"])
points["reach"] = points["sem"] * stats.t.ppf(0.975, points["count"] - 1)  # 95% interval
means = points["mean"].unstack()
means.round(2)

# %% [markdown]
# Three things stand in this table. A town by lot is mixed half and half, up to chance. Who is
# content with three of eight, a minority, comes to live among four fifths of the own kind, or
# more: nobody wanted that. And who wants more does not always get more: in an emptier town those
# who want six never settle, and live as mixed as if by lot.
#
# ## Is the difference more than chance?
#
# `compare` sets groups beside a baseline: intervals, effect sizes, and p-values that are corrected
# for all that is compared. Here with a fresh sweep of ten replicates about one step of the design,
# from two neighbours to three.

# %%
step = sweep(vary={"minimum": [2, 3]}, name="step", replicates=10, **town)
compared = compare([step.path], measures=["segregation"]).table().set_index("group")
figures = ["replicates", "mean", "mean_low", "mean_high"]
figures += ["difference", "difference_low", "difference_high", "effect", "p_holm"]
compared[figures].map("{:.3g}".format).T

# %% [markdown]
# ## How much is each factor worth?
#
# The share of the variance over all trials that goes with each factor alone, with both together
# beyond that, and with nothing but the seed.

# %%
value = trials["segregation"]
whole = ((value - value.mean()) ** 2).sum()


def explained(*factors):
    """The share of the variance that lies between the levels of some factors."""
    expected = trials.groupby(list(factors))["segregation"].transform("mean")
    return ((expected - value.mean()) ** 2).sum() / whole


alone = {"what they want": explained(WANTS), "how full": explained("full")}
both = explained(WANTS, "full")
shares = pd.Series({**alone, "both together": both - sum(alone.values()), "chance": 1 - both})
shares.round(3)

# %% [markdown]
# ## The picture
#
# On the left the whole design; on the right three of its rows, with every trial as a dot and the
# means with 95% intervals, most of them too narrow to see.

# %%
figure, (grid, lines) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
image = grid.imshow(means, "cividis", origin="lower", aspect="auto", vmin=0.5, vmax=1)
for (row, column), mean in np.ndenumerate(means):
    ink = "black" if mean > 0.75 else "white"
    grid.annotate(f"{mean:.2f}", (column, row), ha="center", va="center", color=ink)
grid.set_xticks(range(means.shape[1]), means.columns)
grid.set_yticks(range(means.shape[0]), [f"{full:.0%}" for full in means.index])
grid.set(xlabel="neighbours of the own group that they want", ylabel="cells that are taken")
grid.set_title("Mean share of one's own among neighbours", loc="left")
figure.colorbar(image)

for colour, full in zip(("C0", "C1", "C3"), (0.5, 0.8, 0.95), strict=True):
    here, dots = points.loc[full], trials[trials["full"] == full]
    lines.scatter(dots[WANTS], dots["segregation"], s=10, color=colour, alpha=0.5)
    lines.errorbar(here.index, here["mean"], here["reach"], color=colour, capsize=3)
    lines.annotate(f"{full:.0%} taken", (6.12, here["mean"].iloc[-1]), color=colour, va="center")
lines.plot([0, 6], [0.5, 0.5], color="C2", linewidth=1, linestyle="--")
lines.annotate("by lot", (2.6, 0.485), color="C3", va="center")
lines.set(xlabel="neighbours of the own group that they want", xlim=(-0.2, 7.6), ylim=(0.45, 1))
lines.set_xticks(range(7))
lines.set(ylabel="mean share of one's own")
lines.set_title("Who wants most gets least, where there is room", loc="left")
lines.spines[["top", "right"]].set_visible(False)
plt.show()
