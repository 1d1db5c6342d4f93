"""Originality: how far what agents did, or found, is from the nearest that is known."""

import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from experiments import StudyError, assemble, load_study
from experiments.reasoning.subject import Subject
from swarm import (
    Exploring,
    Observation,
    PopulationError,
    Reasoning,
    Remembering,
    Replicating,
    Selection,
    Settlement,
    System,
    Tasks,
    World,
    WorldError,
)
from swarm.genes import PROTOCOLS
from swarm.memory.vectors import vector_index
from swarm.reasoning.networks.problem import pose_network
from swarm.systems.exploring import mean_distance
from tests.swarm.worlds import Idle, Watch, all_systems, plenty, problem, run

GRAPH_FROM_THE_START = partial(vector_index, size=30_000)


def explorers(exploring: Exploring, agents: int = 30, **changed: System) -> World:
    """All systems, and what the tests add: `before` and `after` it."""
    around = [changed.pop("before", Idle()), exploring, changed.pop("after", Nothing())]
    systems = all_systems(**changed)
    place = systems.index(next(each for each in systems if isinstance(each, Remembering))) + 1
    systems[place:place] = around
    return World(agents, systems, seed=1)


class Before(Watch):
    """A watch of another name: no two systems share one."""


class Nothing(Idle):
    """An idle system likewise."""


def originality_of(world: World) -> np.ndarray:
    each: np.ndarray = world.population["originality"] / np.maximum(world.population["tasks"], 1)
    return each


# Against plain computations


@given(
    arrays(np.float32, (3, 6), elements=st.floats(0, 9, width=32)),
    arrays(np.int64, (3, 6), elements=st.integers(0, 3)),
    st.integers(1, 9),
)
@settings(max_examples=30, deadline=None)
def test_neighbours_count_as_often_as_they_stand_for_somebody(
    squared: np.ndarray, times: np.ndarray, k: int
) -> None:
    squared.sort(axis=1)
    measured = mean_distance(squared, times, k)
    for row in range(3):
        apart = np.sqrt(np.repeat(squared[row].astype(float), times[row]))[:k]
        assert measured[row] == pytest.approx(apart.mean() if len(apart) else 1.0)


def plain_mean(point: np.ndarray, known: np.ndarray, k: int) -> float:
    apart = np.sort(np.sqrt(((known - point) ** 2).sum(axis=1)))[:k]
    return float(apart.mean()) if len(apart) else 1.0


def test_behaviours_are_measured_as_a_plain_count_says() -> None:
    k, admitted, engines = 5, 4, len(problem().faculties.names)
    everything = problem().faculties.costs.sum()
    done: dict[int, list[np.ndarray]] = {}
    written: list[int] = []
    seen: dict[str, Any] = {}
    checked = []

    def before(world: World) -> None:
        reasoning, ids = world.system(Reasoning), world.population["id"]
        answers = reasoning.answers
        assert answers is not None
        for agent, t in zip(ids[reasoning.agent], reasoning.in_time, strict=True):
            asked = [answers.used[t] >> e & 1 for e in range(engines)]
            what = np.array([*asked, answers.confidence[t], answers.spent[t]], float)
            done.setdefault(int(agent), []).append(what)
        written.extend(ids[world.system(Remembering).written[0]].tolist())
        seen["originality"] = world.population["originality"].copy()
        seen["archive"] = exploring.archive.vectors(exploring.archive.ids())

    def after(world: World) -> None:
        gained = world.population["originality"] - seen["originality"]
        if world.steps % 4:
            assert not gained.any()
            return
        given = 4 * world.system(Tasks).per_tick
        behaviours = []
        for agent in world.population["id"].tolist():
            of_it = done.get(agent, [])
            *mean, units = np.mean(of_it, axis=0) if of_it else np.zeros(engines + 2)
            share = min(units / everything, 1)
            published = written.count(agent) / max(len(of_it), 1)
            whole = [*mean[:-1], len(of_it) / given, mean[-1], share, published]
            behaviours.append(np.array(whole) / np.sqrt(len(whole)))
        points = np.array(behaviours)
        for row, agent in enumerate(world.population["id"].tolist()):
            known = np.concatenate([np.delete(points, row, axis=0), seen["archive"]])
            wanted = plain_mean(points[row], known, k) * len(done.get(agent, []))
            assert gained[row] == pytest.approx(wanted, rel=1e-4, abs=1e-4)
        joined = exploring.archive.vectors(exploring.archive.ids())[len(seen["archive"]) :]
        assert len(joined) == admitted
        assert all(np.isclose(points, one, atol=1e-6).all(axis=1).any() for one in joined)
        checked.append(exploring.mean)
        done.clear()
        written.clear()

    exploring = Exploring("behaviour", k=k, admitted=admitted)
    world = explorers(exploring, before=Before(before), after=Watch(after))
    run(world, 12)
    assert len(checked) == 3
    assert 0 < min(checked) <= max(checked) < 1
    assert len(exploring.archive) == 12
    assert world.system(Observation).latest["originality"] == checked[-1]


def plain_embedding(fact: tuple[int, int, int]) -> np.ndarray:
    evidence = problem().evidence
    R = evidence.relations

    def profile(entity: int) -> np.ndarray:
        kinds = [r for s, r, o in evidence.facts if s == entity]
        kinds += [r + R for s, r, o in evidence.facts if o == entity]
        return np.sqrt(np.bincount(kinds, minlength=2 * R) / max(len(kinds), 1))

    subject, relation, object_ = fact
    parts = [profile(subject), np.arange(R) == relation, profile(object_)]
    return np.concatenate(parts) / np.sqrt(6)


def test_findings_are_measured_against_what_stands_in_their_authors_edition() -> None:
    k, embedded = 4, cache(plain_embedding)
    seen: dict[str, np.ndarray] = {}
    checked = []

    def before(world: World) -> None:
        seen["originality"] = world.population["originality"].copy()
        if world.steps == 5:
            memory = world.system(Remembering)
            memory.withdraw(world, np.arange(0, memory.public, 3))

    def after(world: World) -> None:
        if world.steps not in (1, 4, 6):
            return
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        memory, wanted = world.system(Remembering), np.zeros(len(world.population))
        columns, credit = memory.facts.columns(), world.system(Settlement).credit
        block, R = problem().table.block, problem().evidence.relations
        names = ("subject", "relation", "object")
        editions = []
        for edition in memory.editions:
            rows = edition.visible()
            said = zip(*(columns[name][rows].tolist() for name in names), strict=True)
            editions.append(np.array([embedded(fact) for fact in said]).reshape(len(rows), 5 * R))
        assert reasoning.answers is not None
        best = reasoning.answers.best[reasoning.in_time]
        for t in range(len(best)):
            agent, query = reasoning.agent[t], tasks.board[reasoning.place[t]]
            asked, source = int(block.relation[query]), int(block.source[query])
            answer = int(best[t])
            fact = (source, asked, answer) if asked < R else (answer, asked - R, source)
            known = editions[world.population["replica"][agent]]
            wanted[agent] += credit[t] * plain_mean(embedded(fact), known, k)
        gained = world.population["originality"] - seen["originality"]
        np.testing.assert_allclose(gained, wanted, rtol=1e-5, atol=1e-6)
        checked.append(sum(map(len, editions)))

    world = explorers(
        Exploring("findings", k=k),
        12,
        before=Before(before),
        after=Watch(after),
        replicas=Replicating(2, fanout=1, loss=0.5),
        tasks=Tasks(problem(), 12, bounty=400),
    )
    run(world, 6)
    assert checked[0] == 0 < checked[2]
    assert len(checked) == 3


# Planted


def alike(world: World) -> None:
    """Everybody gets the genes of the first, who trusts nobody and writes all it finds."""
    assert world.genome is not None
    for locus in world.genome.names:
        world.genes(locus)[:] = world.genes(locus)[0]
    world.genes("length")[:] = 1
    world.genes("publish")[:] = 0
    for protocol in PROTOCOLS:
        world.genes("protocol")[:, list(PROTOCOLS).index(protocol)] = 0


def another_engine(world: World, row: int) -> None:
    world.genes("order")[row] = np.roll(world.genes("order")[row], 1)


def test_who_does_what_nobody_does_is_the_most_original() -> None:
    seen = []
    look = Watch(lambda world: seen.append(originality_of(world)))
    world = explorers(Exploring("behaviour"), market=plenty(), after=look, selection=Selection(3))
    alike(world)
    another_engine(world, 17)
    run(world, 3)
    original = seen[2]
    assert original.argmax() == 17
    assert original[17] > 5 * np.delete(original, 17).max()


def test_findings_that_all_have_made_are_not_original() -> None:
    world = explorers(
        Exploring("findings"),
        16,
        market=plenty(),
        tasks=Tasks(problem(), len(problem().table), sealed=1.0),
        gossip=Watch(lambda world: None),
        remembering=Remembering(per_agent=10_000, embargo=1),
        selection=Selection(100),
    )
    alike(world)
    exploring = world.system(Exploring)
    world.step()
    assert exploring.mean == 1.0  # nothing is known
    run(world, 2)
    assert len(world.system(Reasoning).agent) > 0
    assert exploring.mean == 0.0
    before = world.population["originality"].copy()
    another_engine(world, 5)
    world.step()
    gained = world.population["originality"] - before
    assert np.flatnonzero(gained).tolist() == [5]
    assert world.system(Observation).latest["originality"] == exploring.mean > 0


# Resumed, and without


@pytest.mark.parametrize("of", ["behaviour", "findings"])
@pytest.mark.parametrize("index", [vector_index, GRAPH_FROM_THE_START], ids=["exact", "graph"])
def test_a_restored_world_goes_on_to_the_same_bytes(
    of: Any, index: Any, bytes_of: Callable[[World], bytes]
) -> None:
    if index is GRAPH_FROM_THE_START:
        pytest.importorskip("hnswlib")

    def world() -> World:
        return explorers(Exploring(of, index=index), 20)

    straight, resumed = run(world(), 6), world()
    resumed.restore(straight.state())
    for each in (straight, resumed):
        run(each, 6)
    assert bytes_of(straight) == bytes_of(resumed)
    one, two = (each.system(Exploring).archive for each in (straight, resumed))
    assert len(one) == len(two) > 10
    assert getattr(one, "current", "") == ("exact" if index is vector_index else "hnsw")


def test_without_the_library_of_graphs_the_archive_stays_exact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "hnswlib", None)
    world = run(explorers(Exploring("findings", index=GRAPH_FROM_THE_START), 20), 5)
    exact = run(explorers(Exploring("findings"), 20), 5)
    archive: Any = world.system(Exploring).archive
    assert archive.current == "exact"
    assert "pip install" in archive.reason
    one, two = (each.population["originality"] for each in (world, exact))
    assert one.tobytes() == two.tobytes()
    assert one.any()


def test_what_selection_seeks_is_what_is_measured() -> None:
    def look(world: World) -> None:
        population, selection = world.population, world.system(Selection)
        name = "originality" if "originality" in population else "surprise"
        tasks, total = population["tasks"], population[name]
        mean = total.sum() / tasks.sum()
        shrunk = (total + selection.doubt * mean) / (tasks + selection.doubt)
        wanted = np.where(population["answered"] > 0, shrunk, 0)
        if world.steps == 4:
            seen.append(population["novelty"].tolist() == wanted.tolist())

    seen: list[bool] = []
    for more in ([], [Exploring("findings")], [Exploring("behaviour")]):
        systems = all_systems(selection=Selection(every=4, fading=1.0))
        systems[6:6] = more
        systems[-1:-1] = [Watch(look)]
        run(World(20, systems, seed=1), 4)
    assert seen == [True, True, True]


def test_where_novelty_is_not_sought_it_changes_nothing_but_its_own_columns() -> None:
    worlds = []
    for more in ([], [Exploring("behaviour")]):
        systems = all_systems(selection=Selection(seek_novelty=False))
        systems[6:6] = more
        worlds.append(run(World(20, systems, seed=1), 9))
    alone, watched = worlds
    assert set(watched.population.names) - set(alone.population.names) == {"originality", "conduct"}
    for name in alone.population.names:
        one, two = alone.population[name], watched.population[name]
        assert one.tobytes() == two.tobytes()


# Settings


def subject() -> Subject:
    def never() -> Any:
        raise AssertionError("nothing is examined here")

    return Subject("nations", problem(), never, "")


def studied(*changes: str) -> World:
    study = load_study("nations", ["world.agents=6", "world.tasks=8", *changes])
    return assemble(study, subject())[0]


def test_a_study_says_what_is_novel() -> None:
    assert studied().find(Exploring) is None
    for of in ("behaviour", "findings"):
        world = studied(f"selection.novelty={of}")
        assert world.system(Exploring).of == of
        names = [system.name for system in world.systems]
        assert names.index("Remembering") < names.index("Exploring") < names.index("Selection")
    for novelty, part in (("behaviour", "novelty"), ("findings", "sharing")):
        world = studied(f"selection.novelty={novelty}", f'ablation.without=["{part}"]')
        assert world.find(Exploring) is None
    world = studied("selection.novelty=behaviour", 'ablation.without=["sharing"]')
    assert run(world, 4).system(Exploring).mean > 0
    with pytest.raises(StudyError, match=r"selection\.novelty: got 'new', allowed is .*surprise"):
        load_study("nations", ["selection.novelty=new"])


def test_findings_of_a_network_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rain.toml").write_text('[problem]\nnetwork = "asia"\n')
    study = load_study(tmp_path / "rain.toml", ["selection.novelty=findings"])
    with pytest.raises(StudyError, match=r"rain: selection\.novelty: findings .* behaviour"):
        assemble(study, subject())
    networked = Tasks(pose_network("asia", cases=50, queries=9), 6)  # type: ignore[arg-type]
    with pytest.raises(PopulationError, match="knowledge graph"):
        explorers(Exploring("findings"), tasks=networked)


def test_what_it_needs_is_named() -> None:
    with pytest.raises(PopulationError, match=r'"behaviour" or "findings".*such as 15 and 10'):
        Exploring(k=0)
    with pytest.raises(WorldError, match="needs the system Selection"):
        explorers(Exploring(), selection=Watch(lambda world: None))
