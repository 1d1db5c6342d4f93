"""Do specialists emerge, and do they pay? Tasks that are traded, and thresholds that learn.

Two ways in which equals may come to divide their work. *Reasoners* that are each given a quarter of
the board may trade tasks: who expects to be good with a relation buys its tasks from those who do
not. And *workers* respond to what needs doing, each with thresholds that fall by doing and rise by
not doing (Theraulaz, Bonabeau & Deneubourg 1998). Division of labour is how much knowing the worker
tells about the task (Gorelick et al. 2004), less what it is when who does what is left to chance.

Conditions: reasoners with and without trade, in a population that evolves and in one that stays as
it was born (UMLS, 30% of the facts as evidence, 64 agents, 16 of 64 tasks each, 96 ticks); 100
workers at four tasks whose thresholds learn, against workers who are all ready for everything
(every threshold at its least), and against thresholds that stay as born (600 ticks, the second half
counts). Paired by seed.

The rule, laid down before the trials: six comparisons, division and pay for each of three pairs,
the workers' being those who learn and those who are ready for everything. It pays where reasoners
deliver more credit for all tasks handed out, and where less work waits to be done by the workers.
*Yes* if somewhere both division and pay are above zero for sure and pay is nowhere below; *no* if
pay is somewhere below and nowhere above; *it depends* if pay is above in one place and below in
another; *cannot be told* otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from arenas.coevolution.interval import Interval
from experiments.questions.drawing import note, panels, spreads
from experiments.questions.lives import UMLS, Accounts, Life, lived
from experiments.questions.names import QUESTIONS
from experiments.questions.question import Answer, Verdict, numbered, paired, said, tried
from experiments.reports.style import BLUE, GREY, ORANGE
from swarm.emergence import division_against_chance
from swarm.systems import Reasoning, Selection, System, Tasks
from swarm.systems.specialising import IDLE, Specialising
from swarm.world import World

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.executors import Executor

SEEDS = 8
PAIRS = (
    ("evolving, no trade", "evolving, trade"),
    ("as born, no trade", "as born, trade"),
    ("ready for all", "thresholds learn"),
)
"""What is compared: without specialists, and with what should make them."""

BORN = "thresholds as born"
CONDITIONS = (*(name for pair in PAIRS for name in pair), BORN)
REASONER, WORKER = "reasoner", "worker"
TRADE = 'economy.systems=["skill_market"]'
NO_TRADE = 'economy.systems=["practising"]'
QUARTER = 4
DRAWS = 50
"""Tables by chance that division is compared with."""

WORKERS, KINDS, TICKS = 100, 4, 600


@dataclass(frozen=True)
class Working:
    """A trial of response thresholds."""

    condition: str
    seed: int
    ticks: int = TICKS


class Work(System):
    """Counts who answered which relation, over the last ticks of a life.

    Attributes:
        acts: int64[n, 2R], answers in time; nobody dies before the last tick is counted.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self.acts = np.zeros((0, 0), np.int64)

    def __call__(self, world: World) -> None:
        """Count this tick's answers, from the first tick that counts."""
        if world.steps < self.first:
            return
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        block = tasks.problem.table.block
        shape = len(world.population), 2 * int(tasks.problem.evidence.relations)
        if not self.acts.size:
            self.acts = np.zeros(shape, np.int64)
        relation = block.relation[tasks.board[reasoning.place]]
        np.add.at(self.acts, (reasoning.agent, relation), 1)


def trial(payload: Life | Working, shared: Any) -> dict[str, Any]:
    """One life of reasoners, or of workers: a row of the table."""
    return worked(payload) if isinstance(payload, Working) else reasoned(payload)


def reasoned(life: Life) -> dict[str, Any]:
    """One life of reasoners; division is that of its last generation."""
    study = life.study
    evolving = life.condition.startswith("evolving")
    accounts, work = Accounts(study.ticks), Work(study.ticks - study.selection.every + 1)
    lived(life, None if evolving else unselected, [accounts, work])
    rng = np.random.default_rng([life.seed, 1])
    divided = division_against_chance(work.acts, rng, DRAWS)
    row = {"part": REASONER, "condition": life.condition, "seed": life.seed}
    counted = accounts.measures()
    return row | {"division": divided.excess, "pay": counted["delivered"], **counted}


def unselected(systems: list[System]) -> list[System]:
    """The systems without selection: nobody dies, nobody is born."""
    return [system for system in systems if not isinstance(system, Selection)]


def worked(working: Working) -> dict[str, Any]:
    """One life of workers; its second half counts.

    Pay is the mean stimulus, that is the work that waits, of a task, with a minus. Switching is the
    share of bouts that are of another task than the worker's last.
    """
    ready, learner = PAIRS[2]
    system = Specialising(
        KINDS,
        demand=1.0,
        relief=6.0,
        learning=10.0 if working.condition == learner else 0.0,
        forgetting=1.0 if working.condition == learner else 0.0,
        at_birth=1.0 if working.condition == ready else 500.0,
    )
    world = World(WORKERS, [system], seed=working.seed)
    last = np.full(WORKERS, IDLE)
    waiting, switched, bouts = 0.0, 0, 0
    for tick in range(working.ticks):
        before = world.population["task"].copy()
        world.step()
        now = world.population["task"]
        if tick == working.ticks // 2:
            system.count_anew(world)
        begun = (before == IDLE) & (now != IDLE)
        if tick > working.ticks // 2:
            again = begun & (last != IDLE)
            bouts += int(again.sum())
            switched += int((again & (now != last)).sum())
            waiting += float(system.stimulus.mean())
        last = np.where(begun, now, last)
    rng = np.random.default_rng([working.seed, 2])
    divided = division_against_chance(world.population["bouts"], rng, DRAWS)
    return {
        "part": WORKER,
        "condition": working.condition,
        "seed": working.seed,
        "division": divided.excess,
        "pay": -waiting / (working.ticks - working.ticks // 2 - 1),
        "switching": switched / max(bouts, 1),
    }


def ask(seeds: int = SEEDS, quick: bool = False, executor: Executor | None = None) -> Answer:
    """Live every condition with every seed; raises QuestionError as `tried`."""
    each = numbered(seeds)
    given = f"world.tasks_per_agent={(16 if quick else 64) // QUARTER}"
    life = Life("", 0, UMLS, quick=quick)
    payloads: list[Life | Working] = [
        replace(life, condition=condition, seed=seed, changes=(given, trade))
        for pair in PAIRS[:2]
        for condition, trade in zip(pair, (NO_TRADE, TRADE), strict=True)
        for seed in each
    ]
    ticks = 40 if quick else TICKS
    payloads += [Working(condition, seed, ticks) for condition in CONDITIONS[4:] for seed in each]
    return conclude(pd.DataFrame(tried(trial, payloads, executor)))


def conclude(table: pd.DataFrame) -> Answer:
    """The verdict by the rule: whether labour is divided, and whether that pays."""
    of = 2 * len(PAIRS)
    division = [paired(table, "division", one, other, of) for other, one in PAIRS]
    pay = [paired(table, "pay", one, other, of) for other, one in PAIRS]
    what = (
        "trade among reasoners that evolve",
        "trade among reasoners as born",
        "thresholds that learn",
    )
    wins = (
        "credit delivered",
        "credit delivered",
        "work kept from waiting, beside all being ready,",
    )
    parts = [
        f"{name}: division {said(divided)}, {win} {said(paid)}"
        for name, win, divided, paid in zip(what, wins, division, pay, strict=True)
    ]
    switching = paired(table, "switching", PAIRS[2][1], PAIRS[2][0])
    finding = (
        f"By {'; '.join(parts)}; the share of bouts with another task "
        f"than the one before changes by {said(switching, 0, 100)} points by learning."
    )
    return Answer("specialists", _verdict(division, pay), finding, table)


def _verdict(division: list[Interval], pay: list[Interval]) -> Verdict:
    divided = [each.low > 0 for each in division]
    ahead, behind = [each.low > 0 for each in pay], [each.high < 0 for each in pay]
    if any(ahead) and any(behind):
        return "it depends"
    if any(behind):
        return "no"
    both = any(d and p for d, p in zip(divided, ahead, strict=True))
    return "yes" if both else "cannot be told"


def figure(answer: Answer) -> Figure:
    """Division and pay, of reasoners and of workers."""
    drawn, axes = panels(4, 2.7, QUESTIONS[answer.name])
    reasoners, workers = CONDITIONS[:4], CONDITIONS[4:]
    table = answer.table.assign(waiting=-answer.table["pay"])
    shown = (
        ("division", reasoners, "division beyond chance"),
        ("pay", reasoners, "credit delivered a task"),
        ("division", workers, "division beyond chance"),
        ("waiting", workers, "work that waits"),
    )
    for place, (measure, conditions, title) in enumerate(shown):
        colours = (GREY, BLUE, GREY, BLUE) if conditions == reasoners else (GREY, ORANGE, GREY)
        spreads(axes[place], table, measure, conditions, title, colours)
        axes[place].tick_params(labelleft=place % 2 == 0)
    note(drawn, "a dot a seed; mark and bar: mean and its 95% interval")
    return drawn
