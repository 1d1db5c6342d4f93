"""Reporters are told what neat-python tells, and remember and print it."""

import re

import numpy as np
import pytest

from evolution import neat_python as neat
from tests.evolution.neat_python.exclusive_or import (
    all_at_once,
    content,
    one_by_one,
    population,
)
from tests.evolution.neat_python.samples import ini


class Listener(neat.BaseReporter):
    """Remembers what it was told, in order."""

    def __init__(self):
        self.events = []
        self.sizes = []

    def __getattribute__(self, name):
        told = ("start", "post", "end", "found", "species", "complete")
        if name.startswith(told):
            object.__getattribute__(self, "events").append(name)
        return object.__getattribute__(self, name)

    def end_generation(self, config, population, species_set):
        members = [set(each.members) for each in species_set.species.values()]
        assert sum(map(len, members)) == len(population)
        assert set().union(*members) == set(population)
        for key, genome in population.items():
            assert species_set.get_species(key).members[key] is genome
        self.sizes.append(len(population))


def test_reporters_are_told_what_neat_python_tells_in_its_order(tmp_path):
    theirs = pytest.importorskip("neat")
    path = tmp_path / "xor.ini"
    path.write_text(ini(pop_size=20, species_fitness_func="max", max_stagnation=50))
    events = []
    for module in (neat, theirs):
        kinds = (module.DefaultGenome, module.DefaultReproduction)
        kinds += (module.DefaultSpeciesSet, module.DefaultStagnation)
        told = Listener()
        run = module.Population(module.Config(*kinds, path), seed=1)
        run.add_reporter(told)

        def evaluate(genomes, config, run=run):
            for _, genome in genomes:
                genome.fitness = 1.0 if run.generation < 3 else 4.0

        run.run(evaluate, 9)
        events.append(told.events)
    assert events[0] == events[1]
    assert events[0][-1] == "found_solution"


def test_reporters_are_told_when_species_die():
    dying = {"pop_size": 10, "max_stagnation": 2, "species_elitism": 0}
    again, told = population(**dying, reset_on_extinction=True), Listener()
    again.add_reporter(told)
    again.run_batch(lambda networks: np.ones(10), 3)
    assert told.events[-3:] == ["species_stagnant", "complete_extinction", "end_generation"]
    final, told = population(**dying), Listener()
    final.add_reporter(told)
    with pytest.raises(neat.CompleteExtinctionException):
        final.run_batch(lambda networks: np.ones(10), 9)
    assert told.events[-1] == "complete_extinction"


def test_statistics_remember_every_generation(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    watched = population(pop_size=40, no_fitness_termination=True)
    statistics = neat.StatisticsReporter()
    watched.add_reporter(statistics)
    fitness = []

    def evaluate(networks):
        fitness.append(all_at_once(networks))
        return fitness[-1]

    winner = watched.run_batch(evaluate, 6)
    np.testing.assert_allclose(statistics.get_fitness_mean(), [f.mean() for f in fitness])
    np.testing.assert_allclose(statistics.get_fitness_stdev(), [f.std() for f in fitness])
    np.testing.assert_allclose(statistics.get_fitness_median(), [np.median(f) for f in fitness])
    assert [genome.fitness for genome in statistics.most_fit_genomes] == [f.max() for f in fitness]
    assert content(statistics.best_genome()) == content(winner)
    ranked = [genome.fitness for genome in statistics.best_unique_genomes(3)]
    assert ranked == sorted(ranked, reverse=True)
    assert [sum(sizes) for sizes in statistics.get_species_sizes()] == [40] * 6
    means = statistics.get_species_fitness(null_value=None)
    assert [len(row) for row in means] == [len(means[0])] * 6
    statistics.save()
    lines = (tmp_path / "fitness_history.csv").read_text().splitlines()
    assert [float(line.split()[0]) for line in lines] == [f.max() for f in fitness]
    assert len((tmp_path / "speciation.csv").read_text().splitlines()) == 6
    assert len((tmp_path / "species_fitness.csv").read_text().splitlines()) == 6


def test_what_is_printed_is_right(capsys):
    watched = population(pop_size=30)
    reporter = neat.StdOutReporter(True)
    watched.add_reporter(reporter)

    def evaluate(networks):
        fitness = all_at_once(networks)
        fitness[0] = np.nan
        return fitness

    watched.run_batch(evaluate, 2)
    printed = capsys.readouterr().out
    assert "Failed: 1 of 30 genomes" in printed
    assert f"Best: fitness {watched.best_genome.fitness:.5f}" in printed
    sizes = [int(line.split()[2]) for line in printed.splitlines() if re.match(r"^ +\d", line)]
    assert sum(sizes) == 60
    watched.remove_reporter(reporter)
    watched.run_batch(evaluate, 1)
    assert not capsys.readouterr().out


def test_reporters_change_nothing():
    watched, alone = population(pop_size=40), population(pop_size=40)
    watched.add_reporter(Listener())
    watched.add_reporter(neat.StatisticsReporter())
    assert content(watched.run(one_by_one, 6)) == content(alone.run(one_by_one, 6))
