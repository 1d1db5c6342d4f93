"""Lotka–Volterra against its published orbits and a solver of another kind."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.integrate import solve_ivp

from arenas.predation import Fault, LotkaVolterra, PredationError, turns

MODEL = LotkaVolterra()
rates = st.floats(0.3, 3.0)
amounts = st.floats(0.1, 4.0)


@pytest.mark.parametrize(("start", "period"), [((1.0, 1.0), 8.02663687), ((0.9, 0.9), 7.93246146)])
def test_reference_orbits(start, period):
    assert MODEL.period(start) == pytest.approx(period, abs=5e-9)
    lived = MODEL.trace(start, 20.0)
    assert lived.drift < 1e-9
    found = turns(MODEL, lived.time, lived.prey, lived.predators)
    np.testing.assert_allclose(found, period * np.arange(1, 3), atol=1e-6)


def test_reference_invariant():
    assert float(MODEL.invariant(1, 1)) == pytest.approx(2.3333333333, abs=1e-10)
    assert MODEL.equilibrium == (1.0, 0.5)


def test_the_invariant_is_kept_over_a_hundred_turns():
    start = (1.0, 1.0)
    lived = MODEL.trace(start, 100 * MODEL.period(start))
    assert lived.drift < 1e-9  # it does not grow: a turn alone has about as much
    assert lived.drift < 2 * MODEL.trace(start, MODEL.period(start)).drift
    assert (lived.prey[-1], lived.predators[-1]) == pytest.approx(start, abs=1e-7)


@settings(max_examples=20, deadline=None)
@given(rates, rates, rates, rates, amounts, amounts)
def test_against_another_solver(alpha, beta, gamma, delta, x, y):
    model = LotkaVolterra(alpha, beta, gamma, delta)

    def slope(_, state):
        prey, predators = state
        return [
            alpha * prey - beta * prey * predators,
            delta * prey * predators - gamma * predators,
        ]

    plain = solve_ivp(slope, (0, 3), [x, y], method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    lived = model.trace((x, y), 3.0, step=0.002)
    assert [lived.prey[-1], lived.predators[-1]] == pytest.approx(plain, rel=1e-6)
    np.testing.assert_allclose(lived.invariant, model.invariant(x, y), rtol=1e-7)


@settings(max_examples=20, deadline=None)
@given(rates, rates, rates, rates, amounts, amounts)
def test_the_period_is_that_of_the_solution(alpha, beta, gamma, delta, x, y):
    model = LotkaVolterra(alpha, beta, gamma, delta)
    period = model.period((x, y))
    after = model.trace((x, y), period, step=0.001)
    assert [after.prey[-1], after.predators[-1]] == pytest.approx([x, y], rel=1e-5)


def test_small_orbits_turn_like_a_pendulum():
    x, y = MODEL.equilibrium
    pendulum = 2 * math.pi / math.sqrt(MODEL.alpha * MODEL.gamma)
    assert MODEL.period((x, y)) == pendulum
    for away, error in ((1e-9, 1e-9), (1e-5, 1e-9), (1e-2, 1e-3)):
        assert MODEL.period((x + away, y)) == pytest.approx(pendulum, rel=error)
    assert MODEL.period((0.01, 0.5)) > MODEL.period((0.1, 0.5)) > pendulum


# Numerical events


def test_a_sound_solution_has_no_faults():
    assert MODEL.trace((1, 1), 50.0).faults(individuals=1000) == []


def test_less_than_one_individual_is_flagged_and_comes_back():
    """The amounts of a wide orbit fall below one of a thousand, and recover: nobody died out."""
    lived = MODEL.trace((0.01, 3.0), 60.0)
    (first, *_), kinds = lived.faults(1000), {event.fault for event in lived.faults(1000)}
    assert kinds == {Fault.BELOW_ONE}
    row = int(np.flatnonzero(lived.time == first.time)[0])
    column = {"prey": lived.prey, "predators": lived.predators}[first.where]
    assert column[row] == first.value < 1e-3 <= column[row - 1]
    assert column[row:].max() > 0.5
    assert lived.prey.min() > 0
    assert lived.predators.min() > 0
    assert lived.faults(10**9) == []


def test_a_method_that_fails_is_told_from_extinction():
    lived = MODEL.trace((0.1, 1.5), 60.0, step=0.5, method="euler")
    faults = {(event.where, event.fault) for event in lived.faults(1000)}
    assert ("prey", Fault.NOT_POSITIVE) in faults
    assert ("invariant", Fault.DRIFT) in faults
    assert Fault.NOT_FINITE in {fault for _, fault in faults}
    assert math.isnan(lived.drift)


def test_runge_kutta_drifts_and_the_symplectic_method_does_not():
    start, long = (0.2, 1.0), 400.0
    drifts = {}
    for method in ("symplectic", "runge-kutta"):
        half, whole = (MODEL.trace(start, t, 0.05, method).drift for t in (long / 2, long))
        drifts[method] = whole / half
    assert drifts["runge-kutta"] > 1.8
    assert drifts["symplectic"] < 1.05


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: LotkaVolterra(alpha=0.0), "alpha is 0"),
        (lambda: LotkaVolterra(delta=math.nan), "delta is nan"),
        (lambda: MODEL.trace((0, 1), 1.0), "above 0"),
        (lambda: MODEL.trace((1, 1), -1.0), "duration is -1"),
        (lambda: MODEL.trace((1, 1), 1.0, method="heun"), "allowed: symplectic"),
        (lambda: MODEL.period((1, math.inf)), "above 0 and finite"),
        (lambda: MODEL.trace((1, 1), 1.0).faults(0), "at least 1"),
    ],
)
def test_refusals_teach(call, says):
    with pytest.raises(PredationError, match=says):
        call()


@pytest.mark.parametrize("unit", [1e-15, 1e-6, 1e9])
def test_the_unit_of_time_does_not_matter(unit):
    scaled = LotkaVolterra(2 / 3 * unit, 4 / 3 * unit, unit, unit)
    assert scaled.period((1, 1)) * unit == pytest.approx(MODEL.period((1, 1)), rel=1e-12)


def test_more_steps_than_are_kept_are_refused():
    for duration, step in ((1e300, 1e-300), (1e12, 1e-3)):
        with pytest.raises(PredationError, match="longer step"):
            MODEL.trace((1, 1), duration, step)
