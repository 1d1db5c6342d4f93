"""Cycling: champions that beat their recent opponents and lose to older ones, again and again.

Two things make a cycle, and both are measured on the CIAO matrix (`arenas.coevolution.ciao`):

- *Intransitivity*, whatever the order in time. Of two champions the stronger does at least as well
  against everybody, as long as there is such a thing as strength: the share of their differences
  that runs the other way is 0 in every transitive game without chance, and 1 where neither of any
  two is stronger. It is the excess over a nested matrix, in which no a beats x and loses to y where
  b loses to x and beats y (Atmar & Patterson 1993, Oecologia 96).
- *Forgetting*, in time. With progress an opponent is the easier the older it is, so that the mean
  outcome rises with its age. How far the mean by age is from the best rising curve (isotonic
  regression: Ayer et al. 1955, Annals of Mathematical Statistics 26) is the statistic; its null is
  that the order of the generations means nothing, drawn by permuting them.

Luck makes champions differ in ways that no strength explains. In a game of chance give a second
matrix of the same champions, held with another seed: what luck did in the one it did not do in the
other, so that differences which the first shows are counted by what the second says of them.

Guarantees: transitive games without chance, games that one side always wins and champions in
random order are each found out by one of the two; under the null the p-value is exact (Phipson &
Smyth 2010, "Permutation p-values should never be zero").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arenas.coevolution.ciao import Floats, checked_matrix
from arenas.coevolution.errors import CoevolutionError

OLDEST = 0.75
"""Ages up to this share of all generations are looked at; of the oldest there are too few."""
FREQUENCIES = 2048


@dataclass(frozen=True)
class Cycling:
    """What the detector saw.

    Attributes:
        intransitivity: share of differences between champions that no strength explains, 0 to 1.
        forgetting: distance of `profile` from rising curves, mean square, weighted by numbers.
        p_value: of `forgetting` where the order of generations means nothing.
        period: generations from beating an opponent to beating it again, as the strongest wave in
            what the rising curve leaves of the profile; NaN where no cycle was found.
        profile: float64[2, A], what each side got on average against opponents of age 1 to A.
        found: whether it is cycling: the p-value at most the level asked for, and the
            intransitivity at least the effect.
    """

    intransitivity: float
    forgetting: float
    p_value: float
    period: float
    profile: Floats
    found: bool


def cycling(
    matrix: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    again: npt.ArrayLike | None = None,
    permutations: int = 199,
    level: float = 0.01,
    effect: float = 0.05,
) -> Cycling:
    """Look for cycles in a CIAO matrix float64[G, G] of G ≥ 8 generations.

    Args:
        matrix: outcomes of the first side's champions (rows) against the second's (columns); in a
            population against itself both are the same.
        rng: for permutations.
        again: the same champions with another seed, in games of chance; None where there is none.
        permutations: how many; 1 / (permutations + 1) is the least p-value.
        level: the p-value up to which forgetting counts.
        effect: the intransitivity from which it counts.

    Costs O(permutations·G²) and O(G³) for the intransitivity.
    """
    first = checked_matrix(matrix)
    second = first if again is None else checked_matrix(again)
    if first.shape != second.shape:
        raise CoevolutionError(
            f"matrix is {list(first.shape)} and again is {list(second.shape)}; both hold the "
            "same champions"
        )
    known = (first + second) / 2.0
    generations = len(known)
    if generations < 8:
        raise CoevolutionError(f"{generations} generations; at least 8 for a cycle to show")
    if not 0.0 < level < 1.0:
        raise CoevolutionError(f"level is {level}; a p-value above 0 and below 1, such as 0.01")
    if permutations < 1 / level - 1:
        raise CoevolutionError(
            f"{permutations} permutations cannot give a p-value of {level}; at least "
            f"{int(np.ceil(1 / level - 1))}"
        )
    ages = int(OLDEST * generations)
    profile, rising = _profiles(known, ages)
    weights = generations - np.arange(1.0, ages + 1)
    forgetting = _distance(profile, rising, weights)
    as_far = 0
    for _ in range(permutations):
        order = rng.permutation(generations)
        shuffled = _distance(*_profiles(known[np.ix_(order, order)], ages), weights)
        # What differs by rounding alone is a tie, and ties speak for the null.
        as_far += shuffled >= forgetting - 1e-12
    p_value = (1 + as_far) / (1 + permutations)
    share = intransitivity(first, second)
    found = p_value <= level and share >= effect
    period = _period(profile - rising, weights) if found else float("nan")
    return Cycling(share, forgetting, p_value, period, profile, found)


def intransitivity(matrix: npt.ArrayLike, again: npt.ArrayLike | None = None) -> float:
    """Share of differences between champions, 0 to 1, that run against the stronger of two.

    For rows i and k let P be the sum of what i did better than k, over all columns, and N that of
    what it did worse: 2·min(P, N) of P + N is no matter of strength. Summed over all pairs of rows,
    and likewise of columns; 0 where nobody differs. With ``again``, the same with other luck, one
    matrix says who is the stronger and which differences run against that, and the other how large
    they are; then the other way about.
    """
    first = np.asarray(matrix, np.float64)
    second = first if again is None else np.asarray(again, np.float64)
    finite = np.isfinite(first).all() and np.isfinite(second).all()
    if first.ndim != 2 or first.shape != second.shape or not finite:
        raise CoevolutionError(
            f"matrices are {list(first.shape)} and {list(second.shape)}; expected finite outcomes "
            "[n, k], both of the same champions"
        )
    against, total = 0.0, 0.0
    for says, counts in (
        (first, second),
        (second, first),
        (first.T, second.T),
        (second.T, first.T),
    ):
        for row in range(len(says) - 1):
            said, gap = (side[row] - side[row + 1 :] for side in (says, counts))
            sign = np.sign(said)
            stronger = np.sign(said.sum(axis=1, keepdims=True))
            # Of two equally strong ones either may count as the weaker: half of all runs against.
            contrary = np.where(stronger == 0.0, 0.5 * np.abs(sign), sign * stronger < 0.0)
            against += 2.0 * float((contrary * sign * gap).sum())
            total += float((sign * gap).sum())
    return min(max(against / total, 0.0), 1.0) if total > 0.0 else 0.0


def rising_fit(values: Floats, weights: Floats) -> Floats:
    """The rising curve float64[n] closest to the values, weighted: pool adjacent violators."""
    means: list[float] = []
    masses: list[float] = []
    counts: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, count = value, weight, 1
        while means and means[-1] > mean:
            former, before = means.pop(), masses.pop()
            mean = (former * before + mean * mass) / (before + mass)
            mass, count = mass + before, count + counts.pop()
        means.append(mean)
        masses.append(mass)
        counts.append(count)
    return np.repeat(np.array(means), np.array(counts))


def _profiles(known: Floats, ages: int) -> tuple[Floats, Floats]:
    """Mean outcomes by age 1 to `ages` of both sides, float64[2, ages], and the rising ones."""
    generations = len(known)
    age = np.subtract.outer(np.arange(generations), np.arange(generations))
    total = np.bincount((age + generations).ravel(), known.ravel(), 2 * generations)
    lags = np.arange(1, ages + 1)
    number = generations - lags
    profile = np.stack([total[generations + lags] / number, 1 - total[generations - lags] / number])
    return profile, np.stack([rising_fit(side, number.astype(np.float64)) for side in profile])


def _distance(profile: Floats, rising: Floats, weights: Floats) -> float:
    return float(((profile - rising) ** 2 @ weights).sum() / (2.0 * weights.sum()))


def _period(left: Floats, weights: Floats) -> float:
    """The period of the strongest wave in what a rising curve leaves of both profiles."""
    ages = left.shape[1]
    frequency = np.linspace(1.0 / ages, 0.5, FREQUENCIES)
    waves = np.exp(-2j * np.pi * np.outer(frequency, np.arange(1, ages + 1)))
    power = (np.abs(waves @ (left * weights).T) ** 2).sum(axis=1)
    return float(1.0 / frequency[power.argmax()])
