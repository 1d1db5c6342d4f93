"""The chase against a plain one that looks at everybody, and what it promises."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.predation import Chase, ChaseRules, PredationError, steer, steering_spec

CROWDED = ChaseRules(size=12.0, sight=5.0, stamina=20, steps=60)


def way(rules, a, b):
    """The shortest way from a to b on the torus."""
    return [
        (v - u + rules.size / 2) % rules.size - rules.size / 2 for u, v in zip(a, b, strict=True)
    ]


def plain_observation(chase, row):
    if not chase.alive[row]:
        return [0.0] * 8
    seen = []
    for same in (False, True):
        best = None
        for other in range(len(chase)):
            kin = (other < chase.predators) == (row < chase.predators)
            if other == row or not chase.alive[other] or kin != same:
                continue
            dx, dy = way(chase.rules, chase.position[row], chase.position[other])
            if math.hypot(dx, dy) <= chase.rules.sight and (
                best is None or math.hypot(dx, dy) < math.hypot(*best)
            ):
                best = dx, dy
        if best is None:
            seen += [0.0, 0.0, 0.0]
        else:
            bearing = math.atan2(best[1], best[0]) - chase.heading[row]
            closeness = 1 - math.hypot(*best) / chase.rules.sight
            seen += [math.cos(bearing), math.sin(bearing), closeness]
    return [*seen, chase.energy[row], 1.0]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 2**32), st.integers(0, 15))
def test_observations_against_looking_at_everybody(predators, prey, seed, steps):
    chase, rng = Chase(CROWDED, predators, prey, seed), np.random.default_rng(seed)
    for _ in range(steps):
        if not chase.over:
            chase.step(rng.uniform(-1, 1, len(chase)))
    seen = chase.observations
    assert seen.dtype == np.float32
    plain = [plain_observation(chase, row) for row in range(len(chase))]
    np.testing.assert_allclose(seen, plain, atol=2e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 2**32))
def test_a_step_against_the_rules(predators, prey, seed):
    chase, rng = Chase(CROWDED, predators, prey, seed), np.random.default_rng(seed)
    rules = chase.rules
    while not chase.over:
        before = {name: column.copy() for name, column in chase.state()[0].items()}
        actions = rng.uniform(-1, 1, len(chase))
        rewards = chase.step(actions)
        was, place = before["alive"], before["position"].copy()
        for row in np.flatnonzero(was):
            hunts = row < predators
            turn = rules.predator_turn if hunts else rules.prey_turn
            pace = rules.predator_speed if hunts else rules.prey_speed
            heading = before["heading"][row] + turn * actions[row]
            place[row, 0] = (place[row, 0] + pace * math.cos(heading)) % rules.size
            place[row, 1] = (place[row, 1] + pace * math.sin(heading)) % rules.size
            assert math.cos(chase.heading[row] - heading) == pytest.approx(1)
            assert -math.pi <= chase.heading[row] <= math.pi
        gap = np.abs(chase.position - place)
        assert np.minimum(gap, rules.size - gap).max() < 1e-9
        # Everybody who ate did so within reach, and whoever could still eat has eaten.
        eaten = was & ~chase.alive & (np.arange(len(chase)) >= predators)
        near = [
            [
                math.hypot(*way(rules, chase.position[p], chase.position[q]))
                for q in range(len(chase))
            ]
            for p in range(predators)
        ]
        assert (rewards[predators:] == -eaten[predators:].astype(float)).all()
        assert rewards.sum() == 0
        assert set(rewards[:predators]) <= {0.0, 1.0}
        for p in np.flatnonzero(was[:predators]):
            left = [q for q in np.flatnonzero(chase.alive) if q >= predators]
            meal = any(near[p][q] <= rules.reach + 1e-9 for q in np.flatnonzero(eaten))
            assert meal or not rewards[p]
            if not rewards[p]:
                assert all(near[p][q] > rules.reach - 1e-9 for q in left)
            energy = before["energy"][p] - 1 / rules.stamina + rules.meal * rewards[p]
            assert chase.energy[p] == pytest.approx(min(energy, 1.0))
            assert chase.alive[p] == (chase.energy[p] > 1e-9 or rewards[p] == 1)
        assert not (chase.alive & ~was).any()
        assert (chase.meals - before["meals"] == np.maximum(rewards, 0)).all()
        assert (chase.age - before["age"] == was).all()


def test_nobody_eats_so_everybody_starves():
    rules = ChaseRules(reach=1e-9, stamina=7)
    chase = Chase(rules, 3, 5, 1)
    while not chase.over:
        chase.step(np.zeros(8))
    assert chase.steps == 7
    assert chase.alive.tolist() == [False] * 3 + [True] * 5


def test_rows_are_not_favoured():
    """Two predators in one place, both within reach of the only prey: each eats half the time."""
    first = 0
    for seed in range(400):
        chase = Chase(ChaseRules(reach=5.0), 2, 1, seed)
        arrays, facts = chase.state()
        arrays["position"][:] = 10.0
        chase.restore((arrays, facts))
        first += chase.step(np.zeros(3))[0] == 1.0
    assert abs(first - 200) < 4 * 10


def test_who_steers_well_eats_more():
    """Towards prey, away from predators: written by hand, as weights on where the other lies."""

    def caught(predator, prey):
        meals = []
        for seed in range(30):
            chase = Chase(ChaseRules(), 4, 12, seed)
            weights = np.zeros((16, 8))
            weights[:4, 1], weights[4:, 1] = predator, prey
            while not chase.over:
                chase.step(steer(weights, chase.observations))
            meals.append(chase.meals.sum())
        return np.array(meals)

    blind, hunted = caught(0, 0), caught(3, 0)
    fled = caught(3, -3)
    error = math.sqrt((blind.var() + hunted.var()) / 30)
    assert hunted.mean() - blind.mean() > 4 * error
    assert hunted.mean() - fled.mean() > 4 * math.sqrt((fled.var() + hunted.var()) / 30)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([0, 1, 3]), st.integers(0, 2**32))
def test_networks_against_numpy(hidden, seed):
    rng = np.random.default_rng(seed)
    weights = steering_spec(hidden).sample(5, rng)["steering"]
    seen = rng.uniform(-1, 1, (5, 8)).astype(np.float32)
    if hidden == 0:
        plain = np.tanh((weights * seen).sum(axis=1))
    else:
        into = weights[:, : 8 * hidden].reshape(5, hidden, 8)
        units = np.tanh(np.einsum("nhs,ns->nh", into, seen.astype(float)))
        plain = np.tanh((weights[:, 8 * hidden :] * units).sum(axis=1))
    np.testing.assert_allclose(steer(weights, seen), plain, atol=1e-12)


def go_on(chase, steps, seed):
    weights = steering_spec(2).sample(len(chase), np.random.default_rng(seed))["steering"]
    for _ in range(steps):
        chase.step(steer(weights, chase.observations))
    return chase


def same(a, b):
    (arrays, facts), (others, of_others) = a.state(), b.state()
    assert facts == of_others
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], others[name], err_msg=name)
    np.testing.assert_array_equal(a.observations, b.observations)


def test_a_restored_chase_goes_on_bit_for_bit():
    whole = go_on(Chase(ChaseRules(), 6, 60, 3), 20, 1)
    arrays, facts = whole.state()
    kept = {name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(facts))
    for array in arrays.values():  # what was handed out is the caller's
        array[...] = 0
    copy = go_on(Chase(ChaseRules(), 6, 60, 99), 5, 2)
    copy.restore(kept)
    same(copy, whole)
    same(go_on(copy, 40, 5), go_on(whole, 40, 5))
    same(go_on(Chase(ChaseRules(), 6, 60, 3), 20, 1), go_on(Chase(ChaseRules(), 6, 60, 3), 20, 1))


def test_refusals_teach_and_change_nothing():
    chase = Chase(ChaseRules(), 2, 3, 1)
    kept = chase.state()
    for actions, says in (
        (np.zeros(4), r"expected \[5\]"),
        (np.array([0, 0, 1.5, 0, 0]), "animal 2 turns by 1.5"),
        (np.full(5, np.nan), "animal 0 turns by nan"),
    ):
        with pytest.raises(PredationError, match=says):
            chase.step(actions)
    other = Chase(ChaseRules(), 3, 3, 1).state()
    outside = chase.state()
    outside[0]["position"][0] = 1e9
    missing = ({"position": kept[0]["position"]}, kept[1])
    for state, says in ((other, "predators 3"), (outside, "plane"), (missing, "heading")):
        with pytest.raises(PredationError, match=says):
            chase.restore(state)
    np.testing.assert_array_equal(chase.state()[0]["position"], kept[0]["position"])
    with pytest.raises(PredationError, match="at least 1"):
        Chase(ChaseRules(), 0, 3, 1)
    with pytest.raises(PredationError, match="half of the plane"):
        ChaseRules(size=10, sight=6)
    with pytest.raises(PredationError, match="speed"):
        ChaseRules(prey_speed=-1)
    with pytest.raises(PredationError, match="weights"):
        steer(np.zeros((1, 10)), np.zeros((1, 8), np.float32))
    done = Chase(ChaseRules(steps=1), 1, 1, 1)
    done.step(np.zeros(2))
    with pytest.raises(PredationError, match="over"):
        done.step(np.zeros(2))


def test_steering_takes_a_row_for_each_animal():
    for weights, seen in (((1, 8), (5, 8)), ((8,), (5, 8)), ((5, 8), (5, 3))):
        with pytest.raises(PredationError, match="a row for each animal"):
            steer(np.ones(weights), np.ones(seen, np.float32))
    rows = np.random.default_rng(1).normal(size=(8, 5)).T  # not contiguous
    seen = np.ones((5, 8))
    with pytest.raises(PredationError):
        steer(rows[:, :7], seen)
    np.testing.assert_allclose(steer(rows, seen), np.tanh(rows.sum(axis=1)), rtol=1e-12)


def test_damaged_columns_are_refused():
    chase = Chase(CROWDED, 2, 3, 1)
    arrays, facts = chase.state()
    for name, value in (("heading", np.nan), ("energy", np.inf), ("energy", 2), ("age", -1)):
        damaged = arrays[name].copy()
        damaged[1] = value
        with pytest.raises(PredationError, match="damaged"):
            chase.restore((arrays | {name: damaged}, facts))
    for wrong in (None, (1, 2), (arrays | {"meals": [1]}, facts)):
        with pytest.raises(PredationError):
            chase.restore(wrong)
    with pytest.raises(PredationError, match="damaged"):
        chase.restore((arrays, facts | {"steps": CROWDED.steps + 1}))
    with pytest.raises(PredationError, match="whole"):
        ChaseRules(steps=2.5)
