"""Networks one by one answer the same, whether computed alone or recalled from a batch."""

import numpy as np
import pytest

from evolution import neat_python as neat
from evolution.neat_python.nn import InputError
from tests.evolution.neat_python.exclusive_or import population


@pytest.fixture(scope="module")
def grown():
    run = population(pop_size=60, num_outputs=2, no_fitness_termination=True)

    def evaluate(networks):
        return networks(np.ones((1, 2)))[:, 0, 0]

    run.run_batch(evaluate, 12)
    return run


def fresh(grown):
    """The genomes of a cohort that recalls nothing yet."""
    first = next(iter(grown.population.values()))
    return first.cohort.take(range(len(first.cohort))).genomes()


def networks(genomes, grown):
    return [neat.nn.FeedForwardNetwork.create(genome, grown.config) for genome in genomes]


def test_all_answers_are_those_of_the_batch(grown):
    genomes = fresh(grown)
    table = np.random.default_rng(1).normal(size=(30, 2))
    everything = genomes[0].cohort.feed_forward(table)
    for row, network in enumerate(networks(genomes, grown)):
        for sample, inputs in enumerate(table.tolist()):
            assert network.activate(inputs) == everything[row, sample].tolist()
            assert network.activate(tuple(inputs)) == everything[row, sample].tolist()
            assert network.activate(table[sample]) == everything[row, sample].tolist()
    # Most have been recalled, not computed.
    assert genomes[0].cohort.recall.recalled > 0.9 * 3 * 60 * 30


def test_inputs_that_do_not_come_again_are_computed_alone(grown):
    genomes = fresh(grown)
    rng = np.random.default_rng(1)
    for network in networks(genomes, grown):
        for _ in range(20):
            assert len(network.activate(rng.normal(size=2))) == 2
    assert genomes[0].cohort.recall.batches == 0


def test_batches_that_do_not_pay_come_to_an_end(grown):
    # Any two neighbours share their inputs, so that a batch serves but one of the sixty.
    genomes = fresh(grown)
    for row, network in enumerate(networks(genomes, grown)):
        for step in range(40):
            network.activate((float(row // 2), float(step)))
    assert 0 < genomes[0].cohort.recall.batches <= 10


def test_an_answer_is_the_callers_own(grown):
    one, other = networks(fresh(grown)[:2], grown)
    for network in (one, other, one):
        answer = network.activate((0.5, 0.5))
        kept = list(answer)
        answer[:] = [9.0, 9.0]
        assert network.activate((0.5, 0.5)) == kept


@pytest.mark.parametrize("kind", [neat.nn.FeedForwardNetwork, neat.nn.RecurrentNetwork])
def test_the_number_of_inputs_must_be_right(grown, kind):
    network = kind.create(fresh(grown)[0], grown.config)
    assert (network.input_nodes, network.output_nodes) == ([-1, -2], [0, 1])
    for wrong in ((1.0,), [1.0, 2.0, 3.0], np.ones(5)):
        with pytest.raises(InputError, match=rf"{len(wrong)} inputs for a network that has 2"):
            network.activate(wrong)
    with pytest.raises(RuntimeError):
        network.activate(())


def test_recurrent_networks_remember_and_forget():
    run = population(pop_size=20, feed_forward=False, no_fitness_termination=True)
    run.run(one_by_one_recurrent, 5)
    cohort = next(iter(run.population.values())).cohort
    episode = np.random.default_rng(1).normal(size=(5, 2))
    together = [cohort.recurrent.step(np.tile(inputs, (20, 1))) for inputs in episode]
    for row, genome in enumerate(run.population.values()):
        network = neat.nn.RecurrentNetwork.create(genome, run.config)
        for _ in range(2):
            answers = [network.activate(inputs.tolist()) for inputs in episode]
            assert answers == [step[row].tolist() for step in together]
            network.reset()


def one_by_one_recurrent(genomes, config):
    for _, genome in genomes:
        network = neat.nn.RecurrentNetwork.create(genome, config)
        genome.fitness = sum(network.activate((1.0, 0.5))[0] for _ in range(3))


def fitness_of_one(genome, config):
    network = neat.nn.FeedForwardNetwork.create(genome, config)
    return -abs(network.activate((0.5, 1.0))[0] - 0.3)


def test_workers_find_what_one_process_finds():
    alone, shared = population(pop_size=30), population(pop_size=30)

    def evaluate(genomes, config):
        for _, genome in genomes:
            genome.fitness = fitness_of_one(genome, config)

    best = alone.run(evaluate, 3)
    with neat.ParallelEvaluator(2, fitness_of_one) as evaluator:
        other = shared.run(evaluator.evaluate, 3)
    assert (other.key, other.fitness) == (best.key, best.fitness)
