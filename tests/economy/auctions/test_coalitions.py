"""Coalition choice beside all partitions, and among proposals."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from economy.auctions.coalitions import best_coalitions, coalitions_among
from economy.auctions.uniform_price import AuctionError


def partitions(members):
    if not members:
        yield []
        return
    first, rest = members[0], members[1:]
    for smaller in partitions(rest):
        yield [[first], *smaller]
        for k in range(len(smaller)):
            yield [*smaller[:k], [first, *smaller[k]], *smaller[k + 1 :]]


@given(data=st.data(), n=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_the_best_coalitions_are_found(data, n):
    rest = st.lists(st.integers(-9, 30), min_size=2**n - 1, max_size=2**n - 1)
    worth = [0, *data.draw(rest)]
    found = best_coalitions(worth)
    best = max(
        sum(worth[sum(1 << i for i in part)] for part in split)
        for split in partitions(list(range(n)))
    )
    assert found.worth == found.bound == best
    masks = [sum(1 << i for i in np.flatnonzero(found.label == k)) for k in set(found.label)]
    assert sum(worth[mask] for mask in masks) == best
    proposals = (np.arange(1, 2**n)[:, None] >> np.arange(n) & 1).astype(bool)
    clipped = np.maximum(worth, 0)
    among = coalitions_among(proposals, worth[1:])
    assert among.worth == best_coalitions(clipped).worth
    assert among.gap == 0


def test_many_members_choose_among_proposals_with_a_stated_gap():
    rng = np.random.default_rng(2)
    proposals = rng.random((120, 30)) < 0.12
    proposals[:, 0] |= ~proposals.any(axis=1)
    worth = (proposals.sum(axis=1) ** 1.5 * rng.integers(50, 100, 120)).astype(int)
    exact, greedy = (coalitions_among(proposals, worth, greedy=greedy) for greedy in (False, True))
    assert exact.gap == 0
    assert greedy.worth <= exact.worth <= greedy.bound
    assert 0 < greedy.gap < 0.5
    for found in (exact, greedy):
        # Chosen coalitions are proposals, and the others are alone.
        parts = [found.label == k for k in range(found.label.max() + 1)]
        together = [part for part in parts if part.sum() > 1]
        assert all((proposals == part).all(axis=1).any() for part in together)
        assert (
            found.label[np.sort(np.unique(found.label, return_index=True)[1])]
            == np.arange(len(parts))
        ).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: best_coalitions([0, 1, 2]), "use coalitions_among"),
        (lambda: best_coalitions([1, 1]), "empty coalition"),
        (lambda: best_coalitions([0, 2**58 + 1]), r"at most 2\*\*58"),
        (lambda: coalitions_among([[2]], [1]), r"members must be bool\[m, n\]"),
    ],
)
def test_what_is_no_coalition_is_explained(call, message):
    with pytest.raises(AuctionError, match=message):
        call()
