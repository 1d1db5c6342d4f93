"""No test fact reaches anything that learns or chooses, on a dense and on a sparse path.

Two graphs that differ in their test facts alone, of which there are as many, must lead to the same
bytes wherever something is compiled, fitted, suggested, drawn, searched or evolved: engines of
every variant, echoes, gate features, proposals, calibrations and modes, tuned votes, order search,
worlds after some ticks, and the whole commands `ask` and `orders` on folders of facts. (Worlds on
the dense path are compared part by part in `tests/swarm/test_leak.py`.) The control replaces the
validation facts: every comparison notices, but for those of what is made from train alone.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swarm.reasoning.problem
from experiments.reasoning import evaluation
from experiments.reasoning.answerers import tuned
from experiments.reasoning.ask import ask as ask_a_graph
from experiments.reasoning.baselines import Exam
from experiments.reasoning.evaluation import contestants
from experiments.reasoning.orders import plain_strategy, try_orders
from swarm import (
    ComputeMarket,
    Gossip,
    Observation,
    Reasoning,
    Remembering,
    Selection,
    Settlement,
    Tasks,
    World,
)
from swarm.reasoning import Evidence, KnowledgeGraph, Problem, ask, judge, load_graph, reason
from swarm.reasoning.graph import PARTS
from swarm.reasoning.modes import MODES
from swarm.reasoning.orders import search_orders
from swarm.reasoning.preference import calibrate, suggest
from swarm.reasoning.proposals import Views
from swarm.reasoning.sparse import SparseEvidence, SparseFaculties

RELATIONS = 16
CANDIDATES = 6
"""Of 14 entities on the path with shortlists."""

ROUTES = ("dense", "sparse", "shortlists")


def nations() -> KnowledgeGraph:
    """The first relations of Nations, split anew."""
    whole = load_graph("nations")
    facts = whole.facts[whole.facts[:, 1] < RELATIONS]
    nothing = np.empty((0, 3), np.int32)
    relations = whole.relations[:RELATIONS]
    graph = KnowledgeGraph("small", whole.entities, relations, facts, nothing, nothing)
    return graph.resplit((0.4, 0.2, 0.4), seed=0)


GRAPH = nations()


def with_other(part: str) -> KnowledgeGraph:
    """The graph with a part replaced by as many facts that are not true."""
    if part == "none":
        return GRAPH
    E, R = len(GRAPH.entities), len(GRAPH.relations)
    stated = np.zeros((E, R, E), bool)
    stated[tuple(GRAPH.facts.T)] = True
    other = np.random.default_rng(5).permutation(np.argwhere(~stated).astype(np.int32))
    changes: dict[str, Any] = {part: other[: len(getattr(GRAPH, part))]}
    return replace(GRAPH, **changes)


def pose(graph: KnowledgeGraph, route: str) -> Problem:
    """The problem of a graph: as it comes, as if it were large, or with real shortlists."""
    if route == "dense":
        return Problem.pose(graph)
    if route == "sparse":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(swarm.reasoning.problem, "CELLS_MAX", 0)
            return Problem.pose(graph)
    sizes = len(graph.entities), len(graph.relations)
    evidence = SparseEvidence(graph.train, *sizes, candidates=CANDIDATES)
    faculties = SparseFaculties(evidence)
    table = faculties.table(ask(graph.valid, evidence))
    known = np.concatenate([graph.train, graph.valid])
    unknown = len(graph.test) / len(graph.facts)
    return Problem(evidence, faculties, table, judge(graph.valid, known, evidence, unknown))


@cache
def problem_of(part: str, route: str) -> Problem:
    return pose(with_other(part), route)


def columns(thing: Any, path: str = "") -> dict[str, np.ndarray]:
    """Every array, number and word of nested dataclasses, dicts and tuples, with the way to it."""
    if isinstance(thing, np.ndarray):
        return {path: thing}
    if is_dataclass(thing) and not isinstance(thing, type):
        thing = {field.name: getattr(thing, field.name) for field in fields(thing)}
    if not isinstance(thing, dict | tuple | list):
        return {path: np.array(repr(thing))}
    found: dict[str, np.ndarray] = {}
    for name, value in thing.items() if isinstance(thing, dict) else enumerate(thing):
        found |= columns(value, f"{path}.{name}")
    return found


Seen = dict[str, bytes]


def seen(**things: Any) -> Seen:
    """The bytes of all arrays, with their shapes."""
    return {path: repr(a.shape).encode() + a.tobytes() for path, a in columns(things).items()}


def tables(problem: Problem) -> Seen:
    """What engines say of every task, and what judges them."""
    return seen(table=problem.table, referee=problem.referee)


def engines(problem: Problem) -> Seen:
    """Every engine variant compiled, every echo, and the rules."""
    evidence, faculties = problem.evidence, problem.faculties
    if not isinstance(evidence, Evidence):
        made = {str(key): value for key, value in evidence._made.items()}
        return seen(edges=tuple(evidence.edges), rules=evidence.rules, made=made)
    flat = [engine for settings in faculties.variants for engine in settings]
    compiled = {repr(engine): faculties.artefact(engine) for engine in flat}
    return seen(compiled=compiled, echo=faculties.echo, bodies=evidence.bodies)


def proposals(problem: Problem) -> Seen:
    """Slates of all types, what modes make of them and draw, calibrations, suggestions."""
    evidence = problem.evidence if isinstance(problem.evidence, Evidence) else None
    views = Views.of(problem.table, evidence, said=problem.referee.counted.astype(int))
    truth = problem.referee.truth
    listed, able = np.flatnonzero(truth >= 0), np.flatnonzero(views.open.any(axis=1))
    calibration = calibrate(views.take(listed), truth[listed])
    rng = np.random.default_rng(0)
    return seen(
        slates=views.slates,
        views=views,
        scores={name: mode.scores(views) for name, mode in MODES.items()},
        drawn={name: mode.propose(views.take(able), 3, rng) for name, mode in MODES.items()},
        calibration=calibration.weight,
        suggested=suggest(views.take(able), calibration),
    )


def votes(problem: Problem) -> Seen:
    """The vote tuned on validation, and its answers."""
    strategy = tuned(problem)
    query = np.arange(len(problem.table))
    answers = reason(strategy, problem.table, problem.faculties.costs, 0 * query, query)
    return seen(strategy=strategy, answers=answers)


def orders(problem: Problem) -> Seen:
    """Every order of the engines, with working memory, on some validation queries."""
    found = search_orders(
        plain_strategy(problem, memory=0.5),
        problem.table,
        problem.faculties.costs,
        problem.referee,
        queries=np.arange(2),
    )
    return seen(credit=found.credit, mrr=found.mrr, cost=found.cost)


def world_of(problem: Problem) -> World:
    """Everything on."""
    systems = [
        Tasks(problem, 24),
        Gossip(),
        ComputeMarket(supply=40.0),
        Reasoning(),
        Settlement(endowment=100_000),
        Remembering(embargo=2),
        Selection(),
        Observation(keep=True),
    ]
    return World(16, systems, seed=3)


def life(problem: Problem) -> Seen:
    """A world after eight ticks to the last byte, and who enters the final examination."""
    world = world_of(problem)
    for _ in range(8):
        world.step()
    assert world.system(Selection).generation == 2
    assert len(world.system(Remembering).facts) > 0
    entered, found = contestants(world, problem, lambda text: None, {})
    exam = Exam(problem.table, problem.referee)
    return seen(
        state=world.state(),
        observed=world.system(Observation).drain(),
        examined={one.name: (one.scores(exam), one.cost, one.note) for one in entered},
        found=found,
    )


PATHS: tuple[Callable[[Problem], Seen], ...] = (tables, engines, proposals, votes, orders, life)


@cache
def followed(path: Callable[[Problem], Seen], part: str, route: str) -> Seen:
    return path(problem_of(part, route))


def differing(one: Seen, other: Seen) -> list[str]:
    """Where two are not the same to the last byte."""
    assert one.keys() == other.keys()
    return [name for name, column in one.items() if column != other[name]]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_other_test_facts_change_no_byte(path: Callable[[Problem], Seen], route: str) -> None:
    assert not np.array_equal(with_other("test").test, GRAPH.test)
    found = followed(path, "none", route)
    assert max(map(len, found.values())) > 1000
    assert differing(found, followed(path, "test", route)) == []


@pytest.mark.parametrize("route", ["dense", "shortlists"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_the_comparison_would_notice(path: Callable[[Problem], Seen], route: str) -> None:
    part = "train" if path is engines else "valid"
    one, other = followed(path, "none", route), path(problem_of(part, route))
    assert any(column != other.get(name) for name, column in one.items())


def test_shortlists_leave_something_out() -> None:
    problem = problem_of("none", "shortlists")
    assert problem.table.block.open.shape[1] == CANDIDATES < len(GRAPH.entities)
    assert (problem.referee.truth < 0).any()
    assert (problem.referee.truth >= 0).any()


def test_what_is_kept_for_the_end_is_not_asked_for_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """`contestants` chooses; the held-out exam is made once, when everything has been chosen."""
    happened: list[str] = []
    problem = problem_of("none", "dense")
    choose, exam = evaluation.contestants, Exam(problem.table, problem.referee)

    def chosen(*arguments: Any) -> Any:
        found = choose(*arguments)
        happened.append("chosen")
        return found

    def held_out() -> Exam:
        happened.append("asked")
        return exam

    monkeypatch.setattr(evaluation, "contestants", chosen)
    evaluation.examine(world_of(problem), problem, held_out)
    assert happened == ["chosen", "asked"]


@cache
def told(folder: Path) -> tuple[str, str, bytes]:
    """What the commands say of a folder of facts; the seconds that they took are left out."""
    entity, relation = GRAPH.entities[-1], GRAPH.relations[3]
    asked = ask_a_graph(str(folder), entity, relation, answers=4, recompute=3)
    tried = try_orders(str(folder), queries=4, memory=0.5)
    found = seen(credit=tried.search.credit, mrr=tried.search.mrr, cost=tried.search.cost)
    return asked.as_json(), str(asked), b"".join(found.values())


def written(graph: KnowledgeGraph, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for part in PARTS:
        lines = [
            f"{graph.entities[h]}\t{graph.relations[r]}\t{graph.entities[t]}\n"
            for h, r, t in getattr(graph, part).tolist()
        ]
        (folder / f"{part}.tsv").write_text("".join(lines))
    return folder


def test_commands_answer_the_same_whatever_the_test_file_says(tmp_path: Path) -> None:
    said = {part: told(written(with_other(part), tmp_path / part)) for part in ("none", "test")}
    assert said["none"] == said["test"]
    other = told(written(with_other("valid"), tmp_path / "valid"))
    assert other[0] != said["none"][0]
    assert other[2] != said["none"][2]
