"""The world: the same seed gives the same bytes, streams keep apart, agents come and go."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from economy import replay
from evolution import GenomeSpec, Real
from swarm import (
    Acting,
    Agent,
    Column,
    ComputeMarket,
    Gossip,
    PopulationError,
    Reasoning,
    Remembering,
    Settlement,
    System,
    Tasks,
    World,
    WorldError,
)
from swarm.systems.settlement import ENDOWMENT
from tests.swarm.worlds import Drunkard, Weather, drunkards, mishearing, problem, reasoners, run

BytesOf = Callable[[World], bytes]


# Chance


@pytest.mark.parametrize("make", [drunkards, mishearing])
def test_the_same_seed_gives_the_same_world_and_another_seed_another(
    make: Callable[[int], World], bytes_of: BytesOf
) -> None:
    one, same, other = (bytes_of(run(make(seed), 9)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_seed_is_drawn_and_kept_where_none_is_given(bytes_of: BytesOf) -> None:
    one, other = World({Drunkard: 5}), World({Drunkard: 5})
    assert one.seed != other.seed
    assert bytes_of(run(World({Drunkard: 5}, seed=one.seed), 3)) == bytes_of(run(one, 3))


def test_streams_are_named_and_keyed_by_seed_and_name() -> None:
    world, same, other = World(seed=1), World(seed=1), World(seed=2)
    assert world.stream("rain") is world.stream("rain")
    drawn = world.stream("rain").random(4).tolist()
    world.stream("snow").random(100)
    assert same.stream("snow").random(4).tolist() != drawn
    assert same.stream("rain").random(4).tolist() == drawn
    assert other.stream("rain").random(4).tolist() != drawn
    assert world.stream("rain").random() == same.stream("rain").random()


def test_a_system_that_draws_from_its_own_stream_changes_no_others_draws() -> None:
    without = run(World({Drunkard: 30}, [Acting()], seed=1), 6)
    with_it = run(World({Drunkard: 30}, [Weather(), Acting()], seed=1), 6)
    assert with_it.population["wet"].any()
    for name in without.population.names:
        np.testing.assert_array_equal(with_it.population[name], without.population[name])


def test_another_system_changes_nothing_of_a_reasoning_world() -> None:
    without, with_it = run(mishearing(), 9), run(mishearing(1, Weather()), 9)
    for name in without.population.names:
        np.testing.assert_array_equal(with_it.population[name], without.population[name])
    for name, balances in without.ledger.state().items():
        np.testing.assert_array_equal(with_it.ledger.state()[name], balances)
    for name, column in without.system(Remembering).facts.state().items():
        np.testing.assert_array_equal(with_it.system(Remembering).facts.state()[name], column)


# Life


def test_births_take_place_at_the_end_of_the_tick_with_an_account_each() -> None:
    world = World({Agent: 2}, seed=1)
    assert world.agents.get("born").tolist() == [0, 0]
    assert world.birth(Drunkard, 3, place=[1.0, 2.0, 3.0]).tolist() == [2, 3, 4]
    assert len(world.agents) == 2
    world.step()
    born = world.agents.of(Drunkard).select(world.agents.of(Drunkard).get("id") < 5)
    assert born.get("place").tolist() == [1, 2, 3]
    assert born.get("born").tolist() == [0, 0, 0]
    accounts = world.agents.get("account")
    assert len(set(accounts.tolist())) == len(accounts)
    assert not set(accounts.tolist()) & {world.treasury, world.escrow, world.compute}
    world.step()
    assert world.steps == 2


def test_the_estates_of_the_dead_go_to_the_treasury() -> None:
    world = World({Agent: 3}, seed=1)
    world.ledger.mint(world.agents.get("account"), [10, 20, 30])
    world.agents[1].remove()
    world.step()
    assert world.ledger.balance(world.treasury) == 20
    assert world.ledger.balance(world.agents.get("account")).tolist() == [10, 30]
    assert world.ledger.supply == 60


def test_what_the_dead_have_on_hold_is_inherited_when_it_falls_back() -> None:
    world = World(3, [], seed=1)
    accounts = world.agents.get("account").copy()
    world.ledger.mint(accounts, 100)
    world.ledger.hold(accounts[0], accounts[1], 60, expires=2)
    world.population.kill(np.array([0]))
    world.step()
    assert world.ledger.balance(world.treasury) == 40
    other = World(3, [], seed=1)
    other.restore(world.state())
    for each in (world, other):
        each.step()
        each.step()
        assert each.ledger.balance(each.treasury) == 100
        assert each.ledger.balance(accounts).tolist() == [0, 100, 100]


def test_genes_of_all_systems_are_one_genome_sampled_at_birth() -> None:
    world = mishearing()
    assert isinstance(world.genome, GenomeSpec)
    assert {"order", "fanout", "bid", "publish"} <= set(world.genome.names)
    genes = {name: world.genes(name) for name in world.genome.names}
    world.genome.validate(genes)
    assert len(np.unique(genes["weight"], axis=0)) == 30
    assert World(3, [], seed=1).genome is None


def test_genes_that_are_not_given_are_sampled() -> None:
    world = World(4, [Tasks(problem(), 16), Reasoning(), Settlement()], seed=1)
    world.birth(Agent, 1, **{"gene.length": 2})
    world.step()
    assert world.genes("length")[4] == 2
    assert world.genome is not None
    world.genome.validate({name: world.genes(name) for name in world.genome.names})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", range(5))
def test_the_smallest_worlds_go_on(number: int) -> None:
    world = run(reasoners(number), 9)
    assert world.steps == 9
    assert len(world.agents) == number


def test_a_world_that_dies_out_goes_on() -> None:
    world = World({Drunkard: 3}, [Weather(), Acting()], seed=1)
    world.population.kill([0, 1, 2])
    run(world, 2)
    assert len(world.agents) == 0
    world.birth(Drunkard, 2)
    world.step()
    assert world.agents.get("id").tolist() == [3, 4]


# The journal


def test_the_journal_holds_the_last_tick() -> None:
    world = reasoners()
    ledger = world.ledger
    assert set(ledger.journal()["code"].tolist()) == {0, ENDOWMENT}  # the foundation
    ticks = [ledger.journal()]
    for tick in range(1, 6):
        world.step()
        ticks.append(ledger.journal())
        assert set(ticks[-1]["tick"].tolist()) == {tick}
        assert (ENDOWMENT in ticks[-1]["code"]) == (tick == 4)  # the children's, at its very end
    whole = {name: np.concatenate([each[name] for each in ticks]) for name in ticks[0]}
    np.testing.assert_array_equal(replay(np.zeros_like(ledger.balances), whole), ledger.balances)


# Worlds that cannot work


class Wet(System):
    """Claims the column of another."""

    columns = {"wet": Column(np.float64)}  # noqa: RUF012


def test_two_systems_may_not_own_one_column() -> None:
    with pytest.raises(WorldError, match="Wet and Weather both own the column 'wet'"):
        World(3, [Weather(), Wet()], seed=1)


def test_a_kind_may_not_write_the_column_of_a_system() -> None:
    class Sponge(Agent):
        wet: float = 5.0

    with pytest.raises(WorldError, match="wet"):
        World({Sponge: 1}, [Weather(), Acting()], seed=1)


def test_two_systems_may_not_have_one_locus() -> None:
    class Bidding(System):
        def loci(self, world: World) -> dict[str, Any]:
            return {"bid": Real(1, 0.0, 1.0)}

    class Bargaining(Bidding):
        def loci(self, world: World) -> dict[str, Any]:
            return {"bid": Real(2, 5.0, 6.0)}

    with pytest.raises(WorldError, match="bid"):
        World(3, [Bidding(), Bargaining()], seed=1)


def test_a_system_stands_once_in_the_list() -> None:
    with pytest.raises(WorldError, match="Weather stands twice"):
        World(3, [Weather(), Weather()], seed=1)


def test_a_missing_system_is_named_with_those_there_are() -> None:
    world = World(3, [Weather()], seed=1)
    assert world.system(Weather) is world.systems[0]
    assert world.find(Gossip) is None
    with pytest.raises(WorldError, match="needs the system Gossip; it has: Weather"):
        world.system(Gossip)
    with pytest.raises(WorldError, match="needs the system Tasks; it has: ComputeMarket"):
        World(3, [ComputeMarket(), Reasoning()], seed=1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"agents": [Agent]}, "a number of each kind"),
        ({"agents": {"Walker": 3}}, r"derives from swarm\.Agent; got 'Walker'"),
        ({"systems": [Tasks]}, r"systems are objects such as Acting\(\)"),
        ({"space": (5, 5)}, r"a space is one such as Plane\(100, 100\)"),
    ],
)
def test_parts_that_are_none_are_told_apart(arguments: Any, complaint: str) -> None:
    with pytest.raises(WorldError, match=complaint):
        World(**{"agents": 1, "seed": 1, **arguments})


def test_a_fraction_of_a_birth_is_refused() -> None:
    with pytest.raises(PopulationError, match="births are a whole number"):
        World({Agent: 2.5}, seed=1)  # type: ignore[dict-item]
