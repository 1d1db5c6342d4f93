"""The shared memory beside sets: facts superseded and withdrawn in whatever order, and resumed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swarm import (
    Acting,
    Agent,
    Gossip,
    PopulationError,
    Replicating,
    SharedMemory,
    System,
    World,
    WorldError,
)
from swarm.memory import FOREVER, FactError
from swarm.memory.facts import audit, derived
from swarm.systems.publishing import Publishing
from swarm.systems.standing import Standing

PEOPLE, THINGS = 10, 5


class Scribe(Agent):
    """Writes what follows from facts that it reads, or remembers; corrects itself; lives shortly.

    A remembered fact may have been taken back meanwhile.
    """

    remembered: int = -1

    def step(self) -> None:
        memory = self.model.system(SharedMemory).of(self)
        readable = memory.match(subject=int(self.rng.integers(THINGS)))
        grounds = [*self.rng.choice(readable, min(len(readable), 2), replace=False)]
        grounds += [self.remembered] * (self.remembered >= 0)
        said = int(self.rng.integers(THINGS)), 0, int(self.rng.integers(THINGS))
        write = memory.supersede if self.rng.random() < 0.2 else memory.write
        written = write(*said, evidence=(grounds, len(grounds)), confidence=0.5)
        if self.rng.random() < 0.3:
            self.remembered = int(self.rng.choice(np.append(readable, written)))
        if self.rng.random() < 0.1:
            self.birth(1)
            self.remove()


class Denying(System):
    """Takes back facts at random: old, new, private, of the dead, and some of them twice."""

    kept = ("asked",)

    def __init__(self) -> None:
        self.asked = np.empty(0, np.int64)

    def __call__(self, world: World) -> None:
        memory, rng = world.system(SharedMemory), world.stream(self.name)
        if len(memory.facts) and rng.random() < 0.4:
            ids = rng.choice(len(memory.facts), 2)
            ids[0] = len(memory.facts) - 1 if rng.random() < 0.5 else ids[0]
            memory.withdraw(world, ids, int(rng.integers(len(memory.editions))))
            self.asked = np.append(self.asked, ids)


class Ending(System):
    """Ends facts behind the back of the shared memory."""

    kept = ("ended",)

    def __init__(self) -> None:
        self.ended = np.empty(0, np.int64)

    def __call__(self, world: World) -> None:
        facts, rng = world.system(SharedMemory).facts, world.stream(self.name)
        if len(facts) and rng.random() < 0.2:
            ended = facts.end(rng.choice(len(facts), 1), world.steps)
            self.ended = np.append(self.ended, ended)


ORDERS = ("RSADE", "ARESD", "SADRE", "DEASR")
"""Replicating, SharedMemory, Acting, Denying, Ending: in the order of the list."""


def scribes(seed: int, order: str, replicas: int, gossip: bool = False) -> World:
    systems = {
        "R": Replicating(max(replicas, 1), loss=0.3, parted=(5, 14)),
        "S": SharedMemory(THINGS, 1, embargo=2),
        "A": Acting(),
        "D": Denying(),
        "E": Ending(),
    }
    first = [Gossip(peers=2)] if gossip else []
    listed = [systems[letter] for letter in order if replicas or letter != "R"]
    return World({Scribe: PEOPLE}, [*first, *listed], seed=seed)


def flat(value: Any) -> Any:
    """A state without arrays, to be compared."""
    if isinstance(value, dict):
        return {key: flat(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [flat(inner) for inner in value]
    return (value.dtype.str, value.tolist()) if isinstance(value, np.ndarray) else value


def settle(world: World) -> None:
    """Everybody dies, and all news come to all."""
    world.population.kill(slice(None))
    world.turn()
    memory, replicas = world.system(SharedMemory), world.find(Replicating)
    for _ in range(20):
        memory.publish(world)
        if replicas is not None:
            replicas(world)
    memory.publish(world)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("replicas", [0, 1, 4])
def test_exactly_what_rests_on_the_withdrawn_goes_and_everybody_learns_of_it(
    seed: int, replicas: int
) -> None:
    world = scribes(seed, ORDERS[seed % len(ORDERS)], replicas, gossip=seed % 2 == 0)
    memory = world.system(SharedMemory)
    for _ in range(20):
        world.step()
    settle(world)
    facts, asked = memory.facts, world.system(Denying).asked
    gone = np.union1d(asked, derived(facts, asked))
    standing = facts.columns()["ended"] == FOREVER
    assert len(asked) > 3
    assert len(np.setdiff1d(gone, asked)) > 3
    assert not len(audit(facts, asked))
    corrected = np.setdiff1d(np.flatnonzero(~standing), gone)
    assert len(corrected) > 3  # superseded, or ended
    for i in np.setdiff1d(corrected, world.system(Ending).ended):
        values = {name: column[i] for name, column in facts.columns().items()}
        later = facts.match(int(values["subject"]), author=int(values["author"]), ended=True)
        assert (facts.values(later, "tick") == values["ended"]).any()
    resting = derived(facts, corrected)
    assert standing[np.setdiff1d(resting, np.union1d(gone, corrected))].all()
    wanted = np.flatnonzero(standing[: memory.public])
    assert 5 < len(wanted) < memory.public
    first = memory.editions[0]
    for edition in memory.editions:
        assert edition.visible().tolist() == wanted.tolist()
        assert edition.tally.weight.tobytes() == first.tally.weight.tobytes()
        assert edition.tally.absorbed == len(wanted)


@pytest.mark.parametrize("order", ORDERS)
def test_a_world_resumed_anywhere_goes_on_to_the_same_bytes(order: str) -> None:
    straight = scribes(7, order, 3)
    for tick in range(16):
        if tick in (4, 9):
            resumed = scribes(7, order, 3)
            resumed.restore(straight.state())
            assert flat(resumed.state()) == flat(straight.state())
            for edition, other in zip(
                straight.system(SharedMemory).editions,
                resumed.system(SharedMemory).editions,
                strict=True,
            ):
                assert edition.visible().tolist() == other.visible().tolist()
                assert edition.tally.weight.tobytes() == other.tally.weight.tobytes()
            straight.step()
            resumed.step()
            assert flat(resumed.state()) == flat(straight.state())
            straight = resumed  # and on with that one
        else:
            straight.step()
    whole = scribes(7, order, 3)
    for _ in range(16):
        whole.step()
    assert flat(whole.state()) == flat(straight.state())


def test_one_replica_is_none_and_news_start_where_they_are_told() -> None:
    alone, one = scribes(3, "SADE", 0), scribes(3, "SARDE", 1)
    for _ in range(12):
        alone.step()
        one.step()
    states = [world.system(SharedMemory).state() for world in (alone, one)]
    assert len(states[0]["withdrawn"])
    assert flat(states[0]) == flat(states[1])

    parted = World({Agent: 4}, [Replicating(2, fanout=0), SharedMemory(3, 1)], seed=0)
    memory = parted.system(SharedMemory)
    ids = memory.write(parted, [0, 2, 1], 1, 0, [0, 1, 2])
    memory.withdraw(parted, ids[2], replica=1)
    parted.step()
    assert memory.match(parted, 0).tolist() == [0, 1]
    assert memory.match(parted, 1).tolist() == []
    assert memory.withdraw(parted, ids[:1], replica=1).tolist() == [0]
    assert memory.editions[0].has(ids).tolist() == [True, True, False]
    assert memory.match(parted, 0).tolist() == [0, 1]  # which has not heard of it
    assert memory.withdraw(parted, ids[:1], replica=0).tolist() == []
    assert memory.match(parted, 0).tolist() == [1]
    memory.supersede(parted, [2], 1, 0, 2)
    assert memory.editions[0].visible().tolist() == []


def test_batches_read_and_write_as_one_by_one() -> None:
    world = scribes(5, "RSADE", 2, gossip=True)
    for _ in range(8):
        world.step()
    memory, ids = world.system(SharedMemory), world.population["id"]
    subject = ids % THINGS
    offsets, found = memory.match_many(world, ids, subject=subject, min_confidence=0.4)
    assert len(found) > len(ids)
    for row, (agent, about) in enumerate(zip(ids.tolist(), subject.tolist(), strict=True)):
        one = memory.match(world, agent, subject=about, min_confidence=0.4)
        assert found[offsets[row] : offsets[row + 1]].tolist() == one.tolist()
        read = memory.reader(world, agent).match(subject=about)
        assert set(read) <= set(one)  # what ended elsewhere is not read
        assert set(memory.match(world, agent, ended=True)) >= set(read)
    start = len(memory.facts)
    written = memory.write(world, ids, subject, 0, 1, confidence=0.25)
    assert written.tolist() == list(range(start, start + len(ids)))
    assert memory.facts.values(written, "author").tolist() == ids.tolist()
    assert memory.facts.values(written, "subject").tolist() == subject.tolist()
    assert (world.population["heard"] == written[:, None]).any(axis=1).all()


class Half(Standing):
    """Believes each agent by its row."""

    def credence(self, world: World) -> np.ndarray:
        return np.linspace(0.25, 0.75, len(world.population), dtype=np.float32)


def test_an_agent_speaks_for_itself_as_far_as_it_is_believed() -> None:
    world = World({Agent: 3}, [Half(), SharedMemory(4, 2)], seed=0)
    memory = world.system(SharedMemory)
    for row, agent in enumerate(world.views()):
        access = memory.of(agent)
        ids = [*access.write(1, 0, [2, 3]), *access.supersede(1, 1, 2)]
        assert memory.facts.values(ids, "author").tolist() == [row] * 3
        assert memory.facts.values(ids, "credence").tolist() == [0.25 * (row + 1)] * 3
        for word in ("author", "credence", "tick"):
            with pytest.raises(TypeError, match=r"not the agent's to say|multiple values"):
                access.write(1, 0, 2, **{word: 1})
    access = memory.of(world.views()[1])
    assert access.match().tolist() == access.read().match().tolist() == [3, 4, 5]
    second = access.supersede(1, 1, 3)
    assert access.match(relation=1).tolist() == second.tolist()
    assert memory.facts.match(relation=1).tolist() == [2, 8, *second]
    assert access.withdraw(3).tolist() == [3]
    assert access.match().tolist() == [4, *second]
    with pytest.raises(FactError, match=r"its own facts only; \[0\]"):
        access.withdraw([0, 4])


def test_who_is_not_there_neither_reads_nor_writes() -> None:
    world = World({Agent: 3}, [Gossip(peers=1), SharedMemory(4, 2)], seed=0)
    memory, views = world.system(SharedMemory), world.views()
    access = memory.of(views[1])
    views[1].remove()
    world.step()
    for act in (
        access.match,
        access.read,
        lambda: access.write(1, 0, 2),
        lambda: access.supersede(1, 0, 2),
        lambda: memory.write(world, [0, 1], 1, 0, 2),
        lambda: memory.match_many(world, [1], subject=0),
    ):
        with pytest.raises(PopulationError, match=r"agents \[1\] are not there: they died"):
            act()
    with pytest.raises(PopulationError, match=r"agents \[9\] are not there"):
        memory.reader(world, 9)
    assert len(memory.facts) == 0
    with pytest.raises(FactError, match="ids must lie"):
        memory.withdraw(world, [0])
    with pytest.raises(PopulationError, match=r"one of the replicas 0\.\.0; got 1"):
        memory.withdraw(world, [], replica=1)
    with pytest.raises(WorldError, match="needs the system SharedMemory"):
        World({Agent: 3}, [Gossip()]).system(SharedMemory)
    other = World({Agent: 3}, [Replicating(2), SharedMemory(4, 2)], seed=0)
    with pytest.raises(PopulationError, match=r"saved with 1 replicas; .* Replicating\(1\)"):
        other.system(Publishing).restore(other, memory.state())
