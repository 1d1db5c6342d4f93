"""The jump process against a plain one, its limit, and extinction as an event."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.coevolution import mean_interval
from arenas.predation import (
    Extinct,
    Fault,
    LotkaVolterra,
    PredationError,
    extinctions,
    simulate,
)
from tests.swarm.splitmix import WORD, mixed

MODEL = LotkaVolterra()


def plain_history(model, individuals, start, time, seed):
    """One event at a time, as the module's docstring has it."""
    gamma = 0x9E3779B97F4A7C15
    state = seed

    def chance():
        nonlocal state
        state = (state + gamma) % WORD
        return (mixed(state) >> 11) / 2**53

    x, y = (max(round(amount * individuals), 1) for amount in start)
    now, counts = 0.0, []
    while True:
        rates = [model.alpha * x, model.beta / individuals * x * y, model.gamma * y]
        now += -math.log(1 - chance()) / sum(rates)
        while len(counts) < len(time) and time[len(counts)] < now:
            counts.append((x, y))
        if len(counts) == len(time):
            return counts, math.inf
        lot = chance() * sum(rates)
        if lot < rates[0]:
            x += 1
        elif lot < rates[0] + rates[1]:
            young = model.delta / model.beta
            x, y = x - 1, y + int(young) + (chance() < young - int(young))
        else:
            y -= 1
        if not x or not y:
            return counts + [(x, y)] * (len(time) - len(counts)), now


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(*[st.floats(0.2, 3.0)] * 4),
    st.integers(1, 30),
    st.integers(0, 2**63 - 1),
)
def test_against_one_event_at_a_time(rates, individuals, seed):
    model, time = LotkaVolterra(*rates), np.linspace(0, 6, 13)
    lived = simulate(model, individuals, (1, 1), time, [seed])
    counts, end = plain_history(model, individuals, (1, 1), time, seed)
    assert lived.counts[0].tolist() == [list(pair) for pair in counts]
    assert lived.extinction_time[0] == pytest.approx(end, rel=1e-12)


def test_approaches_the_equations_with_the_root_of_the_size():
    """Kurtz 1970: the error falls as N^(−1/2)."""
    time = np.linspace(0, 4, 81)
    solved = MODEL.trace((1, 1), 4.0)
    limit = np.stack([solved.prey, solved.predators], axis=1)[::5]
    sizes = np.array([300, 3_000, 30_000])
    errors = []
    for size in sizes:
        lived = simulate(MODEL, int(size), (1, 1), time, np.arange(60))
        errors.append(np.sqrt(((lived.amounts - limit) ** 2).sum(axis=2).mean(axis=1)))
    slopes = np.diff(np.log([error.mean() for error in errors])) / np.diff(np.log(sizes))
    assert slopes == pytest.approx([-0.5, -0.5], abs=0.12)
    scaled = [mean_interval(e * math.sqrt(n), 0.999) for e, n in zip(errors, sizes, strict=True)]
    for one in scaled:
        assert all(one.low < other.high for other in scaled)
    assert mean_interval(errors[-1]).high < 0.1 * errors[0].mean() * 1.5


def test_cycles_match():
    lived = simulate(MODEL, 30_000, (1, 1), np.linspace(0, 17.5, 351), np.arange(20))
    period = mean_interval(lived.periods(), 0.9999)
    assert period.holds(MODEL.period((1, 1)))
    assert period.high - period.low < 0.1


def test_extinction_of_a_lone_species_has_its_known_law():
    """Without meals a single predator lives for a time that is exponential of rate γ."""
    model = LotkaVolterra(beta=1e-12, delta=1e-12, gamma=0.7)
    lived = simulate(model, 1, (1, 1), [100.0], np.arange(4_000))
    assert (lived.extinct == Extinct.PREDATORS).all()
    times = lived.extinction_time * 0.7
    assert abs(times.mean() - 1) < 4 / math.sqrt(4_000)
    assert abs((times > 2).mean() - math.exp(-2)) < 4 * math.sqrt(0.117 / 4_000)


def test_extinction_is_an_event_and_the_last():
    lived = simulate(MODEL, 15, (1, 1), np.linspace(0, 40, 401), np.arange(50))
    dead = lived.extinct != Extinct.NEITHER
    assert dead.sum() > 25
    for row in np.flatnonzero(dead):
        gone = 0 if lived.extinct[row] == Extinct.PREY else 1
        after = lived.time >= lived.extinction_time[row]
        assert (lived.counts[row, after, gone] == 0).all()
        assert (lived.counts[row, ~after] > 0).all()
    assert np.isinf(lived.extinction_time[~dead]).all()
    assert (lived.counts[~dead] > 0).all()
    assert (lived.counts >= 0).all()
    assert np.isnan(lived.periods()[dead]).all()


def test_extinction_is_told_from_what_the_equations_cannot_say():
    """The same rates and start: individuals die out, amounts below one of them are only a fault."""
    start, size = (0.1, 2.0), 40
    lasted = extinctions(MODEL, size, start, 200.0, np.arange(100))
    assert lasted.prey + lasted.predators > 90
    solved = MODEL.trace(start, 200.0)
    assert {event.fault for event in solved.faults(size)} == {Fault.BELOW_ONE}
    assert not hasattr(solved, "extinct")
    assert min(solved.prey.min(), solved.predators.min()) > 0


def test_larger_systems_last_longer():
    lasted = [extinctions(MODEL, n, (1, 0.5), 1e4, np.arange(150)) for n in (10, 30, 90)]
    for fewer, more in pairwise(lasted):
        assert fewer.survival_time.high < more.survival_time.low
    assert all(each.cut_short == 0 for each in lasted)
    # About in proportion to the size, since a turn's chance kick is of the order of 1/N.
    growth = np.diff(np.log([each.survival_time.mean for each in lasted])) / math.log(3)
    assert growth == pytest.approx([1, 1], abs=0.25)


def test_a_horizon_cuts_short_and_says_so():
    lasted = extinctions(MODEL, 60, (1, 0.5), 20.0, np.arange(50))
    assert 0 < lasted.cut_short < 50
    assert lasted.survival_time.mean < 20.0
    assert lasted.runs == lasted.cut_short + lasted.prey + lasted.predators


def test_a_history_depends_on_its_own_seed_alone():
    time = np.linspace(0, 5, 11)
    together = simulate(MODEL, 50, (1, 1), time, [7, 8, 9])
    alone = simulate(MODEL, 50, (1, 1), time, [8])
    np.testing.assert_array_equal(together.counts[1], alone.counts[0])
    assert together.events[1] == alone.events[0]
    assert (together.counts[0] != together.counts[2]).any()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"individuals": 0}, "individuals is 0"),
        ({"start": (1, 0.001)}, "at least one individual"),
        ({"time": [2.0, 1.0]}, "in order"),
        ({"time": []}, "at least one finite time"),
        ({"seeds": [-1]}, "seeds are"),
        ({"seeds": [0.5]}, "seeds are float64"),
    ],
)
def test_refusals_teach(change, says):
    fine = {"model": MODEL, "individuals": 10, "start": (1, 1), "time": [1.0], "seeds": [1]}
    with pytest.raises(PredationError, match=says):
        simulate(**(fine | change))


def test_periods_count_from_the_first_time():
    start, seeds = (1.0, 0.5), [1, 2]
    whole = simulate(MODEL, 5000, start, np.linspace(0, 40, 801), seeds).periods()
    later = simulate(MODEL, 5000, start, np.linspace(10, 40, 601), seeds).periods()
    exact = MODEL.period(start)
    np.testing.assert_allclose(whole, exact, rtol=0.15)
    np.testing.assert_allclose(later, exact, rtol=0.15)
