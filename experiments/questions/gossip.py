"""Does gossip beat broadcast? The same findings as rumours, as announcements, or kept to oneself.

Gossip brings a finding to some, late, and forgets it soon; a broadcast brings it to all at once and
for good. What everybody hears at once may be useful, may make everybody say the same, and may be
wrong.

Conditions, the same world with the same genome: *nobody hears* (rumours are lost, the memory is
never opened), *gossip* (push-pull with 8 peers, 4 findings a message, 16 in mind; the memory is
never opened), *broadcast* (the memory is open to all from the next tick on, rumours are lost),
and *both* (rumours first, the memory after 4 ticks: what studies do unless told otherwise). UMLS,
30% of the facts as evidence, 64 agents, 24 generations; paired by seed. A broadcast is counted as
one message from each author to each of the others in a tick, whatever is in it. Each life is led
twice: once more with something *planted* half way, four agents each saying one wrong answer to 128
questions with full confidence. Damage is how much more often answers that may rest on hearsay then
repeat what was planted than in the life without.

Beside the worlds, the protocols alone: one rumour among 1,024, by push-pull over an overlay in
which each knows 8, and by trees in which everybody hands it on to 2 or to 8, with messages lost.

The rule, laid down before the trials: three comparisons of gossip with broadcast: mean credit of
the best agent and of the collective on validation, and credit (less the luck of the draw) of the
answers that may rest on hearsay. *Yes* if one is above zero for sure and none below, *no* the
other way round, *it depends* if both happen. Messages, diversity, damage and held-out figures are
told beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.questions.drawing import note, panels, spreads
from experiments.questions.lives import UMLS, Accounts, Life, examined, lived
from experiments.questions.names import QUESTIONS
from experiments.questions.planting import Planting
from experiments.questions.question import (
    Answer,
    numbered,
    paired,
    said,
    tried,
    verdict,
    within,
)
from experiments.questions.trees import climb
from experiments.reports.style import BLUE, GREEN, GREY, ORANGE
from swarm.gossip import broadcast, k_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.executors import Executor

SEEDS = 12
SILENCE, GOSSIP, BROADCAST, BOTH = CONDITIONS = ("nobody hears", "gossip", "broadcast", "both")
NEVER = 10**6
"""Ticks: an embargo that no life outlasts."""
CHANGES = {
    SILENCE: ("gossip.loss=1.0", f"memory.embargo={NEVER}"),
    GOSSIP: (f"memory.embargo={NEVER}",),
    BROADCAST: ("gossip.loss=1.0", "memory.embargo=0"),
    BOTH: (),
}
COLOURS = (GREY, BLUE, ORANGE, GREEN)
PLANTED_QUERIES, PLANTED_VOICES = 128, 4
JUDGED = {
    "valid_best": "the best agent",
    "valid_collective": "the collective",
    "open": "answers that may use hearsay",
}
WORLD, PROTOCOL = "world", "protocol"

MEMBERS, PEERS = 1024, 8
LOSSES = (0.0, 0.1, 0.3)
PUSH_PULL, NARROW, WIDE = PROTOCOLS = ("push-pull", "tree of 2", "tree of 8")


@dataclass(frozen=True)
class Spreading:
    """One rumour by each protocol, with each share of messages lost."""

    seed: int


def trial(payload: Life | Spreading, shared: Any) -> list[dict[str, Any]]:
    """Rows of the table: of one life, or of one rumour."""
    return spread(payload) if isinstance(payload, Spreading) else [life_row(payload)]


def life_row(life: Life) -> dict[str, Any]:
    """One life, and once more with something planted in it."""
    ticks = life.study.ticks
    accounts = Accounts(ticks)
    fooled = []
    for sown in (True, False):  # the last is examined
        planting = Planting(ticks // 2, PLANTED_QUERIES, PLANTED_VOICES, sown)
        watching = [planting] if sown else [planting, accounts]
        world = lived(life, watching=watching)
        fooled.append(planting.fooled)
    heard = 0 if life.condition == SILENCE else accounts.messages
    sent = {SILENCE: 0, GOSSIP: heard, BROADCAST: accounts.copies}
    row = {"part": WORLD, "condition": life.condition, "seed": life.seed}
    messages = sent.get(life.condition, heard + accounts.copies) / accounts.handed
    row |= {"messages": messages, "fooled": fooled[0], "damage": fooled[0] - fooled[1]}
    return row | accounts.measures() | examined(world, life.subject)


def spread(spreading: Spreading) -> list[dict[str, Any]]:
    """One rumour by each protocol and loss."""
    rows = []
    for loss in LOSSES:
        for number, protocol in enumerate(PROTOCOLS):
            rng = np.random.default_rng([spreading.seed, number, round(100 * loss)])
            if protocol == PUSH_PULL:
                told = broadcast(k_out(MEMBERS, PEERS, rng), rng, loss=loss)
                outcome = told.rounds, told.messages, told.informed[-1]
            else:
                outcome = climb(MEMBERS, 2 if protocol == NARROW else PEERS, loss, rng)
            rounds, messages, informed = map(float, outcome)
            rows.append(
                {
                    "part": PROTOCOL,
                    "condition": protocol,
                    "seed": spreading.seed,
                    "loss": loss,
                    "rounds": rounds,
                    "messages": messages / MEMBERS,
                    "reached": informed / MEMBERS,
                }
            )
    return rows


def ask(seeds: int = SEEDS, quick: bool = False, executor: Executor | None = None) -> Answer:
    """Live every condition with every seed; raises QuestionError as `tried`."""
    life = Life("", 0, UMLS, quick=quick)
    payloads: list[Life | Spreading] = [
        replace(life, condition=condition, seed=seed, changes=changes)
        for condition, changes in CHANGES.items()
        for seed in numbered(seeds)
    ]
    payloads += [Spreading(seed) for seed in numbered(seeds)]
    rows = [row for some in tried(trial, payloads, executor) for row in some]
    return conclude(pd.DataFrame(rows))


def conclude(table: pd.DataFrame) -> Answer:
    """The verdict by the rule, and what each way of telling others costs."""
    worlds = table.loc[table["part"] == WORLD]
    gains = {m: paired(worlds, m, GOSSIP, BROADCAST, len(JUDGED)) for m in JUDGED}
    shown = ", ".join(f"{words} {said(gains[m])}" for m, words in JUDGED.items())
    means = worlds.groupby("condition")["messages"].mean()
    harm = {
        name: within(worlds.loc[worlds["condition"] == name, "damage"].to_numpy())
        for name in (GOSSIP, BROADCAST)
    }
    wider = paired(worlds, "diversity", GOSSIP, BROADCAST)
    hears = paired(worlds, "open", BROADCAST, SILENCE)
    finding = (
        f"Gossip less broadcast, mean credit: {shown}; diversity {said(wider)}; messages for a "
        f"task handed out {means[GOSSIP]:.2f} by gossip and {means[BROADCAST]:.2f} by broadcast; "
        f"what was planted is repeated in {said(harm[GOSSIP], 2, 100)}% more of the answers after "
        f"gossip, {said(harm[BROADCAST], 2, 100)}% after broadcast; answers that may use what was "
        f"broadcast gain {said(hears)} over hearing nothing."
    )
    return Answer("gossip", verdict(gains.values()), finding, table)


def figure(answer: Answer) -> Figure:
    """Credit with hearsay, what was planted, and how protocols bear losses."""
    drawn, axes = panels(3, 3.2, QUESTIONS[answer.name])
    table = answer.table
    worlds = table.loc[table["part"] == WORLD]
    title = "credit of answers that may use hearsay"
    spreads(axes[0], worlds, "open", CONDITIONS, title, COLOURS)
    title = "planted answers repeated, beyond chance"
    spreads(axes[1], worlds, "damage", CONDITIONS, title, COLOURS)
    axes[1].xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes[1].tick_params(labelleft=False)
    rumours = table.loc[table["part"] == PROTOCOL]
    for row, (protocol, colour) in enumerate(zip(PROTOCOLS, (BLUE, ORANGE, GREEN), strict=True)):
        mine = rumours.loc[rumours["condition"] == protocol]
        each = mine.groupby("loss")[["reached", "rounds", "messages"]].mean()
        place = np.arange(len(each)) + (row - 1) * 0.27
        axes[2].bar(place, each["reached"], 0.25, color=colour, label=protocol)
        for at, (_, one) in zip(place, each.iterrows(), strict=True):
            text = f"{one['messages']:.1f} in {one['rounds']:.0f}"
            top = one["reached"] + 0.04
            axes[2].text(at, top, text, rotation=90, ha="center", va="bottom", fontsize=7)
    axes[2].set_xticks(range(len(LOSSES)), [f"{loss:.0%} lost" for loss in LOSSES])
    axes[2].set_title("members that one rumour reaches", fontsize=9, loc="left")
    axes[2].set_ylim(0, 1.72)
    axes[2].set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
    axes[2].legend(fontsize=7, ncols=3, loc="upper center", frameon=False, handlelength=1)
    axes[2].grid(axis="x", visible=False)
    note(drawn, "left: a dot a seed; mark and bar: mean, 95% interval; right: messages, in rounds")
    return drawn
