"""Red against blue: do defences hold? Attacks on a shared memory and its market, known and unknown.

Scripts of attack mislead readers or win purses. Each of the eight attacks by hand is tried against
the defence that lets it pass and against the one that stops it, which differ in one setting. That
shows that the settings work, but whoever set them knew the attacks. So defences are also *evolved*:
in an arms race they meet attackers that evolve as well, and are then tested on the eight attacks by
hand, which neither side has ever met.

Conditions of the race: no defence at all; defences drawn by chance (their mean); the best of as
many games spent on defences drawn by chance against scripts drawn by chance; the champion of the
race (24 a side, 12 generations, 8 rivals and 6 ancestors met); and, as a ceiling, one set by hand
by somebody who knew the attacks. Gains are readers misled beyond silence on the same seed, plus
purses won; a score is 1 less the harm done.

The rule, laid down before the trials: nine comparisons. *Yes* if each of the eight attacks gains
less for sure with the defence on than off, and the champion of the race scores higher for sure on
the attacks that it never met than defences drawn by chance; *no* if none of the nine is sure; *it
depends* otherwise. What attacks still gain with the defence on is told beside it, and what the race
is worth beyond the best of as many games by chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from arenas.coevolution import Coevolution
from arenas.red_blue import (
    OPEN,
    CommonsRules,
    RedBlueContest,
    as_genomes,
    attacks,
    defence_genomes,
    defence_spec,
    gains,
    guarded,
    script_spec,
)
from evolution import GeneticAlgorithm, Genomes
from experiments.questions.drawing import note, panels, spreads
from experiments.questions.names import QUESTIONS
from experiments.questions.question import Answer, numbered, paired, said, tried, within
from experiments.reports.style import BLUE, GREEN, GREY, ORANGE, RED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.executors import Executor

SEEDS = 12
RULES = CommonsRules()
ATTACK, RACE = "attack", "race"
NOTHING, CHANCE, SEARCHED, CHAMPION, BY_HAND = DEFENDED = (
    "no defence",
    "drawn by chance",
    "best of as many",
    "evolved",
    "by hand, knowing them",
)
EXAM_SEED = 7
"""Of the worlds in which all defences meet the attacks that they never met."""


@dataclass(frozen=True)
class Battle:
    """A trial: every attack by hand in some worlds, and one arms race."""

    seed: int
    worlds: int = 25
    size: int = 24
    generations: int = 12
    rivals: int = 8
    ancestors: int = 6
    exam: int = 24


def trial(battle: Battle, shared: Any) -> list[dict[str, Any]]:
    """Rows of the table."""
    return [*_attacked(battle), *_raced(battle)]


def _attacked(battle: Battle) -> list[dict[str, Any]]:
    rng = np.random.default_rng([battle.seed, 1])
    seeds = rng.integers(2**63, size=battle.worlds, dtype=np.uint64)
    rows = []
    for attack in attacks(RULES):
        sums = {
            name: sum(float(each.mean()) for each in gains(attack.script, faced, seeds, RULES))
            for name, faced in (("off", attack.weak), ("on", attack.strong))
        }
        rows.append({"part": ATTACK, "condition": attack.name, "seed": battle.seed, **sums})
    return rows


def _raced(battle: Battle) -> list[dict[str, Any]]:
    seed, size = battle.seed, battle.size
    scripts_of, defences_of = script_spec(RULES), defence_spec()
    red = GeneticAlgorithm(scripts_of, size, rng=np.random.default_rng([seed, 2]), elites=0)
    blue = GeneticAlgorithm(defences_of, size, rng=np.random.default_rng([seed, 3]), elites=0)
    run = Coevolution(
        red,
        blue,
        RedBlueContest(RULES, worlds=3),
        rng=np.random.default_rng([seed, 4]),
        rivals=battle.rivals,
        ancestors=battle.ancestors,
    ).run(battle.generations)
    rng = np.random.default_rng([seed, 5])
    beginners = defences_of.sample(size, rng)
    tested: dict[str, Genomes | None] = {
        NOTHING: defence_genomes(OPEN),
        CHANCE: beginners,
        SEARCHED: _searched(battle, rng),
        CHAMPION: None,  # the race knows it
        BY_HAND: defence_genomes(guarded()),
    }
    run.contest = RedBlueContest(RULES, worlds=battle.exam)
    unmet = scripts_of.concatenate(*(as_genomes(each.script, RULES) for each in attacks(RULES)))
    return [
        {
            "part": RACE,
            "condition": name,
            "seed": seed,
            "test_score": run.held_out(unmet, EXAM_SEED, side=1, genomes=genomes).score.mean,
        }
        for name, genomes in tested.items()
    ]


def _searched(battle: Battle, rng: np.random.Generator) -> Genomes:
    """The best defence of as many games as the race had, all of them by chance."""
    met = battle.rivals + battle.ancestors
    drawn = defence_spec().sample(battle.size * battle.generations, rng)
    scripts = script_spec(RULES).sample(met, rng)
    harm = RedBlueContest(RULES, worlds=3)(scripts, drawn, int(rng.integers(2**63)))
    best = int(harm.mean(axis=0).argmin())
    return defence_spec().take(drawn, slice(best, best + 1))


def ask(seeds: int = SEEDS, quick: bool = False, executor: Executor | None = None) -> Answer:
    """Fight with every seed; raises QuestionError as `tried`."""
    small = {"worlds": 4, "size": 8, "generations": 2, "rivals": 3, "ancestors": 1, "exam": 3}
    battles = [Battle(seed) for seed in numbered(seeds)]
    if quick:
        battles = [replace(battle, **small) for battle in battles]
    return conclude(pd.DataFrame([row for rows in tried(trial, battles, executor) for row in rows]))


def conclude(table: pd.DataFrame) -> Answer:
    """The verdict by the rule, and what attacks gain with defences off and on."""
    fought, raced = (table.loc[table["part"] == part] for part in (ATTACK, RACE))
    by_attack = list(fought.groupby("condition", sort=False))
    of = len(by_attack) + 1
    stopped = [within((rows["off"] - rows["on"]).to_numpy(), of).low > 0 for _, rows in by_attack]
    learnt = paired(raced, "test_score", CHAMPION, CHANCE, of)
    sure = [*stopped, learnt.low > 0]
    left = [
        f"{name} ({said(within(rows['on'].to_numpy(), of))})"
        for name, rows in by_attack
        if within(rows["on"].to_numpy(), of).low > 0
    ]
    off, on = (within(fought.groupby("seed")[side].mean().to_numpy()) for side in ("off", "on"))
    beyond = paired(raced, "test_score", CHAMPION, SEARCHED)
    finding = (
        f"With the defence on {sum(stopped)} of {len(stopped)} attacks gain less for sure: on "
        f"average {said(off, signed=False)} off and {said(on)} on; still gaining for sure: "
        f"{', '.join(left) or 'none'}; on attacks that it never met the evolved defence scores "
        f"{said(learnt)} beyond defences drawn by chance, and {said(beyond)} beyond the best of as "
        "many games by chance."
    )
    name = "yes" if all(sure) else "it depends" if any(sure) else "no"
    return Answer("red_blue", name, finding, table)  # type: ignore[arg-type]


def figure(answer: Answer) -> Figure:
    """What each attack gains with the defence off and on, and scores on attacks never met."""
    drawn, (known, unknown) = panels(2, 3.3, QUESTIONS[answer.name])
    table = answer.table
    fought, raced = (table.loc[table["part"] == part] for part in (ATTACK, RACE))
    names = list(fought["condition"].unique())
    for side, colour, lift in (("off", RED, -0.13), ("on", BLUE, 0.13)):
        for row, name in enumerate(names):
            mean, low, high = within(fought.loc[fought["condition"] == name, side].to_numpy())
            label = f"defence {side}" if row == 0 else None
            known.plot([0, mean], [row + lift] * 2, color=colour, linewidth=4, alpha=0.35)
            known.plot([low, high], [row + lift] * 2, color=colour, linewidth=2)
            known.plot([mean], [row + lift], "o", color=colour, markersize=4.5, label=label)
    known.set_yticks(range(len(names)), names)
    known.set_ylim(len(names) - 0.5, -0.5)
    known.grid(axis="y", visible=False)
    known.axvline(0, color=GREY, linewidth=0.8)
    known.set_title("what attacks gain: readers misled, purses won", fontsize=9, loc="left")
    known.legend(fontsize=8, frameon=False, loc="center right", bbox_to_anchor=(1, 0.56))
    colours = (RED, GREY, ORANGE, BLUE, GREEN)
    title = "score on attacks never met"
    spreads(unknown, raced, "test_score", DEFENDED, title, colours)
    note(drawn, "bars: 95% intervals over seeds; right, a dot a seed")
    return drawn
