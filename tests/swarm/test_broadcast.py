"""Broadcasts against a plain reference, exact chances and the laws of epidemics."""

import itertools
import math
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

import networkx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from benchmarks.broadcast import _overlay
from swarm.gossip import (
    Broadcast,
    BroadcastError,
    Partition,
    Topology,
    add_own,
    broadcast,
    complete,
    crowds,
    exchange,
    k_out,
    scale_free,
    small_world,
)

WORD = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15
Mode = Literal["push", "pull", "push-pull"]
MODES: tuple[Mode, ...] = ("push", "pull", "push-pull")


def split_mix(state: int) -> int:
    state &= WORD
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & WORD
    return state ^ (state >> 31)


def unit(bits: int) -> float:
    return (bits >> 11) * 2.0**-53


def every_call(
    peers: list[list[int]],
    seed: int,
    mode: str,
    loss: float,
    churn: float,
    fanout: int,
    source: int,
    max_rounds: int,
    groups: list[int],
    apart_rounds: int,
) -> tuple[list[int], int]:
    """Everybody makes every call of every round; who knows is a set."""
    informed, curve, messages, stream = {source}, [1], 0, seed
    while 0 < len(informed) < len(peers) and len(curve) <= max_rounds:
        stream += GAMMA
        key, told = split_mix(stream), set(informed)
        for i, j, call in (
            (i, neighbours[pick(key, i * fanout + c, len(neighbours))], i * fanout + c)
            for i, neighbours in enumerate(peers)
            for c in range(fanout if neighbours else 0)
        ):
            arrives = unit(split_mix(key + (2 * call + 2) * GAMMA)) >= loss
            apart = len(curve) <= apart_rounds and groups[i] != groups[j]
            if mode != "pull" and i in informed:
                messages += 1
                if arrives and not apart:
                    told.add(j)
            if mode != "push" and j in informed and not apart:
                messages += 1
                if arrives:
                    told.add(i)
        if churn:
            stream += GAMMA
            key = split_mix(stream)
            told = {i for i in told if unit(split_mix(key + (i + 1) * GAMMA)) >= churn}
        informed = told
        curve.append(len(informed))
    return curve, messages


def pick(key: int, call: int, degree: int) -> int:
    return (split_mix(key + (2 * call + 1) * GAMMA) >> 32) * degree >> 32


def as_topology(peers: list[list[int]]) -> Topology:
    starts = np.cumsum([0] + [len(row) for row in peers])
    flat = [peer for row in peers for peer in row]
    return Topology(len(peers), starts.astype(np.int64), np.array(flat, np.int32))


def as_peers(graph: Topology) -> list[list[int]]:
    return [row.tolist() for row in np.split(graph.neighbours, graph.starts[1:-1])]


@settings(deadline=None, max_examples=15)
@given(st.data())
def test_the_calls_that_touch_few_are_enough(data: st.DataObject) -> None:
    """Overlays: from the few who know, through rounds of all calls, to the few who do not."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    graph = data.draw(
        st.sampled_from(
            [k_out(120, 2, rng), small_world(120, 4, 0.2, rng), scale_free(120, 2, rng)]
        )
    )
    check_equal_to_every_call(data, as_peers(graph))


@settings(deadline=None, max_examples=50)
@given(data=st.data(), dearer=st.sampled_from([0, 0, 10**9]))
def test_which_calls_are_made_changes_nothing(data: st.DataObject, dearer: int) -> None:
    """Small graphs of any kind, links that stand twice included.

    The calls that touch few are made always, or never, whichever would cost less.
    """
    n = data.draw(st.integers(1, 12))
    others = [st.sampled_from([j for j in range(n) if j != i] or [0]) for i in range(n)]
    peers = [data.draw(st.lists(other, max_size=4 * (n > 1))) for other in others]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowds, "DEARER", dearer)
        check_equal_to_every_call(data, peers)


def check_equal_to_every_call(data: st.DataObject, peers: list[list[int]]) -> None:
    n = len(peers)
    mode = data.draw(st.sampled_from(MODES))
    loss = data.draw(st.sampled_from([0.0, 0.4, 1.0]))
    churn = data.draw(st.sampled_from([0.0, 0.0, 0.1]))
    fanout, source = data.draw(st.integers(1, 3)), data.draw(st.integers(0, n - 1))
    most = data.draw(st.integers(0, 25))
    seed = data.draw(st.integers(0, 2**32))
    groups = data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    partition = data.draw(st.sampled_from([None, Partition(groups, 4)]))
    graph = as_topology(peers)
    ours = broadcast(
        graph, np.random.default_rng(seed), mode, loss, churn, fanout, source, most, partition
    )
    key = int(np.random.default_rng(seed).integers(2**63))
    rounds_apart = partition.rounds if partition else 0
    curve, messages = every_call(
        peers, key, mode, loss, churn, fanout, source, most, groups, rounds_apart
    )
    assert (ours.informed.tolist(), ours.messages) == (curve, messages)
    assert ours.informed.dtype == np.int64
    assert ours.rounds == len(curve) - 1
    assert ours.reached_all == (curve[-1] == n)
    if not churn:
        assert (np.diff(ours.informed) >= 0).all()


def exact_step(n: int, knowing: int, mode: str, loss: float, fanout: int) -> NDArray[np.float64]:
    """How many know after a round of the complete graph: every way to call, weighed."""
    chances = np.zeros(n + 1)
    callees = [[j for j in range(n) if j != i] for i in range(n) for _ in range(fanout)]
    for called in itertools.product(*callees):
        incoming = Counter[int]()
        for call, j in enumerate(called):
            i = call // fanout
            if mode != "pull" and i < knowing <= j:
                incoming[j] += 1
            if mode != "push" and j < knowing <= i:
                incoming[i] += 1
        news = np.array([1.0])
        for copies in incoming.values():
            news = np.convolve(news, [loss**copies, 1 - loss**copies])
        chances[knowing : knowing + news.size] += news
    return chances / chances.sum()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("n", "fanout", "loss"), [(2, 3, 0.4), (4, 1, 0.0), (5, 1, 0.3), (4, 2, 0.3)]
)
def test_the_complete_graph_follows_its_exact_chances(
    mode: Mode, n: int, fanout: int, loss: float
) -> None:
    """From each number of informed to each that a round can lead to."""
    rng = np.random.default_rng(5)
    found = np.zeros((n + 1, n + 1))
    for _ in range(4_000):
        curve = broadcast(complete(n), rng, mode, loss, fanout=fanout).informed
        np.add.at(found, (curve[:-1], curve[1:]), 1)
    for knowing in range(1, n):
        chances = exact_step(n, knowing, mode, loss, fanout)
        rounds = found[knowing].sum()
        error = np.sqrt(rounds * chances * (1 - chances))
        likely = rounds * chances > 5
        assert likely.any()
        assert (np.abs(found[knowing] - rounds * chances) <= 4 * error)[likely].all()
        assert (found[knowing, chances == 0] == 0).all()


SETTINGS: list[dict[str, Any]] = [
    {"mode": "push"},
    {"mode": "pull", "loss": 0.2},
    {"mode": "push-pull"},
    {"mode": "push", "loss": 0.3, "fanout": 2},
    {"mode": "pull", "fanout": 3, "loss": 0.5},
    {"mode": "push-pull", "loss": 0.4, "fanout": 2},
    {"mode": "push-pull", "loss": 0.2, "churn": 0.05, "max_rounds": 12},
    {"mode": "push", "churn": 0.1, "fanout": 2, "max_rounds": 12},
    {"mode": "push-pull", "partition": Partition(np.arange(40) % 3, 5), "loss": 0.1},
    {"mode": "pull", "partition": Partition(np.arange(40) // 10, 6), "fanout": 2, "source": 17},
    {"mode": "push", "partition": Partition(np.arange(40) // 25, 8)},
]


@pytest.mark.parametrize("how", SETTINGS, ids=lambda how: "-".join(how))
def test_counting_who_knows_equals_making_every_call(how: dict[str, Any]) -> None:
    """The complete graph, with and without its links: rounds, messages and every curve agree."""
    n, runs = 40, 700
    explicit = Topology.from_networkx(complete(n).to_networkx())
    rng = np.random.default_rng(6)
    counted, called = (
        np.array([row_of(broadcast(graph, rng, **how)) for _ in range(runs)], float)
        for graph in (complete(n), explicit)
    )
    variance = (counted.var(axis=0, ddof=1) + called.var(axis=0, ddof=1)) / runs
    apart = counted.mean(axis=0) - called.mean(axis=0)
    varies = variance > 0
    assert (np.abs(apart[varies]) < 4 * np.sqrt(variance[varies])).all()
    assert (apart[~varies] == 0).all()
    for column in range(2):  # the whole distribution, by Kolmogorov and Smirnov
        assert farthest(counted[:, column], called[:, column]) < 1.95 * math.sqrt(2 / runs)


def row_of(result: Broadcast) -> list[int]:
    late = result.informed[:10].tolist()
    return [result.rounds, result.messages, *late, *[late[-1]] * (10 - len(late))]


def farthest(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """The largest gap of two empirical distributions."""
    grid = np.unique(np.concatenate((ours, theirs)))
    below = [
        np.searchsorted(np.sort(sample), grid, "right") / sample.size for sample in (ours, theirs)
    ]
    return float(np.abs(below[0] - below[1]).max())


def mean_rounds(runs: int, seed: int, n: int, **how: Any) -> tuple[float, float]:
    """Mean and standard error over broadcasts on the complete graph."""
    rng = np.random.default_rng(seed)
    rounds = [broadcast(complete(n), rng, **how).rounds for _ in range(runs)]
    return float(np.mean(rounds)), float(np.std(rounds, ddof=1) / math.sqrt(runs))


@pytest.mark.parametrize("n", [10_000, 100_000, 1_000_000])
def test_push_takes_the_rounds_of_doerr_and_kunnemann(n: int) -> None:
    mean, error = mean_rounds(40, 1, n, mode="push")
    low = math.floor(math.log2(n)) + math.log(n) - 1.116
    high = math.ceil(math.log2(n)) + math.log(n) + 2.765
    assert low + 4 * error < mean < high - 4 * error


@pytest.mark.parametrize(("n", "published"), [(10_000, 11.6), (100_000, 14.0), (1_000_000, 16.4)])
def test_push_pull_takes_the_published_rounds(n: int, published: float) -> None:
    mean, error = mean_rounds(60, 2, n)
    assert abs(math.log(n, 3) + math.log2(math.log(n)) - published) < 0.05
    assert abs(mean - published) < 4 * error + 0.1


def test_modes_differ_as_they_should() -> None:
    """Pull is slow to start but finishes in O(log log n); push–pull has the best of both."""
    push, pull, both = (mean_rounds(20, 3, 3_000, mode=mode)[0] for mode in MODES)
    assert both + 2 < pull < push
    rng = np.random.default_rng(3)
    assert broadcast(complete(1), rng).rounds == 0
    assert broadcast(complete(2), rng, "push").informed.tolist() == [1, 2]
    assert broadcast(complete(2), rng).messages == 2  # one pushes, the other is answered


@pytest.mark.parametrize(("fanout", "loss"), [(1, 0.3), (2, 0.0), (3, 0.1), (3, 0.5), (5, 0.2)])
def test_loss_slows_push_as_the_formula_says(fanout: int, loss: float) -> None:
    """ln n / ln(1 + p) + ln n / p, p the copies that arrive, and an O(1) that n does not change."""
    p = fanout * (1 - loss)
    gaps = []
    for n in (3_000, 300_000):
        mean, error = mean_rounds(60, 4, n, mode="push", fanout=fanout, loss=loss)
        gaps.append(mean - math.log(n) / math.log(1 + p) - math.log(n) / p)
        assert 0 < gaps[-1] < 1.1 + 1.2 / p + 4 * error
    assert abs(gaps[1] - gaps[0]) < 1


def test_churn_leaves_the_share_informed_that_mean_field_gives() -> None:
    """x = (1 − c)(1 − (1 − x)(1 − sx) exp(−sx)): missed by every push and by one's own pull."""
    n, churn, loss = 100_000, 0.1, 0.3
    curve = broadcast(
        complete(n), np.random.default_rng(7), loss=loss, churn=churn, max_rounds=80
    ).informed
    share, arrives = 0.9, 1 - loss
    for _ in range(200):
        missed = (1 - share) * (1 - arrives * share) * math.exp(-arrives * share)
        share = (1 - churn) * (1 - missed)
    assert curve.size == 81
    assert abs(curve[40:].mean() / n - share) < 0.001
    overlay = k_out(2_000, 20, np.random.default_rng(8))
    wired = broadcast(overlay, np.random.default_rng(9), loss=loss, churn=churn, max_rounds=200)
    assert abs(wired.informed[100:].mean() / 2_000 - share) < 0.01


def test_a_rumour_dies_with_those_who_know_it() -> None:
    for graph in (complete(50), k_out(50, 4, np.random.default_rng(1))):
        gone = broadcast(graph, np.random.default_rng(10), churn=1.0)
        assert gone.informed.tolist() == [1, 0]
        assert not gone.reached_all
        unheard = broadcast(graph, np.random.default_rng(10), "push", loss=1.0, max_rounds=7)
        assert unheard.informed.tolist() == [1] * 8
        assert unheard.messages == 7


def test_a_partition_holds_until_it_heals() -> None:
    n, rounds = 600, 120
    groups = np.where(np.arange(n) < 200, 7, 3)
    rng = np.random.default_rng(11)
    for graph in (complete(n), k_out(n, 8, rng), small_world(n, 8, 0.2, rng)):
        own = graph.to_networkx().subgraph(range(200)).to_undirected()
        reachable = len(networkx.node_connected_component(own, 5))
        result = broadcast(graph, rng, source=5, partition=Partition(groups, rounds))
        assert 190 < reachable == result.informed[rounds] <= 200
        assert result.informed[rounds + 1] > 200
        assert result.reached_all
        healed = broadcast(graph, rng, partition=Partition(groups, 0))
        assert healed.rounds < rounds


def test_on_overlays_everybody_hears_in_logarithmic_time() -> None:
    rng = np.random.default_rng(12)
    builders: list[Callable[[int], Topology]] = [
        lambda n: k_out(n, 8, rng),
        lambda n: small_world(n, 10, 0.3, rng),
        lambda n: scale_free(n, 4, rng),
    ]
    for build in builders:
        small, large = (
            np.mean([broadcast(build(n), rng).rounds for _ in range(6)]) for n in (1_000, 32_000)
        )
        assert small < 2 * math.log2(1_000)
        assert 0.5 < large - small < 12  # five doublings
        lossy = np.mean([broadcast(build(1_000), rng, loss=0.5).rounds for _ in range(6)])
        assert small + 2 < lossy < 3 * small


def test_a_ring_is_crossed_link_by_link() -> None:
    """Push and pull along both sides: no faster than one link a round, so half round the ring."""
    ring = small_world(64, 2, 0.0, np.random.default_rng(0))
    result = broadcast(ring, np.random.default_rng(13))
    assert result.rounds >= 32
    assert (np.diff(result.informed) <= 2).all()


def test_broadcast_agrees_with_the_exchange_of_rumours() -> None:
    """One rumour among agents who exchange all they know is a broadcast by push–pull."""
    n, runs = 300, 150
    graph = k_out(n, 8, np.random.default_rng(14))
    peers = graph.neighbours.reshape(n, 8)
    rng = np.random.default_rng(15)
    ours = [broadcast(graph, rng, loss=0.2).informed[4] for _ in range(runs)]
    theirs = []
    for _ in range(runs):
        heard = add_own(np.full((n, 1), -1, np.int32), [0], [0])
        for _ in range(4):
            seed = int(rng.integers(2**63))
            heard, *_ = exchange(heard, peers, np.ones(n, int), 1, seed, loss=0.2)
        theirs.append(np.count_nonzero(heard == 0))
    error = math.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / runs)
    assert abs(np.mean(ours) - np.mean(theirs)) < 4 * error


def test_equal_generators_give_equal_broadcasts() -> None:
    for graph in (complete(5_000), k_out(5_000, 4, np.random.default_rng(1))):
        one, two, other = (
            broadcast(graph, np.random.default_rng(seed), loss=0.1) for seed in (16, 16, 17)
        )
        assert one.informed.tolist() == two.informed.tolist()
        assert one.messages == two.messages
        assert one.informed.tolist() != other.informed.tolist()


def test_errors_say_what_is_allowed() -> None:
    rng = np.random.default_rng(0)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"mode": "shout"}, "mode must be"),
        ({"loss": 1.5}, "loss is a probability"),
        ({"churn": -0.1}, "churn is a probability"),
        ({"fanout": 0}, "at least 1 call"),
        ({"fanout": 10**9}, "1,000,000,000 calls"),
        ({"source": 5}, r"0\.\.4"),
        ({"max_rounds": -1}, "max_rounds"),
        ({"partition": Partition([0, 1], 3)}, r"int\[5\]"),
        ({"partition": Partition([0, 1, 0, 1, -1], 3)}, "≥ 0"),
        ({"partition": Partition([0, 1, 0, 1, 1], -3)}, "rounds of a partition"),
        # It would never be round 2.5, and so never heal.
        ({"partition": Partition([0, 1, 0, 1, 1], 2.5)}, "rounds .* whole"),  # type: ignore[arg-type]
        ({"fanout": 1.5}, "fanout must be a whole number"),
        ({"source": 0.5}, "a whole number in"),
        ({"max_rounds": 9.5}, "max_rounds must be a whole number"),
    ]
    for how, words in wrong:
        with pytest.raises(BroadcastError, match=words):
            broadcast(complete(5), rng, **how)
    ring = small_world(6, 2, 0.0, rng)
    with pytest.raises(BroadcastError, match="1,000,000,000 calls"):
        broadcast(ring, rng, fanout=10**9)


def test_the_benchmark_counts_both_sides_alike() -> None:
    graph = k_out(2_000, 8, np.random.default_rng(0))
    row = _overlay("8-out", graph, 3, {}, 1e6, {})
    assert row.notes["runs"] == row.notes["peer_runs"] == 3
    assert row.ours < 1e-3  # turning the graph round took a million seconds, and counts
    assert row.agrees
