"""Does a market help? Compute sold to the highest bidders, or dealt out in equal rations.

What a market for compute could be good for is to bring it to those who make the most of it, where
there is too little. So it is set against the same compute dealt out equally, both where it is
ample (45 units a task; an engine takes 10 to 25) and where it is scarce (12), and against compute
without limit. Two further institutions are tried on top: royalties, and a market for findings.

Conditions: no limit; rations and market, ample and scarce; market with royalties; market with a
market for findings. The same problem (UMLS, 30% of the facts as evidence), 64 agents, 24
generations; paired by seed. Rations are the same world with the same genome, in which bids do
nothing and nothing is paid.

The rule, laid down before the trials: six comparisons of the market with rations, at either
supply: mean credit of the best agent and of the collective on validation, and credit delivered
for all tasks handed out in the second half of the life, unanswered ones counting nothing. *Yes* if
one of them is above zero for sure and none below, *no* the other way round. Compute spent is told
beside it, and so are held-out figures.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.questions.drawing import note, panels, spreads
from experiments.questions.lives import UMLS, Accounts, Life, examined, lived
from experiments.questions.names import QUESTIONS
from experiments.questions.question import (
    Answer,
    numbered,
    paired,
    said,
    tried,
    verdict,
    within,
)
from experiments.reports.style import BLUE, GREEN, GREY, ORANGE
from swarm.systems import ComputeMarket, System, Tasks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.executors import Executor
    from swarm.world import World

SEEDS = 12
AMPLE, SCARCE = 45.0, 12.0
NO_LIMIT = "no limit"
MARKETS = (("rations, ample", "market, ample"), ("rations, scarce", "market, scarce"))
ROYALTIES, FINDINGS = "with royalties", "with findings traded"
CONDITIONS: dict[str, tuple[str, ...]] = {
    NO_LIMIT: ('ablation.without=["market"]',),
    MARKETS[0][0]: (f"economy.supply={AMPLE}",),
    MARKETS[0][1]: (f"economy.supply={AMPLE}",),
    ROYALTIES: (f"economy.supply={AMPLE}", 'economy.systems=["royalties"]'),
    FINDINGS: (f"economy.supply={AMPLE}", 'economy.systems=["finding_market"]'),
    MARKETS[1][0]: (f"economy.supply={SCARCE}",),
    MARKETS[1][1]: (f"economy.supply={SCARCE}",),
}
"""Conditions, and the changes of each."""

JUDGED = {
    "valid_best": "the best agent",
    "valid_collective": "the collective",
    "delivered": "what is delivered",
}
COLOURS = (GREY, ORANGE, BLUE, GREEN, GREEN, ORANGE, BLUE)


class Rations(ComputeMarket):
    """Deals out the same compute, to everybody alike and for nothing."""

    def __call__(self, world: World) -> None:
        """An equal quota for each of the living."""
        living = world.population["alive"]
        quota = int(self.supply * world.system(Tasks).load)
        world.population["quota"][:] = np.where(living, quota, 0)
        self.price, self.sold, self.demand = 0, quota * int(living.sum()), 0


def rationed(systems: list[System]) -> list[System]:
    """The systems with rations in place of the market."""
    return [
        Rations(system.supply, system.reserve) if isinstance(system, ComputeMarket) else system
        for system in systems
    ]


def trial(life: Life, shared: Any) -> dict[str, Any]:
    """One life: a row of the table."""
    accounts = Accounts(life.study.ticks)
    amend = rationed if life.condition.startswith("rations") else None
    world = lived(life, amend, [accounts])
    row = {"condition": life.condition, "seed": life.seed}
    return row | accounts.measures() | examined(world, life.subject)


def ask(seeds: int = SEEDS, quick: bool = False, executor: Executor | None = None) -> Answer:
    """Live every condition with every seed; raises QuestionError as `tried`."""
    life = Life("", 0, UMLS, quick=quick)
    lives = [
        replace(life, condition=condition, seed=seed, changes=changes)
        for condition, changes in CONDITIONS.items()
        for seed in numbered(seeds)
    ]
    return conclude(pd.DataFrame(tried(trial, lives, executor)))


def conclude(table: pd.DataFrame) -> Answer:
    """The verdict by the rule, and the gains of the market over rations."""
    of = len(MARKETS) * len(JUDGED)
    gains = {
        (measure, market): paired(table, measure, market, rations, of)
        for rations, market in MARKETS
        for measure in JUDGED
    }
    parts = []
    for (_, market), supply in zip(MARKETS, ("ample", "scarce"), strict=True):
        shown = ", ".join(
            f"{words} {said(gains[measure, market])}" for measure, words in JUDGED.items()
        )
        parts.append(f"with compute {supply}: {shown}")
    held = paired(table, "test_best", MARKETS[0][1], NO_LIMIT)
    spent = within(_ratio(table, "units", MARKETS[0][1], NO_LIMIT) - 1)
    finding = (
        f"Market less equal rations, mean credit, {'; '.join(parts)}; set beside compute without "
        f"limit, the ample market changes compute spent by {said(spent, 0, 100)}% and the held-out "
        f"MRR of the best agent by {said(held)}."
    )
    return Answer("market", verdict(gains.values()), finding, table)


def _ratio(table: pd.DataFrame, measure: str, one: str, other: str) -> np.ndarray:
    """float64[seeds], a measure under one condition over that under another."""
    first, second = (
        table.loc[table["condition"] == name].set_index("seed")[measure] for name in (one, other)
    )
    return (first / second).to_numpy(float)


def figure(answer: Answer) -> Figure:
    """Credit of the best agent, what is delivered, and what it costs, by condition."""
    drawn, axes = panels(3, 3.4, QUESTIONS[answer.name], sharey=True)
    shown = (
        ("test_best", "best agent, held-out MRR"),
        ("delivered", "credit delivered for a task handed out"),
        ("units", "compute units a task handed out"),
    )
    for each, (measure, title) in zip(axes, shown, strict=True):
        spreads(each, answer.table, measure, list(CONDITIONS), title, COLOURS)
    note(drawn, "a dot a seed; mark and bar: mean and its 95% interval")
    return drawn
