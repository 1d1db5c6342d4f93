"""Lexicase selection: parents by their errors on single cases, in an order drawn anew each time.

Spector 2012, "Assessment of problem modality by differential performance of lexicase selection in
genetic programming"; ε-lexicase after La Cava, Spector & Danai 2016, "Epsilon-lexicase selection
for regression"; down-sampling after Hernandez, Lalejini, Dolson & Ofria 2019, "Random subsampling
improves performance in lexicase selection". What holds for every search stands in
`evolution.search`; a NaN error counts as infinite.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.genetic import GeneticAlgorithm
from evolution.genomes.spec import Genomes
from evolution.search import (
    AskTellError,
    Floats,
    Integers,
    ObjectiveError,
    Representation,
)

Epsilon = float | Literal["semi-dynamic", "dynamic"]


def lexicase_select(
    errors: npt.ArrayLike, k: int, rng: np.random.Generator, epsilon: Epsilon = 0.0
) -> Integers:
    """``k`` parents ``int64[k]``, drawn independently, of ``errors[n, cases]``, minimised.

    For each parent the cases come in a random order, and on each case only the best so far stay;
    who is left at the end is drawn evenly. ``epsilon`` is how much worse than the best one may be:
    a number for all cases, or the median absolute deviation of the errors of a case, over the
    population ("semi-dynamic") or over those still left ("dynamic", as DEAP's
    ``selAutomaticEpsilonLexicase``). O(k n) in practice, O(k n cases) at worst.
    """
    rows = np.array(errors, dtype=np.float64)
    if rows.ndim != 2 or not rows.size:
        raise ObjectiveError(
            f"errors are {list(np.shape(errors))}; expected [n, cases], a row per candidate"
        )
    rows[np.isnan(rows)] = np.inf
    return _select(rows, k, rng, _tolerances(rows, epsilon), epsilon == "dynamic")


class Lexicase(GeneticAlgorithm):
    """A genetic algorithm whose parents are chosen by lexicase, by ask and tell.

    >>> search = Lexicase(spec, 200, rng=1, cases=100, epsilon="semi-dynamic", downsample=0.25)
    >>> for _ in range(50):
    ...     genomes = search.ask()
    ...     search.tell(errors(genomes, search.cases))  # [200, 25]

    ``cases`` is how many there are; each generation is told its errors on ``search.cases``, the
    rows drawn for it by ``ask``: a share ``downsample`` of all. Residents are in the order of
    their summed errors.
    """

    objectives_expected: int | None = None

    def __init__(
        self,
        spec: Representation,
        population: int,
        rng: np.random.Generator | int,
        *,
        cases: int,
        epsilon: Epsilon = 0.0,
        downsample: float = 1.0,
        crossover_rate: float = 0.9,
        mutation_rate: float | None = None,
        mutation_scale: float = 1.0,
        founders: Genomes | None = None,
    ) -> None:
        super().__init__(
            spec,
            population,
            rng,
            crossover_rate=crossover_rate,
            mutation_rate=mutation_rate,
            mutation_scale=mutation_scale,
            # Errors on other cases cannot be compared, so nobody lives on by them.
            elites=0,
            founders=founders,
        )
        _check_epsilon(epsilon)
        if np.ndim(cases) or cases < 1:
            raise AskTellError(
                f"cases is {cases}; expected how many there are, at least 1, e.g. len(training_set)"
            )
        if not 0.0 < downsample <= 1.0:
            raise AskTellError(f"downsample is {downsample}; allowed: a share, above 0, at most 1")
        self.epsilon = epsilon
        self.downsample = downsample
        self.case_count = cases
        self.cases: Integers = np.arange(max(1, round(downsample * cases)))
        self._told_width = len(self.cases)
        # Errors on other cases cannot be compared with those of this generation.
        self.receives = len(self.cases) == cases

    def _ask(self) -> Genomes:
        genomes = super()._ask()
        if len(self.cases) < self.case_count:
            drawn = self.rng.choice(self.case_count, len(self.cases), replace=False)
            self.cases = np.sort(drawn)
        return genomes

    def _parents(self, k: int) -> Integers:
        return lexicase_select(self.objectives, k, self.rng, self.epsilon)

    def _settings(self) -> dict[str, Any]:
        own = {"cases": self.case_count, "epsilon": self.epsilon, "downsample": self.downsample}
        return super()._settings() | own

    def _save(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        arrays, facts = super()._save()
        return arrays | {"cases": self.cases}, facts

    def _load(self, arrays: dict[str, npt.NDArray[Any]], facts: dict[str, Any]) -> None:
        super()._load(arrays, facts)
        self.cases = arrays["cases"]


def _check_epsilon(epsilon: Epsilon) -> None:
    named, number = isinstance(epsilon, str), isinstance(epsilon, float | int | np.number)
    if not (epsilon in ("semi-dynamic", "dynamic") if named else number and float(epsilon) >= 0):
        raise AskTellError(
            f"epsilon is {epsilon!r}; allowed: a number of at least 0, 'semi-dynamic', 'dynamic'"
        )


def _tolerances(errors: Floats, epsilon: Epsilon) -> Floats:
    """How much worse than the best a candidate may be in each case, ``float64[cases]``."""
    _check_epsilon(epsilon)
    if isinstance(epsilon, str):
        return _deviations(errors)
    return np.full(errors.shape[1], float(epsilon))


@njit(cache=True, nogil=True)
def _deviations(errors: Floats) -> Floats:
    """The median absolute deviation of each column."""
    deviations = np.empty(errors.shape[1])
    for case in range(errors.shape[1]):
        deviations[case] = _deviation(errors[:, case].copy())
    return deviations


@njit(cache=True, nogil=True)
def _deviation(errors: Floats) -> float:
    """The median absolute deviation of the finite values, 0 where there are none."""
    finite = errors[np.isfinite(errors)]
    if len(finite) == 0:
        return 0.0
    return float(np.median(np.abs(finite - np.median(finite))))


@njit(cache=True, nogil=True)
def _select(
    errors: Floats, k: int, rng: np.random.Generator, tolerance: Floats, dynamic: bool
) -> Integers:
    n, cases = errors.shape
    chosen = np.empty(k, np.int64)
    order = np.arange(cases)
    left = np.empty(n, np.int64)
    for i in range(k):
        count = n
        for row in range(n):
            left[row] = row
        for j in range(cases):
            if count == 1:
                break
            # The order of the cases is shuffled only as far as it is looked at.
            other = j + int(rng.random() * (cases - j))
            order[j], order[other] = order[other], order[j]
            case = order[j]
            best = np.inf
            for c in range(count):
                best = min(best, errors[left[c], case])
            slack = tolerance[case]
            if dynamic:
                slack = _deviation(errors[left[:count], case])
            stay = 0
            for c in range(count):
                if errors[left[c], case] <= best + slack:
                    left[stay] = left[c]
                    stay += 1
            count = stay
        chosen[i] = left[int(rng.random() * count)]
    return chosen
