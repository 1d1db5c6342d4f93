"""Compiled networks compute what neat-python computes, function by function and as a whole."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution.neat.config import NetworkConfig
from evolution.neat.evaluation import FeedForward, NetworkError, Recurrent
from evolution.neat.functions import (
    ACTIVATIONS,
    AGGREGATIONS,
    FunctionError,
    activate,
    activation_code,
    aggregate,
    aggregation_code,
)
from evolution.neat.networks import NetworkSpec
from evolution.neat_python.conversion import from_neat_python, spec_of, to_neat_python
from tests.evolution.neat_python.samples import VARIED, difference, their_config, their_genomes

EXTREMES = [0.0, -0.0, 5e-324, 1e-8, -1e-7, 1e-300, 1e150, -1e150, 1e300, -1e300]
EXTREMES += [math.inf, -math.inf, math.nan, 709.9, -745.2]


@pytest.fixture
def neat():
    return pytest.importorskip("neat", reason="compares with neat-python")


# Functions


def test_the_tables_are_those_of_neat_python(neat):
    assert tuple(neat.activations.ActivationFunctionSet().functions) == ACTIVATIONS
    assert tuple(neat.aggregations.AggregationFunctionSet().functions) == AGGREGATIONS


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_that_of_neat_python(neat, name):
    theirs = neat.activations.ActivationFunctionSet().get(name)
    for z in [*np.linspace(-70.0, 70.0, 2801).tolist(), *EXTREMES]:
        ours = activate(activation_code(name), z)
        try:
            assert difference(ours, theirs(z)) <= 1e-12, z
        except OverflowError:
            assert math.isinf(ours), z


@pytest.mark.parametrize("name", AGGREGATIONS)
@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.floats(-1e100, 1e100), max_size=9))
def test_an_aggregation_is_that_of_neat_python(name, values):
    theirs = pytest.importorskip("neat").aggregations.AggregationFunctionSet().get(name)
    ours = aggregate(aggregation_code(name), np.array(values))
    assert difference(ours, theirs(list(values))) <= 1e-12


@pytest.mark.parametrize("name", sorted({*AGGREGATIONS} - {"median"}))
@pytest.mark.parametrize("where", range(3))
def test_an_aggregation_takes_nan_as_neat_python_does(neat, name, where):
    theirs = neat.aggregations.AggregationFunctionSet().get(name)
    values = [1.0, -2.0]
    values.insert(where, math.nan)
    assert difference(aggregate(aggregation_code(name), np.array(values)), theirs(values)) == 0.0


def test_a_function_that_there_is_none_of_is_named():
    with pytest.raises(FunctionError, match=r"no activation function is called 'swish'.*sigmoid"):
        activation_code("swish")
    with pytest.raises(FunctionError, match=r"no aggregation function.*product, sum"):
        aggregation_code("mode")


# Networks that neat-python has grown


SHAPES = {
    "forward": {"num_inputs": 3, "num_outputs": 2, "num_hidden": 1},
    "loops": {"num_inputs": 2, "num_outputs": 3, "num_hidden": 2, "feed_forward": False},
}


@pytest.fixture(scope="module", params=SHAPES)
def grown(request, tmp_path_factory):
    """A configuration of neat-python, 120 genomes that it has grown, and these in arrays."""
    pytest.importorskip("neat")
    shape = SHAPES[request.param] | {"initial_connection": "partial_direct 0.5"}
    config = their_config(tmp_path_factory.mktemp("grown"), **VARIED, **shape)
    genomes = their_genomes(config, 120, mutations=50)
    return config, genomes, from_neat_python(genomes, config)


def samples(config, n=5):
    rng = np.random.default_rng(1)
    return rng.normal(0.0, 2.0, (n, config.genome_config.num_inputs))


def test_the_genomes_that_are_compared_are_worth_it(grown):
    _, _, arrays = grown
    assert np.diff(arrays["node_start"]).mean() > 10
    assert set(arrays["activation"]) == set(range(len(ACTIVATIONS)))
    assert set(arrays["aggregation"]) == set(range(len(AGGREGATIONS)))
    assert not arrays["enabled"].all()


def test_feed_forward_networks_answer_as_those_of_neat_python(neat, grown):
    config, genomes, arrays = grown
    given = samples(config)
    ours = FeedForward(spec_of(config), arrays)(given)
    compared = 0
    for row in range(len(genomes)):
        # Genomes that were there and back add up in the same order as ours.
        genome = to_neat_python(arrays, row, config)
        theirs = neat.nn.FeedForwardNetwork.create(genome, config)
        for sample, inputs in enumerate(given.tolist()):
            try:
                answer = theirs.activate(inputs)
            except OverflowError:
                continue
            assert difference(ours[row, sample], answer) <= 1e-12
            compared += 1
    assert compared > 0.9 * len(genomes) * len(given)


def test_recurrent_networks_step_as_those_of_neat_python(neat, grown):
    config, genomes, arrays = grown
    networks = Recurrent(spec_of(config), arrays)
    episode = samples(config, 8)
    ours = [networks.step(np.tile(inputs, (len(genomes), 1))) for inputs in episode]
    compared = 0
    for row in range(len(genomes)):
        genome = to_neat_python(arrays, row, config)
        theirs = neat.nn.RecurrentNetwork.create(genome, config)
        for now, inputs in zip(ours, episode.tolist(), strict=True):
            try:
                answer = theirs.activate(inputs)
            except OverflowError:
                break
            assert difference(now[row], answer) <= 1e-12
            compared += 1
    assert compared > 0.9 * len(genomes) * len(episode)


def test_most_of_them_answer_so_in_the_order_of_neat_python_too(neat, grown):
    config, genomes, arrays = grown
    given = samples(config)
    ours = FeedForward(spec_of(config), arrays)(given)
    close = []
    for row, genome in enumerate(genomes):
        theirs = neat.nn.FeedForwardNetwork.create(genome, config)
        try:
            answers = [theirs.activate(inputs) for inputs in given.tolist()]
        except OverflowError:
            continue
        close.append(difference(ours[row], answers) <= 1e-12)
    # Sums in another order differ in the last digit, which steep functions may enlarge.
    assert np.mean(close) > 0.97


# Batches


def spread(n, seed=1, **settings):
    """Networks of our own making, grown for a while."""
    config = NetworkConfig(num_inputs=3, num_outputs=2, node_add_prob=0.5, **settings)
    spec = NetworkSpec(config)
    rng = np.random.default_rng(seed)
    genomes = spec.sample(n, rng)
    for _ in range(15):
        genomes = spec.mutate(genomes, rng)
    return spec, genomes


def test_a_batch_gives_each_network_what_it_gives_alone():
    spec, genomes = spread(40)
    inputs = np.random.default_rng(2).normal(size=(130, 3))
    together = FeedForward(spec, genomes)(inputs)
    assert together.shape == (40, 130, 2)
    for row in (0, 17, 39):
        single = FeedForward(spec, spec.take(genomes, np.array([row])))
        assert single(inputs).tobytes() == together[row : row + 1].tobytes()
        for sample in (0, 64, 129):
            assert single(inputs[sample : sample + 1])[0, 0].tolist() == (
                together[row, sample].tolist()
            )


def test_each_network_may_have_inputs_of_its_own():
    spec, genomes = spread(40)
    networks = FeedForward(spec, genomes)
    inputs = np.random.default_rng(2).normal(size=(40, 3))
    everything = networks(inputs)
    own = networks.step(inputs)
    assert own.tobytes() == everything[np.arange(40), np.arange(40)].tobytes()
    alone = [networks.alone(row).step(inputs[row].tolist()) for row in range(40)]
    assert own.tolist() == alone


def test_recurrent_networks_remember_until_they_are_reset():
    spec, genomes = spread(30, feed_forward=False)
    networks = Recurrent(spec, genomes)
    episode = np.random.default_rng(3).normal(size=(6, 30, 3))
    first = [networks.step(inputs) for inputs in episode]
    again = networks.step(episode[0])
    assert (again != first[0]).any()
    networks.reset()
    assert [networks.step(inputs).tobytes() for inputs in episode] == [a.tobytes() for a in first]
    alone = networks.alone(7)
    assert [alone.step(inputs[7]) for inputs in episode] == [a[7].tolist() for a in first]
    alone.reset()
    assert alone.step(episode[0, 7]) == first[0][7].tolist()


@pytest.mark.parametrize("kind", [FeedForward, Recurrent])
def test_networks_that_are_not_active_rest(kind):
    spec, genomes = spread(30, feed_forward=kind is FeedForward)
    episode = np.random.default_rng(3).normal(size=(5, 30, 3))
    whole, partly = kind(spec, genomes), kind(spec, genomes)
    for time in range(4):
        active = np.arange(30) % 3 != time % 3
        results = partly.step(episode[time], active)
        assert not results[~active].any()
        if kind is FeedForward:
            assert results[active].tolist() == whole.step(episode[time])[active].tolist()
    # A network that always rested begins where a new one does.
    fresh, rested = kind(spec, genomes), kind(spec, genomes)
    for time in range(3):
        rested.step(episode[time], np.zeros(30, np.bool_))
    assert rested.step(episode[4]).tolist() == fresh.step(episode[4]).tolist()


def test_compiled_networks_do_not_look_at_the_genomes_again():
    spec, genomes = spread(10)
    networks = FeedForward(spec, genomes)
    inputs = np.ones((4, 3))
    before = networks(inputs)
    for column in genomes.values():
        column[:] = 1
    assert networks(inputs).tolist() == before.tolist()


def test_keys_may_be_far_apart():
    spec, genomes = spread(20)
    far = {name: column.copy() for name, column in genomes.items()}
    for name in ("key", "source", "target"):
        far[name][far[name] >= 2] += 2_000_000_000
    inputs = np.random.default_rng(2).normal(size=(5, 3))
    assert FeedForward(spec, far)(inputs).tolist() == FeedForward(spec, genomes)(inputs).tolist()


# Structures worked out by hand


def by_hand(nodes, links):
    """One network with two inputs and outputs; nodes (key, bias), links (from, to, weight, on)."""
    key, bias = zip(*nodes, strict=True)
    source, target, weight, enabled = zip(*links, strict=True) if links else ((), (), (), ())
    n = len(key)
    return NetworkSpec(NetworkConfig(num_inputs=2, num_outputs=2, feed_forward=False)), {
        "node_start": np.array([0, n]),
        "key": np.array(key, np.int32),
        "bias": np.array(bias, np.float64),
        "response": np.ones(n),
        "activation": np.full(n, activation_code("identity"), np.int8),
        "aggregation": np.full(n, aggregation_code("sum"), np.int8),
        "link_start": np.array([0, len(source)]),
        "source": np.array(source, np.int32),
        "target": np.array(target, np.int32),
        "weight": np.array(weight, np.float64),
        "enabled": np.array(enabled, np.bool_),
        "innovation": np.arange(len(source), dtype=np.int32),
    }


def test_a_chain_in_any_order_of_keys_is_followed():
    links = [(-1, 7, 2.0, True), (7, 3, 3.0, True), (3, 0, 5.0, True), (-2, 0, 1.0, False)]
    spec, genome = by_hand([(0, 0.0), (1, 0.5), (3, 1.0), (7, 10.0)], links)
    # Output 1 has no links, so that its bias is all it says.
    assert FeedForward(spec, genome)([[1.0, 9.0]]).tolist() == [[[(12.0 * 3.0 + 1.0) * 5.0, 0.5]]]


def test_what_hangs_on_a_circle_is_zero_without_memory():
    links = [(2, 3, 1.0, True), (3, 2, 1.0, True), (3, 0, 1.0, True), (-1, 1, 1.0, True)]
    spec, genome = by_hand([(0, 4.0), (1, 0.0), (2, 1.0), (3, 1.0)], links)
    assert FeedForward(spec, genome)([[1.0, 9.0]]).tolist() == [[[0.0, 1.0]]]


def test_with_memory_each_link_takes_a_step_and_nodes_without_links_are_zero():
    links = [(-1, 2, 2.0, True), (2, 0, 3.0, True), (0, 0, 1.0, True)]
    spec, genome = by_hand([(0, 0.0), (1, 5.0), (2, 0.0)], links)
    networks = Recurrent(spec, genome)
    steps = [networks.step([[1.0, 0.0]]).tolist()[0] for _ in range(4)]
    assert steps == [[0.0, 0.0], [6.0, 0.0], [12.0, 0.0], [18.0, 0.0]]


def test_there_may_be_no_networks_and_no_samples():
    spec, genomes = spread(5)
    nobody = spec.take(genomes, np.array([], np.int64))
    assert FeedForward(spec, nobody)(np.ones((4, 3))).shape == (0, 4, 2)
    assert FeedForward(spec, genomes)(np.ones((0, 3))).shape == (5, 0, 2)
    assert Recurrent(spec, nobody).step(np.ones((0, 3))).shape == (0, 2)


# Errors


def test_inputs_of_another_shape_are_named():
    spec, genomes = spread(5)
    networks = FeedForward(spec, genomes)
    for wrong in (np.ones((4, 2)), np.ones(3), 1.0):
        with pytest.raises(NetworkError, match=r"inputs are \[.*expected \[S, 3\]"):
            networks(wrong)
    with pytest.raises(NetworkError, match=r"inputs are \[4, 3\]; expected \[5, 3\]"):
        networks.step(np.ones((4, 3)))
    with pytest.raises(NetworkError, match=r"active is int64\[5\]; expected bool\[5\]"):
        networks.step(np.ones((5, 3)), np.ones(5, np.int64))


@pytest.mark.parametrize("link", [(5, 0), (-3, 0), (-1, 5), (-1, -2)])
def test_a_link_that_leads_nowhere_is_named(link):
    spec, genome = by_hand([(0, 0.0), (1, 0.0)], [(*link, 1.0, True)])
    with pytest.raises(NetworkError, match=f"genome 0 has a link from {link[0]} to {link[1]}"):
        FeedForward(spec, genome)
