"""Space as agents see it: places, moves, neighbours, room, and what a resume finds."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swarm import (
    Acting,
    Agent,
    AgentError,
    AgentSet,
    Grid,
    Plane,
    Space,
    SpaceError,
    System,
    World,
)
from swarm.motion.cell_list import near, room


class Ant(Agent):
    """Wanders; one in a while it dies or divides."""

    met: int = 0

    def step(self) -> None:
        x, y = self.position
        self.met += len(self.neighbours(2))
        if isinstance(self.model.space, Plane):
            self.position = (x + self.rng.normal(), y + self.rng.normal())
        else:
            dx, dy = self.rng.integers(-1, 2, 2).tolist()
            self.position = (x + dx, y + dy)
        fate = self.rng.random()
        if fate < 0.05:
            self.remove()
        elif fate > 0.95:
            self.birth(position=self.position)


def spaces() -> list[Any]:
    return [
        pytest.param(lambda: Plane(20.0, 10.0), id="plane"),
        pytest.param(lambda: Plane(20.0, periodic=False), id="bounded plane"),
        pytest.param(lambda: Grid(12, 8, periodic=True), id="grid"),
    ]


# Every space


@pytest.mark.parametrize("space", spaces())
def test_neighbours_are_those_who_are_near_whatever_has_happened(space: Any) -> None:
    world = World({Ant: 60}, seed=1, space=space())

    def check(agent: Agent) -> None:
        size = np.array((world.space.width, world.space.height))
        ways = np.abs(world.space.positions - np.array(agent.position))
        if world.space.periodic:
            ways = np.minimum(ways, size - ways)
        if isinstance(world.space, Plane):
            within = (ways**2).sum(axis=1) <= 3**2
        else:
            within = ways.max(axis=1) <= 3
        within[agent.row] = False
        assert agent.neighbours(3).get("id").tolist() == world.agents.get("id")[within].tolist()

    for _ in range(8):
        world.step()
        for agent in world.agents:
            check(agent)
        mover = world.agents[0]
        mover.position = world.agents[1].position
        check(mover)
        world.space.move(world.agents.rows[:5], world.space.positions[5:10])
        check(world.agents[3])
    assert len(world.agents) != 60


@pytest.mark.parametrize("space", spaces())
def test_a_resumed_world_goes_on_to_the_same_bytes(space: Any, tmp_path: Path) -> None:
    world = World({Ant: 40}, seed=3, space=space())
    for _ in range(6):
        world.step()
    world.save(tmp_path / "six")
    for _ in range(6):
        world.step()
    resumed = World({Ant: 40}, seed=3, space=space())
    resumed.load(tmp_path / "six")
    for _ in range(6):
        resumed.step()
    world.save(tmp_path / "twelve")
    resumed.save(tmp_path / "resumed")
    assert (tmp_path / "twelve").read_bytes() == (tmp_path / "resumed").read_bytes()


@pytest.mark.parametrize("space", spaces())
def test_who_is_born_without_a_place_is_put_anywhere(space: Any) -> None:
    world = World({Ant: 2000}, seed=1, space=space())
    places = world.space.positions
    size = np.array((world.space.width, world.space.height))
    assert (places >= 0).all()
    assert (places < size).all()
    halves = (places < size / 2).mean(axis=0)
    assert np.abs(halves - 0.5).max() < 4 * 0.5 / 2000**0.5
    world.birth(Ant, 2, position=[(1, 2), (3, 4)])
    world.turn()
    assert world.space.positions[-2:].tolist() == [[1, 2], [3, 4]]
    assert world.agents[-1].position == (3, 4)


def test_the_space_stands_first_in_the_tick_and_is_optional() -> None:
    plane = Plane(10)
    world = World({Ant: 1}, seed=1, space=plane)
    assert world.space is plane
    assert world.systems[0] is plane
    assert World(3, seed=1).space is None
    with pytest.raises(AgentError, match=r"no space; give it one, such as.*Plane\(100, 100\)"):
        World(1, seed=1).agents[0].neighbours(1)
    with pytest.raises(AgentError, match="no space"):
        World(1, seed=1).agents[0].position  # noqa: B018


@pytest.mark.parametrize("place", [3, (1, 2, 3), "ab", (float("nan"), 1.0), (None, 1)])
@pytest.mark.parametrize("space", spaces())
def test_what_is_no_place_is_refused_and_nobody_moves(space: Any, place: Any) -> None:
    world = World({Ant: 3}, seed=1, space=space())
    before = world.space.positions
    with pytest.raises(SpaceError, match="a place"):
        world.agents[0].position = place
    with pytest.raises(SpaceError, match="a place"):
        world.birth(Ant, 1, position=place)
    assert world.space.positions.tolist() == before.tolist()


def test_a_space_of_ones_own_needs_only_a_few_functions() -> None:
    class Line(Space):
        """Agents in the order of their rows."""

        @property
        def positions(self) -> np.ndarray:
            return np.stack([np.arange(len(self.world.population))] * 2, axis=1)

        def position(self, row: int) -> tuple[int, int]:
            return row, row

        def move(self, rows: Any, places: Any) -> None:
            raise SpaceError("nobody moves here")

        def near(self, row: int, radius: float) -> np.ndarray:
            rows = np.arange(len(self.world.population))
            return rows[(abs(rows - row) <= radius) & (rows != row)]

        def walk(self, row: int, length: float, rng: np.random.Generator) -> None:
            raise SpaceError("nobody moves here")

        def leave(self, row: int) -> None:
            pass

        def newborn(self, number: int, values: dict[str, Any]) -> dict[str, Any]:
            return values

    world = World(5, seed=1, space=Line())
    assert world.agents[2].neighbours(1).get("id").tolist() == [1, 3]
    assert world.agents[4].position == (4, 4)


@pytest.mark.parametrize("space", spaces())
def test_the_dead_of_a_tick_are_found_no_more(space: Any) -> None:
    world = World({Ant: 30}, seed=1, space=space())
    first = world.agents[0]
    world.space.move(world.agents.rows, [first.position] * 30)
    assert len(first.neighbours(1)) == 29
    world.agents[3].remove()
    world.agents[3].remove()  # twice is once
    world.agents[3].position = first.position  # no way back
    world.population.kill([7])  # as a system does it
    assert sorted(set(range(30)) - set(first.neighbours(1).rows)) == [0, 3, 7]
    world.space.move([5], [first.position])
    assert sorted(set(range(30)) - set(first.neighbours(1).rows)) == [0, 3, 7]


@pytest.mark.parametrize("space", spaces())
def test_a_copy_of_a_world_has_a_space_of_its_own(space: Any) -> None:
    world = World({Ant: 20}, seed=1, space=space())
    world.step()
    copies = [copy.deepcopy(world), pickle.loads(pickle.dumps(world))]
    for other in copies:
        other.agents[0].position = (2, 2)
        assert other.agents[0].position == (2, 2)
        other.agents[1].position = (2, 2)
        assert other.agents[1] in other.agents[0].neighbours(1)
        other.step()
    assert world.steps == 1
    world.step()
    with pytest.raises(SpaceError, match="belongs to one world"):
        World({Ant: 1}, seed=1, space=world.space)


@pytest.mark.parametrize("space", spaces())
def test_rows_of_nobody_are_refused(space: Any) -> None:
    world = World({Ant: 5}, seed=1, space=space())
    before = world.space.positions
    for rows in (-1, 5, 10**8, [0, 5], [-1], [True] * 5, 0.5, world.agents[0]):
        many = not np.isscalar(rows) and not isinstance(rows, Agent)
        with pytest.raises(SpaceError, match="rows"):
            world.space.move(rows, [(1, 1)] * len(rows) if many else (1, 1))
    assert world.space.positions.tolist() == before.tolist()


@pytest.mark.parametrize("space", spaces())
def test_only_the_space_moves_agents(space: Any) -> None:
    world = World({Ant: 5}, seed=1, space=space())
    (name,) = world.space.columns
    with pytest.raises(AgentError, match=r"belongs to the space.*space\.move"):
        world.agents.set(name, 0)
    world.population[name][:] = 10**6
    with pytest.raises(SpaceError, match=r"space\.move"):
        world.agents[0].neighbours(1)


# The plane


class Summer(System):
    """Keeps a sum in the order in which neighbours are found, to the last bit."""

    kept = ("total",)
    total = 0.0

    def __call__(self, world: World) -> None:
        cells = world.space.cells(2.5)
        rows, ways = room(cells)
        for row in range(len(cells.position)):
            found = near(cells, row, 2.5, rows, ways)
            for dx, dy in ways[:found].tolist():
                self.total += dx * 1e-3 + dy / 3


@pytest.mark.parametrize("systems", [(Acting, Summer), (Summer, Acting)])
def test_a_resume_finds_neighbours_in_the_same_order(systems: Any, tmp_path: Path) -> None:
    class Stayer(Agent):
        def step(self) -> None:
            self.walk(1.7)
            self.position = (self.position[0] - 20.0, self.position[1] + 1e-20)

    def fresh() -> World:
        return World({Stayer: 80}, [kind() for kind in systems], seed=5, space=Plane(20.0))

    world = fresh()
    for tick in range(6):
        resumed = fresh()
        world.save(tmp_path / "saved")
        resumed.load(tmp_path / "saved")
        for each in (world, resumed):
            each.step()
        assert resumed.system(Summer).total == world.system(Summer).total, tick
        assert resumed.space.positions.tolist() == world.space.positions.tolist()
        world.agents[0].neighbours(1.0)  # looking changes nothing


@pytest.mark.parametrize("radius", [-1, float("nan"), float("inf")])
def test_radii_of_no_size_are_refused(radius: float) -> None:
    world = World({Ant: 5}, seed=1, space=Plane(10))
    world.agents[0].neighbours(1)
    with pytest.raises(SpaceError, match="a radius is at least 0 and finite"):
        world.agents[0].neighbours(radius)
    with pytest.raises(SpaceError, match="length of a walk"):
        world.agents[0].walk(float("nan"))
    assert len(world.agents[0].neighbours(0)) == 0
    assert len(world.agents[0].neighbours(1e9)) == 4


def test_a_periodic_plane_has_no_border_and_a_bounded_one_stops() -> None:
    torus = World({Ant: 2}, seed=1, space=Plane(10, 4))
    first, second = torus.agents
    first.position, second.position = (12.0, -1.0), (9.9, 3.0)
    assert first.position == (2.0, 3.0)
    assert list(first.neighbours(2.2)) == [second]
    assert not len(first.neighbours(2.0))
    box = World({Ant: 1}, seed=1, space=Plane(10, 4, periodic=False))
    ant = box.agents[0]
    ant.position = (12.0, -1.0)
    assert ant.position == (np.nextafter(10, 0), 0.0)
    ant.position = (5.0, 4.0)
    assert ant.position == (5.0, np.nextafter(4, 0))


def test_a_plane_says_what_it_needs() -> None:
    for size in (0, -1, float("inf"), float("nan")):
        with pytest.raises(SpaceError, match="more than 0 wide"):
            Plane(size)
    world = World({Ant: 1}, seed=1, space=Plane(10))
    with pytest.raises(SpaceError, match=r"a radius is more than 0.*got -1"):
        world.space.cells(-1)
    assert world.space.near_place((1.0, 1.0), 20.0).tolist() == [0]


# The grid


def test_the_neighbourhoods_of_moore_and_of_von_neumann() -> None:
    world = World({Ant: 25}, seed=1, space=Grid(5, capacity=1))
    cell_of = {agent.position: agent for agent in world.agents}
    centre, corner = cell_of[2, 2], cell_of[0, 0]
    assert len(centre.neighbours()) == 8
    assert len(centre.neighbours(1, moore=False)) == 4
    assert len(centre.neighbours(2)) == 24
    assert len(centre.neighbours(2, moore=False)) == 12
    assert sorted(agent.position for agent in corner.neighbours()) == [(0, 1), (1, 0), (1, 1)]
    assert {a.position for a in corner.neighbours(1, moore=False)} == {(0, 1), (1, 0)}


def test_who_shares_a_cell_is_a_neighbour() -> None:
    world = World({Ant: 3}, seed=1, space=Grid(9))
    one, two, three = world.agents
    one.position = two.position = (4, 4)
    three.position = (8, 8)
    assert list(one.neighbours(1)) == [two]
    assert world.space.at(world.space.cell((4, 4))).tolist() == [0, 1]


def test_a_full_cell_takes_nobody_and_nobody_moves() -> None:
    world = World({Ant: 4}, seed=1, space=Grid(3, capacity=2))
    world.space.move([0, 1, 2, 3], [(0, 0), (0, 0), (1, 1), (2, 2)])
    third: Any = world.agents[2]
    with pytest.raises(SpaceError, match=r"cell \(0, 0\) has no room: 2 fit"):
        third.position = (0, 0)
    assert third.position == (1, 1)
    third.position = (1, 1)  # where it stands already
    with pytest.raises(SpaceError, match="no room"):
        world.space.move([2, 3], [(0, 0), (0, 0)])
    with pytest.raises(SpaceError, match="no room"):
        world.birth(Ant, 1, position=(0, 0))
    world.birth(Ant, 1, position=(2, 2))
    with pytest.raises(SpaceError, match="no room"):  # the first newborn has taken the last place
        world.birth(Ant, 1, position=(2, 2))
    world.space.move([0, 2], [(1, 1), (0, 0)])  # to change places is no crowding
    world.turn()
    assert sorted(agent.position for agent in world.agents) == [
        (0, 0),
        (0, 0),
        (1, 1),
        (2, 2),
        (2, 2),
    ]


def test_the_dead_and_the_unborn_count_for_room() -> None:
    world = World({Ant: 1}, seed=1, space=Grid(3, capacity=1))
    only = world.agents[0]
    only.position = (2, 2)
    with pytest.raises(SpaceError, match="no room"):
        world.birth(Ant, 2, position=(1, 1))
    world.birth(Ant, 1, position=(1, 1))  # the refused ones left nothing behind
    with pytest.raises(SpaceError, match="no room"):
        only.position = (1, 1)
    with pytest.raises(SpaceError, match="no room"):
        world.birth(Ant, 1, cell=4)
    with pytest.raises(SpaceError, match="cells are from 0 to 8"):
        world.birth(Ant, 1, cell=9)
    with pytest.raises(SpaceError, match=r"8 agents need a place.*has room for 7"):
        world.birth(Ant, 8)
    only.remove()
    world.birth(Ant, 1, position=(2, 2))  # the dead make room
    world.turn()
    assert sorted(agent.position for agent in world.agents) == [(1, 1), (2, 2)]


def test_large_neighbourhoods_of_narrow_grids_take_no_more_than_the_grid() -> None:
    world = World({Ant: 3}, seed=1, space=Grid(1, 100_000))
    assert len(world.agents[0].neighbours(100_000)) == 2
    for radius in (1.5, float("nan"), float("inf"), 10**20, -1):
        with pytest.raises(SpaceError, match="a radius on a grid is a whole number"):
            world.agents[0].neighbours(radius)


def test_a_grid_with_less_room_than_agents_says_so() -> None:
    with pytest.raises(SpaceError, match=r"5 agents need a place, but a grid of 2 × 2 cells"):
        World({Ant: 5}, seed=1, space=Grid(2, capacity=1))
    full = World({Ant: 4}, seed=1, space=Grid(2, capacity=1))
    assert sorted(full.population["cell"]) == [0, 1, 2, 3]


@pytest.mark.parametrize("place", [(3, 0), (0, -1), (0, 3)])
def test_places_beyond_a_bounded_grid_are_refused(place: tuple[int, int]) -> None:
    world = World({Ant: 1}, seed=1, space=Grid(3))
    with pytest.raises(SpaceError, match="a grid of 3 × 3 cells"):
        world.agents[0].position = place
    torus = World({Ant: 1}, seed=1, space=Grid(3, periodic=True))
    torus.agents[0].position = place
    assert torus.agents[0].position == (place[0] % 3, place[1] % 3)


def test_a_grid_says_what_it_needs() -> None:
    with pytest.raises(SpaceError, match="at least 1 column"):
        Grid(0)
    with pytest.raises(SpaceError, match="at least 1 agent fits into a cell"):
        Grid(3, capacity=0)
    world = World({Ant: 1}, seed=1, space=Grid(3))
    with pytest.raises(SpaceError, match="two whole numbers"):
        world.agents[0].position = (1.5, 1.0)
    with pytest.raises(SpaceError, match=r"whole number of cells.*got 1 around 9"):
        world.space.around(9)


def test_step_all_moves_everybody_at_once() -> None:
    class Wind(Agent):
        @classmethod
        def step_all(cls, agents: AgentSet) -> None:
            space = agents.model.space
            space.move(agents.rows, space.positions[agents.rows] + (1, 0))

    world = World({Wind: 10}, seed=1, space=Grid(6, periodic=True))
    before = world.space.positions
    world.step()
    assert world.space.positions.tolist() == ((before + np.array((1, 0))) % 6).tolist()
