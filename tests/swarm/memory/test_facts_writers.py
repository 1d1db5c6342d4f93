"""Who writes and who reads: stamped authors, facts in place of others, and what stays hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swarm.memory.facts import FOREVER, FactError, Facts, Writer
from swarm.memory.facts.batch import CHUNK
from swarm.memory.facts.columns import COLUMNS
from swarm.memory.facts.staging import ROWS


def memory_of(*said: tuple[int, int, int, int]) -> Facts:
    """Facts (subject, relation, object, author), one a tick."""
    memory = Facts(9, 3)
    for tick, (subject, relation, object_, author) in enumerate(said):
        memory.append(subject, relation, object_, author=author, tick=tick)
    return memory


def test_a_writer_writes_in_one_name_only() -> None:
    memory = Facts(9, 3)
    twelve = memory.writer(12, credence=0.5)
    ids = twelve.append([1, 2], 0, 3, tick=4, confidence=0.5).tolist()
    ids += [twelve.add(4, 1, 5, tick=4), *twelve.supersede(1, 0, 7, tick=6).tolist()]
    assert ids == [0, 1, 2, 3]
    assert memory.columns()["author"].tolist() == [12] * 4
    assert memory.columns()["credence"].tolist() == [0.5] * 4
    assert memory.match(subject=1).tolist() == [3]
    for word in ({"author": 3}, {"credence": 1.0}):
        said: dict[str, Any] = {"tick": 7, **word}
        for write in (twelve.append, twelve.add, twelve.supersede):
            with pytest.raises(TypeError):
                write(1, 0, 3, **said)
    with pytest.raises(AttributeError, match=r"author 12 for good.*memory\.writer"):
        twelve.author = 3  # type: ignore[misc]
    with pytest.raises(AttributeError, match="for good"):
        twelve._author = 3
    assert (len(memory), twelve.author, twelve.credence) == (4, 12, 0.5)


def test_a_writer_withdraws_its_own_facts_only() -> None:
    memory = memory_of((1, 0, 2, 5), (1, 0, 3, 6))
    five = memory.writer(5)
    with pytest.raises(FactError, match=r"own facts only; \[1\]"):
        five.end([0, 1], 8)
    assert memory.match(subject=1).tolist() == [0, 1]
    assert five.end(0, 8).tolist() == [0]
    assert memory.match(subject=1).tolist() == [1]


@pytest.mark.parametrize("author", [-1, 2**27, 1.5, [1, 2]])
def test_writers_that_cannot_be_are_refused(author: Any) -> None:
    with pytest.raises(FactError, match="an author is one of"):
        Facts(9, 3).writer(author)
    with pytest.raises(FactError, match="credence must lie in"):
        Facts(9, 3).writer(1, credence=float("nan"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"subject": 9}, r"subject must lie in 0\.\.8"),
        ({"object": -1}, r"object must lie in 0\.\.8"),
        ({"relation": 3}, r"relation must lie in 0\.\.2"),
        ({"author": 2**27}, "author must lie in"),
        ({"tick": 4}, "tick 4 cannot follow one of tick 5"),
        ({"tick": 2**31 - 1}, "tick must lie in"),
        ({"engine": 128}, "engine must lie in"),
        ({"encoder": -1}, "encoder must lie in"),
        ({"subject": 1.0}, "whole numbers"),
        ({"subject": [1]}, "append writes many"),
        ({"subject": None}, "whole numbers"),
        ({"subject": 2**70}, "subject must"),
        ({"confidence": float("nan")}, r"\[0, 1\]"),
        ({"credence": 1.5}, r"\[0, 1\]"),
        ({"valid_from": 7, "valid_to": 7}, "begins when it has ended"),
        ({"evidence": [1]}, "1 cannot be evidence of 1"),
        ({"evidence": [0.5]}, "whole numbers"),
    ],
)
def test_a_wrong_single_fact_is_refused_at_once(wrong: dict[str, Any], message: str) -> None:
    memory = Facts(9, 3)
    right: dict[str, Any] = {"subject": 1, "relation": 1, "object": 1, "author": 1, "tick": 5}
    memory.add(**right)
    with pytest.raises(FactError, match=message):
        memory.add(**(right | wrong))
    assert memory.match().tolist() == [0]
    assert memory.add(**(right | {"evidence": [0]})) == 1
    assert memory.evidence([0, 1])[1].tolist() == [0, 1]


def test_numbers_of_any_width_are_taken_and_none_wraps_around() -> None:
    memory = Facts(9, 3)
    memory.append(
        np.array([1, 2], np.uint8),
        np.int8(1),
        np.array([3, 4], np.uint64),
        author=np.int16(7),
        tick=1,
    )
    memory.add(np.int64(5), np.uint8(1), np.int32(3), author=7, tick=np.int16(2))  # type: ignore
    assert memory.match(relation=1).tolist() == [0, 1, 2]
    for wrong in (np.uint64(2**64 - 1), 2**63, 2**70, -(2**70)):
        with pytest.raises(FactError, match="subject must"):
            memory.append(wrong, 1, 3, author=7, tick=2)
        with pytest.raises(FactError, match="confidence must"):
            memory.append(1, 1, 3, author=7, tick=2, confidence=wrong)
    assert len(memory) == 3


def test_batches_longer_than_the_block_are_written_or_refused_whole() -> None:
    n = 2 * CHUNK + 3
    rng = np.random.default_rng(1)
    memory = Facts(50, 3)
    subject, author, tick = rng.integers(0, 50, n), rng.integers(0, 9, n), np.arange(n) // 7
    wrong = subject.copy()
    wrong[-1] = 50
    with pytest.raises(FactError, match=r"subject must lie in 0\.\.49"):
        memory.append(wrong, 0, 1, author=author, tick=tick)
    with pytest.raises(FactError, match="time runs forward"):
        memory.append(subject, 0, 1, author=author, tick=np.where(np.arange(n) == CHUNK, 0, tick))
    assert len(memory) == 0
    memory.append(subject, 0, 1, author=author, tick=tick)
    columns = memory.columns()
    for name, given in (("subject", subject), ("author", author), ("tick", tick)):
        assert np.array_equal(columns[name], given)
    assert np.array_equal(memory.match(subject=7), np.flatnonzero(subject == 7))
    assert np.array_equal(memory.match(author=3), np.flatnonzero(author == 3))
    number = {a: np.cumsum(author == a) - 1 for a in range(9)}
    assert columns["sequence"].tolist() == [int(number[a][i]) for i, a in enumerate(author)]


def test_facts_that_wait_are_written_when_there_are_many() -> None:
    memory = Facts(9, 3)
    ids = [memory.add(i % 9, 0, 1, author=i % 5, tick=i) for i in range(ROWS + 7)]
    assert memory.public_count(tick=ROWS + 9, embargo=0) == ROWS + 7  # those that wait, too
    assert ids == list(range(ROWS + 7)) == list(range(len(memory)))
    assert memory.columns()["tick"].tolist() == ids
    assert memory.state()["author"].tolist() == [i % 5 for i in ids]


def test_superseding_ends_what_said_so_before_and_keeps_it() -> None:
    memory = memory_of((1, 0, 2, 5), (1, 0, 3, 6), (1, 1, 2, 5), (2, 0, 2, 5))
    assert memory.supersede(1, 0, 8, author=5, tick=7).tolist() == [4]
    assert memory.match(subject=1).tolist() == [1, 2, 4]
    assert memory.match(subject=1, as_of=6).tolist() == [0, 1, 2]
    assert memory.match(subject=1, ended=True).tolist() == [0, 1, 2, 4]
    # The last one of a batch stands; each ends at the tick of the next.
    memory.supersede(1, 0, [6, 7], author=9, tick=[8, 9], everyone=True)
    assert memory.match(subject=1, relation=0).tolist() == [6]
    assert memory.columns()["ended"].tolist() == [7, 8, FOREVER, FOREVER, 8, 9, FOREVER]
    with pytest.raises(FactError, match="object must"):
        memory.supersede(1, 0, 9, author=9, tick=9)
    assert memory.match(subject=1, relation=0).tolist() == [6]


def test_a_reader_sees_its_part_and_no_more_of_it_later() -> None:
    memory = memory_of((1, 0, 2, 5), (2, 0, 3, 6), (1, 0, 4, 7), (2, 0, 5, 7))
    reader = memory.reader(before=1, also=[3, 0, 3])
    memory.append(1, 0, 6, author=5, tick=9)
    assert reader.match().tolist() == [0, 3]
    assert reader.match(before=3).tolist() == [0]
    assert reader.match(author=7).tolist() == [3]
    assert reader.two_hops([1]).values.tolist() == [5]
    assert reader.neighbours([2], direction="both").neighbours.tolist() == [1, 5]
    assert reader.sees([0, 1, 3, 99]).tolist() == [True, False, True, False]
    assert (len(reader), reader.before, reader.also.tolist()) == (2, 1, [3])
    assert set(reader.values([3])) == set(COLUMNS)
    assert reader.values([3, 0])["object"].tolist() == [5, 2]
    words = []
    for hidden in (2, 99, -1):
        with pytest.raises(FactError, match="may not read") as refusal:
            reader.values([0, hidden])
        words.append(str(refusal.value).replace(str(hidden), "?"))
    assert len(set(words)) == 1  # whether it exists is hidden too
    with pytest.raises(FactError, match=r"before must lie in 0\.\.5"):
        memory.reader(6)
    with pytest.raises(FactError, match=r"also must lie in 0\.\.4"):
        memory.reader(0, also=[5])


def test_values_are_copies_of_known_columns() -> None:
    memory = memory_of((1, 0, 2, 5))
    memory.values([0], "subject")[0] = 7
    assert memory.values(0, "subject").tolist() == [1]
    with pytest.raises(FactError, match="columns are subject"):
        memory.values([0], "colour")
    with pytest.raises(FactError, match="ids must lie"):
        memory.values([1], "subject")


def test_a_state_with_impossible_ends_or_numbers_is_refused() -> None:
    memory = memory_of((1, 0, 2, 5), (1, 0, 3, 5))
    memory.end(0, 3)
    for name, wrong in (("ended", [3, 0]), ("sequence", [1, 0])):
        state = memory.state() | {name: np.array(wrong, np.int32)}
        with pytest.raises(FactError, match=name):
            Facts(9, 3).restore(state)
    other = Facts(9, 3)
    other.restore(memory.state())
    assert other.match(subject=1).tolist() == [1]
    assert isinstance(other.writer(5), Writer)
