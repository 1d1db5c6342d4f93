"""Replicas of the memory in a world: news spread, halves part and heal, poison is withdrawn."""

from __future__ import annotations

import numpy as np
import pytest

from swarm import (
    Acting,
    Agent,
    Gossip,
    PopulationError,
    Remembering,
    Replicating,
    SharedMemory,
    System,
    World,
)
from swarm.memory import FOREVER, Edition
from swarm.memory.facts.derivation import audit
from tests.swarm.worlds import Idle, Watch, all_systems, reasoners, run


class Scout(Agent):
    """Writes a fact a tick, and counts what it can read."""

    readable: int = 0

    def step(self) -> None:
        memory = self.model.system(SharedMemory).of(self)
        memory.write(self.unique_id % 7, 0, self.model.steps % 7, confidence=0.5)
        self.readable = len(memory.match())


def scouts(*more: System, embargo: int = 0) -> World:
    memory = SharedMemory(entities=7, relations=1, embargo=embargo)
    return World({Scout: 8}, [*more, memory, Acting()], seed=3)


def editions_equal(memory: SharedMemory) -> bool:
    first, *others = memory.editions
    return all(
        np.array_equal(first.visible(), other.visible())
        and first.tally.weight.tobytes() == other.tally.weight.tobytes()
        and first.tally.count.tobytes() == other.tally.count.tobytes()
        for other in others
    )


def test_one_replica_changes_nothing() -> None:
    def deny(world: World) -> None:
        facts = world.system(Remembering).facts
        if world.steps in (3, 6):
            world.system(Remembering).withdraw(world, np.arange(0, len(facts), 5))

    more = Watch(deny)
    alone, replicated = reasoners(more=more), reasoners(replicas=Replicating(1), more=more)
    for world in (alone, replicated):
        run(world, 9)
    one, two = (world.system(Remembering) for world in (alone, replicated))
    assert len(one.state()["withdrawn"]) > 20
    assert len(one.facts) > one.public > 0
    for name, column in one.facts.state().items():
        np.testing.assert_array_equal(two.facts.state()[name], column)
    assert one.editions[0].tally.weight.tobytes() == two.editions[0].tally.weight.tobytes()


def test_an_agent_reads_its_edition_its_own_facts_and_no_others() -> None:
    world = scouts(Replicating(2, fanout=0), embargo=2)
    for _ in range(5):
        world.step()
    memory = world.system(SharedMemory)
    columns = memory.facts.columns()
    public = columns["tick"] <= world.steps - 2
    for agent in range(8):
        mine = (columns["author"] % 2 == agent % 2) & public
        wanted = np.flatnonzero(mine | (columns["author"] == agent))
        assert memory.reader(world, agent).match().tolist() == wanted.tolist()
        assert world.population["readable"][agent] == len(wanted)
    assert not editions_equal(memory)


def test_rumours_are_read_before_they_are_public() -> None:
    world = scouts(Gossip(peers=3), embargo=100)
    for _ in range(6):
        world.step()
    memory = world.system(SharedMemory)
    heard = world.population["heard"]
    assert memory.public == 0
    for row in range(8):
        own = memory.facts.match(author=row)
        wanted = np.union1d(own, heard[row][heard[row] >= 0])
        assert len(wanted) > len(own)
        assert memory.reader(world, row).match().tolist() == wanted.tolist()


def test_parted_halves_learn_nothing_of_each_other_and_heal() -> None:
    replicas = Replicating(4, fanout=2, loss=0.3, parted=(0, 12))
    world = scouts(replicas)
    memory = world.system(SharedMemory)
    for tick in range(1, 40):
        world.step()
        homes = [edition.visible() for edition in memory.editions]
        authors = memory.facts.columns()["author"]
        crossed = [np.any((authors[ids] % 4 < 2) != (g < 2)) for g, ids in enumerate(homes)]
        if tick < 12:
            assert not any(crossed)
            assert replicas.bytes > 0
        if tick == 20:
            world.population.kill(slice(None))  # nobody writes any more
    assert all(crossed)
    assert replicas.behind == 0
    assert editions_equal(memory)
    assert len(memory.editions[0].visible()) == len(memory.facts) == 160


def test_a_restored_world_of_replicas_goes_on_to_the_same_bytes() -> None:
    def world() -> World:
        return reasoners(replicas=Replicating(3, loss=0.4, parted=(3, 8)))

    straight = run(world(), 12)
    first, resumed = run(world(), 6), world()
    resumed.restore(first.state())
    run(resumed, 6)
    one, two = (each.system(Remembering) for each in (straight, resumed))
    for name, column in one.facts.state().items():
        np.testing.assert_array_equal(two.facts.state()[name], column)
    logs = [each.system(Replicating).logs for each in (straight, resumed)]
    assert [log.encode() for log in logs[0]] == [log.encode() for log in logs[1]]
    for edition, other in zip(one.editions, two.editions, strict=True):
        assert edition.tally.weight.tobytes() == other.tally.weight.tobytes()


def poison(world: World) -> np.ndarray:
    """The first agents say, of every query, that the answer is the least likely one."""
    memory = world.system(Remembering)
    rng = np.random.default_rng(0)
    n = 200
    return memory.write(
        world,
        rng.integers(0, 4, n),
        rng.integers(0, memory.facts.entities, n),
        rng.integers(0, memory.facts.relations, n),
        rng.integers(0, memory.facts.entities, n),
        confidence=1.0,
    )


def test_what_the_other_half_derives_before_it_hears_of_a_withdrawal_goes_when_it_hears() -> None:
    """And what is said in the tick of the withdrawal, before it but written after."""

    def part(world: World) -> None:
        memory = world.system(Remembering)
        if world.steps == 10:
            asked.append(np.arange(0, memory.public, 3))
            memory.withdraw(world, asked[0], replica=0)

    asked: list[np.ndarray] = []
    remembering = Remembering(per_agent=48, embargo=1)
    systems = all_systems(
        replicas=Replicating(4, fanout=2, parted=(7, 16)),
        selection=Idle(),
        remembering=remembering,
    )
    place = systems.index(remembering)
    world = World(40, [*systems[:place], Watch(part), *systems[place:]], seed=1)
    world.genes("publish")[:] = 0
    run(world, 10)
    memory = world.system(Remembering)
    ids = asked[0]
    columns = memory.facts.columns()
    at_once = np.flatnonzero((columns["tick"] == 10) & (columns["ended"] == 10))
    assert len(at_once) > 20
    assert set(columns["author"][at_once] % 4) == {0}
    assert memory.editions[0].lost(at_once).all()
    start = len(memory.facts)
    run(world, 5)
    rests = audit(memory.facts, ids)
    late = memory.facts.values(rests[rests >= start], "author")
    assert (late % 4 >= 2).sum() > 20  # they go on being misled
    run(world, 10)
    assert not len(audit(memory.facts, ids))
    ended = memory.facts.columns()["ended"] != FOREVER
    assert not any(edition.has(np.flatnonzero(ended)).any() for edition in memory.editions)


@pytest.mark.parametrize("replicas", [1, 3])
def test_poison_is_withdrawn_with_everything_derived_from_it(replicas: int) -> None:
    planted: list[np.ndarray] = []

    def plant(world: World) -> None:
        if world.steps <= 3:
            planted.append(poison(world))

    world = reasoners(
        **({"replicas": Replicating(replicas, loss=0.2)} if replicas > 1 else {}),
        selection=Idle(),
        remembering=Remembering(per_agent=48, embargo=1),
        more=Watch(plant),
    )
    world.genes("publish")[:] = 0
    run(world, 14)
    memory = world.system(Remembering)
    ids = np.concatenate(planted)
    gone = memory.withdraw(world, ids, replica=0)
    derived = np.setdiff1d(gone, ids)
    assert len(derived) > 20  # it had misled others
    assert set(memory.facts.columns()["ended"][gone]) == {world.steps}
    lost = np.flatnonzero(memory.facts.columns()["ended"] != FOREVER)
    for _ in range(25):
        world.step()
        lost = np.flatnonzero(memory.facts.columns()["ended"] != FOREVER)
    assert not len(audit(memory.facts, ids))
    assert set(gone) <= set(lost)
    for edition in memory.editions:
        visible = edition.visible()
        assert not np.isin(visible, lost).any()
        again = Edition(memory.facts.entities, memory.facts.relations)
        again.hear(memory.facts, visible)
        assert again.tally.weight.tobytes() == edition.tally.weight.tobytes()
    for agent in world.population["id"][:5]:
        assert not np.isin(memory.reader(world, int(agent)).match(), lost).any()
    mind = memory.private(world)
    assert not np.isin(mind, lost).any()


def test_an_agent_writes_in_its_own_name_alone() -> None:
    world = scouts()
    world.step()
    assert sorted(world.system(SharedMemory).facts.columns()["author"]) == list(range(8))
    access = world.system(SharedMemory).of(world.views()[3])
    written = access.write([1, 2], 0, 5)
    columns = world.system(SharedMemory).facts.columns()
    assert columns["author"][written].tolist() == [3, 3]
    assert columns["tick"][written].tolist() == [world.steps] * 2
    with pytest.raises(TypeError):
        access.write(1, 0, 5, author=4)  # type: ignore[call-arg]


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"replicas": 0}, {"loss": 1.5}, {"parted": (3,)}, {"fanout": -1}):
        with pytest.raises(PopulationError, match="such as 4, 1"):
            Replicating(**wrong)  # type: ignore[arg-type]
