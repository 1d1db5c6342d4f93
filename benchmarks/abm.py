"""Standard models of agent-based modelling, ours and Mesa's in one run.

At the small size the two have to agree first: over several seeds on each side, every measure at
every moment looked at passes a two-sample Kolmogorov–Smirnov test (Bonferroni over all tests of a
model). Then all sizes are timed on the same work, construction included, by process time,
alternating. The best of as many timings counts for each; one of ours is the mean of three runs,
and peers that take long are timed once. Kernels are compiled before, which is told apart.

Peers, all written anew (`benchmarks.peers`): "Mesa, example" is in the manner of the example that
Mesa ships, which published ratios compare with; "Mesa, tuned" is the fastest that we could write.
Goals are for the first of each model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from numba.core.event import TimingListener, install_listener
from scipy import stats

from benchmarks import growth, peers
from benchmarks.rows import Row
from experiments.models import MODELS

SIGNIFICANCE = 0.001
"""Of all tests of a model together: how often equal models would be called unequal."""
SEEDS, QUICK_SEEDS = 40, 10
RUNS, QUICK_RUNS = 5, 1
LONG_S = 10.0
"""A peer's run that takes longer is made once."""
BLOCK = 3
"""Runs of ours in a timing: one alone is so short that it would be chance."""

PLAIN, EXAMPLE, TUNED, BINNED = "Mesa", "Mesa, example", "Mesa, tuned", "Mesa, tuned, binned"


@dataclass(frozen=True)
class Case:
    """A model at a size.

    Attributes:
        model: name of ours.
        settings: of ours, by name; their values are the peer's first arguments, in `order`.
        order: our settings in the order of the peer's arguments.
        peers: name to class.
        ticks: of a run.
        goal: ratio aimed at over the first of the peers.
        moments: ticks after which measures are compared, where they are.
        peer_s: about how long a peer's run takes, in seconds.
    """

    model: str
    settings: Mapping[str, Any]
    order: Sequence[str]
    peers: Mapping[str, Callable[..., Any]]
    ticks: int
    goal: float | None = None
    moments: Sequence[int] = ()
    peer_s: float = 1.0

    @property
    def name(self) -> str:
        """The model and its size."""
        return (
            f"{self.model}, {', '.join(f'{v:,} {k}' for k, v in list(self.settings.items())[:2])}"
        )

    def ours(self, seed: int) -> Any:
        """Our model."""
        return MODELS[self.model]()(**self.settings, seed=seed)

    def theirs(self, peer: str, seed: int) -> Any:
        """A peer's model."""
        return self.peers[peer](*(self.settings[name] for name in self.order), seed)


def cases() -> Iterator[Case]:
    """All of them, in the sizes of the published comparison and beyond."""
    settings: dict[str, Any]
    order: tuple[str, ...]
    moments: tuple[int, ...]
    flocks = {EXAMPLE: peers.MesaExampleFlocking, TUNED: peers.MesaFlocking}
    flocks[BINNED] = peers.MesaBinnedFlocking
    for birds, width, vision, ticks, goal, seconds in (
        (200, 100, 5, 100, 250, 1.0),
        (400, 150, 15, 100, 250, 2.5),
        (10_000, 750, 15, 2, None, 4.0),
    ):
        settings = {"birds": birds, "vision": vision, "width": width}
        order = ("birds", "width", "vision")
        moments = (10, 50, 100) if birds == 200 else ()
        yield Case("flocking", settings, order, flocks, ticks, goal, moments, seconds)
    crowds = {PLAIN: peers.MesaCellSchelling, TUNED: peers.MesaSchelling}
    for residents, width, radius, minimum, seconds in (
        (1000, 40, 1, 3, 0.05),
        (8000, 100, 2, 8, 1),
    ):
        settings = {"residents": residents, "radius": radius, "width": width, "minimum": minimum}
        order = ("width", "residents", "radius", "minimum")
        moments = (1, 3, 20) if residents == 1000 else ()
        yield Case("schelling", settings, order, crowds, 20, 60, moments, seconds)
    meadows = {EXAMPLE: peers.MesaExampleWolfSheep, TUNED: peers.MesaWolfSheep}
    for sheep, wolves, width, regrowth, lambs, cubs, goal, seconds in (
        (60, 40, 25, 20, 0.2, 0.1, 110, 0.1),
        (1000, 500, 100, 10, 0.4, 0.2, 180, 3.0),
    ):
        settings = {"sheep": sheep, "wolves": wolves, "width": width, "regrowth": regrowth}
        settings |= {"sheep_breed": lambs, "wolf_breed": cubs}
        order = ("width", "sheep", "wolves", "regrowth", "sheep_breed", "wolf_breed")
        moments = (5, 20, 50, 100) if sheep == 60 else ()
        yield Case("wolf-sheep", settings, order, meadows, 100, goal, moments, seconds)
    for width, density, seconds in ((100, 0.7, 0.5), (500, 0.9, 20.0)):
        settings = {"width": width, "density": density}
        fires = {PLAIN: peers.MesaForestFire}
        moments = (5, 20, 60) if width == 100 else ()
        yield Case("forest-fire", settings, tuple(settings), fires, 100, 200, moments, seconds)
    for people, seconds in ((1000, 0.1), (10_000, 1.0)):
        # The way of the example looks through everybody for each gift: 3 s a run for a thousand.
        fortunes = {TUNED: peers.MesaBoltzmann}
        moments = (1, 10, 100) if people == 1000 else ()
        yield Case(
            "boltzmann", {"people": people}, ("people",), fortunes, 100, None, moments, seconds
        )


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row for every model and peer, then what a step in Python costs, then growth."""
    for case in cases():
        if quick and not case.moments:  # the small sizes alone
            continue
        compiling = TimingListener()
        with install_listener("numba:compile", compiling):
            _seconds(partial(case.ours, 0), 2)
        agreement = agree(case, QUICK_SEEDS if quick else SEEDS) if case.moments else {}
        ours, theirs = _best_of(case, QUICK_RUNS if quick else RUNS)
        for number, (peer, seconds) in enumerate(theirs.items()):
            yield Row(
                name=f"{case.name}, beside {peer}, ms a tick",
                ours=1e3 * ours / case.ticks,
                peer=1e3 * seconds / case.ticks,
                ratio=seconds / ours,
                checks=agreement.get(peer, {}),
                goal=case.goal if number == 0 else None,
                notes={"ticks": case.ticks, "compile_s": _compiled(compiling)},
            )
    yield from growth.rows(quick)


def agree(case: Case, seeds: int) -> dict[str, dict[str, bool | float]]:
    """For each peer, whether all measures at all moments are distributed alike."""
    ours = _measures(case.ours, case.moments, range(seeds))
    found: dict[str, dict[str, bool | float]] = {}
    for peer in case.peers:
        theirs = _measures(partial(case.theirs, peer), case.moments, range(seeds))
        least = min(
            stats.ks_2samp(ours[moment][name], theirs[moment][name]).pvalue
            for moment in case.moments
            for name in theirs[moment]
        )
        tests = sum(len(theirs[moment]) for moment in case.moments)
        found[peer] = {"agree": bool(least > SIGNIFICANCE / tests), "least p": float(least)}
    return found


def _measures(
    make: Callable[[int], Any], moments: Sequence[int], seeds: Sequence[int]
) -> dict[int, dict[str, list[float]]]:
    """Measures by moment and name, a value a seed."""
    found: dict[int, dict[str, list[float]]] = {moment: {} for moment in moments}
    for seed in seeds:
        model = make(seed)
        while model.steps < max(moments):
            model.step()
            if model.steps in found:
                for name, value in model.measures().items():
                    found[model.steps].setdefault(name, []).append(value)
    return found


def _best_of(case: Case, runs: int) -> tuple[float, dict[str, float]]:
    """Seconds of the best run of ours, and of each peer's."""
    ours: list[float] = []
    theirs: dict[str, list[float]] = {peer: [] for peer in case.peers}
    for run in range(runs):
        block = [_seconds(partial(case.ours, run), case.ticks) for _ in range(BLOCK)]
        ours.append(sum(block) / BLOCK)
        for peer, times in theirs.items():
            if run == 0 or case.peer_s < LONG_S:
                times.append(_seconds(partial(case.theirs, peer, run), case.ticks))
    return min(ours), {peer: min(times) for peer, times in theirs.items()}


def _compiled(listener: TimingListener) -> float:
    """Seconds spent compiling, 0 if all kernels were cached."""
    return round(listener.duration, 2) if listener.done else 0.0


def _seconds(make: Callable[[], Any], ticks: int) -> float:
    """Seconds of this process to make a model and let it tick."""
    begun = time.process_time()
    model = make()
    for _ in range(ticks):
        model.step()
    return time.process_time() - begun
