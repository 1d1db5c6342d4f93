"""An encoder replaced under way: what is still found before, during and after, and what it costs.

Truth is the ten nearest of all items by the new encoder's own vectors. A store is asked while it
migrates, between every two steps of the background pass; each answer must be ten items that exist,
each once. Where a row has a peer, ours is with an adapter, learnt from pairs of the items, and the
peer is without: the old index is asked with the old encoder. Two more rows: what is found if the
old encoder cannot be called any longer, and after two replacements in a row, from n-grams in 256
dimensions to others and to those of a third hash, a third of the items migrated at the second.

Four replacements: texts of a seeded grammar from n-grams in 64 dimensions to others in 128, with
other lengths and hashes and with idf; the same from 256 to 256; the concepts of UMLS from n-grams
of their names to profiles of their relations; and vectors that are bent by a random network and
blurred, where an adapter that bends, too, earns its keep. Times are CPU seconds, the best of
several, after everything is compiled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.memory.replacements import Case, bent, concepts, grammar, ngrams
from benchmarks.rows import Row
from swarm.memory.encoders import HashedNgrams, Training, VersionedVectors, train_adapter

K = 10
STEPS = 20  # of the background pass
WHEN = {0: "just replaced", 2: "10% migrated", 10: "50% migrated", 18: "90% migrated", 20: "done"}


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of every replacement, then what re-encoding costs."""
    n, asked = (2_000, 100) if quick else (20_000, 200)
    texts = grammar(n + asked, np.random.default_rng(1))
    cases = [
        ngrams(texts, asked, 64, 128),
        ngrams(texts, asked, 256, 256),
        concepts(),
        bent(n, asked),
    ]
    for case in cases:
        yield from replaced(case)
    yield in_a_row(cases[1])
    yield network(cases[-1])
    yield from on_read(cases[1])
    yield from costs(cases[0])


# What is found


def replaced(case: Case) -> Iterator[Row]:
    """Recall before, while and after the encoder is replaced, with and without an adapter."""
    rng = np.random.default_rng(3)
    truth = case.store(case.new).search(case.queries, K).ids
    before = case.store(case.old)
    training = train_adapter(*before.pairs(case.new, case.pairs, rng), rng)
    yield Row(
        f"recall@{K} before, {case.name}, old encoder",
        recall(before.search(case.queries, K).ids, truth),
        notes={"items": len(case.items), **described(training)},
    )
    store = case.store(case.old)
    store.replace_encoder(case.new, training.adapter)
    both = recall(store.search(case.queries, K).ids, truth)
    store.retire(case.old.identity)
    ours = recall(store.search(case.queries, K).ids, truth)
    name = f"recall@{K} just replaced, {case.name}, old encoder retired (callable)"
    yield Row(name, ours, both, ours / both)
    runs = [migrated(case, adapter, truth) for adapter in (training.adapter, None)]
    for step, when in WHEN.items():
        ours, peer = (recalls[step] for recalls, _ in runs)
        checks = {"no query failed": all(held for _, held in runs)}
        yield Row(f"recall@{K} {when}, {case.name} (without)", ours, peer, ours / peer, checks)


def migrated(case: Case, adapter: Any, truth: NDArray) -> tuple[dict[int, float], bool]:
    """Recall at some steps; and whether every answer was ten items that exist, each once.

    Half way the store is killed, and goes on from its state.
    """
    store = case.store(case.old)
    store.replace_encoder(case.new, adapter)
    size = -(-len(case.items) // STEPS)
    recalls, held = {}, True
    for step in range(STEPS + 1):
        found = store.search(case.queries if step in WHEN else case.queries[:20], K).ids
        ordered = np.sort(found, axis=1)
        held &= bool((ordered[:, 0] >= 0).all() and (np.diff(ordered, axis=1) > 0).all())
        held &= bool(ordered[:, -1].max() < len(case.items)) and len(store) == len(case.items)
        if step in WHEN:
            recalls[step] = recall(found, truth)
        store.migrate(size)
        if step == STEPS // 2:
            state = store.state()
            store = VersionedVectors(case.old, case.read, lazy=0)
            store.restore(state, [case.new])
    return recalls, held and store.stale == 0


def in_a_row(case: Case) -> Row:
    """Recall just after a second replacement, with adapters at both and at neither."""
    third = HashedNgrams(256, 2, 4, version=4, salt=3).weighted(case.items, version=5)
    truth = case.store(third).search(case.queries, K).ids
    found = []
    for adapted in (True, False):
        rng, store = np.random.default_rng(3), case.store(case.old)
        for new in (case.new, third):
            pairs = store.pairs(new, case.pairs, rng)
            store.replace_encoder(new, train_adapter(*pairs, rng).adapter if adapted else None)
            if new is case.new:
                store.migrate(len(case.items) // 3)
        found.append(recall(store.search(case.queries, K).ids, truth))
    name = f"recall@{K} after two replacements in a row, {case.name} → 256 (without)"
    return Row(name, found[0], found[1], found[0] / found[1])


def network(case: Case) -> Row:
    """The held-out error of the network beside ridge."""
    rng = np.random.default_rng(3)
    training = train_adapter(*case.store(case.old).pairs(case.new, case.pairs, rng), rng)
    ours, peer = training.errors.get("mlp", float("nan")), training.errors["ridge"]
    checks = {"the network is chosen": training.adapter.kind == "mlp"}
    name = f"held-out error of the network, {case.name}, share of variance (ridge)"
    return Row(name, ours, peer, peer / ours, checks, notes=described(training))


def on_read(case: Case) -> Iterator[Row]:
    """Recall just after a replacement where searches re-encode what they come upon."""
    truth = case.store(case.new).search(case.queries, K).ids
    without = case.store(case.old)
    without.replace_encoder(case.new)
    peer = recall(without.search(case.queries, K).ids, truth)
    store = case.store(case.old, lazy=len(case.items))
    store.replace_encoder(case.new)
    for asked in ("once", "twice", "three times"):
        ours = recall(store.search(case.queries, K).ids, truth)
        yield Row(
            f"recall@{K} re-encoding on read, asked {asked}, {case.name} (without)",
            ours,
            peer,
            ours / peer,
            {"share re-encoded": 1 - store.stale / len(case.items)},
        )


# What it costs


def costs(case: Case) -> Iterator[Row]:
    """Re-encoding an item, beside encoding alone; replacing with an adapter; asking meanwhile."""
    n = len(case.items)
    rng = np.random.default_rng(3)
    adapter = train_adapter(*case.store(case.old).pairs(case.new, 500, rng), rng).adapter
    alone = best(lambda: None, lambda _: case.new.encode(case.read(np.arange(n))))
    for budget in (100, 1_000):

        def half_way(adapter: Any = None) -> VersionedVectors:
            store = case.store(case.old)
            store.replace_encoder(case.new, adapter)
            return store

        def all_of_it(store: VersionedVectors, budget: int = budget) -> None:
            while store.migrate(budget):
                pass

        ours = best(half_way, all_of_it)
        name = f"re-encoding, {budget:,} a step, {case.name}, µs an item (encoding alone)"
        yield Row(name, 1e6 * ours / n, 1e6 * alone / n, alone / ours)
    ours = best(
        lambda: case.store(case.old), lambda store: store.replace_encoder(case.new, adapter)
    )
    name = f"replacing with an adapter, {case.name}, µs an item (encoding all anew)"
    yield Row(name, 1e6 * ours / n, 1e6 * alone / n, alone / ours)
    done = case.store(case.new)
    for kind, given in (("with", adapter), ("without", None)):
        store = half_way(given)
        store.migrate(n // 2)
        seconds = [
            best(lambda: None, lambda _, s=each: s.search(case.queries, K))  # type: ignore[misc]
            for each in (store, done)
        ]
        us = [1e6 * each / len(case.queries) for each in seconds]
        name = f"a query, half migrated, {kind} adapter, {case.name}, µs (when done)"
        yield Row(name, us[0], us[1], us[1] / us[0])


def recall(found: NDArray, truth: NDArray) -> float:
    """The share of the true neighbours that were found."""
    return float((found[:, :, None] == truth[:, None, :]).sum() / truth.size)


def described(training: Training) -> dict[str, Any]:
    """What was measured of adapters on pairs held out."""
    return {
        "adapter": training.adapter.kind,
        "held-out error": {kind: round(each, 4) for kind, each in training.errors.items()},
        "held-out recall": {kind: round(each, 3) for kind, each in training.recall.items()},
        "pairs": [training.trained, training.held_out],
    }


def best(prepare: Callable[[], Any], work: Callable[[Any], Any], times: int = 3) -> float:
    """The least CPU seconds of a work, on what is prepared anew each time."""
    seconds = []
    for _ in range(times):
        ready = prepare()
        start = time.process_time()
        work(ready)
        seconds.append(time.process_time() - start)
    return min(seconds)
