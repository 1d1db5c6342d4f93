"""Episodes: what agents did as a plain observer writes it down, in a world that does not notice."""

from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swarm import (
    Episodes,
    Gossip,
    Reasoning,
    Remembering,
    Replicating,
    Selection,
    Settlement,
    System,
    Tasks,
    World,
)
from swarm.checkpoint import write_checkpoint
from swarm.population import PopulationError
from swarm.systems.episodes import COLUMNS, ROOM
from tests.swarm.worlds import Watch, all_systems, problem, run

Rows = list[dict[str, Any]]


class First(Watch):
    """Looks before anything has happened."""


def systems(*more: System) -> list[System]:
    """All there is, with chance in the news between replicas; money and compute are scarce."""
    listed = all_systems(
        tasks=Tasks(problem(), 24, bounty=400),
        gossip=Gossip(loss=0.1),
        selection=Selection(every=2, turnover=0.5),
    )
    listed.insert(5, Replicating(2, loss=0.3))
    return [*listed, *more]


def plain_rows(world: World, before: dict[int, int]) -> Rows:
    """The tick task by task, from what the systems say of it."""
    tasks, reasoning = world.system(Tasks), world.system(Reasoning)
    population, block = world.population, problem().table.block
    answers = reasoning.answers
    assert answers is not None
    rows: Rows = []
    used: dict[int, int] = {}
    in_time = 0
    for row, place in zip(tasks.agent.tolist(), tasks.place.tolist(), strict=True):
        if not population["quota"][row]:
            continue
        t, query, agent = len(rows), int(tasks.board[place]), int(population["id"][row])
        used[row] = used.get(row, 0) + int(answers.spent[t])
        made_it = used[row] <= population["quota"][row]
        credit = problem().referee.marks(answers.scores[t : t + 1], np.array([query]))[0]
        wealth = world.ledger.balance(int(population["account"][row]))
        rows.append(
            {
                "tick": world.steps,
                "agent": agent,
                "query": query,
                "source": int(block.source[query]),
                "relation": int(block.relation[query]),
                "answer": int(answers.best[t]),
                "right": bool(answers.best[t] == problem().referee.truth[query]),
                "engine": int(answers.proposer[t]),
                "confidence": float(answers.confidence[t]),
                "units": int(answers.spent[t]),
                "in_time": bool(made_it),
                "sealed": bool(tasks.sealed[place]),
                "credit": float(credit) if made_it else None,
                "reward": int(world.system(Settlement).reward[in_time]) if made_it else 0,
                "finding": written(world, agent, query, t, in_time) if made_it else -1,
                "income": wealth - before[agent],
                "wealth": wealth,
            }
        )
        in_time += made_it
    return rows


def written(world: World, agent: int, query: int, t: int, in_time: int) -> int:
    """The finding that was written of an answer, which states it; -1 for none."""
    memory, block = world.system(Remembering), problem().table.block
    answers, R = world.system(Reasoning).answers, problem().evidence.relations
    assert answers is not None
    if in_time not in memory.written[2]:
        return -1
    id_ = int(memory.written[1][memory.written[2] == in_time][0])
    ends = (int(block.source[query]), int(answers.best[t]))
    relation = int(block.relation[query])
    subject, object_ = ends if relation < R else ends[::-1]
    stated = {"subject": subject, "relation": relation % R, "object": object_, "author": agent}
    stated |= {"tick": world.steps, "confidence": answers.confidence[t]}
    assert {name: memory.facts.columns()[name][id_] for name in stated} == stated
    return id_


def watched(*more: System, ticks: int = 4) -> tuple[World, Rows]:
    """A world and what a plain observer saw."""
    rows: Rows = []
    before: dict[int, int] = {}

    def begin(world: World) -> None:
        ids, accounts = world.population["id"], world.population["account"]
        before.clear()
        before.update(zip(ids.tolist(), world.ledger.balance(accounts).tolist(), strict=True))

    def end(world: World) -> None:
        rows.extend(plain_rows(world, before))

    world = World(14, [First(begin), *systems(*more), Watch(end)], seed=1)
    return run(world, ticks), rows


def as_rows(columns: dict[str, np.ndarray]) -> Rows:
    lists = [column.tolist() for column in columns.values()]
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]
    for row in rows:
        row["credit"] = None if isnan(row["credit"]) else row["credit"]
    return rows


def test_episodes_are_what_a_plain_observer_writes_down() -> None:
    episodes = Episodes()
    world, rows = watched(episodes)
    assert len(rows) > ROOM  # columns have grown
    assert len(episodes) == len(rows)
    frame = episodes.frame()
    columns = episodes.drain()
    assert as_rows(columns) == rows
    assert {name: column.dtype for name, column in columns.items()} == COLUMNS
    for name, column in columns.items():
        np.testing.assert_array_equal(frame[name].to_numpy(), column)
    # Everything there is to tell apart has happened.
    for name in ("right", "in_time", "sealed"):
        assert 0 < columns[name].sum() < len(rows)
    assert (columns["finding"] >= 0).sum() == len(world.system(Remembering).facts) > 0
    assert (columns["income"] > 0).any()
    assert (columns["income"] < 0).any()
    assert columns["agent"].max() >= 14  # the born too

    assert len(episodes) == 0
    world.step()
    assert set(episodes.drain()["tick"]) == {5}


def test_only_the_chosen_are_watched() -> None:
    chosen = Episodes([15, 3, 3, 99])
    _, rows = watched(chosen)
    assert as_rows(chosen.drain()) == [row for row in rows if row["agent"] in (3, 15)]


def test_a_world_with_it_goes_to_the_bytes_of_one_without(tmp_path: Path) -> None:
    saved = []
    for more in ((), (Episodes(),), (Episodes([2]),)):
        state = run(World(14, systems(*more), seed=1), 4).state()
        assert state["systems"].pop("Episodes", {}) == {}
        write_checkpoint(tmp_path / "state", state)
        saved.append((tmp_path / "state").read_bytes())
    assert saved[0] == saved[1] == saved[2]


def test_rows_of_another_time_are_forgotten_when_a_world_is_restored() -> None:
    episodes = Episodes()
    world = World(14, systems(episodes), seed=1)
    start = world.state()
    world.step()
    first = as_rows(episodes.drain())
    world.step()
    world.restore(start)
    assert len(episodes) == 0
    world.step()
    assert as_rows(episodes.drain()) == first


def test_it_stands_last() -> None:
    with pytest.raises(
        PopulationError, match=r"stands last .*; Settlement and Remembering would come after it"
    ):
        World(14, [Tasks(problem()), Reasoning(), Episodes(), Settlement(), Remembering()], seed=1)
