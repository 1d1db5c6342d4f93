"""Optuna's samplers (Akiba et al. 2019, KDD), asked for points and told what became of them.

The same points are asked whenever the same values are told: samplers are seeded, points are asked
in batches of a fixed size, and a batch is told in the order in which it was asked. A sweep that
was stopped asks all over again and finds what is finished in its journal. This holds for one
version of Optuna and of numpy; another may draw other points, of which none is mixed up with those
that are finished, for a trial's id is made of its own values.

A larger batch keeps more workers busy, and lets the sampler learn less between points.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.sweeps.factors import Factor, Levels
from experiments.sweeps.plan import Sweep
from experiments.sweeps.rounds import Asked, Rounds
from experiments.sweeps.sections import SweepError
from experiments.sweeps.seeds import DESIGN_KEY

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

EXTRA = "pip install 'noosphere[optuna]' brings it"


def optuna_rounds(sweep: Sweep) -> Rounds:
    """Batches of points, until there are as many as the design says.

    Raises:
        SweepError: Optuna, or what one of its samplers needs, is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise SweepError(f"{sweep.name}: design.kind: optuna is not installed; {EXTRA}") from None
    design = sweep.file.design
    assert design.trials is not None, "checked when the sweep was read"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of samplers that are new
        direction = "minimize" if design.direction == "min" else "maximize"
        study = optuna.create_study(sampler=_sampler(sweep), direction=direction)
    space = {factor.key: _distribution(factor) for factor in sweep.factors}
    for first in range(0, design.trials, design.batch):
        numbers = range(first, min(first + design.batch, design.trials))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trials = [study.ask(space) for _ in numbers]
        values = yield [
            Asked(number, tuple(_value(factor, trial.params) for factor in sweep.factors))
            for number, trial in zip(numbers, trials, strict=True)
        ]
        for trial, value in zip(trials, values, strict=True):
            if math.isfinite(value):
                study.tell(trial, value)
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)


def _sampler(sweep: Sweep) -> BaseSampler:
    from optuna import samplers

    name = sweep.file.design.sampler
    sequence = np.random.SeedSequence(sweep.file.seed, spawn_key=(DESIGN_KEY,))
    seed = int(sequence.generate_state(1)[0])
    kinds: dict[str, Any] = {
        "tpe": lambda: samplers.TPESampler(seed=seed),
        "cma-es": lambda: samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False),
        "nsga-ii": lambda: samplers.NSGAIISampler(seed=seed),
        "nsga-iii": lambda: samplers.NSGAIIISampler(seed=seed),
        "qmc": lambda: samplers.QMCSampler(
            seed=seed, scramble=True, warn_independent_sampling=False
        ),
        "gp": lambda: samplers.GPSampler(seed=seed, deterministic_objective=False),
        "random": lambda: samplers.RandomSampler(seed=seed),
    }
    try:
        if name == "cma-es":
            import cmaes  # noqa: F401  Optuna would say so only after the first trials
        if name == "gp":
            import torch  # noqa: F401
        sampler: BaseSampler = kinds[name]()
    except ImportError as error:
        needed = error.name or "a library"
        raise SweepError(
            f"{sweep.name}: design.sampler: {name} needs {needed}, which is not installed; "
            f"pip install {needed}, or take another sampler, such as tpe"
        ) from None
    return sampler


def _distribution(factor: Factor) -> Any:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(factor, Levels):
        # By their places, for Optuna does not take lists of text.
        return CategoricalDistribution(range(len(factor.values)))
    kind = IntDistribution if factor.whole else FloatDistribution
    return kind(factor.low, factor.high, log=factor.log)


def _value(factor: Factor, found: dict[str, Any]) -> Any:
    value = found[factor.key]
    return factor.values[value] if isinstance(factor, Levels) else value
