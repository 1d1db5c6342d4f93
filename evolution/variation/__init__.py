"""Variation: crossover and mutation on whole columns of genomes.

A column is an array ``[n, size]``, one genome a row. Crossovers return one child per pair of rows.

* Real numbers: simulated binary crossover (Deb & Agrawal 1995, "Simulated binary crossover for
  continuous search space", Complex Systems 9), interval crossover (BLX-α: Eshelman & Schaffer
  1993, "Real-coded genetic algorithms and interval-schemata", FOGA 2), intermediate crossover
  (Beyer & Schwefel 2002, "Evolution strategies", Natural Computing 1), polynomial mutation (Deb &
  Goyal 1996, "A combined genetic adaptive search (GeneAS)", Computer Science and Informatics 26),
  Gaussian and uniform mutation (Michalewicz 1996, "Genetic Algorithms + Data Structures =
  Evolution Programs"), and mutation with step sizes that adapt: see `evolution.variation.adaptive`.
* Integers: creep mutation (Davis 1991, "Handbook of Genetic Algorithms"), uniform mutation.
* Permutations: order crossover (Davis 1985, "Applying adaptive algorithms to epistatic domains",
  IJCAI), partially mapped crossover (Goldberg & Lingle 1985, "Alleles, loci, and the traveling
  salesman problem", ICGA 1), swap, insertion and inversion mutation (Eiben & Smith 2015,
  "Introduction to Evolutionary Computing", 4.5).
* Simplexes: blend crossover (Eshelman & Schaffer 1993, on a line), log-normal mutation (Aitchison
  1986, "The Statistical Analysis of Compositional Data": a perturbation).
* Any column but permutations: one-point crossover (Holland 1975, "Adaptation in Natural and
  Artificial Systems"), multi-point crossover (De Jong 1975, dissertation, University of Michigan),
  uniform crossover (Syswerda 1989, ICGA 3). Categories: random resetting.

Guarantees: inputs are never altered, bounds are kept, the dtype is kept, and a result depends on
nothing but the arguments and the generator's stream. A mutation's ``rate`` is a probability per
gene. Errors: `VariationError` (a ValueError).
"""

from evolution.variation.adaptive import OneFifthRule, self_adaptive_mutation
from evolution.variation.columns import Column, VariationError
from evolution.variation.discrete import creep_mutation, reset_mutation
from evolution.variation.exchange import (
    multi_point_crossover,
    one_point_crossover,
    uniform_crossover,
)
from evolution.variation.permutation import (
    insertion_mutation,
    inversion_mutation,
    order_crossover,
    partially_mapped_crossover,
    swap_mutation,
)
from evolution.variation.real import (
    gaussian_mutation,
    intermediate_crossover,
    interval_crossover,
    polynomial_mutation,
    simulated_binary_crossover,
    uniform_mutation,
)
from evolution.variation.simplex import blend_crossover, share_out, simplex_mutation

__all__ = [
    "Column",
    "OneFifthRule",
    "VariationError",
    "blend_crossover",
    "creep_mutation",
    "gaussian_mutation",
    "insertion_mutation",
    "intermediate_crossover",
    "interval_crossover",
    "inversion_mutation",
    "multi_point_crossover",
    "one_point_crossover",
    "order_crossover",
    "partially_mapped_crossover",
    "polynomial_mutation",
    "reset_mutation",
    "self_adaptive_mutation",
    "share_out",
    "simplex_mutation",
    "simulated_binary_crossover",
    "swap_mutation",
    "uniform_crossover",
    "uniform_mutation",
]
