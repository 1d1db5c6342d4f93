"""NEAT beside neat-python, on XOR and CartPole, under one configuration and the same evaluations.

First the same networks must get the same distances and fitness from both. Times are processor
time a generation, everything included: evaluating, breeding and telling species apart, over the
same first generations of each, the median of the same number of seeds, which take turns. The
populations are not the same, as the two draw differently; how soon they succeed is compared over
seeds.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import neat
import numpy as np
import numpy.typing as npt
from scipy.stats import mannwhitneyu

from benchmarks.evolution import cartpole
from benchmarks.rows import Row
from evolution.genomes.spec import Genomes
from evolution.neat import NEAT, NEATConfig, NetworkSpec, distances
from evolution.neat.evaluation import FeedForward
from evolution.neat_python.conversion import from_neat_python, spec_of

Floats = npt.NDArray[np.float64]
# The fitness of all networks, and that of one of neat-python's.
Ours = Callable[[NetworkSpec, Genomes], Floats]
Theirs = Callable[[Any], float]
# Milliseconds a generation, and how many species there are.
Figures = tuple[float, int]

_INI = """
[NEAT]
fitness_criterion = max
fitness_threshold = {enough}
pop_size = {population}
reset_on_extinction = False
no_fitness_termination = {endless}
[DefaultGenome]
activation_default = sigmoid
activation_mutate_rate = 0.0
activation_options = sigmoid
aggregation_default = sum
aggregation_mutate_rate = 0.0
aggregation_options = sum
bias_init_mean = 0.0
bias_init_stdev = 1.0
bias_init_type = gaussian
bias_max_value = 30.0
bias_min_value = -30.0
bias_mutate_power = 0.5
bias_mutate_rate = 0.7
bias_replace_rate = 0.1
compatibility_disjoint_coefficient = 1.0
compatibility_weight_coefficient = 0.5
conn_add_prob = 0.5
conn_delete_prob = 0.5
enabled_default = True
enabled_mutate_rate = 0.01
enabled_rate_to_true_add = 0.0
enabled_rate_to_false_add = 0.0
feed_forward = True
initial_connection = full_direct
node_add_prob = 0.2
node_delete_prob = 0.2
num_hidden = 0
num_inputs = {inputs}
num_outputs = 1
response_init_mean = 1.0
response_init_stdev = 0.0
response_init_type = gaussian
response_max_value = 30.0
response_min_value = -30.0
response_mutate_power = 0.0
response_mutate_rate = 0.0
response_replace_rate = 0.0
single_structural_mutation = False
structural_mutation_surer = default
weight_init_mean = 0.0
weight_init_stdev = 1.0
weight_init_type = gaussian
weight_max_value = 30.0
weight_min_value = -30.0
weight_mutate_power = 0.5
weight_mutate_rate = 0.8
weight_replace_rate = 0.1
[DefaultSpeciesSet]
compatibility_threshold = {threshold}
[DefaultStagnation]
species_fitness_func = max
max_stagnation = 20
species_elitism = 2
[DefaultReproduction]
elitism = 2
survival_threshold = 0.2
min_species_size = 2
"""

_XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
_WANTED = np.array([0.0, 1.0, 1.0, 0.0])
_GOALS = {150: 20.0, 1000: 50.0, 5000: 100.0}
# Networks to generations that are timed.
_XOR_GENERATIONS = {150: 60, 1000: 30, 5000: 15}
_CARTPOLE_GENERATIONS = {150: 6, 1000: 4, 5000: 3}
_BEGINNINGS = cartpole.starts(2, seed=1)
_MOST_STEPS = 200
_SEEDS = 3


def rows(quick: bool) -> Iterator[Row]:
    """Yield a generation's time on XOR and CartPole, the success of both, and many species."""
    compiling = _warm_up()
    for population in (150, 1000) if quick else (150, 1000, 5000):
        generations = _XOR_GENERATIONS[population] // (3 if quick else 1)
        yield _milliseconds("XOR", 2, population, generations, _xor, _xor_alone, compiling)
    for population in (150,) if quick else (150, 1000, 5000):
        generations = 2 if quick else _CARTPOLE_GENERATIONS[population]
        yield _milliseconds(
            "CartPole", 4, population, generations, _balance, _balance_alone, compiling
        )
    yield _success("CartPole", 4, 50, float(_MOST_STEPS), _balance, _balance_alone, 30, 10)
    if not quick:
        yield _success("XOR", 2, 150, 3.9, _xor, _xor_alone, 30, 250)
        yield from _many_species()


def _warm_up() -> float:
    """Compile everything; the seconds it took, near none where a cache holds it."""
    begun = time.perf_counter()
    config = _config(20, 4)
    search = _search(config, 0)
    for _ in range(2):
        search.tell(-_balance(search.spec, search.ask()))
    _agreement(config, _balance, _balance_alone)
    return time.perf_counter() - begun


def _config(
    population: int,
    inputs: int,
    threshold: float = 3.0,
    enough: float = math.inf,
    endless: bool = False,
) -> Any:
    """neat-python's own reading of the configuration."""
    told = {"population": population, "inputs": inputs, "threshold": threshold}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "neat.ini"
        path.write_text(_INI.format(enough=enough, endless=endless, **told))
        kinds = neat.DefaultReproduction, neat.DefaultSpeciesSet, neat.DefaultStagnation
        return neat.Config(neat.DefaultGenome, *kinds, str(path))


def _search(config: Any, seed: int) -> NEAT:
    """Our search under neat-python's configuration."""
    parts = config.species_set_config, config.stagnation_config, config.reproduction_config
    told = {name: value for part in parts for name, value in vars(part).items() if name[0] != "_"}
    return NEAT(spec_of(config), config.pop_size, seed, config=NEATConfig(**told))


def _xor(spec: NetworkSpec, genomes: Genomes) -> Floats:
    """Four less the squared errors."""
    outputs = FeedForward(spec, genomes)(_XOR)[:, :, 0]
    fitness: Floats = 4.0 - ((outputs - _WANTED) ** 2).sum(axis=1)
    return fitness


def _xor_alone(network: Any) -> float:
    fitness = 4.0
    for inputs, wanted in zip(_XOR.tolist(), _WANTED.tolist(), strict=True):
        fitness -= (network.activate(inputs)[0] - wanted) ** 2
    return fitness


def _balance(spec: NetworkSpec, genomes: Genomes) -> Floats:
    """Steps upright."""
    return cartpole.steps_upright(FeedForward(spec, genomes).program, _BEGINNINGS, _MOST_STEPS)


def _balance_alone(network: Any) -> float:
    return cartpole.steps_upright_alone(
        lambda state: network.activate(state)[0] > 0.5, _BEGINNINGS, _MOST_STEPS
    )


def _evaluator(alone: Theirs) -> Callable[[Any, Any], None]:
    def evaluate(genomes: Any, config: Any) -> None:
        for _, genome in genomes:
            genome.fitness = alone(neat.nn.FeedForwardNetwork.create(genome, config))

    return evaluate


def _agreement(config: Any, ours: Ours, alone: Theirs) -> dict[str, bool]:
    """Whether networks that neat-python grew are the same to both."""
    config = _config(40, config.genome_config.num_inputs, endless=True)
    population = neat.Population(config, seed=1)
    population.run(_evaluator(alone), 6)
    theirs = list(population.population.values())
    _evaluator(alone)([(genome.key, genome) for genome in theirs], config)
    genomes, spec = from_neat_python(theirs, config), spec_of(config)
    fitness = np.array([genome.fitness for genome in theirs])
    apart = np.array([[a.distance(b, config.genome_config) for b in theirs] for a in theirs])
    return {
        "same fitness to 1e-12": bool(np.allclose(ours(spec, genomes), fitness, 1e-12, 1e-12)),
        "same distances to 1e-12": bool(
            np.allclose(distances(spec.config, genomes, genomes), apart, 1e-12, 1e-12)
        ),
    }


def _milliseconds(
    task: str,
    inputs: int,
    population: int,
    generations: int,
    ours: Ours,
    alone: Theirs,
    compiling: float,
) -> Row:
    checks: dict[str, bool | float] = dict(_agreement(_config(population, inputs), ours, alone))
    if task == "CartPole":
        checks["steps are Gymnasium's"] = cartpole.as_gymnasium(2000, seed=1)
    span = 0, generations
    (fast, count), (slow, their_count) = _both(population, inputs, span, ours, alone)
    return Row(
        f"NEAT, {task}, {population:,} networks, ms a generation",
        fast,
        slow,
        slow / fast,
        checks=checks,
        goal=_GOALS[population],
        notes={
            "generations": generations,
            "species": [count, their_count],
            "compile_s": round(compiling, 2),
        },
    )


def _both(
    population: int,
    inputs: int,
    span: tuple[int, int],
    ours: Ours,
    alone: Theirs,
    threshold: float = 3.0,
) -> tuple[Figures, Figures]:
    """Of either the median time of a generation of this span, in ms, and number of species."""
    config = _config(population, inputs, threshold, endless=True)
    mine, theirs = [], []
    for seed in range(_SEEDS):
        search, peer = _search(config, seed), neat.Population(config, seed=seed)
        spent = _milliseconds_of(partial(_generations, search, ours), span)
        mine.append((spent, len(search.species.number)))
        spent = _milliseconds_of(partial(peer.run, _evaluator(alone)), span)
        theirs.append((spent, len(peer.species.species)))
    return _median(mine), _median(theirs)


def _median(figures: list[Figures]) -> Figures:
    times, species = np.median(np.array(figures), axis=0)
    return float(times), int(species)


def _generations(search: NEAT, ours: Ours, count: int) -> None:
    for _ in range(count):
        search.tell(-ours(search.spec, search.ask()))


def _milliseconds_of(run: Callable[[int], Any], span: tuple[int, int]) -> float:
    """Processor time of each generation of the span, those before it not counted."""
    skip, generations = span
    run(skip)
    begun = time.process_time()
    run(generations - skip)
    return (time.process_time() - begun) * 1000.0 / (generations - skip)


def _success(
    task: str,
    inputs: int,
    population: int,
    enough: float,
    ours: Ours,
    alone: Theirs,
    seeds: int,
    most: int,
) -> Row:
    """The share of seeds that reach ``enough`` in ``most`` generations, and how soon they do."""
    config = _config(population, inputs, enough=enough)
    mine = [_our_generations(_search(config, seed), enough, ours, most) for seed in range(seeds)]
    theirs = []
    for seed in range(seeds):
        peer = neat.Population(_config(population, inputs, enough=enough), seed=seed)
        winner = peer.run(_evaluator(alone), most)
        theirs.append(peer.generation if winner.fitness >= enough else most)
    rates = [float(np.mean(np.array(each) < most)) for each in (mine, theirs)]
    (_, highest), (low, high) = (_interval(rate, seeds) for rate in rates)
    return Row(
        f"NEAT, {task}, {population:,} networks, success of {seeds} seeds in {most} generations",
        rates[0],
        rates[1],
        checks={
            "95% intervals meet": highest >= low,
            "as soon (Mann-Whitney p > .001)": bool(
                mannwhitneyu(mine, theirs, alternative="greater").pvalue > 0.001
            ),
        },
        notes={
            "peer's interval": [round(low, 3), round(high, 3)],
            "median generations": [float(np.median(mine)), float(np.median(theirs))],
        },
    )


def _our_generations(search: NEAT, enough: float, ours: Ours, most: int) -> int:
    for generation in range(most):
        fitness = ours(search.spec, search.ask())
        search.tell(-fitness)
        if fitness.max() >= enough:
            return generation
    return most


def _interval(rate: float, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of a rate."""
    z = 1.96
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


def _many_species() -> Iterator[Row]:
    """A generation with about 183 species beside one with few, at the same sizes of networks."""
    population, generations, skip = 1000, 12, 8
    figures = []
    for threshold in (3.0, 1.75):
        mine, theirs = _both(population, 2, (skip, generations), _xor, _xor_alone, threshold)
        figures.append((mine, theirs))
        yield Row(
            f"NEAT, XOR, 1,000 networks, threshold {threshold}, ms a generation",
            mine[0],
            theirs[0],
            theirs[0] / mine[0],
            goal=_GOALS[population],
            notes={"species": [mine[1], theirs[1]]},
        )
    (few, their_few), (many, their_many) = figures
    yield Row(
        "NEAT, XOR, 1,000 networks, time with many species / with few",
        many[0] / few[0],
        their_many[0] / their_few[0],
        (their_many[0] / their_few[0]) / (many[0] / few[0]),
        goal=1.0,
        notes={"species": [few[1], many[1]]},
    )
