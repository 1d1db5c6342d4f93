"""Facts a second, written and asked for, beside networkx, rustworkx, SQLite and DuckDB.

Facts are uniform random: of each entity three lead to others, on average. All stores hold subject,
relation, object, author, tick, end and confidence of each; ours holds all else too. The databases
are in memory, in one transaction, and indexed by subject, by object and by relation, as ours is.

All answer the same questions: two hops from a subject, facts of a subject and a relation, and the
same as of an earlier tick, before which some of them had not ended. Their answers must be the same
before they are timed. What answers in batches is asked in batches: ours and DuckDB. Times are CPU
seconds, the best of several; ours at full size are of one run.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.memory.stores import (
    RELATIONS,
    Answers,
    Batch,
    DuckDB,
    NetworkX,
    Ours,
    RustworkX,
    SQLite,
    Store,
)
from benchmarks.rows import Row

AUTHORS, BATCH = 10_000, 10_000


def batches(entities: int, facts: int, seed: int = 0) -> Iterator[Batch]:
    """Draw facts, a batch a tick."""
    rng = np.random.default_rng(seed)
    for tick in range(-(-facts // BATCH)):
        n = min(BATCH, facts - tick * BATCH)
        subject, relation = rng.integers(0, entities, n), rng.integers(0, RELATIONS, n)
        object_, author = rng.integers(0, entities, n), rng.integers(0, AUTHORS, n)
        yield Batch(subject, relation, object_, author, rng.random(n), tick)


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows beside each peer, then those of the large memory."""
    start = time.process_time()
    warm_up()
    compile_s = round(time.process_time() - start, 2)
    entities = 5_000 if quick else 50_000
    for peer in (NetworkX, RustworkX, SQLite, DuckDB):
        yield from beside(peer, entities, 3 * entities, 200 if quick else 2_000, compile_s)
    yield from at_size(*((100_000, 300_000) if quick else (10_000_000, 30_000_000)))


def warm_up() -> None:
    """Compile, or load, what is timed."""
    store = Ours(20)
    for batch in batches(20, 500):
        store.write(batch)
        store.add(0, 0, 1, 2, 0)
    store.end(np.arange(9))
    store.facts.compact()
    store.two_hops(np.arange(20))
    store.match(np.arange(20), np.arange(20), 0)


# Beside a peer


def beside(
    kind: type[Store], entities: int, facts: int, queries: int, compile_s: float
) -> Iterator[Row]:
    """The same facts written and asked for in ours and a peer."""
    rng = np.random.default_rng(1)
    new = list(batches(entities, facts))
    ours_s = _best(lambda: written(Ours, entities, new))
    peer_s = _best(lambda: written(kind, entities, new))
    ours, peer = written(Ours, entities, new), written(kind, entities, new)
    name = f"{entities:,} entities, {facts:,} facts, {kind.__name__}"
    yield _row(f"facts written in batches of 10,000, k/s; {name}", facts, ours_s, facts, peer_s)
    gone = rng.choice(facts, facts // 10, replace=False)
    ours.end(gone)
    peer.end(gone)
    subjects, relations = rng.integers(0, entities, queries), rng.integers(0, RELATIONS, queries)
    known = ours.facts.columns()  # half of the questions have answers
    some = rng.integers(0, facts, queries // 2)
    subjects[: len(some)], relations[: len(some)] = known["subject"][some], known["relation"][some]
    facts_of = ours.facts
    asked: list[tuple[str, Callable[[Any], Answers], Callable[[], Any]]] = [
        (
            "two-hop queries",
            lambda store: store.two_hops(subjects),
            lambda: facts_of.two_hops(subjects),
        ),
        (
            "matches of subject and relation",
            lambda store: store.match(subjects, relations, None),
            lambda: facts_of.match_many(subjects, relations),
        ),
        (
            "matches as of an earlier tick",
            lambda store: store.match(subjects, relations, ours.last // 2),
            lambda: facts_of.match_many(subjects, relations, as_of=ours.last // 2),
        ),
    ]
    for title, of, as_columns in asked:
        mine, theirs = of(ours), of(peer)
        checks = {"same answers": mine == theirs, "answers": sum(map(len, mine))}
        seconds = _best(as_columns, 5), _best(lambda: of(peer), 2)  # noqa: B023
        row = _row(f"{title}, k/s; {name}", queries, seconds[0], queries, seconds[1], checks)
        yield Row(**{**vars(row), "notes": {"compile_s": compile_s}})
    single = list(zip(*(c[:queries].tolist() for c in new[0][:4]), strict=True))
    ours_s = _best(lambda: singly(ours, single), 1)
    peer_s = _best(lambda: singly(peer, single), 1)
    yield _row(f"facts written singly, k/s; {name}", queries, ours_s, queries, peer_s)


def written(kind: type[Any], entities: int, new: list[Batch]) -> Any:
    """A store of a kind with these facts in it."""
    store = kind(entities)
    for batch in new:
        store.write(batch)
    return store


def singly(store: Store, new: list[tuple[int, ...]]) -> None:
    """Write facts one by one, and ask once, so that none is left waiting."""
    for subject, relation, object_, author in new:
        store.add(subject, relation, object_, author, 2**30)
    store.two_hops(np.zeros(1, np.int64))


# The large memory


def at_size(entities: int, facts: int) -> Iterator[Row]:
    """A memory with room for this many: writes with reads going on, queries, bytes."""
    rng = np.random.default_rng(2)
    title = f"{entities:,} entities, {facts:,} facts"
    before = _resident()
    singles = 100_000
    store, seconds, longest, within = Ours(entities, room=facts + singles), 0.0, 0.0, 0.0
    asked = rng.integers(0, entities, 100_000)
    for batch in batches(entities, facts):
        start, system = time.process_time(), os.times().system
        store.write(batch)
        if batch.tick % 10 == 0:
            store.facts.match_many(asked[:100], batch.relation[:100])
            store.facts.two_hops(asked[:100])
        spent = time.process_time() - start
        seconds, longest = seconds + spent, max(longest, spent)
        within += os.times().system - system
    notes = {
        "longest batch, s (merging)": round(longest, 2),
        # The system hands out each page as it is first written to: no store can do without.
        "s in all": round(seconds, 2),
        "s of the system, for new pages": round(within, 2),
    }
    rate = facts / seconds / 1e6
    yield Row(
        f"facts written in batches of 10,000, reads going on, M/s; {title}",
        rate,
        checks={"all there": len(store.facts) == facts},
        goal=5.0,
        notes=notes,
    )
    memory, last = store.facts, store.last
    relations = rng.integers(0, RELATIONS, len(asked))
    for state in ("as written", "compacted"):
        work: dict[str, Callable[[], Any]] = {
            "two-hop queries": lambda: memory.two_hops(asked),
            "matches of subject and relation": lambda: memory.match_many(asked, relations),
            "matches as of": lambda: memory.match_many(asked, relations, as_of=last // 2),
            "neighbours of both sides": lambda: memory.neighbours(asked, direction="both"),
        }
        for name, ask in work.items():
            rate = len(asked) / _best(ask, 3) / 1e3
            goal = 300.0 if name == "two-hop queries" else None
            yield Row(f"{name}, {state}, k/s; {title}", rate, goal=goal)
        memory.compact()
    used = sum(memory.nbytes.values()) / 2**30
    taken, peak = _resident() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_gib = peak / (2**30 if sys.platform == "darwin" else 2**20)
    notes = {
        "resident of the process": round(taken + before, 3),
        "at its peak, merges and all": round(peak_gib, 3),
        "before": round(before, 3),
    }
    limit = 2.0 if entities >= 10_000_000 else None
    yield Row(f"resident, GiB; {title}", taken, checks={"used": used}, goal=limit, notes=notes)
    ends = [
        rng.integers(0, high, singles).tolist() for high in (entities, RELATIONS, entities, AUTHORS)
    ]
    new = list(zip(*ends, strict=True))
    start = time.process_time()
    for begin in range(0, singles, 1_000):
        singly(store, new[begin : begin + 1_000])
    seconds = time.process_time() - start
    held = len(memory) == facts + singles
    title = f"facts written singly, reads going on, k/s; {title}"
    yield Row(title, singles / seconds / 1e3, checks={"all there": held}, goal=300.0)


def _row(
    name: str,
    ours: int,
    ours_s: float,
    peer: int,
    peer_s: float,
    checks: Mapping[str, bool | float] | None = None,
) -> Row:
    rates = ours / max(ours_s, 1e-9) / 1e3, peer / max(peer_s, 1e-9) / 1e3
    return Row(name, *rates, rates[0] / rates[1], checks or {})


def _best(work: Callable[[], Any], times: int = 2) -> float:
    seconds = []
    for _ in range(times):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def _resident() -> float:
    """GiB of the process in memory now; at its peak, where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 2**30
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**30
