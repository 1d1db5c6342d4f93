"""Genomes are views of arrays: they show what is there, and only their fitness can be set."""

import copy
import pickle

import pytest

from evolution import neat_python as neat
from evolution.neat_python.conversion import spec_of
from evolution.neat_python.genome import Cohort
from tests.evolution.neat_python.exclusive_or import INPUTS, content, one_by_one, population
from tests.evolution.neat_python.samples import VARIED, their_config, their_genomes


def test_genomes_show_what_the_arrays_hold():
    grown = population(pop_size=40, num_hidden=1)
    grown.run(one_by_one, 10)
    for key, genome in grown.population.items():
        assert genome.key == key
        arrays = genome.arrays()
        assert list(genome.nodes) == arrays["key"].tolist()
        assert [node.bias for node in genome.nodes.values()] == arrays["bias"].tolist()
        pairs = list(zip(arrays["source"].tolist(), arrays["target"].tolist(), strict=True))
        assert list(genome.connections) == pairs
        weights = [link.weight for link in genome.connections.values()]
        assert weights == arrays["weight"].tolist()
        assert genome.size() == (len(arrays["key"]), int(arrays["enabled"].sum()))
        assert f"Key: {key}" in str(genome)


def test_genomes_cannot_be_changed_but_for_their_fitness():
    genome = next(iter(population(pop_size=4).population.values()))
    genome.fitness = 3.0
    with pytest.raises(AttributeError):
        genome.nodes[0].bias = 1.0
    with pytest.raises(AttributeError):
        genome.size = 3


def test_copies_and_pickles_hold_one_genome_and_compute_the_same():
    small = population(pop_size=30)
    winner = small.run(one_by_one, 3)
    config = small.config
    for other in (copy.copy(winner), copy.deepcopy(winner), pickle.loads(pickle.dumps(winner))):
        assert content(other) == content(winner)
        assert len(other.cohort) == 1
        for inputs in INPUTS.tolist():
            ours = neat.nn.FeedForwardNetwork.create(winner, config).activate(inputs)
            assert neat.nn.FeedForwardNetwork.create(other, config).activate(inputs) == ours


def test_the_elite_keep_their_keys_and_their_fitness_and_others_get_new_ones():
    small = population(pop_size=30, no_fitness_termination=True)
    small.run(one_by_one, 1)
    seen = set(range(1, 31))
    for _ in range(4):
        told = {key: genome.fitness for key, genome in small.population.items()}
        kept = {key for key, fitness in told.items() if fitness is not None}
        assert kept
        assert kept == set(told) & seen
        seen |= set(told)
        small.run(one_by_one, 1)
        for key in kept & set(small.population):
            assert small.population[key].fitness == told[key]


@pytest.mark.parametrize("feed_forward", [True, False])
def test_distances_and_pruned_copies_are_those_of_neat_python(tmp_path, feed_forward):
    pytest.importorskip("neat")
    changes = {"num_outputs": 2, "num_hidden": 2, "initial_connection": "partial_direct 0.5"}
    config = their_config(tmp_path, **VARIED, **changes, feed_forward=feed_forward)
    genomes = their_genomes(config, 30, 12)
    arrays = neat.from_neat_python(genomes, config)
    views = Cohort(spec_of(config), arrays, range(1, 31)).genomes()
    fewer = 0
    for ours, theirs, other in zip(views, genomes, genomes[1:], strict=False):
        expected = theirs.distance(other, config.genome_config)
        found = ours.distance(views[ours.row + 1], config.genome_config)
        assert found == pytest.approx(expected, rel=1e-12)
        pruned, told = ours.get_pruned_copy(config), theirs.get_pruned_copy(config.genome_config)
        assert set(pruned.nodes) == set(told.nodes)
        assert {key: gene.weight for key, gene in pruned.connections.items()} == {
            key: gene.weight for key, gene in told.connections.items()
        }
        fewer += pruned.size()[0] < ours.size()[0]
        kind = neat.nn.FeedForwardNetwork if feed_forward else neat.nn.RecurrentNetwork
        sample = [0.3, -0.7]
        answers = [kind.create(each, config).activate(sample) for each in (ours, pruned)]
        if feed_forward:
            assert answers[0] == pytest.approx(answers[1], nan_ok=True)
    assert fewer > 3
