"""The drop-in for neat-python beside neat-python: a script, its batch, and networks evaluated.

A script for neat-python that learns exclusive or runs with either import, on the same INI file
and for the same generations from the first on; ``run_batch`` is ours alone. Networks, made by
neat-python by many mutations and with every function it has, are compiled and computed here and
created and activated there, once all outputs have been found equal.

Times are processor time, compiling apart; the best of several for what is short. A run of a
generation holds everything: evaluating, breeding and dividing into species.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import neat as theirs
import numpy as np
import numpy.typing as npt

from benchmarks.rows import Row
from evolution import neat_python as ours
from evolution.neat.evaluation import FeedForward, Recurrent
from evolution.neat.functions import ACTIVATIONS, AGGREGATIONS
from evolution.neat_python import sections
from evolution.neat_python.conversion import spec_of

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
WANTED = np.array([0.0, 1.0, 1.0, 0.0])
TOLERANCE = 1e-12
# The size of the population to the least ratio that is aimed at.
GOALS = {150: 20.0, 1000: 50.0, 5000: 100.0}
# Runs of small populations differ much in how large networks grow; others are run once.
SEEDS = {150: 2}

USUAL = {
    "no_fitness_termination": "True",
    # Left out, neat-python 2.0 reads its own default, the text "false", as True.
    "single_structural_mutation": "False",
    "initial_connection": "full_direct",
    "species_fitness_func": "max",
    "max_stagnation": "20",
    "species_elitism": "2",
    "elitism": "2",
    "min_species_size": "2",
}
VARIED = {
    "num_inputs": "4",
    "num_outputs": "2",
    "num_hidden": "2",
    "initial_connection": "partial_direct 0.5",
    "activation_options": " ".join(ACTIVATIONS),
    "aggregation_options": " ".join(AGGREGATIONS),
    "node_add_prob": "0.4",
    "conn_delete_prob": "0.3",
    "response_init_stdev": "0.3",
}


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of networks, then those of runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.ini"
        yield from networks(path, 50 if quick else 1000, varied=True)
        yield from networks(path, 50 if quick else 1000, varied=False)
        # Enough for networks to grow and divide into species, which takes most of a run's time.
        generations = {150: 80, 1000: 26} if quick else {150: 80, 1000: 40, 5000: 20}
        for size, many in generations.items():
            yield from runs(path, size, many)


def text(**changes: str) -> str:
    """An INI file: what is usual, with changes."""
    parts = []
    for title, settings in {
        "NEAT": sections.NEAT,
        "DefaultGenome": sections.GENOME,
        "DefaultSpeciesSet": sections.SPECIES_SET,
        "DefaultStagnation": sections.STAGNATION,
        "DefaultReproduction": sections.REPRODUCTION,
    }.items():
        values = {each.name: each.example for each in settings if each.example}
        names = [each.name for each in settings]
        chosen = {name: value for name, value in (USUAL | changes).items() if name in names}
        lines = [f"{name} = {value}" for name, value in (values | chosen).items()]
        parts.append("\n".join([f"[{title}]", *lines]))
    return "\n".join(parts)


# Networks


def networks(path: Path, n: int, varied: bool) -> Iterator[Row]:
    """Feed-forward and recurrent networks made by neat-python, computed by both."""
    kind = "all functions" if varied else "sigmoid and sum"
    for forward in (True, False):
        changes = {"feed_forward": str(forward), "initial_connection": "partial_direct 0.5"}
        path.write_text(text(**(VARIED if varied else {}) | changes))
        config = configured(theirs, path)
        genomes = grown(config, n, mutations=30)
        arrays = ours.from_neat_python(genomes, config)
        # There and back, so that both add up in the same order.
        genomes = [ours.to_neat_python(arrays, row, config) for row in range(n)]
        samples = np.random.default_rng(1).normal(size=(20, config.genome_config.num_inputs))
        compute = forward_both if forward else recurrent_both
        here, there, compile_s = compute(arrays, genomes, config, samples)
        yield compared(
            f"{n:,} {'feed-forward' if forward else 'recurrent'} networks, {kind}, 20 samples, ms",
            here,
            there,
            {"compile_s": compile_s, "links": float(np.diff(arrays["link_start"]).mean())},
        )


# What each network makes of each sample: an array of ours, lists of neat-python's.
Computed = Callable[[], Any]


def forward_both(
    arrays: Any, genomes: list[Any], config: Any, samples: npt.NDArray[np.float64]
) -> tuple[Computed, Computed, float]:
    """Both ways to compute feed-forward networks from genomes, and the seconds of compiling."""
    spec = spec_of(config)

    def here() -> Any:
        return FeedForward(spec, arrays)(samples)

    def there() -> Any:
        made = [theirs.nn.FeedForwardNetwork.create(genome, config) for genome in genomes]
        return [[answered(network, inputs) for inputs in samples.tolist()] for network in made]

    return here, there, timed(here)[0]


def recurrent_both(
    arrays: Any, genomes: list[Any], config: Any, samples: npt.NDArray[np.float64]
) -> tuple[Computed, Computed, float]:
    """Both ways to step recurrent networks made from genomes, and the seconds of compiling."""
    spec = spec_of(config)

    def here() -> Any:
        made = Recurrent(spec, arrays)
        steps = [made.step(np.broadcast_to(inputs, (len(made), len(inputs)))) for inputs in samples]
        return np.stack(steps, axis=1)

    def there() -> Any:
        made = [theirs.nn.RecurrentNetwork.create(genome, config) for genome in genomes]
        return [[answered(network, inputs) for inputs in samples.tolist()] for network in made]

    return here, there, timed(here)[0]


def answered(network: Any, inputs: list[float]) -> Any:
    """What a network of neat-python answers; None where it fails for too large a number."""
    try:
        return network.activate(inputs)
    except OverflowError:
        return None


def compared(name: str, here: Computed, there: Computed, notes: dict[str, Any]) -> Row:
    """Whether both give the same, and how long they take."""
    mine, other = here(), there()
    worst, failed = 0.0, 0
    for one, another in zip(mine, other, strict=True):
        # Where neat-python has failed once, the steps after are of no account.
        until = another.index(None) if None in another else len(another)
        failed += until < len(another)
        got, expected = one[:until], np.array(another[:until])
        if until:
            same = (got == expected) | (np.isnan(got) & np.isnan(expected))
            with np.errstate(invalid="ignore"):
                apart = np.abs(got - expected) / np.maximum(1.0, np.abs(expected))
            worst = max(worst, float(np.where(same, 0.0, apart).max()))
    ours_ms = 1e3 * min(timed(here)[0] for _ in range(9))
    theirs_ms = 1e3 * min(timed(there)[0] for _ in range(2))
    return Row(
        name=name,
        ours=ours_ms,
        peer=theirs_ms,
        ratio=theirs_ms / ours_ms,
        checks={"same to 1e-12": worst <= TOLERANCE, "largest difference": worst},
        notes={**notes, "peer failed on": failed},
    )


def grown(config: Any, n: int, mutations: int) -> list[Any]:
    """Genomes of neat-python, mutated by it."""
    random.seed(1)
    config.genome_config.innovation_tracker = theirs.InnovationTracker()
    genomes = []
    for key in range(1, n + 1):
        genome = theirs.DefaultGenome(key)
        genome.configure_new(config.genome_config)
        for _ in range(mutations):
            genome.mutate(config.genome_config)
        genomes.append(genome)
    return genomes


# Runs


def runs(path: Path, size: int, generations: int) -> Iterator[Row]:
    """The script with either import, and ours by whole batches, per generation."""
    path.write_text(text(pop_size=str(size)))
    seeds = range(1, SEEDS.get(size, 1) + 1)
    compile_s = timed(lambda: script(ours, path, [1], 3))[0]
    compile_s += timed(lambda: batches(path, [1], 3))[0]
    there_s, there = timed(lambda: script(theirs, path, seeds, generations))
    here = [timed(lambda: script(ours, path, seeds, generations)) for _ in range(3)]
    fast = [timed(lambda: batches(path, seeds, generations)) for _ in range(3)]
    same = {"both ways are one run": all(run[1] == here[0][1] for run in (*here, *fast))}
    notes = {"compile_s": compile_s, "generations": generations, "runs": len(seeds)}
    generations *= len(seeds)
    for name, found, goal in (("script", here, None), ("run_batch", fast, GOALS[size])):
        seconds = min(run[0] for run in found)
        yield Row(
            name=f"exclusive or, population {size:,}, {name}, ms a generation",
            ours=1e3 * seconds / generations,
            peer=1e3 * there_s / generations,
            ratio=there_s / seconds,
            checks={**same, "best fitness": here[0][1][0], "peer's": there[0]},
            goal=goal,
            notes={**notes, "connections": here[0][1][1], "peer's connections": there[1]},
        )


def script(neat: Any, path: Path, seeds: Sequence[int], generations: int) -> tuple[float, float]:
    """A script as it is written for neat-python: see `outcome`."""

    def evaluate(genomes: Any, config: Any) -> None:
        for _, genome in genomes:
            network = neat.nn.FeedForwardNetwork.create(genome, config)
            genome.fitness = 4.0
            for inputs, wanted in zip(INPUTS.tolist(), WANTED.tolist(), strict=True):
                genome.fitness -= (network.activate(inputs)[0] - wanted) ** 2

    runs = []
    for seed in seeds:  # one after the other, since neat-python seeds Python's own generator
        population = neat.Population(configured(neat, path), seed=seed)
        runs.append((population, population.run(evaluate, generations)))
    return outcome(runs)


def batches(path: Path, seeds: Sequence[int], generations: int) -> tuple[float, float]:
    """The same run with all networks evaluated at once."""

    def evaluate(networks: FeedForward) -> npt.NDArray[np.float64]:
        fitness = np.full(len(networks), 4.0)
        for answers, wanted in zip(networks(INPUTS)[:, :, 0].T, WANTED, strict=True):
            fitness -= (answers - wanted) ** 2
        return fitness

    runs = [ours.Population(configured(ours, path), seed=seed) for seed in seeds]
    return outcome([(run, run.run_batch(evaluate, generations)) for run in runs])


def outcome(runs: list[tuple[Any, Any]]) -> tuple[float, float]:
    """The best fitness, and how many connections genomes have in the end, means over runs."""
    sizes = [
        np.mean([len(genome.connections) for genome in population.population.values()])
        for population, _ in runs
    ]
    return float(np.mean([best.fitness for _, best in runs])), float(np.mean(sizes))


def configured(neat: Any, path: Path) -> Any:
    """The configuration in a file, of either module."""
    kinds = (neat.DefaultGenome, neat.DefaultReproduction)
    return neat.Config(*kinds, neat.DefaultSpeciesSet, neat.DefaultStagnation, path)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds, and what came out."""
    with contextlib.redirect_stdout(None), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        begun = time.process_time()
        found = work()
        return time.process_time() - begun, found
