"""Specialists out of equals: response thresholds beside a reference, and what comes of them."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm import Agent, World
from swarm.emergence import AgainstChance, division_against_chance, division_of_labour
from swarm.systems.specialising import IDLE, Specialising, _work
from swarm.systems.system import System
from tests.swarm.splitmix import Chance
from tests.swarm.worlds import Watch, run


def reference_tick(
    thresholds: list[float],
    task: int,
    stimulus: list[float],
    chance: Chance,
    quit: float,
    learning: float,
    forgetting: float,
) -> tuple[list[float], int, bool]:
    """One agent's tick as the papers say it: new thresholds, task, and whether it was taken up."""
    begun = False
    if task >= 0:
        if chance.uniform() < quit:
            task = -1
    else:
        unmet = list(range(len(stimulus)))
        while unmet and task < 0:
            place = chance.below(len(unmet))
            met = unmet[place]
            unmet[place] = unmet[0]
            unmet = unmet[1:]
            s, theta = stimulus[met], thresholds[met]
            if chance.uniform() < s**2 / (s**2 + theta**2):
                task, begun = met, True
    moved = [
        max(theta - learning, 1.0) if j == task else min(theta + forgetting, 100.0)
        for j, theta in enumerate(thresholds)
    ]
    return moved, task, begun


@settings(deadline=None, max_examples=150)
@given(
    agents=st.integers(0, 12),
    tasks=st.integers(1, 5),
    quit=st.sampled_from([0.1, 0.5, 1.0]),
    rates=st.sampled_from([(0.0, 0.0), (10.0, 1.0), (0.7, 3.3), (200.0, 0.0)]),
    seed=st.integers(0, 2**63 - 1),
)
def test_a_tick_equals_the_reference(
    agents: int, tasks: int, quit: float, rates: tuple[float, float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    living = rng.random(agents) < 0.9
    ids = np.cumsum(rng.integers(1, 4, agents))
    stimulus = rng.choice([0.0, 3.0, 40.0, 500.0], tasks)
    threshold = rng.uniform(1, 100, (agents, tasks))
    task = rng.integers(-1, tasks, agents).astype(np.int16)
    work, bouts = np.zeros((agents, tasks)), np.zeros((agents, tasks), np.int64)
    before, doing = threshold.copy(), task.copy()
    workers = _work(
        living, ids, stimulus, threshold, task, work, bouts, quit, *rates, (1.0, 100.0), seed
    )
    for i in range(agents):
        chance = Chance(seed, int(ids[i]))
        expected = before[i].tolist(), int(doing[i]), False
        if living[i]:
            expected = reference_tick(*expected[:2], stimulus.tolist(), chance, quit, *rates)
        assert threshold[i].tolist() == expected[0]
        assert task[i] == expected[1]
        assert bouts[i].sum() == expected[2]
        busy = living[i] and expected[1] >= 0
        assert work[i].tolist() == [float(busy and j == expected[1]) for j in range(tasks)]
    assert workers.tolist() == work.sum(axis=0).tolist()


def colony(
    system: Specialising, agents: int = 60, ticks: int = 1500, counted: int = 800, seed: int = 1
) -> World:
    """A world after a while, its work counted from the last ticks."""
    world = run(World(agents, [system], seed=seed), ticks - counted)
    system.count_anew(world)
    return run(world, counted)


def fixed(**changed: Any) -> Specialising:
    """Everybody alike, and nobody ever learns."""
    return Specialising(learning=0, forgetting=0, **changed)


def bouts_beyond_chance(world: World) -> AgainstChance:
    return division_against_chance(world.population["bouts"], np.random.default_rng(0), 100)


def interval(values: list[float]) -> tuple[float, float]:
    """A 99.9% interval of the mean of five values, by Student's t with 4 degrees of freedom."""
    assert len(values) == 5
    half = 8.610 * np.std(values, ddof=1) / math.sqrt(5)
    return float(np.mean(values) - half), float(np.mean(values) + half)


# Specialists


def test_reinforcement_makes_specialists_out_of_equals() -> None:
    learning, alike = [], []
    for seed in range(5):
        world = colony(Specialising(), seed=seed)
        found = bouts_beyond_chance(world)
        assert found.as_high == pytest.approx(1 / 101)
        assert found.mean < 0.02
        assert found.z > 100
        learning.append(division_of_labour(world.population["work"]).by_task)
        # The thresholds, once equal, are at opposite ends.
        thresholds = np.sort(world.population["threshold"], axis=1)
        specialists = (thresholds[:, 0] < 100) & (thresholds[:, 1] > 900)
        assert specialists.mean() > 0.6
        assert not (thresholds < 100).all(axis=1).any()

        world = colony(fixed(), seed=seed)
        assert (world.population["threshold"] == 500).all()
        alike.append(division_of_labour(world.population["work"]).by_task)
    assert interval(learning)[0] > 0.9
    assert interval(alike)[1] < 0.05


def test_equals_are_not_beyond_chance_and_ticks_are_no_acts() -> None:
    deviations = []
    for seed in range(8):
        world = colony(fixed(), ticks=900, counted=500, seed=seed)
        deviations.append(bouts_beyond_chance(world).z)
        ticks = division_against_chance(
            world.population["work"].astype(int), np.random.default_rng(0), 60
        )
        assert ticks.z > 4  # what is begun is gone on with: no specialisation
    assert abs(np.mean(deviations)) < 4 / math.sqrt(8)
    assert np.abs(deviations).max() < 4


def test_unequal_but_fixed_thresholds_divide_labour_too() -> None:
    def born(apart: bool) -> float:
        world = World({}, [fixed()], seed=3)
        easy = np.where(np.arange(40) % 2 == 0, 20.0, 500.0)
        hard = easy[::-1] if apart else easy
        world.birth(Agent, 40, threshold=np.stack([easy, hard], axis=1))
        run(world, 600)
        return division_of_labour(world.population["work"]).by_task

    assert born(apart=True) > 0.9
    assert born(apart=False) < 0.05


def test_others_take_over_when_the_specialists_are_gone() -> None:
    system = Specialising()
    world = colony(system, agents=90)
    threshold = world.population["threshold"]
    mine = threshold[:, 0] < threshold[:, 1]
    usual = system.stimulus[0]
    world.population.kill(mine & (threshold[:, 0] < 500))
    left = set(world.population["id"][world.population["alive"]].tolist())
    run(world, 60)
    assert set(world.population["id"].tolist()) == left
    assert system.stimulus[0] > usual + 20  # nobody does it willingly
    run(world, 1500)
    assert system.stimulus[0] < 100
    threshold = world.population["threshold"]
    assert np.count_nonzero(threshold[:, 0] < 100) > len(left) / 4


# Stimuli


def test_work_meets_demand_where_the_workforce_suffices() -> None:
    demand = [1.0, 0.5, 0.2]
    for make in (Specialising, fixed):
        system = make(tasks=3, demand=demand, relief=3.0)
        world = World(60, [system], seed=2)
        stimuli, workers = np.empty((2500, 3)), np.empty((2500, 3))
        for tick in range(2500):
            world.step()
            stimuli[tick], workers[tick] = system.stimulus, system.workers / 60
        assert stimuli.min() >= 0
        assert stimuli.max() < 1500
        assert stimuli[-800:].max() < 700
        # What comes in has to go out: demand / relief of all are at work on it.
        np.testing.assert_allclose(workers[-800:].mean(axis=0) * 3, demand, atol=0.1)


def test_stimuli_grow_without_end_where_it_does_not() -> None:
    for relief, suffices in ((2.5, True), (2.1, False)):  # at most 1 / 1.2 of 2.5, of 2.1
        system = Specialising(demand=[1.0, 1.0], relief=relief)
        world = run(World(100, [system], seed=1), 3000)
        before = system.stimulus.sum()
        run(world, 3000)
        assert (system.stimulus.sum() < before + 300) == suffices


def test_an_agent_answers_by_its_own_chance_and_the_stimuli_alone() -> None:
    answers = []
    for dead in ([], [0, 7, 31]):
        system = Specialising()
        world = World(40, [system], seed=5)
        world.population.kill(dead)
        system.stimulus[:] = 400.0
        world.step()
        population = world.population
        answers.append(
            dict(zip(population["id"].tolist(), population["task"].tolist(), strict=True))
        )
    assert len(answers[1]) == 37
    assert set(answers[1].values()) == {IDLE, 0, 1}
    assert answers[1] == {agent: answers[0][agent] for agent in answers[1]}


# Life


class Life(System):
    """Some are born, some die, in the middle of a tick."""

    def __call__(self, world: World) -> None:
        rng = world.stream(self.name)
        world.population.kill(rng.random(len(world.population)) < 0.02)
        world.birth(Agent, int(rng.integers(3)))


def living_colony() -> World:
    return World(50, [Life(), Specialising(tasks=3, relief=5.0)], seed=4)


def test_the_born_begin_alike_and_the_dead_do_not_work() -> None:
    def look(world: World) -> None:
        population, system = world.population, world.system(Specialising)
        fresh = population["born"] == world.steps
        assert (population["threshold"][fresh] == 500).all()
        assert (population["task"][fresh] == IDLE).all()
        done = population["work"] - before.get("work", np.zeros_like(population["work"]))
        assert not done[~population["alive"]].any()
        assert (done.sum(axis=0) == system.workers).all()
        assert (done.sum(axis=1) == (population["task"] >= 0) * population["alive"]).all()

    before: dict[str, np.ndarray] = {}

    def note(world: World) -> None:
        before["work"] = world.population["work"].copy()

    class Before(Watch):
        """Looks before they work."""

    systems = [Life(), Before(note), Specialising(tasks=3, relief=5.0), Watch(look)]
    world = run(World(50, systems, seed=4), 200)
    assert world.population["id"].max() > 200
    assert len(world.population) > 10


@pytest.mark.parametrize("ticks", [1, 37])
def test_a_restored_colony_goes_on_to_the_same_bytes(
    ticks: int, bytes_of: Callable[[World], bytes], tmp_path: Path
) -> None:
    whole = run(living_colony(), ticks)
    whole.save(tmp_path / "saved")
    saved = whole.state()
    run(whole, 40)
    for resume in ("load", "restore"):
        resumed = run(living_colony(), 3)  # what it did before is forgotten
        getattr(resumed, resume)(tmp_path / "saved" if resume == "load" else saved)
        assert bytes_of(resumed) == (tmp_path / "saved").read_bytes()
        assert bytes_of(run(resumed, 40)) == bytes_of(whole)
    assert whole.system(Specialising).stimulus.any()


def test_sums_fade_and_bouts_stay_whole() -> None:
    system = Specialising()
    world = run(World(20, [system], seed=1), 300)
    work, bouts = world.population["work"].copy(), world.population["bouts"].copy()
    system.fade(world, 0.8)
    assert work.any()
    np.testing.assert_allclose(world.population["work"], 0.8 * work)
    assert (world.population["bouts"] == bouts).all()
    system.count_anew(world)
    assert not world.population["work"].any()
    assert not world.population["bouts"].any()


def test_nobody_and_nothing_to_do_are_fine() -> None:
    system = Specialising(demand=0.0)
    assert run(World(0, [system], seed=1), 3).steps == 3
    world = run(World(9, [system], seed=1), 3)
    assert (world.population["task"] == IDLE).all()


def test_errors_say_what_is_allowed() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"tasks": 0}, r"tasks must be a whole number in 1\.\."),
        ({"tasks": 2.0}, "tasks must be a whole number"),
        ({"demand": math.inf}, "demand must be one finite number"),
        ({"demand": [1.0, math.nan]}, "demand must be one finite number"),
        ({"relief": math.inf}, "relief must be finite"),
        ({"thresholds": (1.0, 2.0, 3.0)}, r"thresholds must be \(least, greatest\)"),
        ({"thresholds": 5.0}, r"thresholds must be \(least, greatest\)"),
        ({"demand": [1.0, 2.0, 3.0]}, "or 2, one for each task"),
        ({"demand": -1.0}, "demand must be one finite number ≥ 0"),
        ({"relief": 0.0}, "relief must be finite and more than 0"),
        ({"quit": 0.0}, r"quit is a probability in \(0, 1\]"),
        ({"learning": -1.0}, "learning and forgetting must be at least 0"),
        ({"thresholds": (0.0, 9.0), "at_birth": 1.0}, "0 < least"),
        ({"at_birth": 2000.0}, "at_birth ≤ greatest"),
    ]
    for wrong, said in cases:
        with pytest.raises(ValueError, match=said):
            Specialising(**wrong)
