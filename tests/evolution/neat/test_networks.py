"""Networks as genomes: what is always true of them, and how often they change how."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution.genomes import GenomeError
from evolution.neat import ConfigError, NetworkConfig, NetworkSpec
from evolution.neat.sampling import initial_pairs

QUIET = {
    "conn_add_prob": 0.0,
    "conn_delete_prob": 0.0,
    "node_add_prob": 0.0,
    "node_delete_prob": 0.0,
    "weight_mutate_rate": 0.0,
    "weight_replace_rate": 0.0,
    "bias_mutate_rate": 0.0,
    "bias_replace_rate": 0.0,
    "enabled_mutate_rate": 0.0,
}

configs = st.builds(
    NetworkConfig,
    num_inputs=st.integers(1, 4),
    num_outputs=st.integers(1, 3),
    num_hidden=st.integers(0, 3),
    feed_forward=st.booleans(),
    initial_connection=st.sampled_from(
        [
            "unconnected",
            "fs_neat",
            "fs_neat_hidden",
            "full_nodirect",
            "full_direct",
            "partial_nodirect 0.5",
            "partial_direct 0.3",
        ]
    ),
    conn_add_prob=st.sampled_from([0.0, 0.5, 1.0]),
    conn_delete_prob=st.sampled_from([0.0, 0.3]),
    node_add_prob=st.sampled_from([0.0, 0.5, 1.0]),
    node_delete_prob=st.sampled_from([0.0, 0.4]),
    single_structural_mutation=st.booleans(),
    structural_mutation_surer=st.sampled_from(["default", "true", "false"]),
    activation_default=st.just("random"),
    activation_options=st.just(("tanh", "relu", "sin")),
    activation_mutate_rate=st.sampled_from([0.0, 0.2]),
    aggregation_options=st.just(("sum", "max")),
    aggregation_mutate_rate=st.sampled_from([0.0, 0.2]),
    bias_init_type=st.sampled_from(["gaussian", "uniform"]),
    enabled_default=st.sampled_from(["true", "random", "false"]),
    enabled_mutate_rate=st.just(0.1),
    weight_max_value=st.sampled_from([0.8, 30.0]),
)


def plain(genomes, row):
    """One network as dicts: nodes by key, and links by innovation number."""
    nodes = slice(*genomes["node_start"][row : row + 2])
    links = slice(*genomes["link_start"][row : row + 2])
    node = ("bias", "response", "activation", "aggregation")
    link = ("source", "target", "weight", "enabled")
    return (
        {
            key: dict(zip(node, values, strict=True))
            for key, *values in zip(
                *(genomes[name][nodes].tolist() for name in ("key", *node)), strict=True
            )
        },
        {
            number: dict(zip(link, values, strict=True))
            for number, *values in zip(
                *(genomes[name][links].tolist() for name in ("innovation", *link)), strict=True
            )
        },
    )


def has_circle(links):
    """By taking away, again and again, all links that come from where none leads."""
    left = [(link["source"], link["target"]) for link in links.values()]
    while True:
        targets = {target for _, target in left}
        rest = [pair for pair in left if pair[0] in targets]
        if len(rest) == len(left):
            return bool(left)
        left = rest


def check_plainly(config, genomes, row):
    nodes, links = plain(genomes, row)
    assert list(nodes)[: config.num_outputs] == list(range(config.num_outputs))
    assert list(nodes) == sorted(nodes)
    assert list(links) == sorted(links)
    pairs = [(link["source"], link["target"]) for link in links.values()]
    assert len(set(pairs)) == len(pairs)
    inputs = {-1 - i for i in range(config.num_inputs)}
    assert {source for source, _ in pairs} <= inputs | set(nodes)
    assert {target for _, target in pairs} <= set(nodes)
    assert not (config.feed_forward and has_circle(links))
    for link in links.values():
        assert config.weight_min_value <= link["weight"] <= config.weight_max_value


@settings(deadline=None, max_examples=60)
@given(configs, st.integers(0, 2**32))
def test_all_that_is_made_is_allowed_and_nothing_taken_is_altered(config, seed):
    spec, rng = NetworkSpec(config), np.random.default_rng(seed)
    genomes = spec.sample(6, rng)
    for _ in range(8):
        before = {name: column.copy() for name, column in genomes.items()}
        fathers = spec.take(genomes, rng.permutation(6))
        children = spec.mutate(spec.crossover(genomes, fathers, rng), rng)
        for name, column in genomes.items():
            np.testing.assert_array_equal(column, before[name])
        spec.validate(children)
        for row in range(6):
            check_plainly(config, children, row)
        genomes = children


@settings(deadline=None, max_examples=60)
@given(configs, st.integers(0, 2**32))
def test_initial_networks_are_of_the_connections_asked_for(config, seed):
    spec = NetworkSpec(config)
    genomes = spec.sample(5, np.random.default_rng(seed))
    spec.validate(genomes)
    way, share = config.connectivity
    everything = initial_pairs(config)
    for row in range(5):
        nodes, links = plain(genomes, row)
        assert len(nodes) == config.num_outputs + config.num_hidden
        for number, link in links.items():
            assert everything[number - 1] == (link["source"], link["target"])
        if way.startswith("fs_neat"):
            assert len({link["source"] for link in links.values()}) == 1
        else:
            assert len(links) == round(share * len(everything))


@settings(deadline=None, max_examples=60)
@given(configs, st.integers(0, 2**32))
def test_a_child_has_its_mothers_structure_and_attributes_of_both(config, seed):
    spec, rng = NetworkSpec(config), np.random.default_rng(seed)
    genomes = spec.sample(8, rng)
    for _ in range(4):
        genomes = spec.mutate(genomes, rng)
    mothers, fathers = spec.take(genomes, slice(0, 4)), spec.take(genomes, slice(4, 8))
    children = spec.crossover(mothers, fathers, rng, rate=1.0)
    for row in range(4):
        for mother, father, child in zip(
            plain(mothers, row), plain(fathers, row), plain(children, row), strict=True
        ):
            assert list(child) == list(mother)
            for at, genes in child.items():
                ends = ("source", "target")
                match = at in father and all(
                    father[at].get(end) == mother[at].get(end) for end in ends
                )
                for name, gene in genes.items():
                    allowed = [mother[at][name]] + ([father[at][name]] if match else [])
                    off = name == "enabled" and match
                    off = off and not (mother[at][name] and father[at][name])
                    assert gene in allowed or (off and gene is False)


def test_crossover_of_the_same_and_without_crossing_copies_the_mother():
    spec, rng = NetworkSpec(NetworkConfig(3, 2)), np.random.default_rng(1)
    mothers = spec.mutate(spec.mutate(spec.sample(20, rng), rng), rng)
    for fathers, rate in ((mothers, 1.0), (spec.sample(20, rng), 0.0)):
        children = spec.crossover(mothers, fathers, rng, rate)
        same = ("enabled",) if rate else ()
        for name in set(mothers) - set(same):
            np.testing.assert_array_equal(children[name], mothers[name])
        assert (children["enabled"] <= mothers["enabled"]).all()


def near(times, n, rate):
    """Whether so many of n is what this rate would give, to four standard deviations."""
    return abs(times - n * rate) < 4 * math.sqrt(n * rate * (1 - rate)) + 1e-9


def test_matching_genes_come_from_either_parent_and_stay_off_in_three_of_four():
    n = 20_000
    spec, rng = NetworkSpec(NetworkConfig(1, 1)), np.random.default_rng(2)
    mothers, fathers = spec.sample(n, rng), spec.sample(n, rng)
    fathers["enabled"][:] = False
    children = spec.crossover(mothers, fathers, rng, rate=1.0)
    theirs = children["weight"] == fathers["weight"]
    assert near(theirs.sum(), n, 0.5)
    assert near((children["bias"] == fathers["bias"]).sum(), n, 0.5)
    # Off by the draw of one in two, or else by three in four of what is left.
    assert near((~children["enabled"]).sum(), n, 0.5 + 0.5 * 0.75)
    assert near((theirs & ~children["enabled"]).sum(), n, 0.5 * 0.875)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("conn_add_prob", lambda before, after: len(after[1]) - len(before[1]) == 1),
        ("conn_delete_prob", lambda before, after: len(after[1]) - len(before[1]) == -1),
        ("node_add_prob", lambda before, after: len(after[0]) - len(before[0]) == 1),
        ("node_delete_prob", lambda before, after: len(after[0]) - len(before[0]) == -1),
    ],
)
def test_structure_changes_at_its_rate(name, changed):
    config = NetworkConfig(1, 1, 1, feed_forward=False, initial_connection="full_nodirect", **QUIET)
    spec = NetworkSpec(replace(config, **{name: 0.4}))
    n, rng = 3000, np.random.default_rng(3)
    before = spec.sample(n, rng)
    after = spec.mutate(before, rng)
    times = sum(changed(plain(before, row), plain(after, row)) for row in range(n))
    # Of the four pairs of a source (-1 or 1) and a target (0 or 1) one is not joined yet.
    assert near(times, n, 0.4 / 4 if name == "conn_add_prob" else 0.4)


def test_splitting_a_link_keeps_its_weight_behind_a_new_node_and_turns_it_off():
    spec = NetworkSpec(NetworkConfig(1, 1, **(QUIET | {"node_add_prob": 1.0})))
    before = spec.sample(5, np.random.default_rng(4))
    after = spec.mutate(before, np.random.default_rng(5))
    for row in range(5):
        nodes, links = plain(after, row)
        assert list(nodes) == [0, 1]
        assert nodes[1]["bias"] == 0.0
        old, into, out = links.values()
        assert (old["source"], old["target"], old["enabled"]) == (-1, 0, False)
        assert (into["source"], into["target"], into["weight"], into["enabled"]) == (-1, 1, 1, True)
        assert (out["source"], out["target"], out["enabled"]) == (1, 0, True)
        assert out["weight"] == old["weight"] == plain(before, row)[1][1]["weight"]


def test_one_structural_change_at_a_time_where_single_is_set():
    rates = {"conn_delete_prob": 0.6, "node_add_prob": 0.9}
    config = NetworkConfig(1, 1, single_structural_mutation=True, **(QUIET | rates))
    spec, rng = NetworkSpec(config), np.random.default_rng(6)
    n = 6000
    children = spec.mutate(spec.sample(n, rng), rng)
    links = np.diff(children["link_start"])
    assert set(links.tolist()) == {0, 3}
    assert near((links == 3).sum(), n, 0.9 / 1.5)


def test_surer_connects_what_has_nothing_to_split():
    rates = {"node_add_prob": 1.0, "structural_mutation_surer": "true"}
    config = NetworkConfig(1, 1, initial_connection="unconnected", **(QUIET | rates))
    spec, rng = NetworkSpec(config), np.random.default_rng(7)
    assert len(spec.mutate(spec.sample(9, rng), rng)["weight"]) == 9


def test_attributes_mutate_at_their_rates_and_powers():
    rates = {"weight_mutate_rate": 0.5, "weight_replace_rate": 0.2, "enabled_mutate_rate": 0.3}
    config = NetworkConfig(4, 1, **(QUIET | rates | {"weight_mutate_power": 0.01}))
    spec, rng = NetworkSpec(config), np.random.default_rng(8)
    before = spec.sample(10_000, rng)
    after = spec.mutate(before, rng)
    n = len(before["weight"])
    step = after["weight"] - before["weight"]
    shifted = (step != 0) & (abs(step) < 0.06)
    assert near((step != 0).sum(), n, 0.7)
    replaced = after["weight"][(step != 0) & ~shifted]
    assert abs(shifted.sum() - 0.5 * n) < 0.02 * n  # a few that were replaced fell near by chance
    assert abs(step[abs(step) < 0.04].std() / math.sqrt(shifted.mean() / 0.94) - 0.01) < 0.001
    assert abs(replaced.mean()) < 4 / math.sqrt(len(replaced))
    assert abs(replaced.std() - 1.0) < 0.06
    assert near((~after["enabled"]).sum(), n, 0.15)
    np.testing.assert_array_equal(after["bias"], before["bias"])
    bolder = spec.mutate(before, rng, rate=1.0, scale=10.0)
    assert abs((bolder["weight"] - before["weight"]).std() - 0.1) < 0.002


def test_the_same_change_has_the_same_number_within_a_call():
    spec = NetworkSpec(NetworkConfig(2, 2, 2, feed_forward=False))
    rng = np.random.default_rng(9)
    genomes = spec.sample(200, rng)
    known, last = set(initial_pairs(spec.config)), len(initial_pairs(spec.config))
    children = spec.mutate(genomes, rng)
    pair_of, number_of = {}, {}
    for row in range(200):
        for number, link in plain(children, row)[1].items():
            pair = link["source"], link["target"]
            assert pair_of.setdefault(number, pair) == pair
            assert number_of.setdefault(pair, number) == number
            assert (number > last) == (pair not in known)
    assert len(number_of) < len(children["weight"]) / 8


def test_equal_splits_of_a_call_have_equal_nodes():
    spec = NetworkSpec(NetworkConfig(2, 1, **(QUIET | {"node_add_prob": 1.0})))
    rng = np.random.default_rng(13)
    children = spec.mutate(spec.sample(100, rng), rng)
    between = {}
    for row in range(100):
        nodes, links = plain(children, row)
        split = [link["source"] for link in links.values() if not link["enabled"]]
        between.setdefault((max(nodes), *sorted(links)), set()).update(split)
    # Two links to split: two new nodes, with two links each, in all of the hundred.
    assert sorted(between) == [(1, 1, 2, 3, 4), (2, 1, 2, 5, 6)]
    assert sorted(between.values(), key=str) == [{-1}, {-2}]


def test_take_and_concatenate_are_each_others_opposite():
    spec, rng = NetworkSpec(NetworkConfig(2, 1)), np.random.default_rng(10)
    genomes = spec.mutate(spec.mutate(spec.sample(7, rng), rng), rng)
    order = np.array([3, 0, 6, 3])
    taken = spec.take(genomes, order)
    joined = spec.concatenate(*(spec.take(genomes, slice(i, i + 1)) for i in order))
    assert spec.count(taken) == 4
    for name in genomes:
        np.testing.assert_array_equal(taken[name], joined[name])
    mask = np.isin(np.arange(7), [0, 3, 6])
    assert [plain(taken, i) for i in range(4)] == [plain(genomes, i) for i in order]
    assert plain(spec.take(genomes, mask), 1) == plain(genomes, 3)
    assert spec.count(spec.take(genomes, slice(0, 0))) == 0


def broken(name, at, value):
    def break_it(genomes):
        genomes[name][at] = value

    return break_it


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (broken("key", 0, 5), "outputs 0..0"),
        (broken("innovation", 1, 1), "innovation numbers"),
        (broken("source", 0, -9), "comes from"),
        (broken("target", 0, -1), "goes to"),
        (broken("source", 1, -1), "same nodes"),
        (broken("weight", 0, 99.0), "range"),
        (broken("bias", 0, np.nan), "range"),
        (broken("activation", 0, 3), "options"),
        (broken("source", 0, 0), "circle"),
        (broken("node_start", 1, 9), "rise"),
    ],
)
def test_what_is_not_allowed_is_told(break_it, told):
    spec = NetworkSpec(NetworkConfig(2, 1))
    genomes = spec.sample(2, np.random.default_rng(11))
    break_it(genomes)
    with pytest.raises(GenomeError, match=told):
        spec.validate(genomes)


def test_arrays_that_do_not_fit_are_told():
    spec = NetworkSpec(NetworkConfig(2, 1))
    genomes = spec.sample(2, np.random.default_rng(12))
    with pytest.raises(GenomeError, match="arrays are"):
        spec.count({"x": np.zeros(3)})
    with pytest.raises(GenomeError, match="weight is float32"):
        spec.count(genomes | {"weight": genomes["weight"].astype(np.float32)})
    with pytest.raises(GenomeError, match="bias has 1 rows"):
        spec.count(genomes | {"bias": genomes["bias"][:1]})
    with pytest.raises(GenomeError, match="pair by row"):
        spec.crossover(genomes, spec.take(genomes, slice(0, 1)), np.random.default_rng(0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_inputs": 0},
        {"initial_connection": "everything"},
        {"initial_connection": "partial_direct 1.5"},
        {"initial_connection": "partial_direct"},
        {"enabled_default": "perhaps"},
        {"structural_mutation_surer": "perhaps"},
        {"activation_default": "tanh"},
        {"weight_max_value": -31.0},
        {"bias_init_type": "cauchy"},
    ],
)
def test_settings_that_are_not_allowed_are_told(wrong):
    with pytest.raises(ConfigError):
        NetworkConfig(**({"num_inputs": 2, "num_outputs": 1} | wrong))
