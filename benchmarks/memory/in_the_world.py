"""The memory of a living world: findings a second while agents reason, replicas, withdrawal.

Time is processor time of whole ticks, reasoning included. The peer of a world with replicas is the
world without; that of a withdrawal is the time of one tick.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import cast

import numpy as np

from benchmarks.rows import Row
from experiments.reasoning.assembly import assemble, systems_of
from experiments.reasoning.study import ReasoningStudy
from experiments.reasoning.subject import Subject
from experiments.study.reading import load_study
from swarm import Remembering, Replicating, World
from swarm.memory import FOREVER
from swarm.memory.facts import audit

STUDY = "umls-30"
WRITES_GOAL = 10_000.0
REPLICAS = 8
QUIET_TICKS = 40


def rows(quick: bool) -> Iterator[Row]:
    """Findings a second, what replicas cost, and what it takes to withdraw poison."""
    agents, ticks = (300, 8) if quick else (2_000, 24)
    settings = [f"world.agents={agents}", "world.tasks_per_agent=8", "memory.per_agent=8"]
    alone, subject = assemble(load_study(STUDY, settings), keep=False)
    _live(assemble(load_study(STUDY, ["world.agents=32"]), subject, keep=False)[0], 5)
    seconds = _live(alone, ticks)
    memory = alone.system(Remembering)
    yield Row(
        f"world of {agents:,} reasoners, findings written, 1/s",
        len(memory.facts) / seconds,
        goal=WRITES_GOAL,
        checks={"ledger balances": _balances(alone), "public": float(memory.public)},
        notes={"ticks": ticks, "ticks_per_s": ticks / seconds, "findings": len(memory.facts)},
    )
    yield _one_replica(settings, subject, alone, ticks)
    yield _replicas(settings, subject, seconds, ticks)
    yield _withdrawal(alone, seconds / ticks)


def _live(world: World, ticks: int) -> float:
    begun = time.process_time()
    for _ in range(ticks):
        world.step()
    return time.process_time() - begun


def _balances(world: World) -> bool:
    world.ledger.check()
    return True


def _one_replica(settings: list[str], subject: Subject, alone: World, ticks: int) -> Row:
    """A world with one replica is the same world."""
    study = cast(ReasoningStudy, load_study(STUDY, settings))
    systems = systems_of(study, subject, keep=False)
    again = World(study.world.agents, [Replicating(1), *systems], seed=study.seed)
    seconds = _live(again, ticks)
    one, two = (each.system(Remembering).facts.state() for each in (alone, again))
    return Row(
        "the same world over one replica, ticks/s",
        ticks / seconds,
        checks={"same bytes": all(np.array_equal(one[name], two[name]) for name in one)},
    )


def _replicas(settings: list[str], subject: Subject, seconds: float, ticks: int) -> Row:
    more = [*settings, f"memory.replicas={REPLICAS}", "memory.fanout=2", "memory.loss=0.1"]
    parted = [*more, f"memory.parted=[0, {ticks // 2}]"]
    world, _ = assemble(load_study(STUDY, parted), subject, keep=False)
    own = _live(world, ticks)
    replicas, memory = world.system(Replicating), world.system(Remembering)
    sent = replicas.bytes
    for _ in range(QUIET_TICKS):  # nobody writes any more, the news go on
        replicas(world)
    memory.publish(world)
    first, *others = memory.editions
    same = all(
        np.array_equal(first.visible(), other.visible())
        and first.tally.weight.tobytes() == other.tally.weight.tobytes()
        for other in others
    )
    return Row(
        f"{REPLICAS} replicas, parted for half of the time, ticks/s",
        ticks / own,
        ticks / seconds,
        seconds / own,
        checks={"same bytes in the end": same, "nobody behind": replicas.behind == 0},
        notes={"bytes_in_last_tick": sent},
    )


def _withdrawal(world: World, tick_seconds: float) -> Row:
    memory = world.system(Remembering)
    author = memory.facts.columns()["author"]
    poison = memory.facts.match(author=int(np.bincount(author).argmax()))
    begun = time.process_time()
    gone = memory.withdraw(world, poison)
    seconds = time.process_time() - begun
    ended = memory.facts.columns()["ended"] != FOREVER
    left = len(audit(memory.facts, gone))
    return Row(
        f"withdrawing {len(poison):,} findings and {len(gone) - len(poison):,} derived, ms",
        1e3 * seconds,
        1e3 * tick_seconds,
        tick_seconds / seconds,
        checks={
            "nothing derived is left": left == 0,
            "not counted": not memory.editions[0].has(np.flatnonzero(ended)).any(),
        },
    )
