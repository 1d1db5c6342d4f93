"""The k-out overlay against a plain reference, and its promises under births and deaths."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from swarm.gossip import KOutOverlay, OverlayError, random_peers, repair, rows_of


def reference_fill(
    peers: list[list[int]], ids: list[int], own: list[int], rng: np.random.Generator
) -> list[list[int]]:
    """List who is free, take one by rank, start again when nobody is."""
    gaps = sum(peer not in ids for row in peers for peer in row)
    if len(ids) < 2:
        return [[-1] * len(row) for row in peers]
    chance = iter(rng.random(gaps).tolist())
    filled = []
    for row, me in zip(peers, own, strict=True):
        taken = {me} | {peer for peer in row if peer in ids}
        new = []
        for peer in row:
            if peer not in ids:
                if len(taken) == len(ids):
                    taken = {me}
                free = [other for other in ids if other not in taken]
                peer = free[int(next(chance) * len(free))]
                taken.add(peer)
            new.append(peer)
        filled.append(new)
    return filled


populations = st.lists(st.integers(0, 60), unique=True, max_size=25).map(sorted)


@settings(deadline=None, max_examples=150)
@given(ids=populations, k=st.integers(1, 9), seed=st.integers(0, 2**32))
def test_random_peers_equal_the_reference(ids: list[int], k: int, seed: int) -> None:
    drawn = random_peers(ids, k, np.random.default_rng(seed))
    expected = reference_fill([[-1] * k for _ in ids], ids, ids, np.random.default_rng(seed))
    assert drawn.shape == (len(ids), k)
    assert drawn.dtype == np.int64
    assert drawn.tolist() == expected


@settings(deadline=None, max_examples=150)
@given(ids=populations.filter(len), k=st.integers(1, 9), seed=st.integers(0, 2**32), data=st.data())
def test_repair_equals_the_reference(
    ids: list[int], k: int, seed: int, data: st.DataObject
) -> None:
    others = st.lists(st.integers(-1, 70), min_size=k, max_size=k)
    drawn = [data.draw(others) for _ in ids]
    peers = [[-1 if p == me else p for p in row] for me, row in zip(ids, drawn, strict=True)]
    mended = repair(np.array(peers), np.array(ids), np.random.default_rng(seed))
    assert mended.tolist() == reference_fill(peers, ids, ids, np.random.default_rng(seed))


def test_peers_survive_births_and_deaths() -> None:
    rng = np.random.default_rng(5)
    overlay = KOutOverlay(k=6)
    ids = np.arange(200)
    peers = overlay.wire(ids, rng)
    for _ in range(20):
        alive = rng.random(ids.size) < 0.8
        kept, before = ids[alive], peers[alive]
        newborn = ids[-1] + 1 + np.arange(40)
        ids = np.concatenate((kept, newborn))
        peers = np.concatenate((before, np.full((40, 6), -1)))
        peers = overlay.repair(peers, ids, rng)

        lived = np.isin(before, kept)
        assert (peers[: kept.size][lived] == before[lived]).all()
        assert np.isin(peers, ids).all()
        assert (peers != ids[:, None]).all()
        assert all(len(set(row)) == 6 for row in peers.tolist())
        assert (ids[overlay.rows(peers, ids)] == peers).all()


def test_only_the_rows_asked_for_are_drawn() -> None:
    ids = np.array([2, 3, 5, 8])
    peers = random_peers(ids, 3, np.random.default_rng(0), of=[3, 1])
    assert [sorted(row) for row in peers.tolist()] == [[2, 3, 5], [2, 5, 8]]


def test_every_set_of_peers_is_equally_likely() -> None:
    rng = np.random.default_rng(11)
    draws = 30_000
    peers = random_peers(np.arange(5), 2, rng, of=np.zeros(draws, dtype=int))
    pairs, counts = np.unique(peers, axis=0, return_counts=True)
    assert len(pairs) == 12  # ordered pairs of four others
    error = np.sqrt(draws * (1 / 12) * (11 / 12))
    assert (np.abs(counts - draws / 12) < 4.5 * error).all()


def test_replacements_are_uniform_over_those_not_yet_known() -> None:
    draws = 20_000
    ids = np.arange(draws)
    peers = np.column_stack((np.where(ids == 0, 2, 0), np.full(draws, draws + 7)))
    replaced = repair(peers, ids, np.random.default_rng(3))[:, 1]
    low_half = np.count_nonzero(replaced < draws / 2)
    assert abs(low_half - draws / 2) < 4.5 * np.sqrt(draws / 4)
    assert (replaced != peers[:, 0]).all()


def test_small_populations_repeat_peers_and_a_lone_agent_has_none() -> None:
    rng = np.random.default_rng(2)
    assert random_peers([4], 3, rng).tolist() == [[-1, -1, -1]]
    assert repair([[9, 4, -1]], [7], rng).tolist() == [[-1, -1, -1]]
    assert random_peers([], 3, rng).shape == (0, 3)
    assert random_peers([4, 9], 3, rng).tolist() == [[9, 9, 9], [4, 4, 4]]


def test_nothing_is_drawn_when_everybody_lives() -> None:
    rng = np.random.default_rng(2)
    peers = random_peers(np.arange(9), 4, rng)
    before = rng.bit_generator.state
    assert (repair(peers, np.arange(9), rng) == peers).all()
    assert rng.bit_generator.state == before


@given(ids=populations, wanted=st.lists(st.integers(-3, 70)))
def test_rows_of_equals_a_search(ids: list[int], wanted: list[int]) -> None:
    expected = [ids.index(w) if w in ids else -1 for w in wanted]
    assert rows_of(np.array(ids), wanted).tolist() == expected


def test_errors_say_what_is_allowed() -> None:
    rng: np.random.Generator = np.random.default_rng(0)
    unsorted: NDArray[np.int64] = np.array([3, 1])
    with pytest.raises(OverlayError, match="ascend"):
        random_peers(unsorted, 2, rng)
    with pytest.raises(OverlayError, match="ascend"):
        rows_of([-1, 4], [4])
    with pytest.raises(OverlayError, match="at least 1"):
        KOutOverlay(k=0)
    with pytest.raises(OverlayError, match=r"0\.\.2"):
        random_peers([4, 5, 6], 2, rng, of=[3])
    with pytest.raises(OverlayError, match="one row for each of the 3"):
        repair(np.zeros((2, 2)), [4, 5, 6], rng)
