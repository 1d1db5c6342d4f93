"""How far networks are apart, and the species that they fall into."""

import numpy as np
from hypothesis import given, settings, strategies as st

from evolution import Network
from tests.evolution.genomes.networks import evolved, plain

NET = Network(3, 2, hidden=4, links=14)

seeds = st.integers(0, 2**32)


def generator(seed=1):
    return np.random.default_rng(seed)


def reference_distance(a, b, unmatched, weight):
    shared = a.links.keys() & b.links.keys()
    nodes = a.nodes.keys() & b.nodes.keys()
    apart = [abs(a.links[link][0] - b.links[link][0]) for link in shared]
    apart += [abs(a.nodes[node] - b.nodes[node]) for node in nodes]
    apart += [abs(x - y) for x, y in zip(a.outputs, b.outputs, strict=True)]
    larger = max(len(a.links), len(b.links))
    alone = len(a.links.keys() ^ b.links.keys())
    return unmatched * alone / (larger if larger >= 20 else 1) + weight * np.mean(apart)


@settings(max_examples=40, deadline=None)
@given(
    seed=seeds, links=st.sampled_from([14, 40]), unmatched=st.floats(0, 3), weight=st.floats(0, 3)
)
def test_compatibility_is_that_of_the_definition(seed, links, unmatched, weight):
    net = Network(4, 3, hidden=5, links=links, density=0.5, drop_link=0.2)
    rng = generator(seed)
    a, b = evolved(net, 6, 8, rng), evolved(net, 6, 8, rng)
    expected = [
        reference_distance(plain(net, x), plain(net, y), unmatched, weight)
        for x, y in zip(a, b, strict=True)
    ]
    np.testing.assert_allclose(net.compatibility(a, b, unmatched, weight), expected, atol=1e-12)
    np.testing.assert_array_equal(net.compatibility(a, b), net.compatibility(b, a))
    assert not net.compatibility(a, a).any()
    assert net.compatibility(a[0], b)[3] == net.compatibility(a[0], b[3])[0]


@settings(max_examples=30, deadline=None)
@given(seed=seeds, threshold=st.floats(0.1, 8), old=st.integers(0, 4))
def test_a_row_joins_the_first_species_near_enough_or_founds_one(seed, threshold, old):
    rng = generator(seed)
    rows, representatives = evolved(NET, 20, 3, rng), evolved(NET, old, 3, rng)
    labels, chosen = NET.species(rows, threshold, representatives)
    expected = [*representatives]
    for row, label in zip(rows, labels, strict=True):
        near = [s for s, other in enumerate(expected) if NET.compatibility(row, other) < threshold]
        if not near:
            expected.append(row)
        assert label == (near[0] if near else len(expected) - 1)
    np.testing.assert_array_equal(chosen, np.array(expected))
    assert labels.dtype == np.int32
