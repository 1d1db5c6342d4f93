"""No test fact reaches an agent: non-interference (Goguen & Meseguer 1982).

If anything that an agent sees — a mask, a score, a gate feature, a reward, a finding in memory —
were made from a test fact, a world would change when the test facts do. So one world is run on a
graph, and another on the same graph with other test facts, as many of them; everything both hold
is compared to the last bit: the evidence, the compiled engines, the tables of scores, the masks
and credits of the referee, and after twelve ticks every column, gene, token, random stream,
finding and tally. They are equal, therefore whatever is there was made without the test facts. A
finding may still *state* one: then an agent inferred it, which is what agents are for.

The controls show that the comparison would notice: other validation facts, and another *number*
of test facts, which is the one thing that may be known of them, do change the world.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from economy import Ledger
from swarm import (
    ComputeMarket,
    Gossip,
    Observation,
    Population,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    Tasks,
    World,
)
from swarm.memory import Facts
from swarm.reasoning import KnowledgeGraph, Problem, load_graph

RELATIONS = 24


def nations() -> KnowledgeGraph:
    """The first relations of Nations, so that it is posed sooner, split anew."""
    whole = load_graph("nations")
    facts = whole.facts[whole.facts[:, 1] < RELATIONS]
    nothing = np.empty((0, 3), np.int32)
    relations = whole.relations[:RELATIONS]
    graph = KnowledgeGraph("small", whole.entities, relations, facts, nothing, nothing)
    return graph.resplit((0.3, 0.2, 0.5), seed=0)


GRAPH = nations()


@cache
def other_facts(size: int, seed: int = 0) -> np.ndarray:
    """Facts int32[size, 3] that the graph does not state."""
    E, R = len(GRAPH.entities), len(GRAPH.relations)
    stated = np.zeros((E, R, E), bool)
    stated[tuple(GRAPH.facts.T)] = True
    facts = np.argwhere(~stated).astype(np.int32)
    return np.random.default_rng(seed).permutation(facts)[:size]


def with_other(part: str, size: int | None = None) -> KnowledgeGraph:
    """The graph with a part replaced, wholly or to this size, by facts that are not true."""
    changes: dict[str, Any] = {part: other_facts(size or len(getattr(GRAPH, part)))}
    return replace(GRAPH, **changes)


def live(graph: KnowledgeGraph) -> World:
    """A world with everything on, twelve ticks and three generations old."""
    world = World(
        30,
        [
            Tasks(Problem.pose(graph), 48),
            Gossip(),
            ComputeMarket(supply=40.0),
            Reasoning(),
            Settlement(endowment=100_000),
            Remembering(embargo=2),
            Selection(),
            Observation(keep=True),
        ],
        seed=3,
    )
    for _ in range(12):
        world.step()
    return world


@cache
def world_of(part: str, size: int | None = None) -> World:
    return live(GRAPH if part == "none" else with_other(part, size))


def arrays_in(thing: Any, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Every array that can be reached from an object, with the way to it."""
    if isinstance(thing, np.ndarray):
        yield path, thing
    elif isinstance(thing, Facts | Ledger | Population):  # not the room they keep in reserve
        yield from arrays_in(thing.state(), path)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield from arrays_in(value, f"{path}[{key}]")
    elif isinstance(thing, list | tuple):
        for i, value in enumerate(thing):
            yield from arrays_in(value, f"{path}[{i}]")
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            yield from arrays_in(getattr(thing, field.name), f"{path}.{field.name}")
    elif type(thing).__module__.startswith(("swarm", "economy", "evolution")):
        for name, value in vars(thing).items():
            yield from arrays_in(value, f"{path}.{name}")
    elif isinstance(thing, int | float | str):
        yield path, np.array(thing)


def differing(one: Any, other: Any) -> list[str]:
    """Where two objects hold different arrays, numbers or words."""
    left, right = dict(arrays_in(one)), dict(arrays_in(other))
    assert set(left) == set(right)
    return [
        path
        for path in left
        if left[path].shape != right[path].shape or left[path].tobytes() != right[path].tobytes()
    ]


def test_the_other_facts_are_other_facts() -> None:
    other = with_other("test")
    assert other.test.shape == GRAPH.test.shape
    assert not {*map(tuple, other.test.tolist())} & {*map(tuple, GRAPH.facts.tolist())}
    np.testing.assert_array_equal(other.train, GRAPH.train)
    np.testing.assert_array_equal(other.valid, GRAPH.valid)


def test_what_agents_reason_from_and_are_judged_by_is_the_same() -> None:
    one, other = (world_of(part).system(Tasks).problem for part in ("none", "test"))
    reached = [path for path, _ in arrays_in(one)]
    for part in (".evidence.cube", ".evidence.bodies", ".faculties._artefacts", ".table.scores"):
        assert any(path.startswith(part) for path in reached), part
    for part in (".table.features", ".table.block.open", ".referee.counted", ".referee.hidden"):
        assert part in reached
    assert differing(one, other) == []


def test_after_twelve_ticks_the_worlds_are_byte_identical(tmp_path: Path) -> None:
    saved = []
    for part in ("none", "test"):
        world_of(part).save(tmp_path / part)
        saved.append((tmp_path / part).read_bytes())
    assert saved[0] == saved[1]


def test_and_so_is_all_that_they_hold_in_mind() -> None:
    """Also what a checkpoint leaves out: tallies, boards, answers, what was observed."""
    one, other = world_of("none"), world_of("test")
    memory = one.system(Remembering)
    assert len(memory.facts) > memory.public > 100
    assert one.system(Selection).generation == 3
    for mine, theirs in zip(one.systems, other.systems, strict=True):
        assert differing(mine, theirs) == []
    assert differing(one.population, other.population) == []
    assert differing(one.ledger, other.ledger) == []


@pytest.mark.parametrize(("part", "size"), [("valid", None), ("test", 100)])
def test_the_comparison_would_notice(part: str, size: int | None) -> None:
    one, other = world_of("none"), world_of(part, size)
    found = differing(one.system(Tasks).problem.referee, other.system(Tasks).problem.referee)
    assert found
    assert differing(one.population, other.population)


def test_only_the_number_of_test_facts_is_looked_at() -> None:
    """Posing a problem touches no row of the test part, nor a property that holds its rows."""

    class Untouchable:
        def __len__(self) -> int:
            return len(GRAPH.test)

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"the test facts were read: {name}")

        __getitem__ = __iter__ = __array__ = __getattr__

    sealed = replace(GRAPH, test=Untouchable())  # type: ignore[arg-type]
    assert differing(Problem.pose(sealed), world_of("none").system(Tasks).problem) == []
    with pytest.raises(AssertionError, match="the test facts were read"):
        sealed.facts  # noqa: B018
