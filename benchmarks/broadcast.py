"""Epidemic broadcast: rounds beside what is proven, and rounds a second beside plain numpy.

The peer makes every call of every member in numpy columns, as one would write it first. Both must
take equally many rounds and messages before they are timed. Times are of the processor, the best
of equally many runs of both; compiling is done by a warm-up, and told apart. On an overlay the
graph is turned round once, however many broadcasts follow: here that counts in every one of ours.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Row
from swarm.gossip import Complete, Topology, broadcast, complete, k_out, scale_free, small_world

SIZES = (10_000, 100_000, 1_000_000)
PUBLISHED = dict(zip(SIZES, (11.6, 14.0, 16.4), strict=True))
"""Push–pull rounds, log3 n + log2 ln n."""

GOAL = 300.0
"""Rounds a second with a million members."""

Mode = Literal["push", "pull", "push-pull"]
Result = TypeVar("Result")


def rows(quick: bool) -> Iterator[Row]:
    """Rows of the benchmark; in under 20 s if `quick`."""
    begun = time.process_time()
    for graph in (complete(9), k_out(9, 2, np.random.default_rng(0))):
        broadcast(graph, np.random.default_rng(0), loss=0.1, churn=0.1, max_rounds=9)
    compiled = time.process_time() - begun
    for n in SIZES:
        yield _push_rounds(n, 40 if quick else 400)
    for n in SIZES:
        yield _push_pull_rounds(n, 40 if quick else 400)
    modes: tuple[Mode, ...] = ("push", "push-pull")
    for mode in modes:
        yield _speed(1_000_000, mode, quick, compiled)
    yield from _overlays(100_000 if quick else 1_000_000, 2 if quick else 5)


def _push_rounds(n: int, runs: int) -> Row:
    """Doerr & Künnemann 2014 prove a band for the expectation."""
    low = math.floor(math.log2(n)) + math.log(n) - 1.116
    high = math.ceil(math.log2(n)) + math.log(n) + 2.765
    mean, half = _mean(runs, n, "push")
    return Row(
        f"push on the complete graph, {n:,} members, rounds",
        mean,
        checks={"interval inside the proven band": low <= mean - half and mean + half <= high},
        notes={"runs": runs, "half_interval_95": half, "band": [low, high]},
    )


def _push_pull_rounds(n: int, runs: int) -> Row:
    mean, half = _mean(runs, n, "push-pull")
    law = PUBLISHED[n]
    return Row(
        f"push–pull on the complete graph, {n:,} members, rounds",
        mean,
        peer=law,
        ratio=mean / law,
        checks={"interval within 0.2 of the law": abs(mean - law) <= 0.2 + half},
        goal=law,
        notes={"runs": runs, "half_interval_95": half, "law": "log3 n + log2 ln n"},
    )


def _mean(runs: int, n: int, mode: Mode) -> tuple[float, float]:
    """Mean rounds, and half of its 95% interval."""
    rng = np.random.default_rng(1)
    rounds = [broadcast(complete(n), rng, mode).rounds for _ in range(runs)]
    return float(np.mean(rounds)), float(1.96 * np.std(rounds, ddof=1) / math.sqrt(runs))


def _speed(n: int, mode: Mode, quick: bool, compiled: float) -> Row:
    ours, peer, z = _agreement(mode, 60 if quick else 300)
    graph, rng = complete(n), np.random.default_rng(3)
    times = 1 if quick else 3
    our_speed = _rounds_a_second(lambda: broadcast(graph, rng, mode).rounds, times)
    peer_speed = _rounds_a_second(lambda: plain_broadcast(graph, rng, mode)[0], times)
    return Row(
        f"{mode}, complete graph of {n:,}, rounds/s",
        our_speed,
        peer=peer_speed,
        ratio=our_speed / peer_speed,
        checks={
            "rounds and messages as the peer's": z < 4,
            "at least 300": our_speed >= GOAL,
        },
        goal=GOAL,
        notes={
            "ours": "only how many know is drawn, exact in distribution",
            "peer": "every call in numpy columns",
            "mean_rounds_at_10000": [ours, peer],
            "largest_z": z,
            "compile_s": compiled,
        },
    )


def _agreement(mode: Mode, runs: int) -> tuple[float, float, float]:
    """Mean rounds of both at 10,000 members; largest z of rounds and messages."""
    graph, rng = complete(10_000), np.random.default_rng(2)
    results = [broadcast(graph, rng, mode, loss=0.1) for _ in range(runs)]
    ours = np.array([(result.rounds, result.messages) for result in results], float)
    peer = np.array([plain_broadcast(graph, rng, mode, 0.1) for _ in range(runs)], float)
    errors = np.sqrt((ours.var(axis=0, ddof=1) + peer.var(axis=0, ddof=1)) / runs)
    z = np.abs(ours.mean(axis=0) - peer.mean(axis=0)) / errors
    return float(ours[:, 0].mean()), float(peer[:, 0].mean()), float(z.max())


def _overlays(n: int, runs: int) -> Iterator[Row]:
    """Push–pull on three overlays: undisturbed, with loss, and with churn besides."""
    makers: dict[str, Callable[[np.random.Generator], Topology]] = {
        "8-out": partial(k_out, n, 8),
        "small world, k=10, p=0.1": partial(small_world, n, 10, 0.1),
        "scale-free, m=4": partial(scale_free, n, 4),
    }
    for name, make in makers.items():
        begun = time.process_time()
        graph = make(np.random.default_rng(4))
        built = time.process_time() - begun
        begun = time.process_time()
        _ = graph.backwards  # once a graph, however many broadcasts
        turned = time.process_time() - begun
        for disturbed in ({}, {"loss": 0.2}, {"loss": 0.2, "churn": 0.01, "max_rounds": 40}):
            yield _overlay(name, graph, runs, disturbed, turned, {"build_s": built})


def _overlay(
    name: str,
    graph: Topology,
    runs: int,
    disturbed: dict[str, Any],
    turned: float,
    notes: dict[str, Any],
) -> Row:
    """One overlay; `turned` are the seconds that turning the graph round took."""
    rng = np.random.default_rng(5)
    ours = [_timed(lambda: broadcast(graph, rng, **disturbed)) for _ in range(runs)]
    results = [result for result, _ in ours]
    rounds = [result.rounds for result in results]
    speed = max(result.rounds / (seconds + turned) for result, seconds in ours)
    share = float(np.mean([result.informed[-1] / graph.n for result in results]))
    checks: dict[str, bool | float] = {"share informed": share}
    notes = {**notes, "turn_s": turned, "runs": runs, "mean_rounds": float(np.mean(rounds))}
    peer = None
    if "churn" not in disturbed:
        checks["all informed"] = all(result.reached_all for result in results)
        loss = disturbed.get("loss", 0.0)
        plain = [
            _timed(lambda: plain_broadcast(graph, rng, "push-pull", loss)[0]) for _ in range(runs)
        ]
        peer = max(played / seconds for played, seconds in plain)
        peer_rounds = float(np.mean([played for played, _ in plain]))
        checks["rounds within 3 of the peer's"] = abs(peer_rounds - notes["mean_rounds"]) <= 3
        notes |= {"peer_runs": len(plain), "peer_mean_rounds": peer_rounds}
    extras = "".join(f", {key} {disturbed[key]}" for key in ("loss", "churn") if key in disturbed)
    notes["rounds_a_second_once_turned"] = max(result.rounds / seconds for result, seconds in ours)
    return Row(
        f"{name}, {graph.n:,}{extras}, rounds/s",
        speed,
        peer=peer,
        ratio=peer and speed / peer,
        checks=checks,
        notes=notes,
    )


def _timed(play: Callable[[], Result]) -> tuple[Result, float]:
    """What came of it, and the seconds it took, never 0."""
    begun = time.process_time()
    result = play()
    return result, max(time.process_time() - begun, 1e-9)


def plain_broadcast(
    graph: Topology | Complete, rng: np.random.Generator, mode: Mode, loss: float = 0.0
) -> tuple[int, int]:
    """Rounds and messages of one broadcast in which numpy makes every call."""
    n = graph.n
    informed = np.zeros(n, bool)
    informed[0] = True
    rounds = messages = 0
    while not informed.all():
        callers = np.flatnonzero(informed) if mode == "push" else np.arange(n)
        called = _called(graph, callers, rng)
        told = informed.copy()
        if mode != "pull":
            pushes = informed[callers]
            messages += int(np.count_nonzero(pushes))
            told[called[pushes & _arrives(callers.size, loss, rng)]] = True
        if mode != "push":
            pulls = informed[called]
            messages += int(np.count_nonzero(pulls))
            told[callers[pulls & _arrives(callers.size, loss, rng)]] = True
        informed = told
        rounds += 1
    return rounds, messages


def _called(
    graph: Topology | Complete, callers: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    if isinstance(graph, Complete):
        drawn = rng.integers(0, graph.n - 1, callers.size)
        return drawn + (drawn >= callers)  # anyone but oneself
    return graph.neighbours[graph.starts[callers] + rng.integers(0, graph.degrees[callers])]


def _arrives(size: int, loss: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    return rng.random(size) >= loss if loss else np.ones(size, bool)


def _rounds_a_second(play: Callable[[], int], times: int) -> float:
    """The best of three batches, after a warm-up."""
    play()
    best = 0.0
    for _ in range(3):
        begun = time.process_time()
        rounds = sum(play() for _ in range(times))
        best = max(best, rounds / (time.process_time() - begun))
    return best
