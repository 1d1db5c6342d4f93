"""Reputation in a world: stakes settle by the truth, and credence follows who was right."""

from typing import Any

import numpy as np
import pytest

from swarm import PopulationError, Reasoning, Remembering, Reputation, Tasks, World
from swarm.reasoning import Hearsay
from tests.swarm.worlds import Idle, Watch, reasoners, run

TICKS = 9


def with_reputation(*more: Watch, **settings: Any) -> World:
    return reasoners(40, Reputation(**settings), *more)


def custody(world: World) -> int:
    return int(world.ledger.balance(world.system(Reputation).staked.custody))


def test_tokens_are_conserved_and_custody_holds_the_bonds() -> None:
    world, forfeited = with_reputation(stake=100), 0
    supply = world.ledger.supply
    for _ in range(TICKS):
        world.step()
        world.system(Reputation).staked.check()
        forfeited += world.system(Reputation).forfeited
        owned = world.ledger.balance(world.agents.get("account")).sum()
        assert owned + world.ledger.balance(world.treasury) + custody(world) == supply
    assert forfeited > 0


def test_who_was_right_is_believed_and_who_was_wrong_pays() -> None:
    right, wrong = [], []

    def look(world: World) -> None:
        tasks, reasoning = world.system(Tasks), world.system(Reasoning)
        author, _, answer = world.system(Remembering).written
        best = reasoning.answers.best[reasoning.in_time]
        held = best == tasks.problem.referee.truth[tasks.board[reasoning.place]]
        name = world.population["name"]
        register = world.system(Reputation).staked
        good = np.bincount(author, held[answer], minlength=len(name))
        bad = np.bincount(author, ~held[answer], minlength=len(name))
        weights = register.weights[name]
        right.extend(weights[good > 0])
        wrong.extend(weights[(good == 0) & (bad > 0)])
        assert (world.population["standing"] >= np.float32(0.1)).all()

    run(with_reputation(Watch(look), stake=100), 1)
    assert max(wrong) == 0
    assert min(right) > 0


def test_findings_carry_the_credence_of_their_author_when_they_were_written() -> None:
    world = with_reputation(stake=100)
    for _ in range(TICKS):
        before = world.system(Reputation).credence(world)
        ids = world.population["id"].copy()
        world.step()
        columns = world.system(Remembering).facts.columns()
        new = columns["tick"] == world.steps
        author = columns["author"][new]
        assert columns["credence"][new].tolist() == before[np.searchsorted(ids, author)].tolist()
    assert 0.1 < columns["credence"].max() < 1


def test_hearsay_counts_by_credence() -> None:
    heard: list[Hearsay] = []
    world = run(with_reputation(floor=0.0, stake=100), TICKS)
    memory = world.system(Remembering)
    heard.append(memory.hearsay(world))
    state = memory.state()
    state["facts"]["credence"][:] = 0  # nobody is believed
    memory.restore(world, state)
    heard.append(memory.hearsay(world))
    assert heard[0].weight.any()
    assert heard[0].confidence.any()
    assert not heard[1].weight.any()
    assert not heard[1].confidence.any()
    assert (heard[0].count == heard[1].count).all()


def test_the_dead_leave_their_bonds_to_their_estate() -> None:
    world = run(with_reputation(stake=100), 3)
    names = world.population["name"].copy()
    bonds = world.system(Reputation).staked.bonds[names]
    assert bonds[:5].all()
    owned = world.ledger.balance(world.agents.get("account"))[:5]
    before = int(world.ledger.balance(world.treasury))
    world.population.kill(np.arange(5))
    world.turn()
    assert not world.system(Reputation).staked.bonds[names[:5]].any()
    assert world.ledger.balance(world.treasury) == before + bonds[:5].sum() + owned.sum()


def test_a_restored_world_goes_on_to_the_same_bytes() -> None:
    one = run(with_reputation(stake=100), 6)
    other = with_reputation(stake=100)
    other.restore(one.state())
    for world in (one, other):
        run(world, 5)
    assert one.ledger.balances.tolist() == other.ledger.balances.tolist()
    assert one.population["standing"].tobytes() == other.population["standing"].tobytes()


def test_a_tick_bonds_a_tenth_at_most_fades_what_rests_and_books_what_was_forfeited() -> None:
    seen: list[tuple[np.ndarray, ...]] = []
    lost = 0

    def note(world: World) -> None:
        population, register = world.population, world.system(Reputation).staked
        names = population["name"]
        owned = world.ledger.balance(population["account"])
        columns = (owned, register.bonds[names], register.weights[names], population["profit"])
        seen.append(tuple(column.copy() for column in columns))

    def compare(world: World) -> None:
        nonlocal lost
        note(world)
        (owned, bonds, weights, profit), (left, after, faded, booked) = seen[-2:]
        assert (owned - left <= owned // 10).all()
        resting = np.ones(len(owned), bool)
        resting[world.system(Remembering).written[0]] = False
        assert (faded[resting] == weights[resting] * (1024 - 16) // 1024).all()
        forfeits = (bonds + owned) - (after + left)
        np.testing.assert_allclose(profit - booked, forfeits, rtol=0, atol=1e-3)
        assert forfeits.sum() == world.system(Reputation).forfeited
        lost += int(forfeits.sum())

    class Before(Watch):
        """A look of its own name, as systems need."""

    run(reasoners(40, Before(note), Reputation(stake=1000, bond=50), Watch(compare)), TICKS)
    assert lost > 0


def test_settings_and_places_that_cannot_work_are_refused() -> None:
    with pytest.raises(PopulationError, match="stake and bond are 1 or more"):
        Reputation(stake=0)
    with pytest.raises(PopulationError, match="half more than 0"):
        Reputation(half=0.0)
    with pytest.raises(ValueError, match="needs the system Remembering"):
        reasoners(40, Reputation(), remembering=Idle())
