"""Runs, as scripts for neat-python make them: what they give and how they end."""

import random

import numpy as np
import pytest

from evolution import neat_python as neat
from evolution.neat_python.config import Config
from evolution.neat_python.genome import FitnessError
from evolution.neat_python.population import PopulationError
from tests.evolution.neat_python.exclusive_or import (
    SCRIPT,
    all_at_once,
    content,
    one_by_one,
    population,
)
from tests.evolution.neat_python.samples import ini

# A script


def run_script(text, path, seed, generations):
    script = {}
    exec(text, script)
    return script["main"](path, seed, generations)


def test_a_script_for_neat_python_runs_when_its_import_is_changed(tmp_path, capsys):
    path = tmp_path / "xor.ini"
    path.write_text(ini())
    changed = SCRIPT.replace("import neat\n", "from evolution import neat_python as neat\n")
    winner, answers, statistics = run_script(changed, path, 1, 300)
    assert winner.fitness >= 3.9
    assert np.round(answers).tolist() == [0.0, 1.0, 1.0, 0.0]
    assert statistics.best_genome().fitness == winner.fitness
    printed = capsys.readouterr().out
    assert "Generation 0" in printed
    assert f"Solution of generation {len(statistics.most_fit_genomes) - 1}" in printed


def test_the_script_is_one_for_neat_python(tmp_path, capsys):
    pytest.importorskip("neat")
    path = tmp_path / "xor.ini"
    path.write_text(ini(pop_size=20))
    winner, answers, statistics = run_script(SCRIPT, path, 1, 2)
    assert winner.fitness > 0.0
    assert len(answers) == 4
    assert len(statistics.get_fitness_mean()) == 2


# Two ways to evaluate, one run


@pytest.mark.parametrize("seed", range(3))
def test_exclusive_or_is_solved_the_same_in_both_ways(seed):
    slow, fast = population(seed), population(seed)
    winner = slow.run(one_by_one, 400)
    assert winner.fitness >= 3.9
    assert content(fast.run_batch(all_at_once, 400)) == content(winner)
    assert fast.generation == slow.generation


def test_a_run_may_go_on_in_the_other_way():
    whole, parts = population(no_fitness_termination=True), population(no_fitness_termination=True)
    whole.run(one_by_one, 8)
    parts.run_batch(all_at_once, 3)
    parts.run(one_by_one, 5)
    assert list(parts.population) == list(whole.population)
    assert content(parts.best_genome) == content(whole.best_genome)


def test_recurrent_networks_are_evaluated_as_such():
    remembering = population(feed_forward=False)

    def evaluate(networks):
        networks.reset()
        n = len(networks)
        assert networks.recurrent
        return [float(row.sum()) for row in networks.step(np.ones((n, 2)))]

    def each(genomes, config):
        for _, genome in genomes:
            network = neat.nn.RecurrentNetwork.create(genome, config)
            genome.fitness = network.activate((1.0, 1.0))[0]

    best = remembering.run_batch(evaluate, 4)
    again = population(feed_forward=False)
    assert content(again.run(each, 4)) == content(best)


# Seeds


def test_a_run_depends_on_its_seed_alone():
    random.seed(1)
    before = random.getstate()
    one = population(5).run(one_by_one, 5)
    assert random.getstate() == before
    random.seed(2)
    assert content(population(5).run(one_by_one, 5)) == content(one)
    assert content(population(6).run(one_by_one, 5)) != content(one)


def test_the_seed_is_the_one_given_or_configured_or_fresh_and_told(capsys):
    assert neat.Population(Config.from_text(ini(seed=7)), seed=5).seed == 5
    assert neat.Population(Config.from_text(ini(seed=7))).seed == 7
    first, second = (neat.Population(Config.from_text(ini())) for _ in range(2))
    assert first.seed != second.seed
    first.add_reporter(neat.StdOutReporter(False))
    best = first.run(one_by_one, 2)
    first.run(one_by_one, 1)
    assert capsys.readouterr().out.count(f"Seed: {first.seed}") == 1
    assert content(population(first.seed).run(one_by_one, 2)) == content(best)


# Fitness


def test_a_genome_without_fitness_is_named():
    with pytest.raises(FitnessError, match="genome 3 has no fitness") as caught:
        population(pop_size=5).run(
            lambda genomes, _: [setattr(g, "fitness", 1.0) for key, g in genomes if key != 3]
        )
    assert isinstance(caught.value, RuntimeError)
    with pytest.raises(PopulationError, match=r"returned \[2\]; expected \[5\]"):
        population(pop_size=5).run_batch(lambda networks: [1.0, 2.0])


def test_failed_evaluations_rank_last_and_never_end_a_run():
    failing = population(pop_size=30)

    def evaluate(networks):
        fitness = all_at_once(networks)
        fitness[::3] = np.nan
        return fitness

    best = failing.run_batch(evaluate, 10)
    assert best.fitness > 0
    nothing = population(pop_size=10)
    assert np.isnan(nothing.run_batch(lambda networks: np.full(10, np.nan), 3).fitness)
    assert nothing.run_batch(all_at_once, 1).fitness > 0


@pytest.mark.parametrize(
    ("criterion", "fitness", "ends"),
    [
        ("max", [0.0, 5.0, np.nan], True),
        ("max", [0.0, 3.0, 3.0], False),
        ("min", [4.0, 5.0, 4.0], True),
        ("min", [3.0, 5.0, 5.0], False),
        ("min", [5.0, 5.0, np.nan], False),
        ("mean", [3.0, 5.0, 5.0], True),
        ("mean", [2.0, 2.0, 5.0], False),
    ],
)
def test_the_threshold_ends_a_run(criterion, fitness, ends):
    tiny = population(pop_size=3, fitness_criterion=criterion, elitism=0, min_species_size=1)
    tiny.run_batch(lambda networks: fitness, 1)
    assert (tiny.generation == 0) is ends


def test_without_a_threshold_a_run_needs_an_end():
    endless = population(no_fitness_termination=True, pop_size=10)
    endless.run_batch(lambda networks: np.full(10, 100.0), 3)
    assert endless.generation == 3
    with pytest.raises(PopulationError, match="would never end"):
        endless.run(one_by_one)
    with pytest.raises(PopulationError, match="nothing was evaluated"):
        population(pop_size=10).run(one_by_one, 0)


def test_when_all_species_die_there_is_an_exception_or_a_new_beginning():
    dying = {"pop_size": 10, "max_stagnation": 2, "species_elitism": 0}
    with pytest.raises(neat.CompleteExtinctionException, match="species_elitism=2"):
        population(**dying).run_batch(lambda networks: np.ones(10), 9)
    again = population(**dying, reset_on_extinction=True)
    again.run_batch(lambda networks: np.ones(10), 9)
    assert again.generation == 9
