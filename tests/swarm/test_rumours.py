"""Rumour exchange against a plain reference."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.gossip import KOutOverlay, RumourError, add_own, exchange

WORD = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15


def split_mix(state: int) -> int:
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & WORD
    return state ^ (state >> 31)


class Stream:
    def __init__(self, state: int) -> None:
        self.state = state

    def draw(self) -> int:
        self.state = (self.state + GAMMA) & WORD
        return split_mix(self.state)


def reference_exchange(
    heard: list[list[int]],
    peers: list[list[int]],
    fanout: list[int],
    messages: int,
    seed: int,
    loss: float,
) -> tuple[list[list[int]], int, int]:
    """Everybody's knowledge is a set; a buffer is the newest of it."""
    room = len(heard[0])
    before = [[rumour for rumour in row if rumour >= 0] for row in heard]
    known = [set(row) for row in before]
    sent = 0
    for i, row in enumerate(peers):
        stream = Stream(split_mix((seed + (i + 1) * GAMMA) & WORD))
        candidates = [peer for peer in row if peer >= 0]
        for call in range(min(fanout[i], len(candidates))):
            pick = call + ((stream.draw() >> 32) * (len(candidates) - call) >> 32)
            candidates[call], candidates[pick] = candidates[pick], candidates[call]
            j = candidates[call]
            for speaker, listener in ((i, j), (j, i)):
                lost = (stream.draw() >> 11) * 2.0**-53 < loss
                sent += bool(before[speaker])
                if not lost:
                    known[listener].update(before[speaker][:messages])
    newest = [sorted(row, reverse=True)[:room] for row in known]
    delivered = sum(len(set(new) - set(old)) for new, old in zip(newest, before, strict=True))
    return [row + [-1] * (room - len(row)) for row in newest], sent, delivered


def buffers(rows: list[list[int]], room: int) -> NDArray[np.int32]:
    heard = np.full((len(rows), room), -1, np.int32)
    for i, row in enumerate(rows):
        newest = sorted(set(row), reverse=True)[:room]
        heard[i, : len(newest)] = newest
    return heard


def test_the_stream_is_splitmix64() -> None:
    """The published sequence of seed 1234567."""
    stream = Stream(1234567)
    assert [stream.draw() for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_exchange_equals_the_reference(data: st.DataObject) -> None:
    n, k, room = (data.draw(st.integers(1, top)) for top in (12, 5, 6))
    rumours = st.lists(st.integers(0, 40), max_size=room)
    heard = buffers(data.draw(st.lists(rumours, min_size=n, max_size=n)), room)
    row = st.lists(st.integers(-1, n - 1), min_size=k, max_size=k)
    peers = data.draw(st.lists(row, min_size=n, max_size=n))
    fanout = data.draw(st.lists(st.integers(0, k + 1), min_size=n, max_size=n))
    messages = data.draw(st.integers(1, room + 1))
    seed = data.draw(st.integers(0, WORD))
    loss = data.draw(st.sampled_from([0.0, 0.3, 1.0]))
    snapshot = heard.copy()

    new, sent, delivered = exchange(heard, peers, fanout, messages, seed, loss)

    assert (heard == snapshot).all()
    assert new.dtype == np.int32
    assert (new.tolist(), sent, delivered) == reference_exchange(
        heard.tolist(), peers, fanout, messages, seed, loss
    )


def test_a_round_sends_what_was_known_when_it_began() -> None:
    """In a line of three, a rumour moves one step a round, both ways of a call."""
    peers = [[1], [2], [-1]]
    forward = buffers([[7], [], []], 2)
    once, sent, delivered = exchange(forward, peers, [1, 1, 1], 1, seed=3)
    assert once[:, 0].tolist() == [7, 7, -1]
    assert (sent, delivered) == (1, 1)
    backward = buffers([[], [], [7]], 2)
    once, *_ = exchange(backward, peers, [1, 1, 1], 1, seed=3)
    assert once[:, 0].tolist() == [-1, 7, 7]


def test_a_full_buffer_keeps_the_newest() -> None:
    heard = buffers([[5, 9], [3, 7]], 2)
    new, _, delivered = exchange(heard, [[1], [-1]], [1, 0], 2, seed=0)
    assert new.tolist() == [[9, 7], [9, 7]]
    assert delivered == 2


def test_only_the_newest_rumours_are_sent() -> None:
    heard = buffers([[1, 2, 3, 4], []], 4)
    new, *_ = exchange(heard, [[1], [-1]], [1, 0], 2, seed=0)
    assert new[1].tolist() == [4, 3, -1, -1]


def test_peers_are_called_without_repetition_and_evenly() -> None:
    """Row 0 tells two of four peers: never one twice, every pair equally often."""
    heard = buffers([[1], [], [], [], []], 1)
    peers = np.full((5, 4), -1)
    peers[0] = [1, 2, 3, 4]
    rounds = 6_000
    pairs = [
        tuple(np.flatnonzero(exchange(heard, peers, [2, 0, 0, 0, 0], 1, seed)[0][1:, 0] >= 0))
        for seed in range(rounds)
    ]
    counts = [pairs.count(pair) for pair in sorted(set(pairs))]
    assert len(counts) == 6
    assert {len(pair) for pair in pairs} == {2}
    error = math.sqrt(rounds * (1 / 6) * (5 / 6))
    assert max(abs(count - rounds / 6) for count in counts) < 4.5 * error


def test_each_message_is_lost_independently() -> None:
    """Callers hold 1, the called hold 2: whether either arrives says nothing about the other."""
    pairs = 40_000
    heard = np.repeat(np.array([[1, -1], [2, -1]], np.int32), pairs, axis=0)
    peers = np.concatenate((np.arange(pairs) + pairs, np.full(pairs, -1)))[:, None]
    new, sent, delivered = exchange(heard, peers, np.ones(2 * pairs, int), 1, seed=8, loss=0.3)
    assert sent == 2 * pairs
    pulled, pushed = new[:pairs, 0] == 2, new[pairs:, 1] == 1
    assert delivered == pulled.sum() + pushed.sum()
    for arrived, chance in ((pulled, 0.7), (pushed, 0.7), (pulled & pushed, 0.49)):
        error = math.sqrt(chance * (1 - chance) / pairs)
        assert abs(arrived.mean() - chance) < 4.5 * error


def test_one_agents_fanout_does_not_change_whom_another_calls() -> None:
    rng = np.random.default_rng(4)
    peers = KOutOverlay(5).wire(np.arange(50), rng)
    heard = buffers([[agent] for agent in range(50)], 50)
    fanout = np.full(50, 2)
    busy = fanout.copy()
    busy[0] = 5
    calm, *_ = exchange(heard, peers, fanout, 1, seed=6)
    more, *_ = exchange(heard, peers, busy, 1, seed=6)
    for row, others in zip(calm.tolist(), more.tolist(), strict=True):
        assert set(row) <= set(others) | {-1}
    untouched = np.setdiff1d(np.arange(1, 50), peers[0])
    assert (calm[untouched] == more[untouched]).all()


@settings(deadline=None, max_examples=50)
@given(
    rows=st.lists(st.lists(st.integers(0, 30), max_size=5), min_size=1, max_size=6),
    room=st.integers(1, 5),
    data=st.data(),
)
def test_add_own_keeps_the_newest_of_old_and_own(
    rows: list[list[int]], room: int, data: st.DataObject
) -> None:
    heard = buffers(rows, room)
    own = data.draw(st.lists(st.tuples(st.integers(0, len(rows) - 1), st.integers(0, 40))))
    told = add_own(heard, [row for row, _ in own], [finding for _, finding in own])
    together = [
        [rumour for rumour in heard[i].tolist() if rumour >= 0]
        + [finding for row, finding in own if row == i]
        for i in range(len(rows))
    ]
    assert told.tolist() == buffers(together, room).tolist()
    assert heard.tolist() == buffers(rows, room).tolist()


def rounds_until_all_heard(n: int, seed: int, loss: float = 0.0) -> int:
    rng = np.random.default_rng(seed)
    ids = np.arange(n)
    overlay = KOutOverlay(k=8)
    peers = overlay.rows(overlay.wire(ids, rng), ids)
    heard = add_own(np.full((n, 4), -1, np.int32), [0], [0])
    for rounds in range(1, 200):
        seed = int(rng.integers(2**63))
        heard, _, _ = exchange(heard, peers, np.ones(n, int), 1, seed, loss)
        if (heard[:, 0] == 0).all():
            return rounds
    raise AssertionError("the rumour died")


def test_on_a_k_out_overlay_everybody_hears_in_logarithmic_time() -> None:
    sizes = (64, 1_024, 16_384)
    means = [np.mean([rounds_until_all_heard(n, seed) for seed in range(8)]) for n in sizes]
    for n, mean in zip(sizes, means, strict=True):
        assert mean < 2 * math.log2(n)
    # Sixteen times as many agents cost the same number of rounds again: log3 16 = 2.5, and a bit.
    assert all(1.5 < later - sooner < 5 for sooner, later in pairwise(means))


def test_loss_delays_a_rumour_but_does_not_stop_it() -> None:
    sure = np.mean([rounds_until_all_heard(2_000, seed) for seed in range(8)])
    lossy = np.mean([rounds_until_all_heard(2_000, seed, loss=0.5) for seed in range(8)])
    assert sure + 2 < lossy < 3 * sure


def test_errors_say_what_is_allowed() -> None:
    heard = buffers([[4, 2], [3]], 3)
    peers, fanout = [[1], [0]], [1, 1]
    with pytest.raises(RumourError, match="int32"):
        exchange(heard.astype(np.int64), peers, fanout, 1, 0)
    with pytest.raises(RumourError, match="newest first"):
        add_own(np.array([[2, 4]], np.int32), [0], [1])
    with pytest.raises(RumourError, match="newest first"):
        add_own(np.array([[-1, 4]], np.int32), [0], [1])
    with pytest.raises(RumourError, match="rows_of"):
        exchange(heard, [[2], [0]], fanout, 1, 0)
    with pytest.raises(RumourError, match="fanout int"):
        exchange(heard, peers, [1], 1, 0)
    with pytest.raises(RumourError, match="0 or more calls"):
        exchange(heard, peers, [1, -1], 1, 0)
    with pytest.raises(RumourError, match="at least 1 rumour"):
        exchange(heard, peers, fanout, 0, 0)
    with pytest.raises(RumourError, match="probability"):
        exchange(heard, peers, fanout, 1, 0, loss=1.5)
    with pytest.raises(RumourError, match="seed"):
        exchange(heard, peers, fanout, 1, -1)
    with pytest.raises(RumourError, match="pairs"):
        add_own(heard, [0], [1, 2])
    with pytest.raises(RumourError, match=r"0\.\.1"):
        add_own(heard, [2], [1])
    with pytest.raises(RumourError, match="2147483647"):
        add_own(heard, [0], [2**31])
