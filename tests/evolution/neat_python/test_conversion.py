"""Genomes of neat-python become arrays and genomes again, and nothing is lost."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import GenomeError
from evolution.neat.functions import FunctionError
from evolution.neat_python import DefaultGenome, Population, from_neat_python, to_neat_python
from evolution.neat_python.config import Config
from evolution.neat_python.conversion import spec_of
from tests.evolution.neat_python.samples import VARIED, ini, their_config, their_genomes

pytest.importorskip("neat")


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    changes = {**VARIED, "num_outputs": 2, "num_hidden": 1, "feed_forward": "False"}
    changes["initial_connection"] = "partial_direct 0.5"
    return their_config(tmp_path_factory.mktemp("theirs"), **changes)


def content(genome):
    """Everything that a genome holds, neat-python's or a view of ours."""
    nodes = {
        key: (node.key, node.bias, node.response, node.activation, node.aggregation)
        for key, node in genome.nodes.items()
    }
    links = {
        key: (link.key, link.weight, link.enabled, link.innovation)
        for key, link in genome.connections.items()
    }
    return nodes, links


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), mutations=st.integers(0, 30))
def test_there_and_back_again_a_genome_is_the_same(config, seed, mutations):
    genomes = their_genomes(config, 4, mutations, seed)
    arrays = from_neat_python(genomes, config)
    back = [to_neat_python(arrays, row, config) for row in range(4)]
    assert [content(genome) for genome in back] == [content(genome) for genome in genomes]
    again = from_neat_python(back, config)
    assert {name: column.tolist() for name, column in again.items()} == {
        name: column.tolist() for name, column in arrays.items()
    }


def test_a_converted_genome_is_at_home_in_neat_python(config):
    (genome,) = their_genomes(config, 1, 20)
    arrays = from_neat_python([genome], config)
    back = to_neat_python(arrays, 0, config, key=genome.key)
    assert type(back) is type(genome)
    assert back.key == genome.key
    assert back.distance(genome, config.genome_config) == 0.0
    assert back.size() == genome.size()
    back.mutate(config.genome_config)


def test_a_population_of_neat_python_converts_whole(config):
    genomes = {genome.key: genome for genome in their_genomes(config, 6, 10)}
    arrays = from_neat_python(genomes, config)
    assert len(arrays["node_start"]) == 7
    assert spec_of(config).count(arrays) == 6


def test_our_own_genomes_convert_by_either_configuration(tmp_path):
    ours = Config.from_text(ini(pop_size=20))
    theirs = their_config(tmp_path, pop_size=20)
    population = Population(ours, seed=1)
    genomes = list(population.population.values())
    arrays = from_neat_python(genomes, ours)
    assert {name: column.tolist() for name, column in arrays.items()} == {
        name: column.tolist() for name, column in genomes[0].cohort.arrays.items()
    }
    for row, genome in enumerate(genomes):
        assert content(to_neat_python(arrays, row, theirs)) == content(genome)


def test_the_settings_of_both_give_the_same_specification(tmp_path):
    for changes in ({}, VARIED, {"initial_connection": "partial_direct 0.5"}):
        ours, theirs = Config.from_text(ini(**changes)), their_config(tmp_path, **changes)
        assert spec_of(ours) == spec_of(theirs)


def test_what_cannot_be_converted_is_said(config, tmp_path):
    genomes = their_genomes(config, 2, 5)
    arrays = from_neat_python(genomes, config)
    with pytest.raises(GenomeError, match="row is 2; there are the rows 0 to 1"):
        to_neat_python(arrays, 2, config)
    genomes[1].nodes[0].activation = "swish"
    with pytest.raises(FunctionError, match="'swish'"):
        from_neat_python(genomes, config)
    narrow = their_config(tmp_path)
    with pytest.raises(GenomeError, match="network 0"):
        from_neat_python(their_genomes(config, 1, 5), narrow)


def test_no_genomes_make_no_rows(config):
    arrays = from_neat_python([], config)
    assert arrays["node_start"].tolist() == [0]
    assert all(np.size(column) <= 1 for column in arrays.values())


def test_a_genome_of_nowhere_is_refused_in_words():
    with pytest.raises(TypeError, match="a genome is a row of a population"):
        DefaultGenome(1)
