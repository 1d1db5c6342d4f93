"""NSGA-II for DEAP chooses what DEAP's own chooses."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from evolution import ObjectiveError
from evolution.deap import selNSGA2
from tests.evolution.deap.samples import WEIGHTS, near_front, population


@pytest.fixture
def deap():
    return pytest.importorskip("deap", reason="compares with DEAP, which the extra `test` installs")


def keys(chosen):
    """What was chosen, whoever of the equal: how often which crowding and fitness."""
    return Counter((i.fitness.crowding_dist, i.fitness.values) for i in chosen)


def assert_same_choice(ours, theirs):
    """Both chose the same, but for which of the equally crowded come last."""
    assert ours.total() == theirs.total()
    extra, missing = sorted((ours - theirs).elements()), sorted((theirs - ours).elements())
    assert [crowding for crowding, _ in extra] == [crowding for crowding, _ in missing]
    assert len({crowding for crowding, _ in extra}) <= 1


@pytest.mark.parametrize("direction", WEIGHTS)
@pytest.mark.parametrize("k", [0, 20, 60, 90, 120, 500])
def test_the_same_individuals_and_crowding_as_deap(deap, direction, k):
    from deap import tools

    weights = WEIGHTS[direction]
    individuals = population(near_front(np.random.default_rng(k), 120, len(weights)), weights)
    theirs = {i.name: i.fitness.crowding_dist for i in tools.selNSGA2(individuals, k)}
    chosen = selNSGA2(individuals, k)
    assert len(chosen) == min(k, 120)
    assert all(individual is individuals[individual.name] for individual in chosen)
    ours = {i.name: i.fitness.crowding_dist for i in chosen}
    differing = ours.items() ^ theirs.items()
    # The ends of the last front are equal: where not all fit in, DEAP's choice is arbitrary.
    assert {crowding for _, crowding in differing} <= {np.inf}
    assert len(differing) <= 2 * len(weights)


@pytest.mark.parametrize("direction", WEIGHTS)
@pytest.mark.parametrize("seed", range(8))
def test_the_same_fitnesses_as_deap_among_copies(deap, direction, seed):
    from deap import tools

    rng = np.random.default_rng(seed)
    weights = WEIGHTS[direction]
    F = rng.choice(near_front(rng, 40, len(weights)), 90)
    individuals = population(F, weights)
    k = int(rng.integers(5, 85))
    theirs = keys(tools.selNSGA2(individuals, k))
    assert_same_choice(keys(selNSGA2(individuals, k)), theirs)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_fitnesses_as_deap_on_a_grid(deap, seed):
    from deap import tools

    rng = np.random.default_rng(seed)
    individuals = population(rng.integers(0, 12, (90, 2)).astype(float), (1.0, -1.0))
    k = int(rng.integers(5, 85))
    theirs = keys(tools.selNSGA2(individuals, k))
    assert_same_choice(keys(selNSGA2(individuals, k)), theirs)


def test_it_works_in_a_toolbox(deap):
    from deap import base, tools

    toolbox = base.Toolbox()
    toolbox.register("select", selNSGA2, k=40)
    individuals = population(near_front(np.random.default_rng(1), 80, 2), (-1.0, -1.0))
    parents = tools.selTournamentDCD(toolbox.select(individuals), 40)
    assert len(parents) == 40


def duck(*wvalues, weights=(1.0, 1.0)):
    return SimpleNamespace(fitness=SimpleNamespace(wvalues=wvalues, weights=weights))


def test_anything_with_a_fitness_will_do_and_larger_wvalues_are_better():
    worst, best, failed, good = duck(0.0, 0.0), duck(2.0, 2.0), duck(np.nan, 9.0), duck(1.0, 1.0)
    assert selNSGA2([worst, best, failed, good], 3) == [best, good, worst]
    assert best.fitness.crowding_dist == np.inf
    assert not hasattr(failed.fitness, "crowding_dist")
    assert selNSGA2([worst, best, failed, good], 4)[-1] is failed
    assert failed.fitness.crowding_dist == 0.0
    assert selNSGA2([], 3) == []


def test_an_unevaluated_individual_is_named():
    with pytest.raises(
        ObjectiveError, match=r"individual 1 has 0 objectives; expected 2.*evaluate"
    ):
        selNSGA2([duck(1.0, 2.0), duck()], 1)


@pytest.mark.parametrize("seed", range(4))
def test_who_breaks_constraints_comes_last(deap, seed):
    from deap import base, tools

    rng = np.random.default_rng(seed)
    kind = type("Constrained", (base.ConstrainedFitness,), {"weights": (-1.0, -1.0)})
    individuals = []
    for values, broken in zip(near_front(rng, 40, 2), rng.random(40) < 0.4, strict=True):
        fitness = kind() if broken else kind(values.tolist())
        fitness.constraint_violation = [float(broken), 0.0]
        individuals.append(SimpleNamespace(fitness=fitness))
    fine = [i for i in individuals if i.fitness.valid]
    chosen = selNSGA2(individuals, len(fine) + 5)
    assert {id(i) for i in chosen[: len(fine)]} == {id(i) for i in fine}
    assert {id(i) for i in tools.selNSGA2(fine, 15, nd="log")} == {
        id(i) for i in selNSGA2(individuals, 15)
    }
