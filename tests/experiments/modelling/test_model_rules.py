"""The models that ship follow their rules: kernels beside plain Python with the same chance."""

import ast
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.models import MODELS
from experiments.models.flocking import Flocking
from experiments.models.forest_fire import BURNING, BURNT, FINE, ForestFire
from experiments.models.schelling import Schelling
from experiments.models.wolf_sheep import Meadow, Sheep, Wolf, WolfSheep
from swarm import GoodsMarket, World
from swarm.chance import below, seeded, shuffled, uniform

MOTION = {"swarm.motion.cell_list", "swarm.motion.chains", "swarm.motion.lattice"}
FILES = sorted(Path(MODELS["flocking"]().__module__.replace(".", "/")).parent.glob("*.py"))
HOME = Path(__file__).parents[3]


def code_lines(path: Path) -> int:
    """Lines that hold code: no blank ones, comments or docstrings."""
    text = path.read_text(encoding="utf-8")
    lines = {
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#")
    }
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            lines -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(lines)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_is_no_more_than_80_lines_of_the_public_api(name: str) -> None:
    module = MODELS[name]().__module__
    path = HOME / (module.replace(".", "/") + ".py")
    assert code_lines(path) <= 80
    imported = {
        node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    ours = {module for module in imported if module and module.startswith(("swarm", "experiments"))}
    assert ours <= {"swarm", "swarm.chance", *MOTION}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_resumes_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    world = model(seed=2)
    for _ in range(4):
        world.step()
    world.save(tmp_path / "four")
    resumed = model(seed=2)
    resumed.load(tmp_path / "four")
    for each in (world, resumed):
        for _ in range(4):
            each.step()
    world.save(tmp_path / "eight")
    resumed.save(tmp_path / "resumed")
    assert (tmp_path / "eight").read_bytes() == (tmp_path / "resumed").read_bytes()
    assert world.measures() == resumed.measures()
    assert world.measures() != model(seed=3).measures()


def next_seed(world: World, stream: str) -> int:
    """The seed that the model will draw next, drawn from a copy of its stream."""
    copy = np.random.Generator(np.random.Philox())
    copy.bit_generator.state = world.stream(stream).bit_generator.state
    return int(copy.integers(2**63))


def test_flocking_equals_looking_at_everybody() -> None:
    world = Flocking(birds=60, width=30.0, vision=4.0, seed=5)
    for _ in range(6):
        seed = next_seed(world, "Bird")
        places = world.population["position"].copy()
        headings = world.population["heading"].copy()
        world.step()
        for bird in shuffled(60, seeded(seed)):
            ways = places - places[bird]
            ways -= 30.0 * np.round(ways / 30.0)
            far = np.hypot(*ways.T)
            seen = far <= 4.0
            seen[bird] = False
            if seen.any():
                turn = 0.03 * ways[seen].sum(axis=0) + 0.05 * headings[seen].sum(axis=0)
                turn -= 0.015 * ways[seen & (far < 1.0)].sum(axis=0)
                heading = headings[bird] + turn / seen.sum()
                headings[bird] = heading / np.linalg.norm(heading)
            places[bird] = (places[bird] + headings[bird]) % 30.0
        assert world.population["heading"] == pytest.approx(headings, abs=1e-9)
        away = np.abs(world.population["position"] - places)
        assert np.minimum(away, 30.0 - away).max() < 1e-9


def test_birds_come_to_fly_one_way() -> None:
    before, after = [], []
    for seed in range(5):
        world = Flocking(birds=300, width=60.0, vision=10.0, seed=seed)
        before.append(world.measures()["order"])
        for _ in range(150):
            world.step()
        after.append(world.measures()["order"])
    assert max(before) < 0.3
    assert np.mean(after) > 0.5


def test_schelling_equals_plain_lists() -> None:
    width, residents = 12, 110
    world = Schelling(residents=residents, width=width, radius=2, minimum=9, seed=4)
    assert Counter(world.population["group"].tolist()) == {0: 55, 1: 55}
    moved = 0
    for _ in range(4):
        seed = next_seed(world, "Resident")
        cells, group = world.population["cell"].tolist(), world.population["group"].tolist()
        world.step()
        stream = seeded(seed)
        for row in shuffled(residents, stream):
            x, y = cells[row] % width, cells[row] // width
            same = sum(
                group[other] == group[row]
                and max(abs(cell % width - x), abs(cell // width - y)) <= 2
                for other, cell in enumerate(cells)
                if other != row
            )
            if same < 9:
                cell = cells[row]
                while cell in cells:
                    cell = int(below(stream, width * width))
                moved += cell != cells[row]
                cells[row] = cell
        assert world.population["cell"].tolist() == cells
    assert moved > 20


def test_who_wants_few_of_their_own_ends_up_among_them() -> None:
    world = Schelling(seed=1)
    mixed = world.measures()
    for _ in range(40):
        world.step()
    assert mixed["segregation"] < 0.55
    assert world.measures()["segregation"] > 0.75
    assert world.measures()["happy"] > 0.97


def graze_plainly(world: WolfSheep, seed: int) -> dict[str, Any]:
    """The sheep's part of a tick, with a plain loop over plain lists."""
    width = world.space.width
    columns = {name: world.population[name].tolist() for name in ("id", "cell", "energy", "kind")}
    grass = world.system(Meadow).countdown.tolist()
    rows = [row for row, kind in enumerate(columns["kind"]) if kind == 0]
    stream, dead, mothers = seeded(seed), [], []
    for turn in shuffled(len(rows), stream):
        row = rows[turn]
        x, y = columns["cell"][row] % width, columns["cell"][row] // width
        around = [
            line * width + column
            for line in range(max(y - 1, 0), min(y + 2, width))
            for column in range(max(x - 1, 0), min(x + 2, width))
            if (column, line) != (x, y)
        ]
        cell = columns["cell"][row] = around[below(stream, len(around))]
        columns["energy"][row] -= 1
        if grass[cell] == 0:
            grass[cell] = world.system(Meadow).regrowth
            columns["energy"][row] += 5
        if columns["energy"][row] < 0:
            dead.append(row)
        elif uniform(stream) < 0.2:
            columns["energy"][row] /= 2
            mothers.append(row)
    return {**columns, "grass": grass, "dead": dead, "mothers": mothers}


def test_sheep_equal_plain_lists() -> None:
    world = WolfSheep(wolves=0, seed=3)
    everybody = 0
    for _ in range(12):
        plain = graze_plainly(world, next_seed(world, "Sheep"))
        world.step()
        kept = [row for row in range(len(plain["id"])) if row not in plain["dead"]]
        for name in ("id", "cell", "energy"):
            young = [] if name == "id" else [plain[name][mother] for mother in plain["mothers"]]
            found = world.population[name].tolist()
            assert found[: len(kept)] == [plain[name][row] for row in kept]
            if name != "id":
                assert found[len(kept) :] == young
        grown = [max(patch - 1, 0) for patch in plain["grass"]]
        assert world.system(Meadow).countdown.tolist() == grown
        everybody += len(plain["mothers"]) + len(plain["dead"])
    assert everybody > 50


def planted(sheep: list[int], wolves: list[int], width: int = 3) -> WolfSheep:
    """Animals in cells of ours, with the grass all gone and nobody breeding."""
    world = WolfSheep(len(sheep), len(wolves), width, 50, 0.0, 0.0, seed=1)
    world.population["cell"][:] = sheep + wolves
    world.population["energy"][:] = 20.0
    world.system(Meadow).countdown[:] = 50
    return world


def test_a_wolf_eats_one_sheep_of_its_cell_and_any_as_likely() -> None:
    eaten: Counter[int] = Counter()
    for seed in range(300):
        world = WolfSheep(3, 1, 2, 50, 0.0, 0.0, seed=seed)
        world.population["energy"][:] = 20.0
        world.system(Meadow).countdown[:] = 50
        world.step()
        ids = set(world.population["id"].tolist())
        missing = {0, 1, 2} - ids
        assert len(missing) <= 1
        wolf = world.agents.of(Wolf).get("energy").tolist()
        assert wolf == [20 - 1 + 13 * len(missing)]
        eaten.update(missing)
    assert eaten.total() > 100
    assert stats.chisquare([eaten[i] for i in range(3)]).pvalue > 1e-4


def test_who_has_less_than_no_energy_dies_and_who_has_none_lives() -> None:
    world = planted([4, 4], [4])
    world.population["energy"][:] = [1.0, 0.5, 0.9]
    world.step()
    assert world.population["id"].tolist() == [0] or len(world.agents.of(Sheep)) == 0
    world = planted([0, 0], [])
    world.population["energy"][:] = [1.0, 0.5]
    world.step()
    assert world.population["id"].tolist() == [0]
    assert world.population["energy"].tolist() == [0.0]


def test_a_lamb_can_be_eaten_in_the_tick_of_its_birth() -> None:
    lost = 0
    for seed in range(60):
        world = WolfSheep(1, 4, 2, 50, 1.0, 0.0, seed=seed)
        world.population["energy"][:] = 20.0
        world.step()
        lost += len(world.agents.of(Sheep)) == 0
    assert lost > 5  # mother and lamb, by two wolves


def test_grass_is_there_again_after_its_time() -> None:
    world = WolfSheep(0, 0, 4, 3, seed=1)
    meadow = world.system(Meadow)
    assert 0 < (meadow.countdown == 0).sum() < 16
    assert meadow.countdown.max() <= 3
    meadow.countdown[:] = 3
    grown = []
    for _ in range(4):
        grown.append(int(world.measures()["grass"]))
        world.step()
    assert grown == [0, 0, 0, 16]


def components(width: int, trees: set[int], burning: set[int]) -> set[int]:
    """Trees that a fire from some reaches over the 4 cells around each."""
    reached, front = set(burning), list(burning)
    while front:
        cell = front.pop()
        x, y = cell % width, cell // width
        for column, line in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
            other = line * width + column
            inside = 0 <= column < width and 0 <= line < width
            if inside and other in trees and other not in reached:
                reached.add(other)
                front.append(other)
    return reached


@pytest.mark.parametrize("density", [0.4, 0.6, 0.8])
def test_the_fire_burns_what_it_can_reach(density: float) -> None:
    world = ForestFire(width=30, density=density, seed=6)
    cells, condition = world.population["cell"], world.population["condition"]
    left = set(cells[cells % 30 == 0].tolist())
    assert set(cells[condition == BURNING].tolist()) == left
    reached = components(30, set(cells.tolist()), left)
    while world.measures()["burning"]:
        burning = set(cells[condition == BURNING].tolist())
        gone = set(cells[condition == BURNT].tolist())
        world.step()
        assert burning <= set(cells[condition == BURNT].tolist())
        after = set(cells[condition != FINE].tolist())
        assert after >= components(30, burning | gone, burning) - gone
    assert set(cells[condition == BURNT].tolist()) == reached


def test_turns_of_burning_trees_are_those_of_a_random_order() -> None:
    """A row of trees: the fire runs on through those whose turn comes later, one after another.

    In a random order of n trees the fire passes k of them in the first tick with probability
    1 / k! − 1 / (k + 1)!, as their turns have to ascend.
    """
    passed: Counter[int] = Counter()
    for seed in range(3000):
        world = ForestFire(width=8, density=0.0, seed=seed)
        world.birth(tree_of(world), 8, cell=np.arange(8), condition=[BURNING] + [FINE] * 7)
        world.turn()
        world.step()
        passed[min(int((world.population["condition"] != FINE).sum()) - 1, 4)] += 1
    chance = [1 / math.factorial(k) - 1 / math.factorial(k + 1) for k in (1, 2, 3)]
    expected = [*chance, 1 - sum(chance)]
    found = [passed[k] for k in (1, 2, 3, 4)]
    assert sum(found) == 3000  # the first always sets fire to the second
    assert stats.chisquare(found, 3000 * np.array(expected)).pvalue > 1e-4


def tree_of(world: World) -> Any:
    from experiments.models.forest_fire import Tree

    assert isinstance(world, ForestFire)
    return Tree


def test_traders_without_intelligence_find_the_price_and_bring_the_good_to_who_wants_it() -> None:
    for seed in range(3):
        world = MODELS["market"]()(traders=400, fickle=0.0, seed=seed)
        before = world.measures()["efficiency"]
        value = np.sort(world.population["value"])
        for _ in range(60):
            world.step()
        # Half have a unit: where supply meets demand is the median value.
        assert world.measures()["efficiency"] > 0.97 > before
        # Who has one and who wants one are kept apart by one price.
        owns = world.system(GoodsMarket).stock(world) > 0
        assert owns.sum() == 200
        apart = world.population["value"][owns].min() - world.population["value"][~owns].max()
        assert abs(apart) < 20
        assert abs(np.median(world.population["value"]) - value[200]) <= 1
    quiet = MODELS["market"]()(traders=2, owners=0.5, fickle=0.0, seed=1)
    quiet.agents.set("value", [10, 5])  # who owns it wants it most
    for _ in range(50):
        quiet.step()
        assert quiet.measures()["traded"] == 0
    for highest, tokens in ((200, 10**6), (10**6, 10**9)):  # enough to buy dear again and again
        dear = MODELS["market"]()(traders=4, highest=highest, seed=1)
        assert dear.ledger.balance(dear.agents.get("account")).tolist() == [tokens] * 4


def test_wealth_equals_plain_lists_and_becomes_unequal() -> None:
    world = MODELS["boltzmann"]()(people=500, wealth=4, seed=2)
    seed, wealth = next_seed(world, "Person"), [4] * 500
    assert world.measures() == {"gini": 0.0, "poor": 0.0}
    world.step()
    stream = seeded(seed)
    for giver in shuffled(500, stream):
        if wealth[giver] > 0:
            wealth[giver] -= 1
            wealth[below(stream, 500)] += 1
    assert world.population["wealth"].tolist() == wealth
    for _ in range(500):
        world.step()
    assert world.population["wealth"].sum() == 2000
    assert 0.4 < world.measures()["gini"] < 0.6  # an exponential distribution has 1/2
