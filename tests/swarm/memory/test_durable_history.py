"""Any past tick rebuilt as it was recorded live, and an author's episodes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swarm.memory import FactError, Facts
from swarm.memory.durable import FactStore, at, episodes, marks
from tests.swarm.memory.test_durable import ENTITIES, RELATIONS, fingerprint, random_writes


@pytest.mark.parametrize("snapshots", [(), (20, 41), (5, 20, 41)])
def test_every_past_tick_is_what_it_was(tmp_path: Path, snapshots: tuple[int, ...]) -> None:
    live = {-1: fingerprint(Facts(ENTITIES, RELATIONS))}
    rng = np.random.default_rng(3)
    with FactStore.open(
        tmp_path, entities=ENTITIES, relations=RELATIONS, sync="always", segment_bytes=1500
    ) as store:
        for number, (tick, write) in enumerate(random_writes(rng, 60)):
            write(store)
            live[tick] = fingerprint(store.facts)  # the last one of a tick stays
            if number in snapshots:
                store.snapshot()
        assert fingerprint(at(store, store.tick)) == live[store.tick]
    assert len(live) > 20
    assert len(set(map(str, live.values()))) > 20
    for tick in range(max(live) + 3):
        wanted = live[max(past for past in live if past <= tick)]
        assert fingerprint(at(tmp_path, tick)) == wanted, f"tick {tick}"
    if snapshots:  # the log before the older snapshot goes, and nothing else
        with FactStore.open(tmp_path) as store:
            assert store.compact(keep_history=False) > 0
        for tick in sorted(live)[1:]:
            assert fingerprint(at(tmp_path, tick)) == live[tick], f"tick {tick}, compacted"


def test_a_batch_over_several_ticks_is_cut_between_them(tmp_path: Path) -> None:
    plain = Facts(ENTITIES, RELATIONS)
    given: dict[str, Any] = {"subject": 1, "relation": 0, "object": [1, 2, 3, 4], "author": 0}
    with FactStore.open(tmp_path, entities=ENTITIES, relations=RELATIONS) as store:
        store.supersede(**given, tick=[2, 2, 5, 7], evidence=([0, 0, 2], [0, 1, 1, 1]))
        store.mark(9, {"season": "autumn"})
        store.append(2, 0, 2, author=1, tick=9)
    past = at(tmp_path, 5)
    columns, (grounds, counts) = past.columns(), past.evidence([0, 1, 2])
    assert columns["object"].tolist() == [1, 2, 3]
    assert columns["ended"].tolist() == [2, 5, 2**31 - 1]
    assert (grounds.tolist(), counts.tolist()) == ([0, 0], [0, 1, 1])
    assert fingerprint(at(tmp_path, 1)) == fingerprint(plain)
    assert [(m.tick, m.values) for m in marks(tmp_path)] == [(9, {"season": "autumn"})]
    with pytest.raises(FactError, match="0 or more"):
        at(tmp_path, -1)


def test_the_past_can_be_written_to_without_changing_it(tmp_path: Path) -> None:
    with FactStore.open(tmp_path, entities=ENTITIES, relations=RELATIONS) as store:
        store.append([1, 2], 0, 3, author=0, tick=[0, 4])
        past = at(store, 2)
        past.append(5, 0, 5, author=9, tick=3)  # another history from there
        assert store.facts.columns()["subject"].tolist() == [1, 2]
        assert at(store, 9).columns()["subject"].tolist() == [1, 2]


def test_episodes_tell_what_an_author_lived_through() -> None:
    facts = Facts(ENTITIES, RELATIONS)
    facts.append([0, 1, 2], 0, 9, author=[7, 3, 7], tick=[0, 0, 1])
    facts.append([3, 4], 1, 8, author=[5, 3], tick=2, evidence=([0, 1, 0, 2], [2, 2]))
    facts.append(5, 1, 7, author=7, tick=3, evidence=([3], [1]), confidence=0.5)
    facts.end([2], 4)
    table = episodes(facts, 7)
    assert table.index.tolist() == [0, 2, 5]
    assert table["tick"].tolist() == [0, 1, 3]
    assert table["subject"].tolist() == [0, 2, 5]
    assert table["ended"].tolist() == [2**31 - 1, 4, 2**31 - 1]
    assert table["grounds"].tolist() == [(), (), (3,)]
    assert table["built_on_by"].tolist() == [(3, 4), (4,), ()]
    assert table["builders"].tolist() == [(3, 5), (3,), ()]
    assert episodes(facts, 4).empty
    with pytest.raises(FactError, match="author must lie in"):
        episodes(facts, -1)
