"""SWIM by events: published means, what the settings do, and what befalls a group."""

import math
from dataclasses import replace

import numpy as np
import pytest

from swarm.gossip.swim import (
    ALIVE,
    DEAD,
    SUSPECT,
    History,
    MembershipError,
    Scenario,
    Swim,
    SwimProtocol,
)
from swarm.gossip.swim.rules import incarnation_of

PLAIN = Swim().without_lifeguard()


def live(scenario: Scenario, swim: Swim = PLAIN, seed: int = 1) -> SwimProtocol:
    group = SwimProtocol(swim, scenario, np.random.default_rng(seed))
    group.run()
    return group


def statuses(group: SwimProtocol, observer: int) -> list[int]:
    return (group.view(observer) % 3).tolist()


def same(a: History, b: History) -> bool:
    names = ("time", "observer", "subject", "rank", "sent")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


@pytest.mark.parametrize(("n", "runs"), [(10, 200), (60, 40)])
def test_first_detection_takes_the_published_mean(n: int, runs: int) -> None:
    """SWIM 3.1, exactly: geometric with 1 − (1 − 1/(n−1))^(n−1)."""
    swim = replace(PLAIN, round_robin=False, sync_interval=0)
    periods = []
    for seed in range(runs):
        rng = np.random.default_rng([n, seed])
        at = 1 + float(rng.random())
        scenario = Scenario(n, at + 9, crashes=[(3, at)])
        group = SwimProtocol(swim, scenario, rng, latency=(0.0, 0.0))
        periods.append(group.run().periods(3, at))
    exact = 1 / (1 - (1 - 1 / (n - 1)) ** (n - 1))
    assert exact == pytest.approx({10: 1.530, 60: 1.575}[n], abs=0.001)
    assert abs(np.mean(periods) - exact) < 4 * np.std(periods, ddof=1) / math.sqrt(runs)


def test_round_robin_finds_out_in_time_and_random_probing_need_not() -> None:
    """SWIM 4.3: nobody tells anybody, and still all know after 2n − 1 periods."""
    n, at = 12, 3.3
    swim = replace(PLAIN, suspicion=False, retransmit_multiplier=0, sync_interval=0)
    for round_robin in (True, False):
        late = 0
        for seed in range(12):
            scenario = Scenario(n, at + 8 * n, crashes=[(0, at)])
            history = live(scenario, replace(swim, round_robin=round_robin), seed).run()
            seen = history.time[history.rank % 3 == DEAD]
            late += n - 1 - np.count_nonzero(seen - 1 - at <= 2 * n - 1)
        assert (late == 0) == round_robin


def test_a_crash_is_suspected_then_declared_then_known_to_all() -> None:
    scenario = Scenario(40, 40.0, crashes=[(5, 3.0)])
    group = live(scenario)
    history = group.run()
    suspected, dead = history.first(5, SUSPECT, 3.0), history.first(5, DEAD, 3.0)
    assert dead - suspected == pytest.approx(4 * math.log10(40), abs=1e-6)
    assert history.spread(5) < 3
    assert history.false_positives() == 0
    assert all(statuses(group, i)[5] == DEAD for i in range(40) if i != 5)
    assert (history.subject == 5).all()


def test_without_suspicion_death_is_declared_at_once() -> None:
    history = live(Scenario(20, 10.0, crashes=[(5, 3.0)]), replace(PLAIN, suspicion=False)).run()
    assert not (history.rank % 3 == SUSPECT).any()
    assert history.first(5, DEAD, 3.0) < 6


def test_confirmations_shorten_a_suspicion() -> None:
    scenario = Scenario(60, 60.0, crashes=[(5, 3.0)])
    lasted = []
    for confirmations in (0, 2, 40):  # none needed, two needed, more than can be had soon
        swim = Swim(confirmations=confirmations)
        history = live(scenario, swim).run()
        lasted.append(history.first(5, DEAD, 3.0) - history.first(5, SUSPECT, 3.0))
    least = 4 * math.log10(60)
    assert lasted[0] == pytest.approx(least, abs=1e-6)
    assert lasted[1] < least + 4
    assert lasted[2] > least + 4


def test_news_is_sent_no_more_often_than_the_limit() -> None:
    swim = replace(PLAIN, sync_interval=0, probe_interval=1000.0, probe_timeout=1.0)
    group = SwimProtocol(swim, Scenario(30, 9.0, joins=[(29, 1.0)]), np.random.default_rng(2))
    sent = group.run().sent
    # A single piece of news, each told one at a time: all who know send it so often.
    assert sent[:, 2].sum() == 30 * swim.retransmit_limit(30)


def test_wrong_suspicions_are_refuted() -> None:
    """Half of the messages are lost, no helpers: many are suspected, none is dead at the end."""
    swim = replace(PLAIN, indirect=0)
    group = live(Scenario(16, 60.0, loss=0.3), swim)
    history = group.run()
    assert np.count_nonzero(history.rank % 3 == SUSPECT) > 100
    views = np.array([group.view(i) for i in range(16)])
    incarnations = incarnation_of(views.diagonal())
    assert (incarnations > 0).all()
    assert (views.diagonal() % 3 == ALIVE).all()
    assert (views <= views.diagonal() + 2).all()  # none claims an incarnation not yet begun


def test_helpers_save_from_suspicion() -> None:
    suspected = []
    for indirect in (0, 3):
        history = live(Scenario(30, 30.0, loss=0.1), replace(PLAIN, indirect=indirect)).run()
        first = (history.rank % 3 == SUSPECT) & (history.observer != history.subject)
        suspected.append(len(set(zip(history.subject[first], history.rank[first], strict=True))))
    assert suspected[1] < suspected[0] / 3


def test_a_newcomer_learns_and_is_learnt_of() -> None:
    group = live(Scenario(30, 40.0, crashes=[(4, 1.0)], joins=[(9, 25.0)]))
    assert statuses(group, 9) == [DEAD if i == 4 else ALIVE for i in range(30)]
    assert all(statuses(group, i)[9] == ALIVE for i in range(30) if i != 4)
    assert live(Scenario(30, 24.0, joins=[(9, 25.0)])).view(0)[9] == -1


def test_the_recovered_come_back_in_a_new_incarnation() -> None:
    group = live(Scenario(30, 40.0, crashes=[(4, 1.0)], joins=[(4, 25.0)]))
    for observer in range(30):
        assert group.view(observer)[4] % 3 == ALIVE
        assert incarnation_of(int(group.view(observer)[4])) == 1


def test_a_partition_heals() -> None:
    """Each side holds the other dead; after the healing all are alive to all."""
    n = 24
    scenario = Scenario(n, 150.0, partitions=[(5.0, 60.0, range(n // 2))])
    group = SwimProtocol(Swim(), scenario, np.random.default_rng(3))
    group.run(60.0)
    side = [ALIVE] * (n // 2) + [DEAD] * (n // 2)
    assert statuses(group, 0) == side
    assert statuses(group, n - 1) == side[::-1]
    group.run()
    assert all(statuses(group, i) == [ALIVE] * n for i in range(n))


def slow_scenario(rng: np.random.Generator) -> Scenario:
    chosen = rng.choice(64, 10, replace=False).tolist()
    pauses = []
    for member in chosen[:8]:
        at = 5 + float(rng.uniform(0, 16))
        while at < 60:
            pauses.append((member, at, at + 16.0))
            at += 16.25
    return Scenario(64, 65.0, pauses=pauses, crashes=[(each, 20.0) for each in chosen[8:]])


def test_lifeguard_keeps_slow_members_from_slandering() -> None:
    wrong, latency = [], []
    for swim in (PLAIN, Swim()):
        rng = np.random.default_rng(0)
        scenario = slow_scenario(rng)
        history = SwimProtocol(swim, scenario, rng).run()
        wrong.append(history.false_positives())
        latency.append(np.median([history.first(m, DEAD, at) for m, at in scenario.crashes]))
    assert wrong[0] > 10
    assert wrong[1] <= wrong[0] / 10
    assert latency[1] <= 1.5 * latency[0]


def test_a_paused_member_is_silent_and_then_answers() -> None:
    scenario = Scenario(10, 30.0, pauses=[(2, 5.0, 25.0)])
    group = SwimProtocol(PLAIN, scenario, np.random.default_rng(1))
    before = group.run(5.5).sent[2].sum()
    during = group.run(24.9).sent[2].sum()
    assert during - before <= 5  # a ping, and requests, that wait to leave
    assert statuses(group, 0)[2] == DEAD
    group.run()
    assert statuses(group, 0)[2] == ALIVE


def test_the_crashed_are_silent() -> None:
    group = SwimProtocol(Swim(), Scenario(10, 30.0, crashes=[(2, 5.0)]), np.random.default_rng(1))
    before = group.run(5.1).sent[2].copy()
    assert (group.run().sent[2] == before).all()


def test_latency_is_what_was_asked_for() -> None:
    """With a second of latency no answer comes in time; a function may give any distribution."""

    def slow(rng: np.random.Generator, number: int) -> np.ndarray:
        return np.full(number, 1.1)

    quiet = Scenario(12, 10.0)
    swim = replace(PLAIN, gossip_fanout=0, retransmit_multiplier=0)
    for latency, suspects in ((slow, True), ((0.0, 0.2), False)):
        group = SwimProtocol(swim, quiet, np.random.default_rng(1), latency)
        assert bool((group.run().rank % 3 == SUSPECT).any()) == suspects
    with pytest.raises(MembershipError, match="low ≤ high"):
        SwimProtocol(Swim(), quiet, np.random.default_rng(1), (0.2, 0.1)).run()


def test_equal_generators_give_equal_histories_in_one_run_or_many() -> None:
    rng = np.random.default_rng(5)
    scenario = replace(slow_scenario(rng), seconds=40.0, loss=0.05)
    whole = SwimProtocol(Swim(), scenario, np.random.default_rng(7)).run()
    group = SwimProtocol(Swim(), scenario, np.random.default_rng(7))
    for until in (3.0, 3.0, 17.7, 40.0):
        stepped = group.run(until)
    assert same(whole, stepped)
    assert not same(whole, SwimProtocol(Swim(), scenario, np.random.default_rng(8)).run())
    with pytest.raises(MembershipError, match="cannot run back"):
        group.run(1.0)
