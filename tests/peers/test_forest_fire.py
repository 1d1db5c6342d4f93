"""Mesa's forest burns by the order of its trees, and as far as they are connected."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.peers import MesaForestFire
from benchmarks.peers.forest_fire import BURNING, BURNT, FINE
from tests.peers.draws import order_of, seeds


def forest(model: MesaForestFire, width: int) -> NDArray[np.int64]:
    """The condition of every tree, −1 where there is none."""
    plane = np.full((width, width), -1)
    for tree in model.agents:
        plane[tree.cell.coordinate] = tree.condition
    return plane


@settings(deadline=None, max_examples=30)
@given(width=st.integers(2, 12), density=st.floats(0.2, 1), seed=seeds)
def test_fire_spreads_by_the_order_and_takes_what_is_connected(
    width: int, density: float, seed: int
) -> None:
    model = MesaForestFire(width, density, seed)
    plane = forest(model, width)
    assert (plane[0][plane[0] >= 0] == BURNING).all()
    assert (plane[1:][plane[1:] >= 0] == FINE).all()
    labels, _ = ndimage.label(plane >= 0)
    doomed = np.isin(labels, labels[0][labels[0] > 0])
    while BURNING in plane:
        for tree in order_of(model):
            x, y = tree.cell.coordinate
            if plane[x, y] == BURNING:
                for u, v in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
                    if 0 <= u < width and 0 <= v < width and plane[u, v] == FINE:
                        plane[u, v] = BURNING
                plane[x, y] = BURNT
        model.step()
        assert (forest(model, width) == plane).all()
        assert model.measures() == {
            "fine": (plane == FINE).sum(),
            "burning": (plane == BURNING).sum(),
            "burnt": (plane == BURNT).sum(),
        }
    assert ((plane == BURNT) == doomed).all()


def test_trees_stand_with_the_density() -> None:
    trees = sum(MesaForestFire(100, 0.7, seed=2).measures().values())
    assert abs(trees - 7_000) < 4 * math.sqrt(10_000 * 0.7 * 0.3)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        MesaForestFire(10, 1.1, seed=1)
