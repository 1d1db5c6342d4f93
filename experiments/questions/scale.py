"""Do more agents know more? Twenty-five for long, or eight hundred for a moment, at equal work.

A larger population tries more strategies at once and is told less often what came of it. Which is
better, if both may run as many strategies on as many queries in all?

Conditions: 25, 50, 100, 200, 400 and 800 agents, with as many generations as make up the same
number of evaluations (agents × tasks × ticks), and beside them as many evaluations spent on
genomes drawn by chance. Compute is not sold: who could not pay would do less. Nations with a fifth
of its facts as evidence; paired by seed.

The rule, laid down before the trials: the best of 800 was chosen among more than the best of 25,
and so looks better on the tasks it was chosen on. Therefore this one question is judged by the
held-out figure, which chooses nothing: MRR of the best agent and of the collective, by how much
they rise when the number of agents doubles (the slope of a straight line through the six sizes,
one for each seed). *Yes* if one of the two slopes is above zero for sure and none below, *no* the
other way round. Speed is told in the figure alone: it depends on the machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.questions.drawing import curve, note, panels
from experiments.questions.lives import NATIONS, Life, examined, lived
from experiments.questions.names import QUESTIONS
from experiments.questions.question import Answer, numbered, said, tried, verdict, within
from experiments.reasoning.baselines import Exam, answer_all, random_search
from experiments.reports.style import BLUE, GREEN, GREY, ORANGE
from swarm.genes import decode
from swarm.systems import Reasoning

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.executors import Executor
    from swarm.world import World

SEEDS = 10
SIZES = (25, 50, 100, 200, 400, 800)
QUICK_SIZES = (4, 8, 16)
GENERATIONS = 4
"""Of the largest population; the others live longer."""

JUDGED = {"test_best": "the best agent", "test_collective": "the collective"}
DRAWN = "drawn by chance"
NO_MARKET = 'ablation.without=["market"]'
"""Who cannot pay answers nothing, so that work would not be equal."""

SEARCH_KEY = 0x5CA1E


@dataclass(frozen=True)
class Sized:
    """A life of so many agents; that of the largest population also draws genomes by chance."""

    life: Life
    agents: int
    draws: bool


def trial(sized: Sized, shared: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One life: its rows of the table, and how long it took."""
    life, subject = sized.life, sized.life.subject
    began = time.process_time()
    world = lived(life)
    seconds = time.process_time() - began
    evaluations = world.system(Reasoning).evaluations
    row = {"condition": life.condition, "seed": life.seed, "agents": sized.agents}
    found: dict[str, Any] = {**row, "evaluations": float(evaluations), **examined(world, subject)}
    timing = {**row, "evaluations_per_s": evaluations / max(seconds, 1e-9)}
    timing["ticks_per_s"] = world.steps / max(seconds, 1e-9)
    return [found, *([drawn(sized, world, evaluations)] if sized.draws else [])], timing


def drawn(sized: Sized, world: World, evaluations: int) -> dict[str, Any]:
    """The row of the best of as many genomes, drawn by chance, as those evaluations examine."""
    subject = sized.life.subject
    faculties, test = subject.problem.faculties, subject.held_out()
    valid = Exam(subject.problem.table, subject.problem.referee)
    rng = np.random.default_rng([SEARCH_KEY, sized.life.seed])
    assert world.genome is not None, "worlds of reasoning agents have a genome"
    found = random_search(world.genome, max(evaluations // len(valid), 1), valid, faculties, rng)
    ((_, alone),) = answer_all(decode(found.genome.__getitem__), test.table, faculties)
    return {
        "condition": DRAWN,
        "seed": sized.life.seed,
        "evaluations": float(evaluations),
        "valid_best": found.credit,
        "cost": found.cost,
        "test_best": test.figures(alone.scores)["mrr"],
    }


def ask(seeds: int = SEEDS, quick: bool = False, executor: Executor | None = None) -> Answer:
    """Live every size with every seed; raises QuestionError as `tried`."""
    sizes = QUICK_SIZES if quick else SIZES
    life = Life("", 0, NATIONS, quick=quick)
    lives = []
    for agents in sizes:
        lasting = (1 if quick else GENERATIONS) * sizes[-1] // agents
        changes = (NO_MARKET, f"world.agents={agents}", f"world.generations={lasting}")
        each = replace(life, condition=f"{agents} agents", changes=changes)
        lives += [
            Sized(replace(each, seed=seed), agents, agents == sizes[-1]) for seed in numbered(seeds)
        ]
    rows, timing = zip(*tried(trial, lives, executor), strict=True)
    table = pd.DataFrame([row for some in rows for row in some])
    return conclude(table, pd.DataFrame(timing))


def conclude(table: pd.DataFrame, timing: pd.DataFrame | None = None) -> Answer:
    """The verdict by the rule, and what doubling the number of agents is worth."""
    slopes = {measure: within(doubling(table, measure), len(JUDGED)) for measure in JUDGED}
    rises = ", ".join(f"{words} {said(slopes[m], 4)}" for m, words in JUDGED.items())
    size = table["agents"]
    least, most = int(size.min()), int(size.max())
    few, many = (table.loc[size == agents].set_index("seed") for agents in (least, most))
    chance = table.loc[table["condition"] == DRAWN].set_index("seed")
    more = said(within((many["test_best"] - few["test_best"]).to_numpy()))
    ahead = said(within((few["test_best"] - chance["test_best"]).to_numpy()))
    finding = (
        f"Held-out MRR for each doubling of the number of agents at equal work: {rises}; the best "
        f"of {most} less the best of {least}: {more}; the best of {least} less the best of as many "
        f"genomes drawn by chance: {ahead}."
    )
    return Answer("scale", verdict(slopes.values()), finding, table, timing)


def doubling(table: pd.DataFrame, measure: str) -> np.ndarray:
    """float64[seeds]: the slope of a measure over log2 of the number of agents, one a seed."""
    sized = table.dropna(subset=["agents"]).pivot(index="seed", columns="agents", values=measure)
    doublings = np.log2(sized.columns.to_numpy(float))
    centred = doublings - doublings.mean()
    slopes: np.ndarray = sized.to_numpy() @ centred / (centred @ centred)
    return slopes


def figure(answer: Answer) -> Figure:
    """Held-out MRR, diversity and speed over the number of agents."""
    table = answer.table.dropna(subset=["agents"])
    chance = answer.table.loc[answer.table["condition"] == DRAWN, "test_best"]
    drawing, (known, wide, fast) = panels(3, 3.1, QUESTIONS[answer.name])
    curve(known, table, "agents", "test_best", BLUE, "best agent")
    curve(known, table, "agents", "test_collective", ORANGE, "collective")
    mean, low, high = within(chance.to_numpy())
    known.axhspan(low, high, color=GREY, alpha=0.15, linewidth=0)
    known.axhline(mean, color=GREY, linestyle=":", label="best drawn by chance")
    known.set_title("held-out MRR", fontsize=9, loc="left")
    known.legend(fontsize=7, frameon=False, loc="lower right")
    curve(wide, table, "agents", "diversity", GREEN, "diversity")
    wide.set_title("diversity: two agents answer differently", fontsize=9, loc="left")
    if answer.timing is not None:
        curve(fast, answer.timing, "agents", "evaluations_per_s", GREY, "")
        fast.set_ylim(bottom=0)
        fast.yaxis.set_major_formatter(lambda speed, _: f"{speed / 1000:.0f}k")
    fast.set_title("strategies run on queries a second", fontsize=9, loc="left")
    for axes in (known, wide, fast):
        axes.set_xscale("log", base=2)
        axes.set_xticks(sorted(table["agents"].unique()))
        axes.xaxis.set_major_formatter("{x:.0f}")
        axes.set_xlabel("agents, at equal work")
    note(drawing, "dots: seeds; line and band: mean and its 95% interval; speed is this machine's")
    return drawing
