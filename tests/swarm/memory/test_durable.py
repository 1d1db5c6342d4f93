"""What every store of facts must keep, and what the embedded one keeps in its folder.

`StoreContract` knows of stores only that they are opened at a place: those on servers are held to
it by a subclass that opens them otherwise.
"""

import multiprocessing
import os
import resource
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swarm.memory import FactError, Facts
from swarm.memory.durable import DurableError, FactStore, at, marks
from swarm.memory.durable.reader import segment_path

ENTITIES, RELATIONS, AUTHORS = 12, 3, 5
Write = Callable[[Any], object]


def fingerprint(facts: Facts) -> dict[str, bytes]:
    return {name: column.tobytes() for name, column in facts.state().items()}


def random_writes(rng: np.random.Generator, count: int) -> Iterator[tuple[int, Write]]:
    """Writes of every sort, each with the tick it happens in; they hold for Facts and stores."""
    tick, size = 0, 0
    for _ in range(count):
        tick += int(rng.integers(0, 2))
        kind = rng.choice(["append", "add", "supersede", "end"] if size else ["append"])
        if kind == "end":
            ids = rng.integers(0, size, rng.integers(1, 4))
            yield tick, lambda facts, ids=ids, tick=tick: facts.end(ids, tick)
            continue
        m = 1 if kind == "add" else int(rng.integers(1, 6))
        given: dict[str, Any] = {
            "subject": rng.integers(0, ENTITIES // 4, m),
            "relation": int(rng.integers(0, RELATIONS)),
            "object": rng.integers(0, ENTITIES, m),
            "author": rng.integers(0, AUTHORS, m),
            "tick": tick,
            "confidence": rng.random(m),
            "engine": int(rng.integers(0, 9)),
        }
        if size and rng.random() < 0.5:
            counts = rng.integers(0, 3, m)
            given["evidence"] = (rng.integers(0, size, counts.sum()), counts)
        if kind == "add":
            given |= {name: given[name][0].item() for name in ("subject", "object", "author")}
            given["confidence"] = given["confidence"][0]
            given["evidence"] = list(map(int, given.get("evidence", ([], []))[0]))
        if kind == "supersede":
            given["everyone"] = bool(rng.random() < 0.5)
        size += m
        yield tick, lambda facts, kind=kind, given=given: getattr(facts, kind)(**given)


class StoreContract(ABC):
    """The tests; a subclass says how a store is opened at a place."""

    @abstractmethod
    def open(self, place: Path, **options: Any) -> FactStore: ...

    @pytest.mark.parametrize("sync", ["always", "batch", "never"])
    def test_a_store_is_what_facts_are_and_stays_so(self, tmp_path: Path, sync: str) -> None:
        rng = np.random.default_rng(len(sync))
        plain = Facts(ENTITIES, RELATIONS)
        store = self.open(tmp_path, sync=sync)
        for number, (_, write) in enumerate(random_writes(rng, 60)):
            wanted, got = write(plain), write(store)
            assert np.array_equal(np.asarray(got), np.asarray(wanted))
            if number % 17 == 11:
                store.snapshot()
            if number % 13 == 7:
                store.close()
                store = self.open(tmp_path, sync=sync)
                assert store.recovered == ()
            assert fingerprint(store.facts) == fingerprint(plain)
        assert (plain.columns()["ended"] < 2**31 - 1).sum() > 9, "a run in which nothing ends"
        store.close()

    def test_every_way_to_write_facts_is_logged(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as store:
            facts = store.facts
            facts.append([1, 2], 0, [3, 4], author=0, tick=0)
            facts.add(1, 1, 5, author=1, tick=1)
            facts.writer(2).supersede(1, 1, 6, tick=1)
            facts.supersede(1, 1, 7, author=3, tick=2, everyone=True)
            facts.end([0], 3)
            store.writer(2).append([2], 2, [2], tick=3, evidence=([1], [1]))
            wanted = fingerprint(facts)
        with self.open(tmp_path) as store:
            assert fingerprint(store.facts) == wanted
            assert store.facts.columns()["ended"].tolist()[:4] == [3, 2**31 - 1, 2, 2]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"subject": [ENTITIES]},
            {"relation": -1},
            {"object": [0.5]},
            {"author": 2**27},
            {"tick": 3},
            {"tick": [6, 5]},
            {"confidence": 1.5},
            {"valid_from": 9, "valid_to": 9},
            {"subject": [1, 2, 3], "object": [1, 2]},
            {"evidence": ([2], [1])},
            {"evidence": ([0], [1, 1])},
        ],
    )
    def test_what_facts_refuse_is_never_logged(self, tmp_path: Path, wrong: dict) -> None:
        good = {"subject": 1, "relation": 1, "object": 2, "author": 3, "tick": 5}
        plain = Facts(ENTITIES, RELATIONS)
        with self.open(tmp_path) as store:
            for facts in (plain, store.facts):
                facts.append(**good)
                with pytest.raises(FactError):
                    facts.append(**{**good, **wrong})
                with pytest.raises(FactError):
                    facts.supersede(**{**good, **wrong})
                with pytest.raises(FactError):
                    facts.end([0], 4)
                with pytest.raises(FactError):
                    facts.end([1], 6)
        with self.open(tmp_path) as store:
            assert fingerprint(store.facts) == fingerprint(plain)

    def test_what_is_no_fact_is_refused_as_facts_do(self, tmp_path: Path) -> None:
        with self.open(tmp_path, named=True) as store:
            store.names.entities.add(["a", "b"])
            store.names.relations.add(["r"])
            good: dict[str, Any] = dict.fromkeys(("subject", "relation", "object", "author"), 0)
            good["tick"] = 5
            store.append(**good)
            store.add(**good)
            for wrong in ({"subject": "a"}, {"relation": None}, {"tick": "noon"}):
                with pytest.raises(FactError):
                    store.add(**{**good, **wrong})
            with pytest.raises(TypeError, match="an author says"):
                store.supersede(**good, sure=0.5)
            with pytest.raises(FactError, match="tick must be whole numbers"):
                store.end([0], 5.5)
            with pytest.raises(FactError, match="tick must lie in"):
                store.mark(2**31, "never again")
            store.append(**good)
        with self.open(tmp_path) as store:
            assert len(store.facts) == 3
            assert (store.facts.columns()["ended"] == 2**31 - 1).all()

    def test_time_runs_forward_over_ends_and_marks_too(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as store:
            ids = store.append([1, 2], 0, 3, author=0, tick=1)
            store.end(ids[:1], 6)
            with pytest.raises(FactError, match="time runs forward"):
                store.append(1, 0, 4, author=0, tick=5)
            with pytest.raises(FactError, match="time runs forward"):
                store.end(ids[1:], 5)
            store.mark(8, "evening")
            with pytest.raises(FactError, match="time runs forward"):
                store.mark(7, "noon")
        with self.open(tmp_path) as store:
            assert store.tick == 8
            with pytest.raises(FactError, match="time runs forward"):
                store.append(1, 0, 4, author=0, tick=7)
            assert [(m.tick, m.values) for m in marks(store)] == [(8, "evening")]

    def test_facts_refer_to_names_that_are_there(self, tmp_path: Path) -> None:
        with self.open(tmp_path, named=True) as store:
            (water, ice), (melts,) = (
                store.names.entities.add(["water", "ice"]).tolist(),
                store.names.relations.add(["melts into"]).tolist(),
            )
            store.append(ice, melts, water, author=0, tick=0)
            with pytest.raises(FactError, match="entities have names up to 1; got 2"):
                store.append(2, melts, water, author=0, tick=0)
            with pytest.raises(FactError, match="relations have names up to 0; got 1"):
                store.append(ice, 1, water, author=0, tick=0)
            with pytest.raises(FactError, match="entities have names up to 1; got 2"):
                store.add(0, melts, 2, author=0, tick=0)
        with self.open(tmp_path) as store:
            assert store.names.entities.names(store.facts.columns()["subject"]) == ["ice"]

    @pytest.mark.parametrize("count", [3, 9000])
    def test_facts_added_singly_come_in_their_order(self, tmp_path: Path, count: int) -> None:
        with self.open(tmp_path) as store:
            for i in range(count):
                store.add(i % ENTITIES, 0, 1, author=i % 7, tick=i, evidence=[i // 2] * (i % 3 > 1))
            with pytest.raises(FactError, match="time runs forward"):
                store.end([0], count - 2)
            with pytest.raises(FactError, match="time runs forward"):
                store.add(0, 0, 0, author=0, tick=count - 2)
            store.end([0], count)
            store.append(6, 1, 6, author=1, tick=count)
            store.add(5, 1, 5, author=1, tick=count)
            with pytest.raises(FactError):
                store.add(ENTITIES, 1, 5, author=1, tick=count)
            store.flush()
            wanted = fingerprint(store.facts)
            with self.open(tmp_path, read_only=True) as reader:
                assert fingerprint(reader.facts) == wanted
            store.add(5, 2, 5, author=1, tick=count)
            wanted = fingerprint(store.facts)
        with self.open(tmp_path) as store:
            assert fingerprint(store.facts) == wanted

    def test_a_closed_store_takes_nothing_and_says_so(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        store.close()
        store.close()
        with pytest.raises(DurableError, match="is closed"):
            store.append(1, 0, 2, author=0, tick=0)
        with pytest.raises(DurableError, match="opening its folder"):
            store.facts.restore(Facts(ENTITIES, RELATIONS).state())

    def test_killed_it_comes_back_with_all_that_was_acknowledged(self, tmp_path: Path) -> None:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        child = context.Process(target=self.write_until_killed, args=(tmp_path, theirs))
        child.start()
        acknowledged = 0
        while acknowledged < 300:
            acknowledged = ours.recv()
            with self.open(tmp_path, read_only=True) as store:  # while it is written
                self.assert_whole_batches(store, acknowledged)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        theirs.close()
        while ours.poll():
            try:
                acknowledged = ours.recv()
            except EOFError:
                break
        with self.open(tmp_path) as store:
            self.assert_whole_batches(store, acknowledged)

    def assert_whole_batches(self, store: FactStore, acknowledged: int) -> None:
        subjects = store.facts.columns()["subject"]
        assert len(subjects) >= acknowledged
        assert len(subjects) % 3 == 0, "a batch that is there in part"
        assert subjects.tolist() == [i // 3 % ENTITIES for i in range(len(subjects))]

    def write_until_killed(self, place: Path, told: Connection) -> None:
        store = self.open(place)
        for batch in range(10**9):
            store.append([batch % ENTITIES] * 3, 0, 0, author=0, tick=batch)
            if batch % 10 == 9:
                store.flush()
                told.send(3 * (batch + 1))
            if batch % 50 == 49:
                store.snapshot()


class TestEmbedded(StoreContract):
    """The store in a folder."""

    def open(self, place: Path, **options: Any) -> FactStore:
        options = {"segment_bytes": 1000, **options}
        return FactStore.open(place, entities=ENTITIES, relations=RELATIONS, **options)

    def test_one_writes_and_the_others_hear_who_it_is(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as store:
            store.append(1, 0, 2, author=0, tick=0)
            with pytest.raises(DurableError, match=rf"process {os.getpid()} on .* is writing"):
                self.open(tmp_path)
            with self.open(tmp_path, read_only=True) as reader:
                assert len(reader.facts) == 0, "what was not acknowledged"
            store.flush()
            with self.open(tmp_path, read_only=True) as reader:
                assert fingerprint(reader.facts) == fingerprint(store.facts)
                with pytest.raises(DurableError, match="opened for reading"):
                    reader.append(1, 0, 2, author=0, tick=0)
        self.open(tmp_path).close()

    def test_a_copy_of_the_process_does_not_write(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as store:
            child = os.fork()
            if not child:
                try:
                    store.append(1, 0, 2, author=0, tick=0)
                except DurableError as error:
                    os._exit(7 if "one process writes" in str(error) else 8)
                os._exit(9)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7

    def test_sizes_are_asked_once_and_must_not_change(self, tmp_path: Path) -> None:
        with pytest.raises(DurableError, match="needs its sizes"):
            FactStore.open(tmp_path / "new")
        with pytest.raises(DurableError, match=r"store\.json: no such file"):
            FactStore.open(tmp_path / "new", read_only=True)
        self.open(tmp_path).close()
        FactStore.open(tmp_path).close()
        with pytest.raises(DurableError, match="12 entities and 3 relations; got 13 and None"):
            FactStore.open(tmp_path, entities=13)
        with pytest.raises(DurableError, match='"always", "batch" or "never"; got \'often\''):
            self.open(tmp_path, sync="often")
        self.open(tmp_path).close()  # the refusals let go of the lock

    @pytest.mark.parametrize("sync", ["always", "batch"])
    def test_what_the_disk_does_not_take_is_not_in_memory_as_written(
        self, tmp_path: Path, sync: str
    ) -> None:
        with self.open(tmp_path, sync=sync, segment_bytes=10**6) as store:
            store.append([1, 2], 0, 3, author=0, tick=0)
            store.flush()
            wanted = fingerprint(store.facts)
            with full_disk(max(file.stat().st_size for file in tmp_path.iterdir()) + 30):
                with pytest.raises(DurableError, match=r"writing failed.*not acknowledged"):
                    write_and_flush(store)
                if sync == "always":
                    assert fingerprint(store.facts) == wanted
            if sync == "always":  # there is room again
                store.append([7, 8], 0, 9, author=0, tick=2)
                wanted = fingerprint(store.facts)
            else:
                with pytest.raises(DurableError, match=r"writing failed.*open it again"):
                    store.append([7, 8], 0, 9, author=0, tick=2)
                with pytest.raises(DurableError, match=r"writing failed.*open it again"):
                    store.add(7, 0, 9, author=0, tick=2)
                with pytest.raises(DurableError, match=r"writing failed.*open it again"):
                    store.flush()
        with self.open(tmp_path) as store:
            assert fingerprint(store.facts) == wanted
            assert store.recovered == ()

    @pytest.mark.parametrize("sync", ["always", "batch"])
    def test_a_segment_that_cannot_begin_is_a_write_that_failed(
        self, tmp_path: Path, sync: str
    ) -> None:
        with self.open(tmp_path, sync=sync, segment_bytes=1) as store:
            store.append([1, 2], 0, 3, author=0, tick=0)
            store.flush()
            wanted = fingerprint(store.facts)
            in_the_way = tmp_path / f".{segment_path(tmp_path, 2).name}.partial"
            in_the_way.mkdir()
            with pytest.raises(DurableError, match=r"writing failed.*not acknowledged"):
                write_and_flush(store)
            in_the_way.rmdir()
            if sync == "always":
                assert fingerprint(store.facts) == wanted
                store.append([7, 8], 0, 9, author=0, tick=2)
                wanted = fingerprint(store.facts)
        with self.open(tmp_path) as store:
            assert fingerprint(store.facts) == wanted

    def test_names_that_are_lost_are_noticed(self, tmp_path: Path) -> None:
        with self.open(tmp_path, named=True) as store:
            store.names.entities.add(["a", "b"])
            store.names.relations.add(["r"])
            store.append(0, 0, 1, author=0, tick=0)
        for file in tmp_path.glob("names.sqlite*"):
            file.unlink()
        with pytest.raises(DurableError, match=r"names\.sqlite: has 0 names of entities"):
            self.open(tmp_path)

    def test_compaction_frees_the_log_and_keeps_every_tick(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(8)
        with self.open(tmp_path, sync="always") as store:
            for number, (_, write) in enumerate(random_writes(rng, 50)):
                write(store)
                if number in (24, 44):
                    store.snapshot()
            before = sorted(tmp_path.glob("log-*"))
            past = [fingerprint(at(store, tick)) for tick in range(store.tick + 1)]
            assert store.compact() == 0
            gone = store.compact(keep_history=False)
            assert gone > 0
            assert sorted(tmp_path.glob("log-*")) == before[gone:]
            assert [fingerprint(at(store, tick)) for tick in range(store.tick + 1)] == past
            wanted = fingerprint(store.facts)
        sorted(tmp_path.glob("snapshot-*"))[-1].write_bytes(b"gone")
        with self.open(tmp_path) as store:  # from the older snapshot
            assert fingerprint(store.facts) == wanted
            assert "snapshot-" in store.recovered[0]
            store.append(1, 1, 1, author=0, tick=store.tick)
            store.snapshot()
            assert len(list(tmp_path.glob("snapshot-*"))) == 2
        for file in tmp_path.glob("snapshot-*"):
            file.write_bytes(b"gone")
        with pytest.raises(DurableError, match=r"log-0+1\.segment.*missing.*snapshot-"):
            self.open(tmp_path)


def write_and_flush(store: FactStore) -> None:
    store.append([4, 5], 0, 6, author=0, tick=1)
    store.flush()


@contextmanager
def full_disk(size_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
