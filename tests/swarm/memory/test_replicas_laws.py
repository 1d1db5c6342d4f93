"""Replicated types: the laws of a join, deltas that are worth states, bytes that are canonical."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from benchmarks.memory.schedules import FIELDS, KINDS, Update
from swarm.memory.replicas import (
    GCounter,
    Log,
    LWWMap,
    ORSet,
    PNCounter,
    Replica,
    ReplicaError,
    Replicated,
    join,
)
from swarm.memory.replicas.columns import packed_columns, unpacked_columns

REPLICAS = 3
NAMES = sorted(KINDS)
few = settings(deadline=None, max_examples=20)
small = st.lists(st.integers(0, 4), min_size=1, max_size=3)


@st.composite
def histories(draw: st.DrawFn, name: str) -> tuple[list[Any], list[Any]]:
    """Replicas after some updates and joins, and every delta that their updates returned."""
    kind = KINDS[name]
    replicas = [Replica(kind.make(r, REPLICAS)) for r in range(REPLICAS)]
    deltas = []
    for at in draw(st.lists(st.integers(0, REPLICAS - 1), max_size=12)):
        if draw(st.booleans()):
            replicas[at].crdt.merge(replicas[draw(st.integers(0, REPLICAS - 1))].crdt)
            continue
        keys = draw(small)
        verb = draw(st.sampled_from(kind.verbs))
        before = replicas[at].crdt.copy()
        update = Update(at, verb, keys, [key + 1 for key in keys], draw(st.integers(0, 3)), 0)
        kind.apply(replicas[at], update)
        if replicas[at]._deltas:
            deltas.append(replicas[at]._deltas.pop()[1])
            assert join(before, deltas[-1]) == replicas[at].crdt
    return [replica.crdt for replica in replicas], deltas


@st.composite
def tagged_maps(draw: st.DrawFn) -> LWWMap:
    """Maps whose tags collide, as after a disk was lost: only the order of values decides."""
    held = LWWMap(0, REPLICAS, FIELDS)
    keys = sorted(draw(st.sets(st.integers(0, 3), min_size=1)))
    rows = [draw(st.tuples(st.integers(0, 1), st.integers(0, 1))) for _ in keys]
    finding, kind = (draw(st.lists(st.integers(-1, 1), min_size=4, max_size=4)) for _ in range(2))
    packed = held.fields.pack({"finding": finding[: len(keys)], "kind": kind[: len(keys)]})
    stamps, origins = np.array(rows, np.int64).T
    state = {"keys": np.array(keys), "stamps": stamps, "origins": origins, "values": packed}
    held.restore({**held.state(), **state})
    return held


def check_laws(a: Any, b: Any, c: Any) -> None:
    ab, ba = join(a, b), join(b, a)
    assert ab.encode() == ba.encode()
    assert join(ab, c).encode() == join(a, join(b, c)).encode()
    assert join(a, a).encode() == a.encode()
    assert join(ab, b).encode() == ab.encode()
    # The join is the least upper bound of an order.
    assert ab.covers(a)
    assert ab.covers(b)
    assert a.covers(b) == (ab.encode() == a.encode()) == (ab == a)
    assert not (a.covers(b) and b.covers(a)) or a == b
    upper = join(ab, c)
    assert upper.covers(ab)
    assert join(a, a.empty()) == a


@pytest.mark.parametrize("name", NAMES)
@few
@given(data=st.data())
def test_joins_are_commutative_associative_idempotent_and_lose_nothing(
    name: str, data: st.DataObject
) -> None:
    states, deltas = data.draw(histories(name))
    any_of = st.sampled_from(states + deltas)
    check_laws(*(data.draw(any_of) for _ in range(3)))


@few
@given(a=tagged_maps(), b=tagged_maps(), c=tagged_maps())
def test_maps_whose_tags_collide_still_agree(a: LWWMap, b: LWWMap, c: LWWMap) -> None:
    check_laws(a, b, c)


@pytest.mark.parametrize("name", NAMES)
@few
@given(data=st.data())
def test_deltas_in_any_order_and_number_are_worth_the_states(
    name: str, data: st.DataObject
) -> None:
    states, deltas = data.draw(histories(name))
    whole = KINDS[name].make(0, REPLICAS)
    for each in states:
        whole.merge(each)
    piecewise = whole.empty()
    order = data.draw(st.permutations(deltas))
    for delta in (
        [*order, *data.draw(st.lists(st.sampled_from(deltas), max_size=4))] if deltas else []
    ):
        before = piecewise.encode()
        assert piecewise.merge(delta) == (piecewise.encode() != before)
        assert piecewise.covers(delta)
    assert piecewise.encode() == whole.encode()
    assert KINDS[name].value(piecewise) == KINDS[name].value(whole)


# Bytes


@pytest.mark.parametrize("name", NAMES)
@few
@given(data=st.data())
def test_bytes_round_trip_and_damage_is_refused(name: str, data: st.DataObject) -> None:
    states, deltas = data.draw(histories(name))
    held = data.draw(st.sampled_from(states + deltas))
    other = KINDS[name].make(1, REPLICAS)
    encoded = held.encode()
    assert other.decode(encoded) == held
    assert other.decode(encoded).encode() == encoded
    assert other.is_empty
    place, bit = data.draw(st.integers(0, len(encoded) - 1)), data.draw(st.integers(0, 7))
    damaged = bytearray(encoded)
    damaged[place] ^= 1 << bit
    for bad in (bytes(damaged), encoded[:place], encoded + b"\0"):
        with pytest.raises(ReplicaError, match="damaged"):
            other.decode(bad)


def test_bytes_of_another_kind_are_refused() -> None:
    fields = {"finding": np.int32}
    kinds: list[Replicated] = [kind.make(0, 3) for kind in KINDS.values()]
    kinds += [Log(0, 3, fields), LWWMap(0, 3, fields), GCounter(0, 4)]
    for a in kinds:
        for b in kinds:
            assert (a == b) == (a is b)
            if a is not b:
                with pytest.raises(ReplicaError, match="another type"):
                    a.decode(b.encode())
                with pytest.raises(ReplicaError, match="only its own kind"):
                    a.merge(b)  # type: ignore[arg-type]


def column(*values: int) -> Any:
    return np.array(values, np.int64)


WORDS = np.zeros((2, 2), np.uint64)
DOTS = 1 << 40
OUT_OF_ORDER = [
    (GCounter(0, 2), [column(3, 1), column(1, 1)]),
    (GCounter(0, 2), [column(1, 1), column(1, 1)]),
    (GCounter(0, 2), [column(1, 3), column(0, 1)]),
    (GCounter(0, 2), [column(-1, 3), column(1, 1)]),
    (PNCounter(0, 2), [column(1), column(1, 1)]),
    (LWWMap(0, 2, FIELDS), [column(2, 1), column(1, 1), column(0, 0), WORDS]),
    (LWWMap(0, 2, FIELDS), [column(1, 2), column(1, -1), column(0, 0), WORDS]),
    (LWWMap(0, 2, FIELDS), [column(1, 2), column(1, 1), column(0, 2), WORDS]),
    (LWWMap(0, 2, FIELDS), [column(1, 2), column(1, 1), column(0), WORDS]),
    (ORSet(0, 2), [column(2, 1), column(0, 1), column(0), column(2)]),
    (ORSet(0, 2), [column(1, 1), column(1, 0), column(0), column(2)]),
    (ORSet(0, 2), [column(1, 2), column(0, 2), column(0), column(2)]),  # no dot of the context
    (ORSet(0, 2), [column(), column(), column(0, 1), column(1, 2)]),  # runs that touch
    (ORSet(0, 2), [column(), column(), column(5), column(5)]),
    (ORSet(0, 2), [column(), column(), column(5), column(DOTS + 1)]),
    (ORSet(0, 2), [column(), column(), column(2 * DOTS), column(2 * DOTS + 1)]),
    (Log(0, 2, FIELDS), [column(0, 0), column(0, 1), column(1, 1), WORDS]),  # runs that touch
    (Log(0, 2, FIELDS), [column(0, 2), column(0, 0), column(1, 1), WORDS]),
    (Log(0, 2, FIELDS), [column(0), column(0), column(1), WORDS]),
    (Log(0, 2, FIELDS), [column(0), column(-1), column(2), WORDS]),
]


@pytest.mark.parametrize(("held", "columns"), OUT_OF_ORDER)
def test_columns_that_no_state_has_are_refused_whatever_their_checksum(
    held: Any, columns: list[Any]
) -> None:
    body = held._fingerprint.to_bytes(4, "little") + packed_columns(
        [word.astype(np.int64) for each in columns for word in np.atleast_2d(each.T)]
    )
    with pytest.raises(ReplicaError):
        held.decode(body + zlib.crc32(body).to_bytes(4, "little"))
    state = {**held.state(), **dict(zip(held._names, columns, strict=True))}
    with pytest.raises(ReplicaError):
        held.restore(state)
    assert held.is_empty


@pytest.mark.parametrize("name", NAMES)
@few
@given(data=st.data())
def test_a_restored_state_goes_on_bit_identically(name: str, data: st.DataObject) -> None:
    states, _ = data.draw(histories(name))
    at = data.draw(st.integers(0, REPLICAS - 1))
    before = states[at].encode()
    state = states[at].state()
    fresh = KINDS[name].make(at, REPLICAS)
    fresh.restore(state)
    update = Update(at, KINDS[name].verbs[0], [1, 2], [3, 3], 1, 0)
    KINDS[name].apply(Replica(fresh), update)
    assert states[at].encode() == before
    KINDS[name].apply(Replica(states[at]), update)
    assert fresh.encode() == states[at].encode()
    with pytest.raises(ReplicaError):
        KINDS[name].make((at + 1) % REPLICAS, REPLICAS).restore(state)
    with pytest.raises(ReplicaError):
        fresh.restore({**state, "surplus": 1})


numbers = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 300)


@few
@given(st.lists(st.lists(numbers, max_size=5), max_size=4))
def test_columns_come_back_out_of_few_bytes(rows: list[list[int]]) -> None:
    columns = [column(*each) for each in rows]
    encoded = packed_columns(columns)
    found, end = unpacked_columns(b"--" + encoded + b"rest", 2, len(columns))
    assert [each.tolist() for each in found] == rows
    assert end == len(encoded) + 2
    widths = [1, 2, 4, 8]
    spans = [max(each) - min(each) if each else 0 for each in rows]
    fewest = [next((w for w in widths if span < 256**w), 8) if span else 0 for span in spans]
    assert len(encoded) == sum(
        5 + 8 * bool(e) + len(e) * w for e, w in zip(rows, fewest, strict=True)
    )


@pytest.mark.parametrize(
    ("rows", "width", "least", "distances"),
    [
        (2, 1, 0, [1, 2]),  # a greater least number would do
        (2, 2, 0, [0, 0, 2, 0]),
        (2, 2, 0, [0, 0, 255, 0]),  # one byte would do
        (1, 1, 0, [0]),  # none would do
        (0, 1, 0, []),
        (2, 3, 0, [0] * 6),
        (9, 1, 0, [0, 1]),
    ],
)
def test_columns_written_in_another_way_are_refused(
    rows: int, width: int, least: int, distances: list[int]
) -> None:
    head = struct.pack("<IB", rows, width) + struct.pack("<q", least)[: 8 * (rows > 0)]
    with pytest.raises(ReplicaError):
        unpacked_columns(head + bytes(distances), 0, 1)
    with pytest.raises(ReplicaError, match="end"):
        unpacked_columns(b"123", 0, 1)


# What users give


def test_what_cannot_be_counted_written_or_added_is_refused() -> None:
    counter, held = GCounter(0, 2), LWWMap(0, 2, FIELDS)
    for keys, amounts in (([-1], 1), ([1.5], 1), ([1], -1), ([1, 2], [1, 2, 3]), ([2**61], 1)):
        with pytest.raises(ReplicaError):
            counter.add(keys, amounts)
    counter.add([1], 2**61)
    counter.add([1], 2**61)
    with pytest.raises(ReplicaError, match="larger units"):
        counter.add([1], 1)
    for columns in (
        {"finding": [1]},
        {"finding": [1], "kind": [300]},
        {"finding": [1.5], "kind": [1]},
        {"finding": [1, 2], "kind": [1]},
        {"finding": [1, 2], "kind": [1, 2]},
    ):
        with pytest.raises(ReplicaError):
            held.set([7], 0, **columns)  # type: ignore[arg-type]
    with pytest.raises(ReplicaError, match="never written"):
        held.value([7])
    with pytest.raises(ReplicaError):
        held.set([7], -1, finding=[1], kind=[1])
    with pytest.raises(ReplicaError):
        ORSet(0, 2).add([0.5])
    for replica, replicas in ((2, 2), (-1, 2), (0, 0), (0, 2**15 + 1)):
        with pytest.raises(ReplicaError):
            ORSet(replica, replicas)
    for fields in ({}, {"keys": np.int64}, {"a": np.dtype("S3")}, {"not a name": np.int64}):
        with pytest.raises(ReplicaError):
            Log(0, 2, fields)
    assert held.is_empty


def test_updates_that_change_nothing_return_empty_deltas() -> None:
    assert GCounter(0, 2).add([1, 2], 0).is_empty
    assert LWWMap(0, 2, FIELDS).set([], 1, finding=[], kind=[]).is_empty
    assert ORSet(0, 2).add([]).is_empty
    assert ORSet(0, 2).remove([1]).is_empty
    assert Log(0, 2, FIELDS).append(finding=[], kind=[]).is_empty


def test_counters_keep_apart_who_counted() -> None:
    ours, theirs = PNCounter(0, 2), PNCounter(1, 2)
    ours.add([7, 7, 3], [1, 2, 5])
    theirs.subtract([7, 9], [10, 1])
    ours.merge(theirs)
    assert ours.value([3, 7, 8, 9]).tolist() == [5, -7, 0, -1]
    assert ours.table([3, 7, 8, 9]).tolist() == [[5, 0], [3, -10], [0, 0], [0, -1]]
    assert ours.keys().tolist() == [3, 7, 9]


def test_an_addition_wins_over_a_concurrent_removal_and_leaves_one_dot() -> None:
    ours, theirs = ORSet(0, 2), ORSet(1, 2)
    theirs.merge(ours.add([3, 5]))
    removed, added = theirs.remove([3, 5]), ours.add([5])
    theirs.merge(added)
    ours.merge(removed)
    assert ours.value().tolist() == theirs.value().tolist() == [5]
    assert (3 in ours, 5 in ours, len(ours)) == (False, True, 1)
    for _ in range(10):
        theirs.merge(ours.add([5]))
        ours.merge(theirs.add([5]))
    assert ours.nbytes == 8 * (2 + 2 * 2)  # one row, and one run for each replica


# Logs


def test_a_gap_in_a_log_is_kept_aside_until_it_closes() -> None:
    ours, theirs = Log(0, 2, {"finding": np.int64}), Log(1, 2, {"finding": np.int64})
    first, second, third = (ours.append(finding=[i, 10 + i]) for i in range(3))
    assert theirs.merge(third)
    assert theirs.version.tolist() == [0, 0]
    assert theirs.waiting == 2
    assert theirs.since([0, 0]).origins.size == 0
    theirs.merge(first)
    assert theirs.version.tolist() == [2, 0]
    theirs.append(finding=[99])
    theirs.merge(second)
    assert theirs.waiting == 0
    fresh = theirs.since([2, 0])
    assert fresh.origins.tolist() == [0, 0, 0, 0, 1]
    assert fresh.sequences.tolist() == [2, 3, 4, 5, 0]
    assert fresh.columns["finding"].tolist() == [1, 11, 2, 12, 99]
    for bad in ([1], [0, -1], [0.5, 1.0]):
        with pytest.raises(ReplicaError, match="version"):
            theirs.since(bad)


@few
@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.data())
def test_the_delta_after_a_version_is_what_is_missing(
    sizes: list[int], data: st.DataObject
) -> None:
    ours = Log(0, 2, {"finding": np.int64})
    copies = [ours.copy()]
    for number, size in enumerate(sizes):
        ours.append(finding=np.arange(size) + 100 * number)
        copies.append(ours.copy())
    behind = data.draw(st.sampled_from(copies)).copy()
    delta = ours.delta(behind.version)
    assert delta.version.sum() == 0 or behind.is_empty
    behind.merge(delta)
    assert behind == ours
    # Copies that share rows go their own ways.
    behind.append(finding=[1])
    ours.append(finding=[2])
    assert (behind.value().columns["finding"][-1], ours.value().columns["finding"][-1]) == (1, 2)
    assert [len(copy) for copy in copies] == np.cumsum([0, *sizes]).tolist()


def test_a_log_restored_from_too_early_a_state_says_so() -> None:
    ours, theirs = Log(0, 2, {"finding": np.int64}), Log(1, 2, {"finding": np.int64})
    ours.append(finding=[1])
    theirs.merge(ours.append(finding=[2]))
    lost = Log(0, 2, {"finding": np.int64})
    lost.merge(theirs)
    with pytest.raises(ReplicaError, match="too early"):
        lost.append(finding=[3])
