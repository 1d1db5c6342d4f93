"""Distance against neat-python's, and species against the plain rule."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution.neat import NetworkConfig, NetworkSpec, distances
from evolution.neat.functions import ACTIVATIONS, AGGREGATIONS
from evolution.neat.speciation import speciate

neat = pytest.importorskip("neat")

VARIED = {
    "activation_default": "random",
    "activation_options": ("tanh", "relu", "sin"),
    "aggregation_default": "random",
    "aggregation_options": ("sum", "max"),
    "enabled_mutate_rate": 0.3,
    "response_init_stdev": 0.5,
}


def grown(config, n, generations, seed):
    """Networks that have varied independently for a while."""
    spec, rng = NetworkSpec(config), np.random.default_rng(seed)
    genomes = spec.sample(n, rng)
    for _ in range(generations):
        fathers = spec.take(genomes, rng.permutation(n))
        genomes = spec.mutate(spec.crossover(genomes, fathers, rng), rng)
    return genomes


def as_neat(genomes, row):
    """A row as neat-python's genome, its genes in random order."""
    genome = neat.DefaultGenome(row)
    nodes = list(range(*genomes["node_start"][row : row + 2]))
    links = list(range(*genomes["link_start"][row : row + 2]))
    random.Random(row).shuffle(nodes)
    for i in nodes:
        node = neat.genes.DefaultNodeGene(int(genomes["key"][i]))
        node.bias, node.response = float(genomes["bias"][i]), float(genomes["response"][i])
        node.activation = ACTIVATIONS[genomes["activation"][i]]
        node.aggregation = AGGREGATIONS[genomes["aggregation"][i]]
        node.time_constant = 1.0
        genome.nodes[node.key] = node
    for i in reversed(links):
        key = int(genomes["source"][i]), int(genomes["target"][i])
        link = neat.genes.DefaultConnectionGene(key, innovation=int(genomes["innovation"][i]))
        link.weight, link.enabled = float(genomes["weight"][i]), bool(genomes["enabled"][i])
        genome.connections[key] = link
    return genome


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    generations=st.integers(0, 30),
    outputs=st.integers(1, 6),
    feed_forward=st.booleans(),
    disjoint=st.sampled_from([0.0, 1.0, 2.5]),
    weight=st.sampled_from([0.0, 0.5, 1.5]),
)
def test_distance_equals_that_of_neat_python(
    seed, generations, outputs, feed_forward, disjoint, weight
):
    coefficients = {
        "compatibility_disjoint_coefficient": disjoint,
        "compatibility_weight_coefficient": weight,
    }
    config = NetworkConfig(3, outputs, feed_forward=feed_forward, **VARIED, **coefficients)
    genomes = grown(config, 5, generations, seed)
    ours = distances(config, genomes, genomes)
    theirs = [as_neat(genomes, row) for row in range(5)]
    settings_of_neat = SimpleNamespace(**coefficients)
    expected = [[a.distance(b, settings_of_neat) for b in theirs] for a in theirs]
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(ours, ours.T)


def speciate_plainly(config, genomes, old, threshold):
    """The rule word for word: the closest of all that are left, the first of equals."""
    to_old = distances(config, old, genomes)
    apart = distances(config, genomes, genomes)
    labels = [-1] * apart.shape[0]
    representatives = []
    for species in range(len(to_old)):
        left = [(to_old[species, row], row) for row, label in enumerate(labels) if label < 0]
        representatives.append(min(left)[1] if left else -1)
        if left:
            labels[min(left)[1]] = species
    for row, label in enumerate(labels):
        if label < 0:
            near = [
                (apart[other, row], species)
                for species, other in enumerate(representatives)
                if other >= 0 and apart[other, row] < threshold
            ]
            labels[row] = min(near)[1] if near else len(representatives)
            if not near:
                representatives.append(row)
    return labels, representatives


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    generations=st.integers(0, 12),
    outputs=st.integers(1, 6),
    n=st.integers(1, 40),
    species=st.integers(0, 45),
    threshold=st.sampled_from([0.0, 0.3, 0.8, 1.5, 3.0, 100.0]),
    coarse=st.booleans(),
)
def test_species_are_those_of_the_plain_rule(
    seed, generations, outputs, n, species, threshold, coarse
):
    config = NetworkConfig(2, outputs, **VARIED)
    spec, rng = NetworkSpec(config), np.random.default_rng(seed)
    genomes = grown(config, n, generations, seed)
    old = spec.take(genomes, rng.integers(n, size=species))
    old = spec.mutate(old, rng) if generations % 2 else old
    if coarse:  # many ties
        for part in (genomes, old):
            for name in ("weight", "bias", "response"):
                part[name] = np.round(part[name])
    births = rng.integers(-1, species, size=n) if species else np.full(n, -1)
    labels, rows = speciate(config, genomes, old, threshold, births)
    assert (labels.tolist(), rows.tolist()) == speciate_plainly(config, genomes, old, threshold)


def test_species_that_find_nobody_left_have_no_representative():
    spec, rng = NetworkSpec(NetworkConfig(2, 1)), np.random.default_rng(1)
    genomes = spec.sample(2, rng)
    labels, rows = speciate(spec.config, genomes, spec.sample(4, rng), 3.0, np.full(2, -1))
    assert sorted(labels.tolist()) == [0, 1]
    assert rows.tolist()[2:] == [-1, -1]


def test_long_networks_line_up_too():
    config = NetworkConfig(9, 9, 3, feed_forward=False)
    genomes = grown(config, 4, 20, 5)
    assert np.diff(genomes["link_start"]).min() > 64  # so that runs are merged
    theirs = [as_neat(genomes, row) for row in range(4)]
    coefficients = SimpleNamespace(
        compatibility_disjoint_coefficient=1.0, compatibility_weight_coefficient=0.5
    )
    expected = [[a.distance(b, coefficients) for b in theirs] for a in theirs]
    np.testing.assert_allclose(distances(config, genomes, genomes), expected, rtol=1e-12)
