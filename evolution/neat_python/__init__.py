"""neat-python's interface on arrays: change ``import neat`` into this, and a script goes on.

    from evolution import neat_python as neat

It reads the same INI files (of neat-python 2.0), gives fitness functions the same genomes, and
networks that compute the same; what happens in between is `evolution.neat`. For all of its speed,
evaluate networks together: `Population.run_batch`.

What differs: chance, which comes from ``Population(config, seed=…)`` alone; genomes and species
are views that cannot be changed; checkpoints are files without pickle; more species than the
population has room for are no error; ``single_structural_mutation`` is off where a file leaves it
out, as neat-python documents it (2.0 takes its own default for on); there are no classes or
functions of one's own in place of the built-in ones, and no continuous-time or spiking networks.
"""

from evolution.neat_python import nn
from evolution.neat_python.checkpoint import Checkpointer
from evolution.neat_python.config import Config, DefaultReproduction, DefaultStagnation
from evolution.neat_python.conversion import from_neat_python, to_neat_python
from evolution.neat_python.genome import DefaultConnectionGene, DefaultGenome, DefaultNodeGene
from evolution.neat_python.parallel import ParallelEvaluator
from evolution.neat_python.population import CompleteExtinctionException, Population
from evolution.neat_python.reporting import BaseReporter, StdOutReporter
from evolution.neat_python.sections import ConfigFileError, UnknownConfigItemError
from evolution.neat_python.species import DefaultSpeciesSet
from evolution.neat_python.statistics import StatisticsReporter

__all__ = [
    "BaseReporter",
    "Checkpointer",
    "CompleteExtinctionException",
    "Config",
    "ConfigFileError",
    "DefaultConnectionGene",
    "DefaultGenome",
    "DefaultNodeGene",
    "DefaultReproduction",
    "DefaultSpeciesSet",
    "DefaultStagnation",
    "ParallelEvaluator",
    "Population",
    "StatisticsReporter",
    "StdOutReporter",
    "UnknownConfigItemError",
    "from_neat_python",
    "nn",
    "to_neat_python",
]
