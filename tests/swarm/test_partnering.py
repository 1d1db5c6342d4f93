"""Partners by past success: a plain reference, and promises under births and deaths."""

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm import Agent, PopulationError, World
from swarm.emergence import (
    exchange_graph,
)
from swarm.systems.partnering import NOBODY, Partnering, _choose, _remember, _weigh
from swarm.systems.specialising import IDLE, Specialising
from swarm.systems.system import System
from tests.swarm.splitmix import Chance
from tests.swarm.worlds import Watch, run

Rule = tuple[float, float, float, int]  # strength, curiosity, introduction, steps


class Trader(Agent):
    """Has one thing to offer, always."""

    trade: int = 0


def traders(system: Partnering, agents: int = 120, trades: int = 3, seed: int = 1) -> World:
    world = World({Trader: 0}, [system], seed=seed)
    world.birth(Trader, agents, trade=np.arange(agents) % trades)
    return run(world, 1)  # they join at the end of the first tick


def bartering(**changed: float) -> Partnering:
    return Partnering(goods="trade", **changed)  # type: ignore[arg-type]


# The choice


def reference_choice(
    i: int,
    living: list[int],
    offered: list[int],
    rows: list[list[int]],
    exchanges: list[list[float]],
    chance: Chance,
    rule: Rule,
) -> int:
    """Whom agent i goes to, as the rule is told."""
    strength, curiosity, introduction, steps = rule
    weight = [
        (1 + times) ** strength if row >= 0 else 0.0
        for row, times in zip(rows[i], exchanges[i], strict=True)
    ]
    place = chance.uniform() * (curiosity + sum(weight))
    for row, share in zip(rows[i], weight, strict=True):
        if place < share:
            return row
        place -= share
    if chance.uniform() < introduction:
        here = i
        for _ in range(steps):
            place = chance.uniform() * sum(exchanges[here])
            slot = 0
            while slot < len(rows[here]) - 1 and place >= exchanges[here][slot]:
                place -= exchanges[here][slot]
                slot += 1
            here = rows[here][slot]
            if here < 0:
                break
            if here != i and here not in rows[i] and offered[here] not in (-1, offered[i]):
                return here
    while True:
        other = living[chance.below(len(living))]
        if other != i:
            return other


@settings(deadline=None, max_examples=150)
@given(
    agents=st.integers(2, 9),
    partners=st.integers(1, 4),
    rule=st.tuples(
        st.sampled_from([0.0, 1.0, 2.0]),
        st.sampled_from([0.0, 1.0, 20.0]),
        st.sampled_from([0.0, 0.7, 1.0]),
        st.integers(1, 3),
    ),
    seed=st.integers(0, 2**63 - 1),
)
def test_choices_equal_the_reference(agents: int, partners: int, rule: Rule, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = np.cumsum(rng.integers(1, 4, agents))
    living = np.flatnonzero(rng.random(agents) < 0.9)
    alive = np.isin(np.arange(agents), living)
    offered = np.where(alive, rng.integers(-1, 3, agents), NOBODY)
    rows = np.full((agents, partners), NOBODY)
    for i in range(agents):
        others = rng.permutation(living[living != i])[:partners]
        rows[i, : others.size] = others
        rng.shuffle(rows[i])
    # Powers of two: sums of them are exact in any order.
    exchanges = np.where(rows == NOBODY, 0.0, rng.choice([0.25, 1.0, 8.0], rows.shape))
    chosen = _choose(ids, living, offered, rows, exchanges, *rule, seed)
    for i in range(agents):
        expected = NOBODY
        if offered[i] != NOBODY and living.size > 1:
            expected = reference_choice(
                i,
                living.tolist(),
                offered.tolist(),
                rows.tolist(),
                exchanges.tolist(),
                Chance(seed, int(ids[i])),
                rule,
            )
        assert chosen[i] == expected


def test_partners_are_chosen_by_their_weights() -> None:
    draws = 20_000
    rows = np.tile([1, NOBODY, 2, 3], (draws, 1))
    exchanges = np.tile([0.0, 0.0, 3.0, 1.0], (draws, 1))
    offered = np.full(draws, 1)
    offered[:10] = NOBODY
    living = np.arange(10)  # a stranger is one of ten, of whom nobody has anything to offer
    chosen = _choose(np.arange(draws), living, offered, rows, exchanges, 2.0, 4.0, 0.0, 3, 12345)[
        10:
    ]
    total = 1 + 16 + 4 + 4
    for row, weight in ((0, 0.4), (1, 1.4), (2, 16.4), (3, 4.4), (9, 0.4)):
        share = weight / total  # a tenth of the strangers comes on top
        error = math.sqrt(chosen.size * share * (1 - share))
        assert abs(np.count_nonzero(chosen == row) - chosen.size * share) < 4 * error


def reference_memory(told: list[int], size: int) -> dict[int, float]:
    """Partners and exchanges after barters with these, a slot for each."""
    slots: list[tuple[int, float]] = [(NOBODY, 0.0)] * size
    for other in told:
        known = [partner for partner, _ in slots]
        if other in known:
            place = known.index(other)
            slots[place] = (other, slots[place][1] + 1)
            continue
        least = min(times for _, times in slots)
        empty = known.index(NOBODY) if NOBODY in known else -1
        place = empty if empty >= 0 else [times for _, times in slots].index(least)
        slots[place] = (other, 1.0)
    return {partner: times for partner, times in slots if partner != NOBODY}


@given(told=st.lists(st.integers(0, 7), max_size=40), size=st.integers(1, 5))
@settings(deadline=None)
def test_memory_equals_the_reference(told: list[int], size: int) -> None:
    partners, exchanges = np.full(size, NOBODY), np.zeros(size)
    for other in told:
        _remember(partners, exchanges, other)
    held = {p: e for p, e in zip(partners.tolist(), exchanges.tolist(), strict=True) if p >= 0}
    assert held == reference_memory(told, size)


# Bartering


def test_those_barter_who_have_different_things_to_offer() -> None:
    bartered: Counter[int] = Counter()

    def look(world: World) -> None:
        system, population = world.system(Partnering), world.population
        offered = dict(zip(population["id"].tolist(), population["task"].tolist(), strict=True))
        for giver, taker in zip(system.givers.tolist(), system.takers.tolist(), strict=True):
            assert giver != taker
            assert IDLE not in (offered[giver], offered[taker])
            assert offered[giver] != offered[taker]
            bartered.update([giver, taker])
        busy = np.count_nonzero(population["task"] != IDLE)
        assert system.tried == busy
        assert len(set(system.givers.tolist())) == len(system.givers) <= busy

    world = run(World(60, [Specialising(), Partnering(), Watch(look)], seed=1), 400)
    assert sum(bartered.values()) > 4000
    ids = world.population["id"].tolist()
    assert world.population["bartered"].tolist() == [bartered[agent] for agent in ids]


def test_success_makes_partners_and_without_reinforcement_there_are_none() -> None:
    def favourites(strength: float) -> float:
        """How much of what is remembered is with the best of eight partners."""
        world = run(traders(bartering(strength=strength)), 600)
        exchanges = world.population["exchanges"]
        return float((exchanges.max(axis=1) / exchanges.sum(axis=1)).mean())

    none, urn, winner = (favourites(strength) for strength in (0.0, 1.0, 2.0))
    assert none < 0.25
    assert none + 0.1 < urn < winner - 0.1
    assert winner > 0.8


def test_specialists_barter_more_than_generalists() -> None:
    def success(learning: float) -> float:
        system = Partnering()
        sums = np.zeros(2)

        def look(world: World) -> None:
            if world.steps > 600:
                sums[:] += len(system.givers), system.tried

        worker = Specialising(tasks=3, relief=4.5, learning=learning, forgetting=learning / 10)
        run(World(90, [worker, system, Watch(look)], seed=2), 900)
        return float(sums[0] / sums[1])

    assert success(10.0) > success(0.0) + 0.2


# Life


class Life(System):
    """Some are born, some die, in the middle of a tick."""

    def __call__(self, world: World) -> None:
        rng = world.stream(self.name)
        world.population.kill(rng.random(len(world.population)) < 0.03)
        world.birth(Trader, int(rng.integers(5)), trade=int(rng.integers(3)))


def test_partners_are_ids_of_the_living_under_births_and_deaths() -> None:
    known: dict[int, dict[int, float]] = {}

    def look(world: World) -> None:
        population = world.population
        alive = set(population["id"][population["alive"]].tolist())
        columns = (population[name] for name in ("id", "partners", "exchanges", "alive"))
        for agent, partners, exchanges, living in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            there = [partner for partner in partners if partner != NOBODY]
            assert len(set(there)) == len(there)
            assert agent not in there
            assert alive.issuperset(there)
            assert all((e > 0) == (p >= 0) for p, e in zip(partners, exchanges, strict=True))
            now = dict(zip(partners, exchanges, strict=True))
            for partner, times in known.get(agent, {}).items():
                if partner in now:  # the same agent still, whatever its row is now; or met anew
                    assert now[partner] >= min(0.9 * times - 1e-9, 1.0)
                elif living and partner in alive:  # displaced by another, never by a death
                    assert NOBODY not in now
                    assert 1.0 in now.values()
            known[agent] = {partner: now[partner] for partner in there}

    system = bartering(memory=0.9)
    world = World({Trader: 60}, [Life(), system, Watch(look)], seed=3)
    run(world, 250)
    assert world.population["id"].max() > 400
    givers, takers, amounts = system.ties(world)
    alive = set(world.population["id"].tolist())
    assert alive.issuperset(givers.tolist())
    assert alive.issuperset(takers.tolist())
    assert (amounts > 0).all()
    graph = exchange_graph(givers, takers, amounts)
    first = givers[0], takers[0]
    back = (givers == first[1]) & (takers == first[0])
    assert graph.edges[first]["weight"] == pytest.approx(amounts[0] + amounts[back].sum())


def test_one_alone_and_nobody_have_no_partners() -> None:
    for agents in (0, 1):
        system = bartering()
        world = run(World({Trader: agents}, [system], seed=1), 3)
        assert system.tried == len(system.givers) == 0
        assert (world.population["partners"] == NOBODY).all()


def living_market() -> World:
    return World({Trader: 40}, [Life(), bartering(strength=1.5)], seed=4)


@pytest.mark.parametrize("ticks", [1, 23])
def test_a_restored_market_goes_on_to_the_same_bytes(
    ticks: int, bytes_of: Callable[[World], bytes], tmp_path: Path
) -> None:
    whole = run(living_market(), ticks)
    whole.save(tmp_path / "saved")
    saved = whole.state()
    run(whole, 30)
    for resume in ("load", "restore"):
        resumed = run(living_market(), 3)  # what it did before is forgotten
        getattr(resumed, resume)(tmp_path / "saved" if resume == "load" else saved)
        assert bytes_of(resumed) == (tmp_path / "saved").read_bytes()
        assert bytes_of(run(resumed, 30)) == bytes_of(whole)
    assert whole.population["bartered"].any()


def test_errors_say_what_is_allowed() -> None:
    with pytest.raises(PopulationError, match=r"'task' says, and there is none; add Specialising"):
        World(3, [Partnering()], seed=1)
    with pytest.raises(ValueError, match="partners and steps must be whole numbers of at least 1"):
        Partnering(partners=0)
    with pytest.raises(ValueError, match="strength and curiosity must be at least 0"):
        Partnering(strength=-1.0)
    with pytest.raises(ValueError, match="introduction is a probability"):
        Partnering(introduction=1.5)
    with pytest.raises(ValueError, match=r"memory a share in \(0, 1\]"):
        Partnering(memory=0.0)
    for counts in ({"partners": 2.0}, {"steps": 2.5}):
        with pytest.raises(ValueError, match="whole numbers of at least 1"):
            bartering(**counts)
    with pytest.raises(ValueError, match="strength finite"):
        bartering(strength=math.inf)


def test_goods_are_one_whole_number_an_agent() -> None:
    for column, kind in (("alive", "bool"), ("exchanges", r"float64\[\d+, 8\]")):
        with pytest.raises(PopulationError, match=f"one whole number each.*{kind}"):
            run(World({Trader: 3}, [Partnering(goods=column)], seed=1), 1)


def test_weights_beyond_what_floats_hold_keep_their_proportions() -> None:
    rows = np.array([4, NOBODY, 5, 6])
    exchanges = np.array([9.0, 0.0, 9.0, 8.9])
    weight = np.empty(4)
    total = _weigh(weight, rows, exchanges, 500.0, 1.0)
    assert weight[:3].tolist() == [1.0, 0.0, 1.0]
    assert weight[3] == pytest.approx(0.99**500)
    assert total == pytest.approx(weight.sum())
    # Below that the powers are what they were, to the last bit.
    assert _weigh(weight, rows, exchanges, 2.0, 1.0) == 1.0 + 100.0 + 100.0 + 9.9**2
