"""Replicas: updates merged a second, beside plain Python and pycrdt; schedules; bytes under churn.

*Merged*: a state of n rows joins another of n rows, half of which are about the same keys; what
is counted are the rows joined in. The plain Python peers do the same to dictionaries. *There and
back* is all that two replicas do to share writes: one writes n keys in one batch, encodes, the
other decodes and joins, overwrites half of them, adds as many, and sends that back; pycrdt (the
Rust library yrs, behind Python) does it with a Map, one transaction a batch. Values must agree
before anything is timed. Times are CPU seconds, the best of several.

*Schedules* are random histories of loss, repetition, delay, splits and restarts, each beside a
plain model of what the replicas must say (`benchmarks.memory.schedules`). *Churn* adds and removes
for many rounds while the number of live elements stays the same, and compares bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.memory.schedules import KINDS, Schedule
from benchmarks.rows import Row
from swarm.memory.replicas import (
    AntiEntropy,
    GCounter,
    Interval,
    Log,
    LWWMap,
    Network,
    ORSet,
    Replica,
)

FIELDS = {"value": np.int64}
GOAL = 10.0  # million updates a second
Column = NDArray[np.int64]


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of merging, of schedules and of churn."""
    start = time.process_time()
    for kind in KINDS.values():
        Schedule(kind, 0).play()
    compile_s = round(time.process_time() - start, 2)
    n = 100_000 if quick else 1_000_000
    for row in (counters, maps, sets, logs):
        yield row(n, compile_s)
    yield small_deltas(n)
    yield there_and_back(5_000 if quick else 100_000)
    yield schedules(300 if quick else 10_000)
    yield churn(100 if quick else 1_000)


# Merged


def counters(n: int, compile_s: float) -> Row:
    """Grow-only counters against a dictionary that keeps the greater count."""
    rng = np.random.default_rng(1)
    ours, theirs, mixed = GCounter(0, 2), GCounter(1, 2), GCounter(1, 2)
    keys = rng.permutation(2 * n)[:n]
    ours.add(keys, rng.integers(1, 100, n))
    theirs.merge(ours)  # so that it holds older counts of the same cells
    theirs = theirs.copy()
    ours.add(keys[: n // 2])
    mixed.add(rng.permutation(2 * n)[: n // 2], 5)
    ours.merge(mixed)
    held, news = (
        dict(zip(*(column.tolist() for column in each._columns()), strict=True))
        for each in (theirs, ours)
    )

    def plain() -> dict[int, int]:
        joined = dict(held)
        for cell, counted in news.items():
            if counted > joined.get(cell, 0):
                joined[cell] = counted
        return joined

    def agree(joined: GCounter) -> bool:
        cells, counts = joined._columns()
        return dict(zip(cells.tolist(), counts.tolist(), strict=True)) == plain()

    return merged("GCounter", theirs, ours, len(ours), plain, agree, compile_s)


def maps(n: int, compile_s: float) -> Row:
    """Last-writer-wins maps against a dictionary of tuples."""
    rng = np.random.default_rng(2)
    ours, theirs = LWWMap(0, 2, FIELDS), LWWMap(1, 2, FIELDS)
    for each in (ours, theirs):
        keys = rng.permutation(2 * n)[:n]
        for part in np.array_split(keys, 8):
            each.set(part, int(rng.integers(100)), value=rng.integers(0, 2**60, part.size))

    def table(held: LWWMap) -> dict[int, tuple[int, int, int]]:
        keys = held.keys()
        columns = (*held.tags(keys), held.value()["value"])
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return dict(zip(keys.tolist(), rows, strict=True))

    held, news = table(theirs), table(ours)

    def plain() -> dict[int, tuple[int, int, int]]:
        joined = dict(held)
        for key, row in news.items():
            if key not in joined or row > joined[key]:
                joined[key] = row
        return joined

    return merged(
        "LWWMap", theirs, ours, n, plain, lambda joined: table(joined) == plain(), compile_s
    )


def sets(n: int, compile_s: float) -> Row:
    """Observed-remove sets against a dictionary of sets of dots with version vectors."""
    rng = np.random.default_rng(3)
    ours, theirs = ORSet(0, 2), ORSet(1, 2)
    base = rng.permutation(2 * n)
    theirs.merge(ours.add(base[: n // 2]))
    ours.remove(base[: n // 8])
    ours.add(base[n // 2 : n + n // 8])
    theirs.remove(base[n // 8 : n // 4])
    theirs.add(base[n : n + n // 2])

    def table(held: ORSet) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for element, dot in zip(*(c.tolist() for c in held._columns()[:2]), strict=True):
            found.setdefault(element, set()).add(dot)
        return found

    held, news = table(theirs), table(ours)
    mine, known = (dict(enumerate(each.context.vector(2).tolist())) for each in (theirs, ours))

    def plain() -> dict[int, set[int]]:
        joined = {}
        for element in held.keys() | news.keys():
            a, b = held.get(element, set()), news.get(element, set())
            dots = {d for d in a if d in b or (d & 2**40 - 1) >= known[d >> 40]}
            dots |= {d for d in b if d in a or (d & 2**40 - 1) >= mine[d >> 40]}
            if dots:
                joined[element] = dots
        return joined

    return merged(
        "ORSet", theirs, ours, n, plain, lambda joined: table(joined) == plain(), compile_s
    )


def logs(n: int, compile_s: float) -> Row:
    """Logs against lists that are extended by what is new."""
    rng = np.random.default_rng(4)
    ours, theirs = Log(0, 4, FIELDS), Log(1, 4, FIELDS)
    theirs.merge(ours.append(value=rng.integers(0, 2**60, n)))
    theirs.append(value=rng.integers(0, 2**60, n))
    ours.append(value=rng.integers(0, 2**60, n))
    held, news = (
        {r: log.value().columns["value"][log.value().origins == r].tolist() for r in range(4)}
        for log in (theirs, ours)
    )

    def plain() -> dict[int, list[int]]:
        joined = {origin: list(values) for origin, values in held.items()}
        for origin, values in news.items():
            for value in values[len(joined[origin]) :]:
                joined[origin].append(value)
        return joined

    def agree(joined: Log) -> bool:
        expected = [value for values in plain().values() for value in values]
        return joined.value().columns["value"].tolist() == expected

    return merged("Log", theirs, ours, n, plain, agree, compile_s)


def merged(
    name: str,
    held: Any,
    news: Any,
    updates: int,
    plain: Callable[[], Any],
    agree: Callable[[Any], bool],
    compile_s: float,
) -> Row:
    """Time the join of two states, ours and in plain Python."""
    joined = held.copy()
    joined.merge(news)
    same = agree(joined)
    copies = [held.copy() for _ in range(7)]
    ours = min(_seconds(lambda: copies.pop().merge(news)) for _ in range(7))
    peer = min(_seconds(plain) for _ in range(2))
    return Row(
        f"{name}, {updates:,} updates merged at once, M/s (Python dict)",
        updates / ours / 1e6,
        updates / peer / 1e6,
        peer / ours,
        {"same value": same},
        GOAL,
        {"compile_s": compile_s},
    )


def small_deltas(n: int) -> Row:
    """Batches of 10,000 entries appended, encoded, decoded and joined by three other logs."""
    logs = [Log(replica, 4, FIELDS) for replica in range(4)]
    batch = np.arange(10_000)

    def share() -> None:
        for begin in range(n // 10_000):
            writer = logs[begin % 4]
            encoded = writer.append(value=batch).encode()
            for log in logs:
                if log is not writer:
                    log.merge(log.decode(encoded))

    seconds = _seconds(share)
    same = len({log.encode() for log in logs}) == 1
    title = f"Log, {n:,} entries in batches of 10,000 shared by four replicas, M merged/s"
    return Row(title, 3 * n / seconds / 1e6, checks={"same bytes": same}, goal=GOAL)


# There and back, beside pycrdt


def there_and_back(n: int) -> Row:
    """All that sharing takes: write, encode, decode, join, and the answer."""
    from importlib.metadata import version

    from pycrdt import Doc, Map

    keys, back = np.arange(n), np.arange(n // 2, n + n // 2)

    def ours() -> tuple[LWWMap, LWWMap, int]:
        here, there = LWWMap(0, 2, FIELDS), LWWMap(1, 2, FIELDS)
        first = here.set(keys, 1, value=keys).encode()
        there.merge(there.decode(first))
        second = there.set(back, 2, value=-back).encode()
        here.merge(here.decode(second))
        return here, there, len(first) + len(second)

    def peer() -> tuple[Any, Any, int]:
        docs = Doc(), Doc()
        here, there = (doc.get("map", type=Map) for doc in docs)
        with docs[0].transaction():
            for key in keys.tolist():
                here[str(key)] = key
        first = docs[0].get_update()
        docs[1].apply_update(first)
        known = docs[1].get_state()
        with docs[1].transaction():
            for key in back.tolist():
                there[str(key)] = -key
        second = docs[1].get_update(known)
        docs[0].apply_update(second)
        return here, there, len(first) + len(second)

    here, there, size = ours()
    expected = dict(zip(here.keys().tolist(), here.value()["value"].tolist(), strict=True))
    *maps, peer_size = peer()
    same = all({int(k): int(v) for k, v in each.to_py().items()} == expected for each in maps)
    best = min(_seconds(ours) for _ in range(5))
    theirs = min(_seconds(peer) for _ in range(2))
    return Row(
        f"LWWMap, {2 * n:,} writes there and back, M/s (pycrdt Map)",
        2 * n / best / 1e6,
        2 * n / theirs / 1e6,
        theirs / best,
        {"same values": same, "same bytes both": here.encode() == there.encode()},
        None,
        {"bytes": size, "pycrdt bytes": peer_size, "pycrdt": version("pycrdt")},
    )


# Schedules


def schedules(number: int) -> Row:
    """Random schedules, in turn of each type; all must end right."""
    kinds = list(KINDS.values())
    start = time.process_time()
    outcomes = [Schedule(kinds[seed % len(kinds)], seed).play() for seed in range(number)]
    seconds = time.process_time() - start
    return Row(
        f"random schedules of {len(kinds)} types that end with the same bytes, and right",
        sum(each.right for each in outcomes),
        checks={
            "same bytes": all(each.same_bytes for each in outcomes),
            "right values": all(each.right_value for each in outcomes),
            "no gap": all(each.no_gap for each in outcomes),
            "seconds": seconds,
        },
        goal=number,
        notes={
            "updates": sum(each.updates for each in outcomes),
            "messages": sum(each.messages for each in outcomes),
        },
    )


# Churn


def churn(rounds: int, replicas: int = 4, live: int = 1_000, turnover: int = 50) -> Row:
    """Elements come and go; bytes of a delta and of a state, second half over first half."""
    rng = np.random.default_rng(5)
    group = [Replica(ORSet(replica, replicas)) for replica in range(replicas)]
    sent: list[tuple[int, int]] = []

    def observe(event: str, message: Any) -> None:
        if event == "sent" and isinstance(message, Interval):
            sent.append((entropy.rounds, message.size))

    entropy = AntiEntropy(group, rng, Network(loss=0.1, duplication=0.1, delay=1), observe)
    state = np.zeros(rounds)
    for played in range(rounds):
        for replica in group:
            # Each removes elements that it added itself, so that as many stay as there were.
            own = replica.crdt.value()
            own = own[own % replicas == replica.replica]
            replica.update(ORSet.remove, rng.permutation(own)[: turnover if played else 0])
            fresh = rng.integers(0, 2**50, turnover if played else live // replicas)
            replica.update(ORSet.add, fresh * replicas + replica.replica)
        entropy.round((np.arange(replicas)[:, None] + rng.integers(1, replicas, (4, 1))) % replicas)
        state[played] = max(len(replica.crdt.encode()) for replica in group)
    when, size = np.array(sent).T
    half, warm = rounds // 2, rounds // 10  # until the first elements have spread
    states = float(state[half:].max() / state[warm:half].max())
    deltas = float(size[when >= half].max() / size[(when >= warm) & (when < half)].max())
    title = f"ORSet, {rounds:,} rounds of churn, bytes of a state, second half over first"
    notes = {
        "live elements": len(group[0].crdt),
        "elements ever": rounds * replicas * turnover,
        "bytes of a delta, mean": float(size.mean()),
        "bytes of a delta, most": int(size[when >= warm].max()),
        "bytes of a state, most": float(state.max()),
    }
    bounded = states < 1.1 and deltas < 1.5
    return Row(title, states, checks={"bounded": bounded, "deltas": deltas}, notes=notes)


def _seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
