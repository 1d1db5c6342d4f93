"""Genetic programming: primitive sets, programs as columns, and their batch interpreter.

`PrimitiveSet` says what programs are made of, `Program` is their locus in a `GenomeSpec`, and
`GeneticProgramming` evolves them. `HornRules` makes programs of rules over a graph's relations.
`evolution.programs.deap` takes over DEAP's primitive sets and trees.
"""

from evolution.programs.coverage import RuleMeasures, Rules, grounded, measure_rules
from evolution.programs.functions import Ephemeral, Function, ProgramError, Terminal
from evolution.programs.genetic_programming import GeneticProgramming
from evolution.programs.horn import HornRules, RuleBook
from evolution.programs.interpreter import evaluate
from evolution.programs.primitives import PrimitiveSet
from evolution.programs.program import Program

__all__ = [
    "Ephemeral",
    "Function",
    "GeneticProgramming",
    "HornRules",
    "PrimitiveSet",
    "Program",
    "ProgramError",
    "RuleBook",
    "RuleMeasures",
    "Rules",
    "Terminal",
    "evaluate",
    "grounded",
    "measure_rules",
]
