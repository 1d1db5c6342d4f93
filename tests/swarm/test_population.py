"""The population's bookkeeping against a plain list of dictionaries."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm import Column, Population, PopulationError

COLUMNS = {
    "energy": Column(np.float64, default=1.5),
    "place": Column(np.int32, (2,), default=-1),
    "tame": Column(np.bool_),
}


@dataclass
class PlainPopulation:
    """What a population promises, agent by agent."""

    agents: list[dict[str, Any]] = field(default_factory=list)
    unborn: list[dict[str, Any]] = field(default_factory=list)
    next_id: int = 0

    def birth(self, number: int, values: dict[str, list[Any]]) -> list[int]:
        ids = list(range(self.next_id, self.next_id + number))
        self.next_id += number
        for i, agent in enumerate(ids):
            newborn: dict[str, Any] = {"id": agent, "alive": True, "born": 0, "kind": 0}
            newborn |= {"energy": 1.5, "place": [-1, -1], "tame": False}
            self.unborn.append(newborn | {name: column[i] for name, column in values.items()})
        return ids

    def turn(self) -> list[int]:
        survivors = [agent for agent in self.agents if agent["alive"]]
        self.agents = survivors + self.unborn
        self.unborn = []
        return list(range(len(survivors), len(self.agents)))


@st.composite
def births(draw: st.DrawFn) -> tuple[str, int, dict[str, list[Any]]]:
    number = draw(st.integers(0, 25))

    def some(elements: st.SearchStrategy) -> st.SearchStrategy:
        return st.lists(elements, min_size=number, max_size=number)

    values = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "energy": some(st.floats(-9, 9)),
                "place": some(st.lists(st.integers(-9, 9), min_size=2, max_size=2)),
                "tame": some(st.booleans()),
            },
        )
    )
    return "birth", number, values


deaths = st.tuples(st.just("kill"), st.lists(st.floats(0, 0.999), max_size=6))
writes = st.tuples(st.just("write"), st.floats(0, 0.999), st.floats(-9, 9))
histories = st.lists(
    st.one_of(
        births(),
        births(),
        deaths,
        writes,
        st.just(("turn",)),
        st.just(("turn",)),
        st.just(("save",)),
    ),
    max_size=30,
)


def make() -> Population:
    population = Population()
    for name, column in COLUMNS.items():
        population.define(name, column)
    return population


def rows_at(places: list[float], size: int) -> list[int]:
    return [int(place * size) for place in places] if size else []


def assert_same(population: Population, plain: PlainPopulation) -> None:
    assert len(population) == len(plain.agents)
    for name in ("id", "alive", "born", "kind", "energy", "place", "tame"):
        assert population[name].tolist() == [agent[name] for agent in plain.agents], name
    ids = [agent["id"] for agent in plain.agents]
    assert ids == sorted(set(ids))
    everybody = range(-1, plain.next_id + 2)
    rows = [ids.index(i) if i in ids else -1 for i in everybody]
    assert population.rows(list(everybody)).tolist() == rows


@settings(deadline=None, max_examples=80)
@given(history=histories)
def test_equals_a_list_of_dictionaries_through_any_history(history: list[tuple]) -> None:
    population, plain = make(), PlainPopulation()
    for event, *details in history:
        if event == "birth":
            number, values = details
            arrays = {name: np.array(column) for name, column in values.items()} if number else {}
            assert population.birth(number, arrays).tolist() == plain.birth(number, values)
        elif event == "kill":
            rows = rows_at(details[0], len(plain.agents))
            population.kill(rows)
            for row in rows:
                plain.agents[row]["alive"] = False
        elif event == "write":
            for row in rows_at(details[:1], len(plain.agents)):
                population["energy"][row] = plain.agents[row]["energy"] = details[1]
        elif event == "turn":
            assert population.turn().tolist() == plain.turn()
        elif not plain.unborn:
            state = population.state()
            population["energy"][:] = 99.0  # what was saved does not change any more
            population = make()
            population.restore(state)
            state["column.energy"][:] = 77.0  # nor does what was restored from it
        assert_same(population, plain)


def test_the_born_are_unseen_until_the_turn_and_the_dead_seen_until_then() -> None:
    population = make()
    first = population.birth(3, {"energy": [1.0, 2.0, 3.0]})
    assert len(population) == 0
    assert population.turn().tolist() == [0, 1, 2]
    later = population.birth(2, {"energy": 9.0})
    also = population.birth(1)
    population.kill(1)
    assert population["energy"].tolist() == [1, 2, 3]
    assert population["alive"].tolist() == [True, False, True]
    assert population.turn().tolist() == [2, 3, 4]
    assert population["energy"].tolist() == [1, 3, 9, 9, 1.5]
    assert population["id"].tolist() == [first[0], first[2], *later, *also]


def test_columns_are_live_views_and_a_new_one_is_filled_with_its_default() -> None:
    population = make()
    population.birth(2)
    population.turn()
    energy = population["energy"]
    energy += 1
    assert population["energy"].tolist() == [2.5, 2.5]
    population.define("age", Column(np.int16, (3,), default=7))
    assert population["age"].tolist() == [[7, 7, 7]] * 2
    assert "age" in population
    assert population.names == ("id", "kind", "alive", "born", *COLUMNS, "age")
    population.define("age", Column(np.int16, (3,), default=8))  # the same column
    assert population["age"].dtype == np.int16


def test_a_saved_state_needs_the_same_columns_and_no_unborn() -> None:
    population = make()
    population.birth(1)
    with pytest.raises(PopulationError, match="births are pending"):
        population.state()
    population.turn()
    other = make()
    other.define("age", Column(np.int64))
    with pytest.raises(PopulationError, match="other columns than this world has: age"):
        other.restore(population.state())


def test_errors_say_what_is_allowed() -> None:
    population = make()
    with pytest.raises(PopulationError, match=r"no column 'power'; columns: alive, born, energy"):
        population["power"]
    with pytest.raises(PopulationError, match="'energy' is already there"):
        population.define("energy", Column(np.int64))
    with pytest.raises(PopulationError, match="'place' is already there"):
        population.define("place", Column(np.int32, (3,)))
    for name in ("power", "id"):
        with pytest.raises(PopulationError, match=f"cannot be born with '{name}'"):
            population.birth(1, {name: 3})
    for values in ({"energy": [1.0, 2.0]}, {"place": [1, 2, 3]}, {"place": [[1, 2]] * 2}):
        with pytest.raises(PopulationError, match=r"3 newborns needs \w+ of shape \(3,"):
            population.birth(3, values)
    assert population.birth(1).tolist() == [0]  # the refused were given no ids


def test_values_at_birth_are_those_of_the_call() -> None:
    population = make()
    population.birth(4, {"energy": [1.0, 2.0, 3.0, 4.0]})
    population.turn()
    given = np.array([5.0, 6.0])
    population.birth(2, {"energy": given})
    population.birth(2, {"energy": population["energy"][1:3]})
    given[:] = 0
    population.kill([0, 1])
    population.turn()
    assert population["energy"].tolist() == [3, 4, 5, 6, 2, 3]


def test_a_negative_number_of_births_is_refused() -> None:
    population = make()
    with pytest.raises(PopulationError, match="-1"):
        population.birth(-1)


def test_values_of_another_type_are_refused_at_birth() -> None:
    population = make()
    with pytest.raises(PopulationError, match="energy"):
        population.birth(1, {"energy": "plenty"})
