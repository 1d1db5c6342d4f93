"""All of DEAP's tools and algorithms with one generator, so that a program changes one line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from importlib import import_module
from typing import Any

import numpy as np

from evolution.deap import algorithms, lexicase, selection, variation
from evolution.deap.operators import Operator

_TOOLS: tuple[Any, ...] = (
    selection.selTournament,
    selection.selTournamentDCD,
    lexicase.selLexicase,
    lexicase.selEpsilonLexicase,
    lexicase.selAutomaticEpsilonLexicase,
    variation.cxOnePoint,
    variation.cxTwoPoint,
    variation.cxUniform,
    variation.cxSimulatedBinaryBounded,
    variation.mutFlipBit,
    variation.mutGaussian,
    variation.mutPolynomialBounded,
)
_WITHOUT_CHANCE = (selection.selNSGA2, selection.selSPEA2)
_ALGORITHMS = (
    algorithms.varAnd,
    algorithms.varOr,
    algorithms.eaSimple,
    algorithms.eaMuPlusLambda,
    algorithms.eaMuCommaLambda,
)


class Seeded:
    """A module of DEAP in which some functions are ours; ``ours`` names them."""

    def __init__(self, module: str, functions: dict[str, Callable[..., Any]]) -> None:
        self._module = module
        self.ours = tuple(functions)
        vars(self).update(functions)

    def __getattr__(self, name: str) -> Any:
        """Whatever else the module has."""
        return getattr(import_module(self._module), name)

    def __dir__(self) -> list[str]:
        """All that the module has, and what is ours."""
        return sorted({*dir(import_module(self._module)), *vars(self)})

    def __reduce__(self) -> tuple[Any, ...]:
        """By the module's name and our functions, with the generator that they share."""
        return type(self), (self._module, {name: vars(self)[name] for name in self.ours})

    def __repr__(self) -> str:
        """Say whose functions these are."""
        return f"<{self._module} with {', '.join(self.ours)} of evolution.deap>"


def seeded(rng: np.random.Generator | int) -> tuple[Seeded, Seeded]:
    """``tools, algorithms`` as DEAP has them, ours drawing from this generator, or seed.

    >>> tools, algorithms = seeded(1)

    takes the place of ``from deap import algorithms, tools``. What is not ours is DEAP's own, and
    draws from Python's global ``random`` as ever; ``tools.ours`` and ``algorithms.ours`` say what
    is ours.
    """
    chance = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
    tools = {f.__name__: _drawing(f, chance) for f in _TOOLS}
    tools |= {f.__name__: f for f in _WITHOUT_CHANCE}
    loops = {f.__name__: _drawing(f, chance) for f in _ALGORITHMS}
    return Seeded("deap.tools", tools), Seeded("deap.algorithms", loops)


def _drawing(function: Any, rng: np.random.Generator) -> Callable[..., Any]:
    drawing = partial(function, rng=rng)
    if isinstance(function, Operator):
        # Its rows are reached through it; a copy of them here could not be pickled.
        vars(drawing).update(__name__=function.__name__, __doc__=function.__doc__)
        return drawing
    return update_wrapper(drawing, function)
