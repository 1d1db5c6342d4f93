"""SWIM and Lifeguard beside theory, and the compiled rounds beside the events.

The exact mean of first detection and the worst case of round robin (Das, Gupta & Motivala 2002,
sections 3.1 and 4.3), the load that does not grow with the group, Lifeguard with and without its
parts among slow members (Dadgar, Phillips & Currey 2018, the Interval experiment), and the two
engines at 1,000 members: the same distributions, then the seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from scipy import stats

from benchmarks.rows import Row
from swarm.gossip.swim import DEAD, SUSPECT, History, Scenario, Swim, SwimProtocol, SwimRounds

Engine = type[SwimRounds] | partial[SwimProtocol]
EVENTS = partial(SwimProtocol, latency=(0.0002, 0.001))
INSTANT = partial(SwimProtocol, latency=(0.0, 0.0))
LEAST_P = 0.001
FLAT = 1.1
LIFEGUARD_FEWER = 10.0
LIFEGUARD_SLOWER = 1.5


def rows(quick: bool) -> Iterator[Row]:
    """All rows; quick ones take a few runs of each."""
    begun = time.perf_counter()
    SwimRounds(Swim(), Scenario(20, 5.0), np.random.default_rng(0)).run()
    compiled_s = time.perf_counter() - begun
    yield from _detections(quick)
    yield _worst_case(quick)
    yield from _loads(quick)
    yield from _ablation(quick)
    yield from _agreement(quick)
    yield _large(quick, compiled_s)


# Theory


def exact_periods(n: int) -> float:
    """Mean probe intervals to the first probe of a crashed member of n, under random probing."""
    return 1 / (1 - (1 - 1 / (n - 1)) ** (n - 1))


def _detections(quick: bool) -> Iterator[Row]:
    swim = Swim(round_robin=False, sync_interval=0).without_lifeguard()
    for n in (10, 100, 1000):
        runs = {10: (1000, 150), 100: (600, 60), 1000: (150, 12)}[n]
        for name, engine, number in (("rounds", SwimRounds, runs[0]), ("events", INSTANT, runs[1])):
            number *= 1 if quick else 4
            found = np.array([_first_period(engine, swim, n, seed) for seed in range(number)])
            error = float(found.std(ddof=1) / math.sqrt(number))
            mean, exact = float(found.mean()), exact_periods(n)
            yield Row(
                f"first detection, {name}, {n:,} members, periods",
                mean,
                exact,
                mean / exact,
                {"within_3_standard_errors": abs(mean - exact) <= 3 * error, "error": error},
                notes={"runs": number},
            )


def _first_period(engine: Engine, swim: Swim, n: int, seed: int) -> float:
    """Run until somebody has noticed the crash."""
    rng = np.random.default_rng([1, n, seed])
    member, at = int(rng.integers(n)), 1.0 + float(rng.random())
    group = engine(swim, Scenario(n, 60.0, crashes=[(member, at)]), rng)
    until, history = at + 3.0, group.run(at + 3.0)
    while not np.isfinite(history.first(member, SUSPECT, at)):
        until += 2.0
        history = group.run(until)
    return history.periods(member, at)


def _worst_case(quick: bool) -> Row:
    """Everybody must find out alone: nothing is disseminated, nothing suspected, only declared."""
    n, runs = (20, 20) if quick else (50, 60)
    alone = Swim(suspicion=False, retransmit_multiplier=0, sync_interval=0)
    swim = alone.without_lifeguard()
    worst, least = 0.0, 2 * n - 1
    for seed in range(runs):
        rng = np.random.default_rng([2, seed])
        at = 1.0 + 10 * float(rng.random())
        history = SwimRounds(swim, Scenario(n, at + least + 3, crashes=[(0, at)]), rng).run()
        seen = history.time[(history.subject == 0) & (history.rank % 3 == DEAD)]
        if seen.size != n - 1:
            worst = math.inf
        worst = max(worst, float(np.ceil(seen - swim.probe_interval - at - 1e-9).max()))
    return Row(
        f"round robin, slowest of all observers, {n} members, periods",
        worst,
        least,
        worst / least,
        {"at_most_2n_minus_1": worst <= least},
        notes={"runs": runs},
    )


def _loads(quick: bool) -> Iterator[Row]:
    sizes = (100, 1000, 10_000)
    seconds = 20.0 if quick else 60.0
    swim = Swim(sync_interval=0).without_lifeguard()
    for name, settings, aim in (
        ("news on probes (SWIM)", replace(swim, gossip_fanout=0), FLAT),
        ("gossip too (memberlist)", swim, None),
    ):
        load = []
        for n in sizes:
            rng = np.random.default_rng([3, n])
            scenario = Scenario(n, seconds, crashes=[(3, 2.0)])
            load.append(SwimRounds(settings, scenario, rng).run().messages())
        ratio = load[-1] / load[0]
        checks: dict[str, bool | float] = {
            f"at_{n}": each for n, each in zip(sizes, load, strict=True)
        }
        if aim is not None:
            checks["flat"] = ratio <= aim
        yield Row(
            f"messages a member a second, {name}",
            load[-1],
            load[0],
            ratio,
            checks,
            aim,
            {"peer": "the same at 100 members", "crashes": 1, "seconds": seconds},
        )


# Lifeguard


def _slow_group(rng: np.random.Generator, slow: int, pause: float, apart: float) -> Scenario:
    """The Interval experiment: of 128 members some are paused time and again, two crash."""
    chosen = rng.choice(128, slow + 2, replace=False).tolist()
    pauses = []
    for member in chosen[:slow]:
        at = 5.0 + float(rng.uniform(0, pause))
        while at < 60.0:
            pauses.append((member, at, at + pause))
            at += pause + apart
    return Scenario(128, 120.0, pauses=pauses, crashes=[(each, 20.0) for each in chosen[slow:]])


def _ablation(quick: bool) -> Iterator[Row]:
    whole = Swim()
    plain = whole.without_lifeguard()
    kinds = {
        "none of it": plain,
        "local health probe alone": replace(plain, local_health_probe=True),
        "local health suspicion alone": replace(plain, local_health_suspicion=True),
        "buddy system alone": replace(plain, buddy=True),
        "all of it": whole,
    }
    runs = 3 if quick else 20
    wrong, healthy, latency = {}, {}, {}
    for name, swim in kinds.items():
        wrong[name], healthy[name], latency[name] = _slow_runs(SwimRounds, swim, runs)
        yield from _ablation_rows(f"Lifeguard, {name}", name, wrong, healthy, latency, runs)
    wrong, healthy, latency = {}, {}, {}
    runs = 1
    for name in ("none of it", "all of it"):
        found = _slow_runs(EVENTS, kinds[name], runs, few=quick)
        wrong[name], healthy[name], latency[name] = found
        label = f"Lifeguard, {name}, events"
        yield from _ablation_rows(label, name, wrong, healthy, latency, runs)


def _slow_runs(
    engine: Engine, swim: Swim, runs: int, few: bool = False
) -> tuple[int, int, list[float]]:
    """False positives, those at healthy members, and seconds to the death of the crashed."""
    wrong, at_healthy, latency = 0, 0, []
    for slow in (8,) if few else (4, 8, 16):
        for pause, apart in ((16.0, 0.25),) if few else ((8.0, 0.25), (16.0, 0.25), (16.0, 1.0)):
            for seed in range(runs):
                rng = np.random.default_rng([4, slow, int(pause), int(4 * apart), seed])
                scenario = _slow_group(rng, slow, pause, apart)
                history = engine(swim, scenario, rng).run()
                wrong += history.false_positives()
                at_healthy += history.false_positives(at_healthy=True)
                latency += [history.first(member, DEAD, at) for member, at in scenario.crashes]
    return wrong, at_healthy, latency


def _ablation_rows(
    label: str,
    name: str,
    wrong: dict[str, int],
    healthy: dict[str, int],
    latency: dict[str, list[float]],
    runs: int,
) -> Iterator[Row]:
    first = "none of it"
    fewer = wrong[first] / max(1, wrong[name])
    slower = float(np.median(latency[name]) / np.median(latency[first]))
    checks: dict[str, bool | float] = {"at_healthy": float(healthy[name])}
    whole = name == "all of it"
    goal = LIFEGUARD_FEWER if whole else None
    if whole:
        checks["goal_met"] = fewer >= LIFEGUARD_FEWER
    notes = {"runs_each": runs}
    yield Row(f"{label}: false positives", wrong[name], wrong[first], fewer, checks, goal, notes)
    checks = {"all_detected": bool(np.isfinite(latency[name]).all())}
    if whole:
        checks["goal_met"] = slower <= LIFEGUARD_SLOWER
    median = float(np.median(latency[name]))
    peer = float(np.median(latency[first]))
    goal = LIFEGUARD_SLOWER if whole else None
    yield Row(f"{label}: crash to death, s", median, peer, slower, checks, goal, notes)


# The two engines


def _agreement(quick: bool) -> Iterator[Row]:
    """The same group of 1,000 with five crashes, many times, in both engines."""
    losses = (0.0,) if quick else (0.0, 0.02)
    for loss in losses:
        events, rounds = (2, 8) if quick else (12, 48)
        ours = [_crash_run(SwimRounds, loss, seed) for seed in range(rounds)]
        theirs = [_crash_run(EVENTS, loss, 10_000 + seed) for seed in range(events)]
        for place, name in enumerate(("detection, s", "dissemination to 99%, s", "messages")):
            mine = np.concatenate([run[place] for run in ours])
            peer = np.concatenate([run[place] for run in theirs])
            p = float(stats.ks_2samp(mine, peer).pvalue)
            mean, other = float(mine.mean()), float(peer.mean())
            yield Row(
                f"both, 1,000 members, loss {loss:.0%}: {name}",
                mean,
                other,
                mean / other,
                {"same_distribution": p >= LEAST_P, "p": p},
                notes={"samples": [mine.size, peer.size], "test": "Kolmogorov–Smirnov"},
            )
        mine_s = min(run[3] for run in ours)
        peer_s = min(run[3] for run in theirs)
        name = f"both, 1,000 members, loss {loss:.0%}: CPU s a run"
        yield Row(name, mine_s, peer_s, peer_s / mine_s)


def _crash_run(
    engine: Engine, loss: float, seed: int
) -> tuple[list[float], list[float], list[float], float]:
    """Detection and dissemination of each crash, messages a member and second, CPU seconds."""
    rng = np.random.default_rng([5, seed])
    crashes = [
        (int(member), float(at))
        for member, at in zip(rng.choice(1000, 5, replace=False), rng.uniform(2, 6, 5), strict=True)
    ]
    group = engine(Swim(), Scenario(1000, 30.0, crashes=crashes, loss=loss), rng)
    begun = time.process_time()
    history: History = group.run()
    seconds = time.process_time() - begun
    detection = [history.first(member, SUSPECT, at) for member, at in crashes]
    # One crash of each run: they ride on the same messages, so the others are no new samples.
    spread = [history.spread(crashes[0][0], 0.99)]
    return detection, spread, [history.messages()], seconds


def _large(quick: bool, compiled_s: float) -> Row:
    n, seconds = (20_000, 25.0) if quick else (100_000, 35.0)
    rng = np.random.default_rng(6)
    group = SwimRounds(Swim(), Scenario(n, seconds, crashes=[(5, 1.0), (6, 2.0)]), rng)
    begun = time.process_time()
    history = group.run()
    spent = time.process_time() - begun
    known = max(history.spread(5, 0.99), history.spread(6, 0.99))
    return Row(
        f"rounds, {n:,} members, CPU s a simulated second",
        spent / seconds,
        checks={"spread_s": known, "all_but_1%_know": math.isfinite(known)},
        notes={"compile_s": round(compiled_s, 1), "seconds": seconds},
    )
