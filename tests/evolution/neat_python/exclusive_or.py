"""The problem of exclusive or, for the drop-in: a script, and two ways to evaluate."""

import numpy as np

from evolution import neat_python as neat
from evolution.neat_python.config import Config
from tests.evolution.neat_python.samples import ini

# Exclusive or, written as scripts for neat-python are written.
SCRIPT = """
import neat

TABLE = [((0.0, 0.0), 0.0), ((0.0, 1.0), 1.0), ((1.0, 0.0), 1.0), ((1.0, 1.0), 0.0)]


def evaluate(genomes, config):
    for _, genome in genomes:
        network = neat.nn.FeedForwardNetwork.create(genome, config)
        genome.fitness = 4.0
        for inputs, wanted in TABLE:
            (answer,) = network.activate(inputs)
            genome.fitness -= (answer - wanted) ** 2


def main(path, seed, generations):
    config = neat.Config(
        neat.DefaultGenome,
        neat.DefaultReproduction,
        neat.DefaultSpeciesSet,
        neat.DefaultStagnation,
        path,
    )
    population = neat.Population(config, seed=seed)
    population.add_reporter(neat.StdOutReporter(True))
    statistics = neat.StatisticsReporter()
    population.add_reporter(statistics)
    winner = population.run(evaluate, generations)
    network = neat.nn.FeedForwardNetwork.create(winner, config)
    answers = [network.activate(inputs)[0] for inputs, _ in TABLE]
    return winner, answers, statistics
"""
INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
WANTED = np.array([0.0, 1.0, 1.0, 0.0])


def one_by_one(genomes, config):
    for _, genome in genomes:
        network = neat.nn.FeedForwardNetwork.create(genome, config)
        answers = [network.activate(inputs)[0] for inputs in INPUTS.tolist()]
        # Summed as numpy sums four numbers, so that both ways give the same last digit.
        errors = (np.array(answers) - WANTED) ** 2
        genome.fitness = float(4.0 - errors.sum())


def all_at_once(networks):
    errors = (networks(INPUTS)[:, :, 0] - WANTED) ** 2
    return 4.0 - errors.sum(axis=1)


def population(seed=1, **changes):
    return neat.Population(Config.from_text(ini(**changes)), seed=seed)


def content(genome):
    return genome.key, genome.fitness, genome.nodes, genome.connections
