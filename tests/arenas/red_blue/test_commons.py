"""The commons against plain ones, and what it promises: twins, lanes, tokens, steps and states."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from arenas.red_blue import (
    OPEN,
    Act,
    Commons,
    CommonsRules,
    Defences,
    RedBlueError,
    defence_genomes,
    defence_spec,
    defences,
    gains,
    guarded,
    play,
    script_spec,
    scripts,
)
from arenas.red_blue.lanes import Lanes
from arenas.red_blue.market import oracle_prices, take_trades
from arenas.red_blue.standing import circle, endorsed
from economy import Ledger
from economy.pools import ConstantProduct, amount_in

RULES = CommonsRules()
SMALL = CommonsRules(honest=5, red=3, queries=4, answers=3, readers=4)
CERTAIN = 1000


def drawn(rules, n, seed, length=10):
    rng = np.random.default_rng(seed)
    known = scripts(script_spec(rules, length).sample(n, rng))
    known[:, ::2, 0] = rng.integers(1, 5, known[:, ::2, 0].shape)  # more writing, in open windows
    query = known[:, ::2, 2]
    known[:, ::2, 5] = rules.opens[query] + rng.integers(0, rules.span, query.shape)
    return known, defences(defence_spec().sample(n, rng)), rng.integers(2**63, size=n)


def lived(rules, known, faced, seeds):
    """Lanes that are over, for looking into."""
    lanes = Lanes(rules, np.asarray(seeds, np.uint64))
    lane, place = np.nonzero(known[:, :, 0] != Act.PASS)
    taken = known[lane, place]
    while not lanes.over:
        now = taken[:, 5] == lanes.tick
        lanes.advance(faced, lane[now], np.ascontiguousarray(taken[now, :5]))
    return lanes


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_readers_against_counting_the_findings_one_by_one(seed):
    known, faced, seeds = drawn(SMALL, 4, seed)
    lanes = lived(SMALL, known, faced, seeds)
    columns = lanes.findings.columns()
    for lane in range(4):
        for query in range(SMALL.queries):
            weight = np.zeros(SMALL.answers)
            place = lane * SMALL.queries + query
            for i in np.flatnonzero(columns["subject"] == place):
                answer = columns["object"][i] - 4 * SMALL.queries - place * SMALL.answers
                weight[answer] += columns["confidence"][i] * columns["credence"][i]
            best = weight.argmax()
            against = weight.sum() - weight[best]
            score = weight[best] - faced.objection[lane] * against
            if abs(score) < 1e-5 or np.sort(weight)[-1] - np.sort(weight)[-2] < 1e-5:
                continue  # float32 may see it the other way
            wrong = SMALL.readers * (best != lanes.plan.truth[lane, query])
            if score < 0:
                wrong = SMALL.readers - lanes.plan.alone[lane, query]
            assert lanes.wrong[lane, query] == wrong


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
@example(330869898)  # a name speaks once more and is given up in the same tick
def test_what_is_admitted_and_believed_against_going_through_it_by_hand(seed):
    known, faced, seeds = drawn(SMALL, 3, seed)
    lanes = lived(SMALL, known, faced, seeds)
    columns = lanes.findings.columns()
    written, said = {}, set()
    for i in range(len(lanes.findings)):
        name, tick = int(columns["author"][i]), int(columns["tick"][i])
        lane, query = divmod(int(columns["subject"][i]), SMALL.queries)
        written[name, tick] = written.get((name, tick), 0) + 1
        assert written[name, tick] <= faced.limit[lane]
        assert SMALL.opens[query] <= tick <= SMALL.closes[query]
        voiced = (name, query) in said
        said.add((name, query))
        floor = faced.floor[lane]
        if faced.voices[lane] and voiced:
            assert columns["credence"][i] == 0.0
        else:
            assert floor - 1e-6 <= columns["credence"][i] <= 1.0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_no_token_is_made_or_lost(seed):
    known, faced, seeds = drawn(SMALL, 3, seed)
    fresh = Lanes(SMALL, np.asarray(seeds, np.uint64))
    lanes = lived(SMALL, known, faced, seeds)
    for name in ("credits", "tokens"):
        before, after = getattr(fresh, name), getattr(lanes, name)
        after.check()
        assert after.supply == before.supply
    lanes.staked.check()
    assert not lanes.staked.staked.any(), "all stakes are settled once all queries have closed"
    till = np.arange(3) * (SMALL.actors + 2) + SMALL.actors + 1
    credits, tokens = lanes.credits.balance(lanes.first[0] + till), lanes.first[1] + till
    np.testing.assert_array_equal(credits, lanes.reserves[:, 0])
    np.testing.assert_array_equal(lanes.tokens.balance(tokens), lanes.reserves[:, 1])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_a_commons_does_not_depend_on_those_beside_it(seed, row):
    known, faced, seeds = drawn(RULES, 6, seed)
    together = play(known, faced, seeds, RULES)
    alone = play(known[row : row + 1], faced.take([row]), seeds[row : row + 1], RULES)
    for one, all_ in zip(alone, together, strict=True):
        assert one[0] == all_[row]


def test_silence_gains_nothing_and_its_twin_is_the_same_world():
    known = np.zeros((1, 3, 6), np.int64)
    known[:, :, 4] = 1
    got = gains(known, guarded(), range(20), RULES)
    assert not got.misled.any()
    assert not got.profit.any()


@pytest.mark.parametrize("kind", [Act.BUY, Act.SELL, Act.REDEEM])
@pytest.mark.parametrize("faced", [OPEN, guarded()], ids=["open", "guarded"])
def test_trading_alone_is_no_exploit(kind, faced):
    """Nobody knows how the headline will go, so that trade pays its fees and gains nothing."""
    script = np.array([[kind, actor, 0, 0, 4, 3 + 5 * actor] for actor in range(6)])
    got = gains(script, faced, range(300), RULES).profit[0]
    assert got.mean() / (got.std() / np.sqrt(300)) < 3.0
    assert got.any()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 8)), min_size=1, max_size=12))
def test_trades_against_a_pool_of_plain_integers(trades):
    pool = ConstantProduct(fee=10_000)
    pool.mint(20_000, 2_000)
    ledgers = Ledger(), Ledger()
    for ledger, held in zip(ledgers, (20_000, 2_000), strict=True):
        ledger.open(3)  # an actor, a trader, the till
        ledger.mint([1, 3], [10**9, held])
    reserves, volume = np.array([[20_000, 2_000]]), np.zeros((1, 2))
    rows = np.array([[Act.BUY if buys else Act.SELL, 0, 0, 0, n] for buys, n in trades])
    books = [ledger.open_books(len(rows)) for ledger in ledgers]
    lane = np.zeros(len(rows), np.int64)
    take_trades(*books, reserves, volume, lane, rows, (1, 1), 1, 0, 25, 990_000)
    traded = [0, 0]
    for buys, n in trades:
        x, y = pool.reserves
        if buys and n * 25 >= y:
            continue
        paid = amount_in(n * 25, x, y, fee=10_000) if buys else n * 25
        out = pool.swap(paid, zero_for_one=buys)
        traded[0] += paid if buys else out
        traded[1] += out if buys else paid
    assert reserves[0].tolist() == list(pool.reserves)
    assert volume[0].tolist() == traded


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_oracle_against_means_of_numpy(seed):
    rng = np.random.default_rng(seed)
    prices, traded = rng.uniform(1, 20, (5, 12)), rng.integers(0, 50, (5, 12, 2)).astype(float)
    by_volume, window = rng.integers(0, 2, 5), rng.integers(1, 13, 5)
    traded[0] = 0.0
    for lane, said in enumerate(oracle_prices(prices, traded, by_volume, window)):
        newest = slice(-window[lane], None)
        seen, price = traded[lane, newest].sum(axis=0), prices[lane, newest].mean()
        if by_volume[lane]:
            price = seen[0] / seen[1] if seen[1] else prices[lane, -1]
        assert said == pytest.approx(price, rel=1e-12)


def test_a_ring_is_endorsed_by_count_and_not_by_walks():
    endorses = circle(12, 18)[np.newaxis].repeat(3, axis=0)
    ring = np.arange(12, 18)
    endorses[:, ring[:, np.newaxis], ring] = ~np.eye(6, dtype=bool)
    none, counted, walked = endorsed(endorses, 12, np.array([0, 1, 2]))
    assert not none.any()
    assert (counted == 1.0).all()
    assert (walked[:12] == 1.0).all()
    assert not walked[12:].any()


def test_stepping_gives_what_playing_does():
    known, faced, seeds = drawn(RULES, 5, 3)
    got = play(known, faced, seeds, RULES)
    for row in range(5):
        commons, red = Commons(RULES, int(seeds[row])), 0.0
        while not commons.over:
            now = known[row][known[row, :, 5] == commons.tick][:, :5]
            rewards = commons.step(now, faced.take([row]).matrix()[0])
            assert rewards[0] == -rewards[1]
            red += rewards[0]
        assert commons.harm == got.harm[row]
        assert red == pytest.approx(commons.harm, abs=1e-12)


def test_observations_perturb_nothing_and_red_sees_from_the_truth_on():
    known, faced, seeds = drawn(RULES, 1, 8)
    watched, other = Commons(RULES, int(seeds[0])), Commons(RULES, int(seeds[0]))
    shapes = set()
    while not watched.over:
        now = known[0][known[0, :, 5] == watched.tick][:, :5]
        for side in ("red", "blue"):
            seen = watched.observe(side)
            assert seen.dtype == np.float32
            assert np.isfinite(seen).all()
            shapes.add((side, seen.shape))
        assert watched.step(now, faced) == other.step(now, faced)
    assert len(shapes) == 2
    first = 14  # four numbers and ten settings come before the queries
    width = 2 + RULES.answers
    for query, truth in enumerate(watched.lanes.plan.truth[0][:-1]):
        red, blue = (
            watched.observe(side)[first + query * width + 2 :][: RULES.answers]
            for side in ("red", "blue")
        )
        np.testing.assert_array_equal(red, np.roll(blue, -truth))


@pytest.mark.parametrize("at", [0, 9, 20, 32])
def test_a_restored_commons_goes_on_bit_for_bit(at):
    known, faced, seeds = drawn(RULES, 1, 21, length=24)
    commons, seed = Commons(RULES, int(seeds[0])), int(seeds[0])

    def go(world, until):
        got = []
        while world.tick < until:
            now = known[0][known[0, :, 5] == world.tick][:, :5]
            got.append((*world.step(now, faced), world.observe("red").tobytes()))
        return got

    go(commons, at)
    arrays, facts = commons.state()
    other = Commons(RULES, seed)
    other.restore((arrays, json.loads(json.dumps(facts))))
    assert go(commons, RULES.ticks) == go(other, RULES.ticks)
    ends, others = commons.state(), other.state()
    assert ends[1] == others[1]
    for name, column in ends[0].items():
        np.testing.assert_array_equal(column, others[0][name])


def test_states_that_do_not_fit_are_refused_and_change_nothing():
    commons = Commons(RULES, 4)
    commons.step([[Act.SYBIL, 1, 0, 1, 3]], guarded())
    kept = commons.state()
    with pytest.raises(RedBlueError, match="another seed"):
        Commons(RULES, 5).restore(kept)
    for name in ("prices", "credits.available", "findings.subject", "defence"):
        damaged = {key: column for key, column in kept[0].items() if key != name}
        with pytest.raises(RedBlueError, match="damaged"):
            commons.restore((damaged, kept[1]))
    for name, column in commons.state()[0].items():
        np.testing.assert_array_equal(column, kept[0][name])


def test_refused_steps_change_nothing():
    commons = Commons(RULES, 4)
    for red, blue in (
        ([[Act.WRITE, RULES.red, 0, 1, 1]], None),
        ([[Act.WRITE, 0, 0, 1]], None),
        ([[0.5, 0, 0, 1, 1]], None),
        ([], [0.0] * 10),
    ):
        with pytest.raises(RedBlueError):
            commons.step(red, blue)
    assert commons.tick == 0
    assert not len(commons.lanes.findings)
    while not commons.over:
        commons.step([])
    with pytest.raises(RedBlueError, match="over"):
        commons.step([])
    with pytest.raises(RedBlueError, match="allowed"):
        commons.observe("green")


def test_rules_and_defences_that_cannot_be_are_refused():
    for settings_ in ({"honest": 3}, {"accuracy": 1.5}, {"fee": 10**6}, {"red": 0}):
        with pytest.raises(RedBlueError):
            CommonsRules(**settings_)
    for settings_ in ({"window": 0}, {"floor": -0.1}, {"voices": [0, 1], "limit": [1, 2, 3]}):
        with pytest.raises(RedBlueError):
            Defences(**settings_)
    with pytest.raises(RedBlueError, match="one of each"):
        play([[[0, 0, 0, 0, 1, 0]]] * 2, OPEN, [1, 2, 3], RULES)


def test_defences_survive_their_genomes():
    known = defences(defence_spec().sample(20, np.random.default_rng(5)))
    np.testing.assert_array_equal(defences(defence_genomes(known)).matrix(), known.matrix())
    np.testing.assert_array_equal(Defences.of_matrix(known.matrix()).matrix(), known.matrix())
    assert replace(guarded(), limit=3).limit.tolist() == [3]
