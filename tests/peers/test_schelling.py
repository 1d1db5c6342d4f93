"""Mesa's cities follow Schelling's rule, on either grid."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from benchmarks.peers import MesaCellSchelling, MesaSchelling
from tests.peers.draws import order_of, seeds


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from([MesaSchelling, MesaCellSchelling]),
    width=st.integers(3, 8),
    share=st.floats(0.1, 0.95),
    radius=st.integers(1, 3),
    minimum=st.integers(1, 6),
    seed=seeds,
)
def test_those_who_want_to_move_and_no_others_do(
    kind: type[MesaSchelling], width: int, share: float, radius: int, minimum: int, seed: int
) -> None:
    model = kind(width, max(1, int(share * (width**2 - 1))), radius, minimum, seed)
    people = list(model.agents)

    def homes() -> dict[Any, tuple[int, int]]:
        return {a: a.pos if kind is MesaSchelling else a.cell.coordinate for a in people}

    def around(city: dict[tuple[int, int], int], home: tuple[int, int]) -> list[int]:
        x, y = home
        near = [(u, v) for u, v in city if max(abs(u - x), abs(v - y)) <= radius]
        return [city[place] for place in near if place != home]

    for _ in range(3):
        before = homes()
        city = {home: agent.group for agent, home in before.items()}
        order = order_of(model)
        model.step()
        after = homes()
        assert len(set(after.values())) == len(people)
        for agent in order:
            alike = around(city, before[agent]).count(agent.group)
            assert (after[agent] != before[agent]) == (alike < minimum)
            if alike < minimum:
                assert after[agent] not in city  # at that moment
                del city[before[agent]]
                city[after[agent]] = agent.group
    shares, happy = [], 0
    for home, group in city.items():
        near = around(city, home)
        happy += near.count(group) >= minimum
        shares += [near.count(group) / len(near)] if near else []
    assert model.measures() == pytest.approx(
        {"segregation": np.mean(shares) if shares else 0.0, "happy": happy / len(city)}
    )


def test_movers_go_anywhere_that_is_empty() -> None:
    # One agent alone on nine cells is never content, and leaves for each of eight alike.
    for kind in (MesaSchelling, MesaCellSchelling):
        model = kind(3, 1, 1, 1, seed=3)
        (agent,) = model.agents
        moves: Counter[Any] = Counter()
        for _ in range(7_200):
            model.step()
            moves[agent.pos if kind is MesaSchelling else agent.cell.coordinate] += 1
        # Without staying put, visits spread a little more evenly than by free draws.
        assert len(moves) == 9
        assert all(abs(count - 800) < 4 * math.sqrt(800) for count in moves.values())


def test_groups_are_halves_and_a_full_city_is_refused() -> None:
    model = MesaSchelling(10, 80, 1, 3, seed=1)
    assert Counter(model.agents.get("group")) == {0: 40, 1: 40}
    with pytest.raises(ValueError, match="a cell to move to"):
        MesaSchelling(10, 100, 1, 3, seed=1)
    with pytest.raises(ValueError, match="nobody moves"):
        MesaSchelling(10, 50, 1, 0, seed=1)
