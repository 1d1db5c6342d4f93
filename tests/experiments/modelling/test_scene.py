"""Pictures of a world: tiles, arrows, dots and bars."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as npst
from matplotlib.figure import Figure

from experiments.modelling.scene import Scene, spread
from experiments.models import MODELS
from experiments.study.reading import load_study
from swarm import Agent, Grid, Plane, World, column


class Goat(Agent):
    """Somebody to be drawn."""

    heading: np.ndarray = column(np.float64, (2,), 1.0)
    herd: int = 0
    weight: float = 2.5


def axes():
    return Figure().subplots()


class TestScene:
    @given(
        npst.arrays(np.int64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.integers(0, 3))
    )
    def test_those_who_share_a_cell_are_spread_in_it(self, places):
        found = spread(places)
        assert (np.rint(found) == places).all()
        assert (np.abs(found - places) < 0.5).all()
        assert len(np.unique(found, axis=0)) == len(places)
        _, cell, crowd = np.unique(places, axis=0, return_inverse=True, return_counts=True)
        alone = crowd[cell.reshape(-1)] == 1
        assert (found[alone] == places[alone]).all()

    def test_a_tile_for_each(self):
        world = World({Goat: 6}, seed=1, space=Grid(4, 3, capacity=1))
        world.shown = "weight"
        world.agents.set("weight", np.arange(6.0))
        image = Scene.of(world).draw(axes())
        tiles = np.asarray(image.get_array().filled(np.nan))
        assert tiles.shape == (3, 4)
        assert np.isnan(tiles).sum() == 6
        for (x, y), weight in zip(world.space.positions, world.population["weight"], strict=True):
            assert tiles[y, x] == weight

    def test_an_arrow_for_each_of_a_class(self):
        world = World({Goat: 6}, seed=1, space=Plane(5))
        world.shown = "herd"
        world.agents.set("herd", [0, 2, 2, 0, 0, 0])
        world.agents.set("heading", [[3.0, 4.0]] * 6)
        scene = Scene.of(world)
        assert list(scene.shades.classes) == ["herd 0", "herd 1", "herd 2"]
        drawn = axes()
        scene.draw(drawn)
        assert [len(arrows.X) for arrows in drawn.collections] == [4, 2]
        assert np.allclose(drawn.collections[0].U, 0.6)
        assert np.allclose(drawn.collections[1].V, 0.8)

    def test_kinds_by_their_names(self):
        world = MODELS["wolf-sheep"]()(sheep=5, wolves=3, width=4, seed=1)
        scene = Scene.of(world)
        assert list(scene.shades.classes) == ["Sheep", "Wolf"]
        drawn = axes()
        scene.draw(drawn)
        assert [len(dots.get_offsets()) for dots in drawn.collections] == [5, 3]

    def test_a_legend_of_the_model_s_own(self):
        world = World({Goat: 3}, seed=1)
        world.shown, world.legend = "herd", {"brown": "#964B00", "black": "#000000"}
        world.agents.set("herd", [1, 1, 0])
        drawn = axes()
        Scene.of(world).draw(drawn)
        assert [bar.get_height() for bar in drawn.patches] == [1, 2]
        assert [label.get_text() for label in drawn.get_xticklabels()] == ["brown", "black"]

    def test_a_bar_for_each_whole_number(self):
        world = MODELS["boltzmann"]()(people=6, seed=1)
        world.agents.set("wealth", [0, 0, 0, 1, 1, 4])
        drawn = axes()
        Scene.of(world).draw(drawn)
        assert [bar.get_height() for bar in drawn.patches] == [3, 2, 0, 0, 1]

    def test_it_keeps_what_it_saw(self):
        world = load_study("flocking", ["birds=30", "width=20.0"]).prepare().world
        scene = Scene.of(world)
        before = scene.places.copy(), scene.headings.copy(), scene.shades.values.copy()
        for _ in range(3):
            world.step()
        for seen, kept in zip(
            before, (scene.places, scene.headings, scene.shades.values), strict=True
        ):
            assert np.array_equal(seen, kept)

    @pytest.mark.parametrize("number", [0, 1, 5_000])
    def test_any_number(self, number):
        for space in (Plane(5), Grid(80, capacity=1), Grid(3), None):
            world = World({Goat: number}, seed=1, space=space)
            for world.shown in ("kind", "herd", "weight"):
                figure = Figure()
                Scene.of(world).draw(figure.subplots())
                figure.savefig("/dev/null", format="svg")
