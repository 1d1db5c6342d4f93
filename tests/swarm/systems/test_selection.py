"""Who lives, who dies and who has children, generation after generation."""

from functools import partial

import numpy as np
import pytest

from evolution import crowding_distance
from swarm import Agent, Selection, Settlement, System, World
from tests.swarm.worlds import Idle, Watch, plenty, reasoners, run

TICKS = 13  # three generations and a tick
generations = partial(Selection, every=4, turnover=0.5)


def test_the_population_is_steady_and_turns_over_every_generation() -> None:
    world = reasoners()
    ids = world.agents.get("id").copy()
    for tick in range(1, TICKS):
        world.step()
        assert len(world.agents) == 40
        now = world.agents.get("id").copy()
        if tick % 4:
            assert np.array_equal(now, ids)
        else:
            assert len(np.intersect1d(now, ids)) == 20
        ids = now
    assert world.system(Selection).generation == 3


def test_the_bankrupt_die_and_their_estate_is_inherited() -> None:
    world = run(reasoners(selection=Selection(every=4, turnover=0.1)), 3)
    # All that they own is taken from the four best.
    best = np.argsort(-world.agents.get("credits"))[:4]
    doomed = world.agents.get("id")[best]
    accounts = world.agents.get("account")[best]
    world.ledger.transfer(accounts, world.treasury, world.ledger.balance(accounts))
    world.step()
    assert world.system(Settlement).due > 0
    assert world.system(Selection).bankrupt == 4
    assert not np.isin(doomed, world.agents.get("id")).any()
    assert not world.ledger.balance(accounts).any()
    assert len(world.agents) == 40


def after_the_first_choice(**changed: System) -> tuple[dict[str, np.ndarray], World]:
    """Columns when the first generation has been chosen from, and the world after the turn."""
    seen: dict[str, np.ndarray] = {}

    def look(world: World) -> None:
        if world.steps == 4:
            seen.update({name: world.population[name].copy() for name in world.population.names})

    world = run(reasoners(100, Watch(look), **changed), 4)
    return seen, world


@pytest.mark.parametrize(("elite", "kept"), [(0.0, 0), (0.75, 38), (1.0, 50)])
def test_the_elite_is_kept_for_accuracy_and_the_others_by_front(elite: float, kept: int) -> None:
    seen, _ = after_the_first_choice(market=plenty(), selection=generations(elite=elite))
    alive, front, accuracy = seen["alive"], seen["front"], seen["accuracy"]
    assert not seen["insolvent"].any()
    assert alive.sum() == 50
    by_accuracy = np.argsort(-accuracy, kind="stable")
    assert alive[by_accuracy[:kept]].all()
    others = by_accuracy[kept:]
    lives = alive[others]
    assert lives.sum() == 50 - kept
    if elite < 1:  # and it is not accuracy that they live by
        assert front[others][lives].max() <= front[others][~lives].min()
        assert accuracy[others][lives].min() < accuracy[others][~lives].max()


@pytest.mark.parametrize("elite", [0.0, 1.0])
def test_parents_win_by_accuracy_or_by_front_and_crowding(elite: float) -> None:
    # Children are their mothers' twins.
    selection = generations(elite=elite, mutation=0.0, crossover=0.0)
    seen, world = after_the_first_choice(market=plenty(), selection=selection)
    mothers = {genes.tobytes(): row for row, genes in enumerate(seen["gene.weight"])}
    assert len(mothers) == 100
    born = world.agents.get("born") == 4
    children = [mothers[genes.tobytes()] for genes in world.genes("weight")[born]]
    number = np.bincount(children, minlength=100)
    assert (number[seen["alive"]].sum(), number[~seen["alive"]].sum()) == (50, 0)

    objectives = np.stack([-seen["accuracy"], -seen["novelty"], seen["cost"]], axis=1)
    crowding = crowding_distance(objectives, seen["front"])
    keys = [-seen["accuracy"]] if elite else [-crowding, seen["front"]]
    alive = np.flatnonzero(seen["alive"])
    order = alive[np.lexsort([key[alive] for key in keys])]
    # Each of fifty enters two tournaments for either parent, so whoever is better than all the
    # rest together have at least as many children as they are; the best of all, whom nobody
    # equals, wins all four and is the fitter one of every pair.
    better = np.cumsum(number[order])[:-1]
    separate = np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0)
    assert separate.sum() > 20
    assert (better >= np.arange(1, 50))[separate].all()
    assert number[order[-1]] == 0
    if elite:
        assert 2 <= number[order[0]] <= 4


def test_children_are_of_their_mothers_kind() -> None:
    class Red(Agent):
        pass

    class Blue(Agent):
        pass

    world = reasoners({Red: 20, Blue: 20}, selection=generations(mutation=0.0, crossover=0.0))
    kinds = {
        genes.tobytes(): kind
        for genes, kind in zip(world.genes("weight"), world.agents.get("kind"), strict=True)
    }
    assert len(kinds) == 40
    run(world, 4)
    born = world.agents.select(world.agents.get("born") == 4)
    assert len(born) == 20
    expected = [kinds[genes.tobytes()] for genes in world.genes("weight")[born.rows]]
    assert born.get("kind").tolist() == expected
    assert set(expected) == {0, 1}


def test_better_agents_survive_the_first_generation() -> None:
    seen, _ = after_the_first_choice()
    accuracy, alive = seen["accuracy"], seen["alive"]
    assert alive.sum() == 50
    assert accuracy[alive].mean() > accuracy[~alive].mean()
    assert alive[accuracy.argmax()]


def test_the_past_counts_in_full_unless_it_fades() -> None:
    whole, _ = after_the_first_choice(selection=generations(fading=1.0))
    faded, _ = after_the_first_choice(selection=generations(fading=0.5))
    np.testing.assert_array_equal(whole["alive"], faded["alive"])
    for name in ("credits", "answered", "surprise", "units", "tasks", "profit"):
        assert whole[name].any()
        np.testing.assert_array_equal(whole[name], 2 * faded[name])
    assert whole["tasks"].max() == 4 * 48  # every task of four ticks


def test_without_memory_nothing_is_novel() -> None:
    seen, _ = after_the_first_choice(market=plenty(), remembering=Idle())
    assert not seen["novelty"].any()
    assert len(np.unique(seen["front"])) > 1  # accuracy and thrift are told apart all the same
    seen, _ = after_the_first_choice(market=plenty())
    assert seen["novelty"].all()


def test_genes_stay_valid_for_ever() -> None:
    world = reasoners(selection=Selection(every=1, mutation=0.5, step=5.0))
    assert world.genome is not None
    for _ in range(TICKS):
        world.step()
        world.genome.validate({name: world.genes(name) for name in world.genome.names})
        for locus in world.genome.names:
            assert world.genes(locus).shape == (40, world.genome.loci[locus].size)
