"""SWIM in compiled rounds: theory, what befalls a group, and agreement with the events."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from swarm.gossip.swim import (
    ALIVE,
    DEAD,
    SUSPECT,
    History,
    MembershipError,
    Scenario,
    Swim,
    SwimProtocol,
    SwimRounds,
)
from swarm.gossip.swim.rules import incarnation_of

PLAIN = Swim().without_lifeguard()


def live(scenario: Scenario, swim: Swim = PLAIN, seed: int = 1) -> SwimRounds:
    group = SwimRounds(swim, scenario, np.random.default_rng(seed))
    group.run()
    return group


def statuses(group: SwimRounds, observer: int) -> list[int]:
    return (group.view(observer) % 3).tolist()


def same(a: History, b: History) -> bool:
    names = ("time", "observer", "subject", "rank", "sent")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


@pytest.mark.parametrize(("n", "runs"), [(10, 900), (100, 300), (1000, 50)])
def test_first_detection_takes_the_published_mean(n: int, runs: int) -> None:
    """SWIM 3.1, exactly: geometric with 1 − (1 − 1/(n−1))^(n−1)."""
    swim = replace(PLAIN, round_robin=False, sync_interval=0)
    periods = []
    for seed in range(runs):
        rng = np.random.default_rng([n, seed])
        at = 1 + float(rng.random())
        history = SwimRounds(swim, Scenario(n, at + 11, crashes=[(3, at)]), rng).run()
        periods.append(history.periods(3, at))
    exact = 1 / (1 - (1 - 1 / (n - 1)) ** (n - 1))
    assert exact == pytest.approx({10: 1.530, 100: 1.577, 1000: 1.5815}[n], abs=0.0005)
    assert abs(np.mean(periods) - exact) < 4 * np.std(periods, ddof=1) / math.sqrt(runs)


def test_round_robin_finds_out_in_time_and_random_probing_need_not() -> None:
    n, at = 20, 3.3
    swim = replace(PLAIN, suspicion=False, retransmit_multiplier=0, sync_interval=0)
    for round_robin in (True, False):
        late = 0
        for seed in range(20):
            scenario = Scenario(n, at + 8 * n, crashes=[(0, at)])
            history = live(scenario, replace(swim, round_robin=round_robin), seed).run()
            seen = history.time[history.rank % 3 == DEAD]
            late += n - 1 - np.count_nonzero(seen - 1 - at <= 2 * n - 1)
        assert (late == 0) == round_robin


def test_the_load_does_not_grow_with_the_group() -> None:
    """SWIM's promise: where news rides on probes alone, messages a member stay the same."""
    swim = replace(PLAIN, gossip_fanout=0, sync_interval=0)
    load = [live(Scenario(n, 30.0, crashes=[(1, 2.0)]), swim).run().messages() for n in (100, 5000)]
    assert load == pytest.approx([2.0, 2.0], rel=0.03)


def crash_figures(
    engine: type[SwimRounds] | type[SwimProtocol], swim: Swim, n: int, seed: int, loss: float
) -> list[float]:
    rng = np.random.default_rng(seed)
    member, at = int(rng.integers(n)), float(rng.uniform(2, 4))
    scenario = Scenario(n, 26.0, crashes=[(member, at)], loss=loss)
    history = engine(swim, scenario, rng).run()
    return [
        history.first(member, SUSPECT, at),
        history.first(member, DEAD, at),
        history.spread(member, 0.5),
        history.spread(member, 0.99),
        *(history.sent[:, kind].sum() for kind in range(3)),
        np.count_nonzero(history.rank % 3 == SUSPECT),
    ]


def check_agreement(swim: Swim, n: int, loss: float, runs: tuple[int, int]) -> None:
    events = [crash_figures(SwimProtocol, swim, n, 9000 + seed, loss) for seed in range(runs[0])]
    rounds = [crash_figures(SwimRounds, swim, n, seed, loss) for seed in range(runs[1])]
    for mine, theirs in zip(np.transpose(rounds), np.transpose(events), strict=True):
        assert stats.ks_2samp(mine, theirs).pvalue > 1e-4


@pytest.mark.parametrize(
    ("swim", "loss"),
    [(Swim(), 0.0), (PLAIN, 0.05), (replace(PLAIN, gossip_fanout=0, round_robin=False), 0.0)],
    ids=["lifeguard", "plain, with loss", "news on probes alone"],
)
def test_both_engines_agree(swim: Swim, loss: float) -> None:
    check_agreement(swim, 60, loss, (25, 100))


@pytest.mark.slow
@pytest.mark.parametrize("loss", [0.0, 0.02])
def test_both_engines_agree_at_a_thousand(loss: float) -> None:
    check_agreement(Swim(), 1000, loss, (20, 80))


def test_what_all_hold_takes_no_column() -> None:
    scenario = Scenario(2000, 60.0, crashes=[(5, 1.0), (6, 1.0), (7, 30.0)])
    group = SwimRounds(Swim(), scenario, np.random.default_rng(1))
    group.run(12.0)
    assert group.under_rumour == 2
    group.run()
    assert group.under_rumour == 0
    assert statuses(group, 0)[4:9] == [ALIVE, DEAD, DEAD, DEAD, ALIVE]


def test_columns_grow_when_many_are_under_rumour() -> None:
    scenario = Scenario(300, 40.0, crashes=[(member, 2.0) for member in range(100)])
    group = live(scenario)
    history = group.run()
    assert set(history.subject[history.rank % 3 == DEAD].tolist()) >= set(range(100))
    assert all(statuses(group, i)[:100] == [DEAD] * 100 for i in range(100, 300, 20))
    assert group.under_rumour == 0


def test_a_crash_is_suspected_then_declared_then_known_to_all() -> None:
    group = live(Scenario(40, 40.0, crashes=[(5, 3.0)]))
    history = group.run()
    suspected, dead = history.first(5, SUSPECT, 3.0), history.first(5, DEAD, 3.0)
    assert dead - suspected == pytest.approx(4 * math.log10(40))
    assert history.spread(5) < 3
    assert history.false_positives() == 0
    assert (np.diff(history.time) >= 0).all()
    assert all(statuses(group, i)[5] == DEAD for i in range(40) if i != 5)


def test_wrong_suspicions_are_refuted() -> None:
    group = live(Scenario(16, 60.0, loss=0.3), replace(PLAIN, indirect=0))
    views = np.array([group.view(i) for i in range(16)])
    assert np.count_nonzero(group.run().rank % 3 == SUSPECT) > 100
    assert (incarnation_of(views.diagonal()) > 0).all()
    assert (views.diagonal() % 3 == ALIVE).all()
    assert (views <= views.diagonal() + 2).all()  # none claims an incarnation not yet begun


def test_a_newcomer_learns_and_is_learnt_of() -> None:
    group = live(Scenario(30, 40.0, crashes=[(4, 1.0)], joins=[(9, 25.0)]))
    assert statuses(group, 9) == [DEAD if i == 4 else ALIVE for i in range(30)]
    assert all(statuses(group, i)[9] == ALIVE for i in range(30) if i != 4)
    assert live(Scenario(30, 24.0, joins=[(9, 25.0)])).view(0)[9] == -1


@pytest.mark.parametrize("back", [8.0, 25.0, 60.0], ids=["suspect", "dead", "settled"])
def test_the_recovered_come_back(back: float) -> None:
    group = live(Scenario(30, back + 20, crashes=[(4, 1.0)], joins=[(4, back)]))
    for observer in range(30):
        assert group.view(observer)[4] % 3 == ALIVE
        assert incarnation_of(int(group.view(observer)[4])) >= 1
    assert group.under_rumour == 0


def test_a_partition_heals() -> None:
    n = 24
    scenario = Scenario(n, 150.0, partitions=[(5.0, 60.0, range(n // 2))])
    group = SwimRounds(Swim(), scenario, np.random.default_rng(3))
    group.run(60.0)
    side = [ALIVE] * (n // 2) + [DEAD] * (n // 2)
    assert statuses(group, 0) == side
    assert statuses(group, n - 1) == side[::-1]
    group.run()
    assert all(statuses(group, i) == [ALIVE] * n for i in range(n))
    assert group.under_rumour == 0


def slow_scenario(rng: np.random.Generator) -> Scenario:
    chosen = rng.choice(128, 10, replace=False).tolist()
    pauses = []
    for member in chosen[:8]:
        at = 5 + float(rng.uniform(0, 16))
        while at < 60:
            pauses.append((member, at, at + 16.0))
            at += 16.25
    return Scenario(128, 90.0, pauses=pauses, crashes=[(each, 20.0) for each in chosen[8:]])


def test_lifeguard_keeps_slow_members_from_slandering() -> None:
    wrong, latency = {}, {}
    for name, swim in (("plain", PLAIN), ("lifeguard", Swim())):
        histories = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            scenario = slow_scenario(rng)
            histories.append(SwimRounds(swim, scenario, rng).run())
        wrong[name] = sum(history.false_positives() for history in histories)
        latency[name] = np.median(
            [h.first(m, DEAD, at) for h in histories for m, at in h.scenario.crashes]
        )
    assert wrong["plain"] > 80
    assert wrong["lifeguard"] <= wrong["plain"] / 10
    assert latency["lifeguard"] <= 1.5 * latency["plain"]


def test_a_paused_member_is_held_dead_and_then_refutes() -> None:
    group = SwimRounds(PLAIN, Scenario(10, 30.0, pauses=[(2, 5.0, 25.0)]), np.random.default_rng(1))
    group.run(24.9)
    assert statuses(group, 0)[2] == DEAD
    group.run()
    assert statuses(group, 0)[2] == ALIVE


def test_equal_generators_give_equal_histories_in_one_run_or_many() -> None:
    scenario = replace(slow_scenario(np.random.default_rng(5)), loss=0.05)
    whole = SwimRounds(Swim(), scenario, np.random.default_rng(7)).run()
    group = SwimRounds(Swim(), scenario, np.random.default_rng(7))
    for until in (3.0, 3.0, 17.7, 90.0):
        stepped = group.run(until)
    assert same(whole, stepped)
    assert not same(whole, SwimRounds(Swim(), scenario, np.random.default_rng(8)).run())
    with pytest.raises(MembershipError, match="cannot run back"):
        group.run(1.0)


def test_more_confirmations_than_a_cell_holds_are_refused() -> None:
    with pytest.raises(MembershipError, match="at most 3 confirmations"):
        SwimRounds(Swim(confirmations=4), Scenario(5, 1.0), np.random.default_rng(0))
