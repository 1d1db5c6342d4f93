"""Configurations, and genomes that neat-python itself has grown, for comparisons with it."""

import math
import random

import numpy as np

from evolution.neat.functions import ACTIVATIONS, AGGREGATIONS

# A small problem under usual settings. What a test changes, it names.
SETTINGS = {
    "NEAT": {
        "fitness_criterion": "max",
        "fitness_threshold": "3.9",
        "pop_size": "150",
        "reset_on_extinction": "False",
        "no_fitness_termination": "False",
    },
    "DefaultGenome": {
        "num_inputs": "2",
        "num_outputs": "1",
        "num_hidden": "0",
        "feed_forward": "True",
        "initial_connection": "full_direct",
        "compatibility_disjoint_coefficient": "1.0",
        "compatibility_weight_coefficient": "0.5",
        "conn_add_prob": "0.5",
        "conn_delete_prob": "0.5",
        "node_add_prob": "0.2",
        "node_delete_prob": "0.2",
        "single_structural_mutation": "False",
        "structural_mutation_surer": "default",
        "activation_default": "sigmoid",
        "activation_options": "sigmoid",
        "activation_mutate_rate": "0.0",
        "aggregation_default": "sum",
        "aggregation_options": "sum",
        "aggregation_mutate_rate": "0.0",
        "bias_init_mean": "0.0",
        "bias_init_stdev": "1.0",
        "bias_init_type": "gaussian",
        "bias_replace_rate": "0.1",
        "bias_mutate_rate": "0.7",
        "bias_mutate_power": "0.5",
        "bias_max_value": "30.0",
        "bias_min_value": "-30.0",
        "response_init_mean": "1.0",
        "response_init_stdev": "0.0",
        "response_init_type": "gaussian",
        "response_replace_rate": "0.0",
        "response_mutate_rate": "0.0",
        "response_mutate_power": "0.0",
        "response_max_value": "30.0",
        "response_min_value": "-30.0",
        "weight_init_mean": "0.0",
        "weight_init_stdev": "1.0",
        "weight_init_type": "gaussian",
        "weight_replace_rate": "0.1",
        "weight_mutate_rate": "0.8",
        "weight_mutate_power": "0.5",
        "weight_max_value": "30",
        "weight_min_value": "-30",
        "enabled_default": "True",
        "enabled_mutate_rate": "0.01",
        "enabled_rate_to_true_add": "0.0",
        "enabled_rate_to_false_add": "0.0",
    },
    "DefaultSpeciesSet": {"compatibility_threshold": "3.0"},
    "DefaultStagnation": {
        "species_fitness_func": "max",
        "max_stagnation": "20",
        "species_elitism": "2",
    },
    "DefaultReproduction": {
        "elitism": "2",
        "survival_threshold": "0.2",
        "min_species_size": "2",
    },
}

# Everything that networks can be: each function, and attributes that all vary.
VARIED = {
    "activation_default": "random",
    "activation_options": " ".join(ACTIVATIONS),
    "activation_mutate_rate": "0.2",
    "aggregation_default": "random",
    "aggregation_options": " ".join(AGGREGATIONS),
    "aggregation_mutate_rate": "0.2",
    "response_init_stdev": "0.3",
    "response_mutate_rate": "0.3",
    "response_mutate_power": "0.1",
    "enabled_mutate_rate": "0.1",
    "conn_delete_prob": "0.3",
    "node_add_prob": "0.4",
    "node_delete_prob": "0.15",
}


def ini(**changes):
    """The text of a file; None leaves a setting out, and new names go to [DefaultGenome]."""
    sections = {title: dict(settings) for title, settings in SETTINGS.items()}
    for name, value in changes.items():
        titles = [title for title, settings in sections.items() if name in settings]
        title = titles[0] if titles else "NEAT" if name == "seed" else "DefaultGenome"
        if value is None:
            del sections[title][name]
        else:
            sections[title][name] = str(value)
    return "\n".join(
        f"[{title}]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
        for title, settings in sections.items()
    )


def their_config(folder, **changes):
    """neat-python's own configuration."""
    import neat

    path = folder / "config.ini"
    path.write_text(ini(**changes))
    return neat.Config(
        neat.DefaultGenome,
        neat.DefaultReproduction,
        neat.DefaultSpeciesSet,
        neat.DefaultStagnation,
        path,
    )


def their_genomes(config, n, mutations, seed=1):
    """Genomes of neat-python that it has mutated so many times each."""
    import neat

    random.seed(seed)
    config.genome_config.innovation_tracker = neat.InnovationTracker()
    genomes = []
    for key in range(1, n + 1):
        genome = neat.DefaultGenome(key)
        genome.configure_new(config.genome_config)
        for _ in range(mutations):
            genome.mutate(config.genome_config)
        genomes.append(genome)
    return genomes


def difference(ours, theirs):
    """The largest difference, relative where numbers are above 1; NaN and infinities must agree."""
    worst = 0.0
    pairs = zip(np.ravel(ours).tolist(), np.ravel(theirs).tolist(), strict=True)
    for mine, other in pairs:
        if mine == other or (math.isnan(mine) and math.isnan(other)):
            continue
        worst = max(worst, abs(mine - other) / max(1.0, abs(other)))
        assert not math.isnan(worst), (mine, other)
    return worst
