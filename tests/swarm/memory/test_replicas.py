"""Replicas among others: clocks and dots, causal intervals, and random schedules beside a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from benchmarks.memory.schedules import FIELDS, KINDS, Schedule
from swarm.memory.replicas import (
    Acknowledgement,
    AntiEntropy,
    Context,
    Fields,
    GCounter,
    HybridClock,
    Interval,
    Log,
    Network,
    ORSet,
    Replica,
    ReplicaError,
    context_of,
    follows,
    packed,
    unpacked,
)
from swarm.memory.replicas.dots import SEQUENCE_BITS, check_context

some = settings(deadline=None, max_examples=40)

# Clocks


@some
@given(
    st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 30)), min_size=1, max_size=30)
)
def test_hybrid_clocks_follow_the_figure_of_the_paper(
    events: list[tuple[int, int | None]],
) -> None:
    """Figure 5 of Kulkarni et al., in its own variables l, c and pt."""
    clock, time, counter = HybridClock(), 0, 0
    stamps: list[int] = []
    for physical, received in events:
        before = time
        if received is None or not stamps:
            time = max(before, physical)
            counter = counter + 1 if time == before else 0
            stamps.append(clock.tick(physical))
        else:
            remote = stamps[received % len(stamps)] + received % 3
            sent, count = unpacked(remote)
            time = max(before, sent, physical)
            if time == before == sent:
                counter = max(counter, count) + 1
            elif time == before:
                counter += 1
            elif time == sent:
                counter = count + 1
            else:
                counter = 0
            stamps.append(clock.receive(remote, physical))
            assert stamps[-1] > remote
        assert unpacked(stamps[-1]) == (time, counter)
        assert physical <= unpacked(stamps[-1])[0]
    assert stamps == sorted(set(stamps))


def test_a_full_counter_carries_and_times_out_of_range_are_refused() -> None:
    clock = HybridClock(packed(7, 2**16 - 1))
    assert unpacked(clock.tick(7)) == (8, 0)
    for physical, counter in ((-1, 0), (2**47, 0), (0, -1), (0, 2**16)):
        with pytest.raises(ReplicaError):
            packed(physical, counter)
    with pytest.raises(ReplicaError):
        clock.observe(-1)
    with pytest.raises(ReplicaError, match="end of time"):
        HybridClock(2**63 - 1).tick(0)
    assert follows([1, 2], [1, 1])
    assert not follows([1, 2], [2, 1])


# Dots


dots = st.sets(
    st.builds(lambda r, s: (r << SEQUENCE_BITS) + s, st.integers(0, 2), st.integers(0, 6))
)


def members(context: Context) -> set[int]:
    return {
        dot for s, e in zip(*map(np.ndarray.tolist, context), strict=True) for dot in range(s, e)
    }


@some
@given(a=dots, b=dots)
def test_contexts_are_sets_of_dots(a: set[int], b: set[int]) -> None:
    left, right = (context_of(np.array(sorted(each), np.int64)) for each in (a, b))
    joined = left.joined(right)
    assert members(left) == a
    assert members(joined) == a | b
    assert (left.size, joined.size) == (len(a), len(a | b))
    check_context(*joined, 3)
    both = context_of(np.array(list(a | b), np.int64))
    assert [each.tolist() for each in joined] == [each.tolist() for each in both]
    every = [(r << SEQUENCE_BITS) + s for r in range(3) for s in range(9)]
    assert left.holds(np.array(every)).tolist() == [dot in a for dot in every]
    assert [dot in left for dot in every] == [dot in a for dot in every]
    for r in range(3):
        first = r << SEQUENCE_BITS
        known = next(s for s in range(9) if first + s not in a)
        assert left.vector(3)[r] == known
        assert left.next_of(r) == max([dot + 1 for dot in a if dot >> 40 == r], default=first)


# Fields


@some
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(-128, 127), st.floats(width=32), st.integers(0)),
        max_size=5,
    )
)
def test_fields_pack_and_unpack(rows: list[tuple[Any, ...]]) -> None:
    dtypes = {"a": np.bool_, "b": np.int8, "c": np.float32, "d": np.uint64}
    columns = {
        name: np.array([row[i] % 2**64 if i == 3 else row[i] for row in rows], dtypes[name])
        for i, name in enumerate(dtypes)
    }
    fields = Fields(dtypes)
    words = fields.pack(columns)
    assert words.shape == (len(rows), 2)
    for name, column in fields.unpack(words).items():
        assert column.dtype == dtypes[name]
        assert column.tobytes() == columns[name].tobytes()


# Causal intervals


def pair() -> tuple[Replica[Log], Replica[Log]]:
    ours, theirs = (Replica(Log(r, 2, FIELDS), whole_if_shorter=False) for r in range(2))
    return ours, theirs


def say(replica: Replica[Log], finding: int) -> None:
    replica.update(Log.append, finding=[finding], kind=[0])


def message(sender: Replica[Any], receiver: Replica[Any]) -> Interval:
    found = sender.interval_for(receiver.replica)
    assert found is not None
    return found


def test_an_interval_begins_where_the_last_acknowledged_one_ended() -> None:
    ours, theirs = pair()
    say(ours, 1)
    first = message(ours, theirs)
    say(ours, 2)
    longer = message(ours, theirs)
    assert ((first.start, first.end), (longer.start, longer.end)) == ((0, 1), (0, 2))
    answer = theirs.receive(first)
    ours.acknowledge(answer)
    shorter = message(ours, theirs)
    assert (shorter.start, shorter.end) == (1, 2)
    assert shorter.size < longer.size
    late = theirs.receive(shorter)
    ours.acknowledge(late)
    ours.acknowledge(answer)  # an old one, late
    assert ours.interval_for(1) is None
    assert ours.crdt == theirs.crdt
    assert theirs.interval_for(0) is None  # not back to where it came from
    assert theirs.receive(longer).number == 2


def test_a_gap_is_refused_and_answered_by_the_whole_state() -> None:
    # A third replica is never heard of, so that every delta stays in the buffer.
    ours, theirs = (Replica(Log(r, 3, FIELDS), whole_if_shorter=False) for r in range(2))
    for finding in range(3):
        say(ours, finding)
        say(theirs, 10 + finding)
        ours.receive(message(theirs, ours))
        ours.acknowledge(theirs.receive(message(ours, theirs)))
    say(ours, 3)
    wiped = Replica(Log(1, 3, FIELDS))
    refusal = wiped.receive(message(ours, wiped))
    assert refusal == Acknowledgement(1, 0, 0, True)
    assert wiped.crdt.is_empty
    ours.acknowledge(refusal)
    whole = message(ours, wiped)
    assert whole.start == 0
    ours.acknowledge(wiped.receive(whole))
    assert wiped.crdt == ours.crdt
    assert len(wiped.crdt) == 7
    assert ours.interval_for(1) is None


def test_who_is_too_far_behind_gets_the_whole_state() -> None:
    ours, theirs = Replica(ORSet(0, 2), 2, False), Replica(ORSet(1, 2))
    for element in range(2):
        ours.update(ORSet.add, [element])
    ours.acknowledge(theirs.receive(message(ours, theirs)))
    for element in range(2, 4):
        ours.update(ORSet.add, [element])
    assert message(ours, theirs).start == 2
    ours.update(ORSet.remove, [0])
    found = message(ours, theirs)
    assert (found.start, found.end) == (0, 5)
    theirs.receive(found)
    assert theirs.crdt.value().tolist() == [1, 2, 3]


def test_a_state_that_was_there_before_is_sent_as_well() -> None:
    full, theirs = ORSet(0, 2), Replica(ORSet(1, 2))
    full.add([3])
    theirs.receive(message(Replica(full), theirs))
    assert theirs.crdt == full


def test_a_delta_as_long_as_the_state_is_not_sent() -> None:
    ours, theirs = Replica(ORSet(0, 2)), Replica(ORSet(1, 2))
    for _ in range(20):
        ours.update(ORSet.remove, np.arange(100))
        ours.update(ORSet.add, np.arange(100))
    assert message(ours, theirs).size <= len(ours.crdt.encode()) + 24


def test_deltas_that_came_from_a_peer_are_not_sent_back_to_it() -> None:
    ours, theirs = Replica(Log(0, 2, FIELDS), keep=8), Replica(Log(1, 2, FIELDS), keep=8)
    sizes = []
    for finding in range(40):
        say(theirs, finding)
        theirs.acknowledge(ours.receive(message(theirs, ours)))
        if (back := ours.interval_for(1)) is not None:
            sizes.append(back.size)
            ours.acknowledge(theirs.receive(back))
    # Only now and then, so that the buffer does not run over, and with nothing in it.
    assert len(sizes) == 10
    assert max(sizes) < 60


def test_a_restart_forgets_what_was_not_saved_and_nothing_else() -> None:
    ours, theirs = pair()
    say(ours, 1)
    ours.save()
    theirs.receive(message(ours, theirs))
    say(ours, 2)
    ours.restart()
    assert (len(ours.crdt), ours.number) == (1, 1)
    say(ours, 3)
    theirs.receive(message(ours, theirs))
    assert theirs.crdt.value().columns["finding"].tolist() == [1, 3]
    other, _ = pair()
    say(ours, 4)
    other.restore(ours.state())
    assert (other.crdt, other.number, other.heard) == (ours.crdt, ours.number, ours.heard)
    before = other.crdt.encode()
    for bad in (
        {"number": -1},
        {"heard": [0]},
        {"acked": [0, 9]},
        {"origins": [0]},
        {"crdt": theirs.crdt.state()},
        {"surplus": 1},
    ):
        with pytest.raises(ReplicaError):
            other.restore({**ours.state(), **bad})
    assert other.crdt.encode() == before
    other.restart()
    assert other.crdt.value().columns["finding"].tolist() == [1]
    with pytest.raises(ReplicaError):
        Replica(ORSet(0, 2), keep=0)


# Anti-entropy


def talk(seed: int, **network: Any) -> tuple[list[bytes], list[Any], AntiEntropy]:
    seen: list[Any] = []
    replicas = [Replica(GCounter(r, 4)) for r in range(4)]
    entropy = AntiEntropy(
        replicas,
        np.random.default_rng(seed),
        Network(**network),
        lambda event, message: seen.append((event, message)),
    )
    for played in range(6):
        for replica in replicas:
            replica.update(GCounter.add, [played, replica.replica])
        entropy.run(1, lambda _: np.roll(np.arange(4), -1)[:, None])
    return [replica.crdt.encode() for replica in replicas], seen, entropy


def test_equal_generators_give_equal_rounds_and_traffic_is_counted() -> None:
    harsh = {"loss": 0.3, "duplication": 0.3, "delay": 2}
    one, same, other = (talk(seed, **harsh) for seed in (1, 1, 2))
    assert one[:2] == same[:2]
    assert one[0] != other[0]
    sent = [message for event, message in one[1] if event == "sent"]
    assert one[2].messages == len(sent)
    assert one[2].bytes == sum(message.size for message in sent)


def test_a_saved_anti_entropy_goes_on_bit_identically() -> None:
    _, _, entropy = talk(3, loss=0.2, duplication=0.2, delay=3)
    entropy.replicas[0].update(GCounter.add, [9])  # not saved yet
    state, chance = entropy.state(), entropy._rng.bit_generator.state
    assert len(state["due"]) > 0
    twin = AntiEntropy([Replica(GCounter(r, 4)) for r in range(4)], np.random.default_rng(0))
    twin.restore(state)
    acked = [replica.acked for replica in entropy.replicas]
    assert [replica.acked for replica in twin.replicas] == acked
    assert max(map(max, acked)) > 0
    twin._rng.bit_generator.state = chance
    for each in (entropy, twin):
        each.run(2, lambda played: np.roll(np.arange(4), played % 3 + 1)[:, None])
        each.restart(1)
        each.run(2, lambda played: np.roll(np.arange(4), played % 3 + 1)[:, None])
    one, other = (
        [*(replica.crdt.encode() for replica in each.replicas), each.messages, each.bytes]
        for each in (entropy, twin)
    )
    assert one == other
    before = twin.replicas[0].crdt.encode()
    broken = {**state["replicas"], "3": {**state["replicas"]["3"], "number": -1}}
    for bad in ({"replicas": broken}, {"replicas": {}}, {"due": state["due"][1:]}, {"more": 1}):
        with pytest.raises(ReplicaError):
            twin.restore({**state, **bad})
    assert twin.replicas[0].crdt.encode() == before


def test_a_dead_network_delivers_nothing_and_a_split_one_only_within() -> None:
    _, seen, entropy = talk(1, loss=1.0)
    assert {event for event, _ in seen} == {"sent"}
    entropy.network = Network()
    everyone = [[p for p in range(4) if p != r] for r in range(4)]
    entropy.round(everyone, together=[0, 0, 1, 1])
    held = [replica.crdt for replica in entropy.replicas]
    assert held[0] == held[1] != held[2] == held[3]
    assert not entropy.agreed
    entropy.round(everyone)
    assert entropy.agreed
    assert held[0].value([5]).tolist() == [4]
    entropy.run(2, lambda _: everyone)  # what was heard is passed on once
    before = entropy.messages
    entropy.round(everyone)
    assert entropy.messages == before


def test_a_late_message_meets_the_split_where_it_leaves_and_where_it_arrives() -> None:
    for together_first in (False, True):
        replicas = [Replica(ORSet(r, 2)) for r in range(2)]
        entropy = AntiEntropy(replicas, np.random.default_rng(1), Network(delay=9))
        replicas[0].update(ORSet.add, [3])
        entropy.round([[1], [-1]], [0, int(not together_first)])
        assert replicas[1].crdt.is_empty
        assert len(entropy.state()["due"]) == together_first
        entropy.run(10, lambda _: [[-1], [-1]], [0, int(together_first)])
        assert replicas[1].crdt.is_empty


def test_what_no_network_can_do_is_refused() -> None:
    replicas = [Replica(ORSet(r, 2)) for r in range(2)]
    entropy = AntiEntropy(replicas, np.random.default_rng(1))
    for peers in ([[0], [1]], [[2], [0]], [[-2], [0]], [[1]], [1, 0], [[0.5], [0.5]]):
        with pytest.raises(ReplicaError, match="peers"):
            entropy.round(peers)
    with pytest.raises(ReplicaError, match="together"):
        entropy.round([[1], [0]], [0])
    with pytest.raises(ReplicaError, match="at its own place"):
        AntiEntropy(replicas[::-1], np.random.default_rng(1))
    for bad in ({"loss": 1.5}, {"duplication": -0.1}, {"delay": -1}):
        with pytest.raises(ReplicaError):
            Network(**bad)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_random_schedules_end_right(name: str) -> None:
    outcomes = [Schedule(KINDS[name], seed, watchful=seed < 8).play() for seed in range(24)]
    assert all(outcome.right for outcome in outcomes), outcomes
    assert sum(outcome.messages for outcome in outcomes) > 1_000


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(KINDS))
def test_many_random_schedules_end_right(name: str) -> None:
    outcomes = [Schedule(KINDS[name], seed, watchful=True).play() for seed in range(1_000)]
    assert all(outcome.right for outcome in outcomes)
