"""Networks as columns: valid whatever happens to them, aligned by what they are."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import GenomeError, GenomeSpec, Network, Real
from tests.evolution.genomes.networks import Plain, acyclic, column, evolved, plain, valid

NET = Network(3, 2, hidden=4, links=14)
# As NET, but it grows, and nothing else happens to it.
SPLITS = Network(3, 2, hidden=4, links=14, add_link=0, add_node=1, drop_link=0, toggle=0)
STILL = Network(3, 2, hidden=4, links=14, add_link=0, add_node=0, drop_link=0, toggle=0)

seeds = st.integers(0, 2**32)


def generator(seed=1):
    return np.random.default_rng(seed)


def assert_share(hits, expected):
    hits = np.asarray(hits, float).ravel()
    z = (hits.mean() - expected) / np.sqrt(expected * (1 - expected) / len(hits))
    assert abs(z) < 4, (hits.mean(), expected)


# What is drawn, mutated and crossed


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds,
    inputs=st.integers(1, 4),
    outputs=st.integers(1, 3),
    hidden=st.integers(0, 5),
    links=st.integers(1, 16),
    rate=st.floats(0, 1),
    scale=st.floats(0.01, 10),
)
def test_variation_gives_valid_new_columns_and_spares_its_inputs(
    seed, inputs, outputs, hidden, links, rate, scale
):
    net = Network(inputs, outputs, hidden, links)
    rng = generator(seed)
    mothers, fathers = net.sample(6, rng), net.sample(6, rng)
    for _ in range(5):
        before = mothers.tobytes(), fathers.tobytes()
        fathers = net.mutate(fathers, rng, rate, scale)
        assert mothers.tobytes() == before[0]
        children = net.crossover(mothers, fathers, rng)
        changed = net.mutate(children, rng, rate, scale)
        assert mothers.tobytes() == before[0]
        for rows in (mothers, fathers, children, changed):
            assert rows.shape == (6, net.size)
            assert rows.dtype == np.float64
            assert not net.wrong(rows).any()
            assert all(valid(net, row) for row in rows)
        mothers = changed


@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_a_thousand_mutations_leave_no_cycle_and_no_loose_end(seed):
    net = Network(3, 2, hidden=6, links=24, add_link=4, add_node=2)
    rng = generator(seed)
    rows = net.sample(4, rng)
    largest = 0
    for i in range(1000):
        rows = net.mutate(rows, rng, rate=0.3, scale=1.0)
        if i % 10 == 0:
            for network in (plain(net, row) for row in rows):
                assert acyclic(network)
                assert set(network.nodes) <= {source for source, _ in network.links}
                assert set(network.nodes) <= {target for _, target in network.links}
                largest = max(largest, len(network.nodes))
    assert not net.wrong(rows).any()
    assert largest == 6


def test_equal_generators_give_equal_networks():
    def run(seed, kind=np.random.Philox):
        return evolved(NET, 20, 10, np.random.Generator(kind(seed))).tobytes()

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_networks_begin_sparse_and_some_with_structure():
    net = Network(6, 4, density=0.3, structured=0.25)
    networks = [plain(net, row) for row in net.sample(2000, generator())]
    simple = [network for network in networks if not network.nodes]
    # Of the structured, those without a link to split stay simple: one in 0.7^-24, so none.
    assert_share([bool(network.nodes) for network in networks], 0.25)
    direct = [(s, t) for s in range(1, 7) for t in range(7, 11)]
    assert_share([[pair in network.links for pair in direct] for network in simple], 0.3)
    weights = np.array([w for network in simple for w, _ in network.links.values()])
    assert abs(weights).max() <= net.reach
    # |u|³ is below 1/8 half the time.
    assert_share(abs(weights) < net.reach / 8, 0.5)


def test_a_network_that_has_no_room_takes_links_from_all_pairs_alike():
    net = Network(5, 4, hidden=0, links=6, density=1.0)
    networks = [plain(net, row) for row in net.sample(3000, generator())]
    assert {len(network.links) for network in networks} == {6}
    for pair in [(1, 6), (3, 7), (5, 9)]:
        assert_share([pair in network.links for network in networks], 6 / 20)


def test_zeros_are_the_network_without_links():
    net = Network(3, 2, initial=0)
    rows = net.sample(5, generator())
    assert not rows.any()
    assert not net.wrong(rows).any()
    grown = net.mutate(rows, generator(), rate=0.5, scale=1.0)
    assert any(plain(net, row).links for row in grown)


def test_weights_are_hit_at_the_rate_and_move_by_the_step():
    rows = evolved(NET, 4000, 6, generator())
    assert (STILL.mutate(rows, generator(), 0.0, 1.0) == rows).all()
    children = STILL.mutate(rows, generator(), 0.3, 0.5)
    moved, steps = [], []
    for before, after in zip(rows, children, strict=True):
        old, new = plain(NET, before), plain(NET, after)
        assert [*old.links] == [*new.links]
        assert [*old.nodes] == [*new.nodes]
        assert [on for _, on in old.links.values()] == [on for _, on in new.links.values()]
        ours = [w for w, _ in old.links.values()] + old.outputs + [*old.nodes.values()]
        theirs = [w for w, _ in new.links.values()] + new.outputs + [*new.nodes.values()]
        moved += [a != b for a, b in zip(ours, theirs, strict=True)]
        steps += [b - a for a, b in zip(ours, theirs, strict=True) if abs(a) < 2 and a != b]
    # A weight at the reach may try to leave it and stay.
    at_reach = np.isclose(np.abs(rows), NET.reach).any(axis=1).mean()
    assert 0.3 * (1 - at_reach) < np.mean(moved) < 0.31
    # Nine in ten are normal with deviation 0.1 · 0.5 · reach = 0.25: 68% of those within it.
    near = np.abs(steps) < 0.25
    afresh = 0.1 * 0.37  # u³ · 5 within 0.25 of a weight below 2
    assert abs(near.mean() - (0.9 * 0.6827 + afresh)) < 0.04


def test_structure_changes_as_often_as_so_many_genes():
    rng = generator()
    rows = np.repeat(
        column(NET, Plain({(1, 4): (1.0, 1.0), (2, 4): (1.0, 1.0)}, [0, 0], {})), 4000, 0
    )

    def after(**growth):
        still = {"add_link": 0, "add_node": 0, "drop_link": 0, "toggle": 0}
        net = Network(3, 2, hidden=4, links=14, **(still | growth))
        return [plain(net, row) for row in net.mutate(rows, rng, 0.1, 1.0)]

    assert_share([len(n.links) == 3 for n in after(add_link=3)], 1 - 0.9**3)
    assert_share([len(n.nodes) == 1 for n in after(add_node=2)], 1 - 0.9**2)
    assert_share([len(n.links) == 1 for n in after(drop_link=1)], 0.1)
    switched = after(toggle=5)
    assert_share([any(not on for _, on in n.links.values()) for n in switched], 1 - 0.9**5)
    assert all(len(n.links) == 2 for n in switched)


def test_a_split_switches_the_link_off_and_goes_round_it():
    rows = column(NET, Plain({(2, 5): (-1.5, 1.0)}, [0, 0], {}))
    # At a low rate only the structure changes.
    for seed in range(200):
        network = plain(NET, SPLITS.mutate(rows, generator(seed), 0.05, 1.0)[0])
        if network.nodes:
            break
    (node,) = network.nodes
    assert network.links == {
        (2, 5): (-1.5, 0.0),
        (2, node): (1.0, 1.0),
        (node, 5): (-1.5, 1.0),
    }
    assert network.nodes[node] == 0.0


def test_dropping_the_last_link_of_a_node_drops_the_node():
    drops = Network(2, 1, hidden=3, links=9, add_link=0, add_node=0, drop_link=1, toggle=0)
    chain = Plain(
        {(1, 10): (1, 1), (10, 11): (1, 1), (11, 12): (1, 1), (12, 3): (1, 1), (2, 3): (1, 1)},
        [0.0],
        {10: 0, 11: 0, 12: 0},
    )
    left = {
        tuple(plain(drops, drops.mutate(column(drops, chain), generator(seed), 1.0, 1.0)[0]).links)
        for seed in range(60)
    }
    assert left == {
        ((2, 3),),
        ((1, 10), (10, 11), (11, 12), (12, 3)),
    }


# Historical marks


def test_the_same_split_is_the_same_node_in_every_genome():
    rng = generator()
    first = column(SPLITS, Plain({(2, 5): (-1.5, 1.0)}, [0, 0], {}))
    other = column(SPLITS, Plain({(1, 4): (0.5, 1.0), (2, 5): (3.0, 0.0)}, [1, 2], {}))

    def node_of(rows):
        """The node that splits link (2, 5), in one of many children."""
        for row in SPLITS.mutate(np.repeat(rows, 50, 0), rng, 1.0, 1.0):
            network = plain(SPLITS, row)
            for node in network.nodes:
                if (2, node) in network.links:
                    return node
        raise AssertionError("nothing split the link")

    node = node_of(first)
    assert node == node_of(other)
    elsewhere = column(SPLITS, Plain({(1, 5): (1.0, 1.0)}, [0, 0], {}))
    (stranger,) = plain(SPLITS, SPLITS.mutate(elsewhere, rng, 1.0, 1.0)[0]).nodes
    assert stranger != node


def test_the_same_link_split_again_is_another_node_and_the_same_everywhere():
    rows = np.repeat(column(SPLITS, Plain({(1, 4): (1.0, 1.0)}, [0, 0], {})), 200, 0)
    for seed in range(3):
        rows = SPLITS.mutate(rows, generator(seed), 1.0, 1.0)
    parallel = [
        tuple(sorted(n for n in network.nodes if {(1, n), (n, 4)} <= network.links.keys()))
        for network in (plain(SPLITS, row) for row in rows)
    ]
    assert {len(nodes) for nodes in parallel} == {1, 2, 3}
    for times in (1, 2, 3):
        assert len({nodes for nodes in parallel if len(nodes) == times}) == 1


@settings(max_examples=60, deadline=None)
@given(seed=seeds)
def test_crossover_aligns_links_and_nodes_by_their_marks(seed):
    rng = generator(seed)
    mothers, fathers = evolved(NET, 8, 6, rng), evolved(NET, 8, 6, rng)
    children = NET.crossover(mothers, fathers, rng)
    for child, mother, father in zip(
        *([plain(NET, row) for row in rows] for rows in (children, mothers, fathers)), strict=True
    ):
        assert [*child.links] == [*mother.links]
        for link, (weight, on) in child.links.items():
            hers = mother.links[link]
            his = father.links.get(link, hers)
            assert weight in (hers[0], his[0])
            assert on == 1.0 or 0.0 in (hers[1], his[1])
            if link not in father.links:
                assert (weight, on) == hers
        assert [*child.nodes] == [*mother.nodes]
        for node, bias in child.nodes.items():
            assert bias in (mother.nodes[node], father.nodes.get(node, mother.nodes[node]))
        for bias, both in zip(
            child.outputs, zip(mother.outputs, father.outputs, strict=True), strict=True
        ):
            assert bias in both


def test_matching_genes_come_from_either_and_what_is_off_mostly_stays_off():
    links = [(1, 4), (1, 9), (2, 4), (9, 5)]
    his = [(1, 4), (1, 9), (2, 5), (9, 5)]
    mother = Plain({x: (1.0, float(x != (1, 4))) for x in links}, [1.0, 1.0], {9: 1.0})
    father = Plain({x: (2.0, float(x != (9, 5))) for x in his}, [2.0, 2.0], {9: 2.0})
    mothers, fathers = (np.repeat(column(NET, p), 4000, 0) for p in (mother, father))
    children = [plain(NET, row) for row in NET.crossover(mothers, fathers, generator())]
    for link in [(1, 4), (1, 9), (9, 5)]:
        assert_share([child.links[link][0] == 2.0 for child in children], 0.5)
    assert_share([child.outputs[1] == 2.0 for child in children], 0.5)
    assert_share([child.nodes[9] == 2.0 for child in children], 0.5)
    assert_share([child.links[1, 4][1] == 0.0 for child in children], 0.75)
    assert_share([child.links[9, 5][1] == 0.0 for child in children], 0.75)
    assert all(child.links[1, 9][1] == 1.0 for child in children)
    assert all(child.links[2, 4] == (1.0, 1.0) for child in children)


# Rows


def broken():
    """Rows with one fault each, and the gene where it is to be found."""
    links = {(1, 4): (1.0, 1.0), (1, 10): (1.0, 1.0), (10, 11): (1.0, 1.0), (11, 5): (1.0, 1.0)}
    fine = column(NET, Plain(links, [0.0, 0.0], {10: 0.5, 11: 0.5}))[0]
    faults = {
        "an output as a source": (8, 4.0),
        "an unknown source": (12, 12.0),
        "half an id": (0, 1.5),
        "not a number for an id": (0, np.nan),
        "an input as a target": (1, 2.0),
        "no target": (1, 0.0),
        "an unknown target": (9, 12.0),
        "a link twice": (5, 4.0),
        "links that descend": (0, 2.0),
        "a weight beyond the reach": (2, 5.001),
        "a weight without end": (2, np.inf),
        "a weight that is no number": (6, np.nan),
        "half on": (3, 0.5),
        "a weight in an empty place": (18, 1.0),
        "a link after a gap": (20, 1.0),
        "a bias that is no number": (56, np.nan),
        "a cycle": (13, 10.0),
        "an input among the nodes": (58, 2.0),
        "nodes that descend": (60, 9.0),
        "a node bias beyond the reach": (61, -6.0),
        "a bias without a node": (63, 1.0),
    }
    for name, (gene, value) in faults.items():
        row = fine.copy()
        row[gene] = value
        yield pytest.param(row, gene, id=name)


@pytest.mark.parametrize(("row", "gene"), broken())
def test_a_fault_is_found_where_it_is(row, gene):
    wrong = NET.wrong(row[np.newaxis])[0]
    places = np.flatnonzero(wrong)
    assert len(places)
    # What no longer fits the altered gene may be marked in its stead: the next link or node.
    assert (abs(places - gene) <= 4).any()
    assert not valid(NET, row)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, data=st.data())
def test_what_is_marked_wrong_is_what_breaks_the_rules(seed, data):
    rows = evolved(NET, 1, 8, generator(seed))
    assert not NET.wrong(rows).any()
    gene = data.draw(st.integers(0, NET.size - 1))
    others = st.sampled_from([0.0, 1.0, 4.0, 5.0, 6.0, -1.0, 0.5, np.nan, np.inf, *rows[0]])
    rows[0, gene] = data.draw(others)
    if np.isfinite(rows[0]).all():
        assert NET.wrong(rows).any() == (not valid(NET, rows[0]))
    else:
        assert NET.wrong(rows).any()


def test_a_genome_with_a_network_goes_through_json_and_back():
    spec = GenomeSpec({"gate": NET, "x": Real(2)})
    genomes = spec.sample(30, generator())
    for seed in range(5):
        genomes = spec.mutate(genomes, generator(seed), rate=0.3)
        genomes = spec.crossover(genomes, spec.take(genomes, slice(None, None, -1)), generator())
    spec.validate(genomes)
    for row in range(30):
        again = spec.from_json(spec.to_json(genomes, row))
        assert again["gate"].tobytes() == genomes["gate"][row : row + 1].tobytes()
    genomes["gate"][7, 0] = 99.0
    with pytest.raises(GenomeError, match=r"row 7, gene 0.*ids 1 to 3 are inputs, to 5 outputs"):
        spec.validate(genomes)


def test_a_network_in_words():
    net = Network(2, 1, hidden=2, links=6, names=("margin", "agreement", "stop"))
    network = Plain(
        {(1, 3): (0.5, 0.0), (1, 255): (1.0, 1.0), (2, 3): (-2.0, 1.0), (255, 3): (0.25, 1.0)},
        [0.125],
        {255: -1.0},
    )
    assert net.describe(column(net, network)[0]) == (
        "4 links, 1 of them off; 1 hidden nodes; stop = 0.125 -2·agreement +0.25·hff; "
        "hff = tanh(-1 +1·margin)"
    )
    bare = Network(2, 1)
    assert bare.describe(bare.row(0.0)[0]) == "0 links, 0 of them off; 0 hidden nodes; out1 = 0"


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_wiring_lists_the_links_that_are_on(seed):
    rows = evolved(NET, 5, 8, generator(seed))
    start, source, target, weight, bias = NET.wiring(rows)
    assert [a.dtype.name for a in (start, source, target, weight, bias)] == [
        "int32",
        "int32",
        "int32",
        "float64",
        "float64",
    ]
    for i, row in enumerate(rows):
        network = plain(NET, row)
        hidden = sorted(network.nodes)
        ids = [1, 2, 3, *hidden, *[0] * (4 - len(hidden)), 4, 5]
        part = slice(start[i], start[i + 1])
        found = {
            (ids[s], ids[t]): w
            for s, t, w in zip(source[part], target[part], weight[part], strict=True)
        }
        assert found == {link: w for link, (w, on) in network.links.items() if on}
        assert len(found) == start[i + 1] - start[i]
        biases = [*network.nodes.values(), *[0.0] * (4 - len(hidden)), *network.outputs]
        assert bias[i].tolist() == biases


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"inputs": 0}, "inputs is 0; allowed: 1 or more"),
        ({"hidden": -1}, "hidden is -1; allowed: 0 or more"),
        ({"links": 0}, "links is 0; allowed: 1 or more"),
        ({"reach": 0.5}, "reach is 0.5; allowed: finite, at least 1"),
        ({"density": 1.5}, "density is 1.5; allowed: a share"),
        ({"toggle": -1.0}, "toggle is -1.0; allowed: 0 or more genes"),
        ({"names": ("margin",)}, "1 names; expected 5"),
        ({"initial": 9.0}, "initial is 9.0; allowed: links"),
    ],
)
def test_settings_that_contradict_are_refused(settings_, message):
    with pytest.raises(GenomeError, match=message):
        Network(**({"inputs": 3, "outputs": 2} | settings_))
