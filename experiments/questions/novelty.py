"""Does novelty pay? Selection that also seeks what is new, in three senses of the word.

Selection ranks by accuracy, thrift and, if it is told to, novelty: *surprise*, how seldom the
shared memory says what was answered; *behaviour*, how far what an agent did is from the nearest
that is known; *findings*, how far what it found is. Novelty could keep a population from settling
too early, and a collective from saying the same thing many times.

Conditions: none of it, and each of the three. The same problem (UMLS, 30% of the facts as
evidence), 64 agents, 24 generations; paired by seed.

The rule, laid down before the trials: six comparisons with selection that seeks no novelty, three
kinds by two figures: mean credit on validation of the best agent, and of the collective. *Yes* if
one is above zero for sure and none below, *no* the other way round, *it depends* if both happen.
Diversity (how often two agents give different first answers) and held-out figures are told beside
it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.questions.drawing import note, panels, spreads
from experiments.questions.lives import UMLS, Accounts, Life, examined, lived
from experiments.questions.names import QUESTIONS
from experiments.questions.question import Answer, numbered, paired, said, tried, verdict
from experiments.reports.style import BLUE, GREEN, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.executors import Executor

SEEDS = 8
NONE = "none"
KINDS = ("surprise", "behaviour", "findings")
JUDGED = {"valid_best": "the best agent", "valid_collective": "the collective"}


def trial(life: Life, shared: Any) -> dict[str, Any]:
    """One life: a row of the table."""
    accounts = Accounts(life.study.ticks)
    world = lived(life, watching=[accounts])
    row = {"condition": life.condition, "seed": life.seed}
    return row | accounts.measures() | examined(world, life.subject)


def ask(seeds: int = SEEDS, quick: bool = False, executor: Executor | None = None) -> Answer:
    """Live every condition with every seed; raises QuestionError as `tried`."""
    changes = {NONE: 'ablation.without=["novelty"]'}
    changes |= {kind: f'selection.novelty="{kind}"' for kind in KINDS}
    life = Life("", 0, UMLS, quick=quick)
    lives = [
        replace(life, condition=condition, seed=seed, changes=(change,))
        for condition, change in changes.items()
        for seed in numbered(seeds)
    ]
    return conclude(pd.DataFrame(tried(trial, lives, executor)))


def conclude(table: pd.DataFrame) -> Answer:
    """The verdict by the rule, and what each kind of novelty gains over none."""
    of = len(KINDS) * len(JUDGED)
    gains = {
        (kind, measure): paired(table, measure, kind, NONE, of)
        for kind in KINDS
        for measure in JUDGED
    }
    parts = [
        f"{kind} {' and '.join(f'{words} {said(gains[kind, m])}' for m, words in JUDGED.items())}"
        for kind in KINDS
    ]
    wider = [f"{kind} {said(paired(table, 'diversity', kind, NONE, len(KINDS)))}" for kind in KINDS]
    finding = (
        f"Mean credit beyond that of selection without novelty: {'; '.join(parts)}; diversity "
        f"beyond it: {', '.join(wider)}."
    )
    return Answer("novelty", verdict(gains.values()), finding, table)


def figure(answer: Answer) -> Figure:
    """The best agent, the collective and diversity, by kind of novelty."""
    drawn, axes = panels(3, 2.7, QUESTIONS[answer.name], sharey=True)
    shown = (
        ("test_best", "best agent, held-out MRR"),
        ("test_collective", "collective, held-out MRR"),
        ("diversity", "diversity: two agents answer differently"),
    )
    for each, (measure, title) in zip(axes, shown, strict=True):
        spreads(each, answer.table, measure, (NONE, *KINDS), title, (GREY, BLUE, ORANGE, GREEN))
    note(drawn, "by what selection takes for new; a dot a seed; mark and bar: mean, 95% interval")
    return drawn
