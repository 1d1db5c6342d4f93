"""Preference: what a person makes of accuracy and novelty, and the mode that suits both.

How likely an answer is right is read off what the engines say of it by a logistic regression
(`Calibration`), fitted on queries whose answers are known: train or validation, never test. What
a person wants of an answer is

    u = a * P(right) + b * novelty + taste for its type,

learned from choices between pairs of answers by the Bradley-Terry model (1952; with features it
is McFadden's conditional logit, 1974): P(left is chosen) = 1 / (1 + exp(u(right) - u(left))).
The mode to suggest for a query is the one whose best answer has the highest expected utility. So
where the engines agree it is a careful one, and where they are at a loss anyway, a bold one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swarm.reasoning.modes import MODES, Mode
from swarm.reasoning.proposals import TYPES, ProposalError, Views

RIDGE = 1.0
"""Precision of the normal prior on every weight but the first of a calibration."""

STEPS = 50


@dataclass(frozen=True)
class Calibration:
    """How likely answers are right, by what is said of them.

    Attributes:
        weight: float64[F], one for each of `FEATURES`.
    """

    weight: np.ndarray

    FEATURES = (
        "bias",
        "log share of the consensus",
        "log share of the favourite",
        "voices for it",
        "objections",
        "log share of the types",
        "novelty",
    )

    @classmethod
    def fit(
        cls, views: Views, query: np.ndarray, answer: np.ndarray, right: np.ndarray
    ) -> Calibration:
        """Learn from n answers, int[n] rows and int[n] candidates, which were bool[n] right.

        Raises:
            ProposalError: there is nothing to learn from.
        """
        if not len(query):
            raise ProposalError("a calibration learns from at least one answer; none was given")
        x = cls.describe(views, query, answer)
        weight = logistic(x, np.asarray(right, float), free=1)
        return cls(weight)

    def probability(self, views: Views, query: np.ndarray, answer: np.ndarray) -> np.ndarray:
        """float64[n] in (0, 1): P(right) of `answer[i]` to `query[i]`."""
        return _sigmoid(self.describe(views, query, answer) @ self.weight)

    @staticmethod
    def describe(views: Views, query: np.ndarray, answer: np.ndarray) -> np.ndarray:
        """float64[n, F]: what is said of n answers."""
        synthesis = views.slates[:, views.types.index("synthesis")]
        pool = np.log(np.exp(views.slates[query, :, answer]).mean(axis=1) + 1e-9)
        voices = (views.favourites[query] == answer[:, None]).mean(axis=1)
        return np.stack(
            [
                np.ones(len(query)),
                np.maximum(synthesis[query, answer], -12),
                synthesis[query].max(axis=1),
                voices,
                views.against[query, answer],
                pool,
                views.novelty[query, answer],
            ],
            axis=1,
        ).astype(float)


@dataclass(frozen=True)
class Preference:
    """Utility of an answer: accuracy * P(right) + novelty * nats + taste[type].

    Attributes:
        accuracy, novelty: a and b.
        taste: float64[T] for the types in the order of `TYPES`.
    """

    accuracy: float = 1.0
    novelty: float = 0.05
    taste: tuple[float, ...] = (0.0,) * len(TYPES)

    def utility(
        self, right: np.ndarray, novelty: np.ndarray, kind: np.ndarray | None = None
    ) -> np.ndarray:
        """float64[n] of answers right with probability float[n], novel by float[n] nats.

        Args:
            kind: int[n] index into `TYPES`, or -1 for none in particular.
        """
        total = self.accuracy * right + self.novelty * novelty
        if kind is not None:
            total = total + np.append(np.array(self.taste), 0.0)[kind]
        return total

    @classmethod
    def learn(
        cls, left: np.ndarray, right: np.ndarray, chose_left: np.ndarray, ridge: float = 0.1
    ) -> Preference:
        """The most probable preference after n choices between two answers.

        Args:
            left, right: float[n, 2 + T] from `features`.
            chose_left: bool[n].
            ridge: > 0, precision of the prior; without choices nothing is preferred.

        Raises:
            ProposalError: arrays that do not fit each other.
        """
        if left.shape != right.shape or left.shape[1:] != (2 + len(TYPES),):
            raise ProposalError(
                f"choices need two arrays [n, {2 + len(TYPES)}] (P(right), novelty, one column "
                f"a type), got {left.shape} and {right.shape}; see preference.features"
            )
        weight = logistic(left - right, np.asarray(chose_left, float), ridge=ridge)
        return cls(float(weight[0]), float(weight[1]), tuple(weight[2:].tolist()))


DEFAULT = Preference()
"""Somebody for whom twenty nats of novelty are worth a right answer."""


def features(right: np.ndarray, novelty: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """float64[n, 2 + T] of answers, as `Preference.learn` takes them.

    Args:
        right: float[n] P(right); novelty: float[n] nats; kind: int[n] index into `TYPES`, or -1.
    """
    one_hot = np.append(np.eye(len(TYPES)), np.zeros((1, len(TYPES))), axis=0)[kind]
    return np.concatenate([np.stack([right, novelty], axis=1), one_hot], axis=1)


def best_of_modes(views: Views, modes: Sequence[Mode] = tuple(MODES.values())) -> np.ndarray:
    """int64[Q, M]: the best answer of every mode to every query."""
    return np.stack([mode.scores(views).argmax(axis=1) for mode in modes], axis=1)


def suggest(
    views: Views,
    calibration: Calibration,
    preference: Preference = DEFAULT,
    modes: Sequence[Mode] = tuple(MODES.values()),
) -> np.ndarray:
    """int64[Q]: for every query the mode whose best answer has the highest expected utility.

    Of modes that would answer the same, the first is taken.
    """
    best = best_of_modes(views, modes)
    query = np.repeat(np.arange(len(views)), len(modes))
    likely = calibration.probability(views, query, best.ravel())
    worth = preference.utility(likely, views.novelty[query, best.ravel()])
    chosen: np.ndarray = worth.reshape(best.shape).argmax(axis=1)
    return chosen


def calibrate(
    views: Views, truth: np.ndarray, modes: Sequence[Mode] = tuple(MODES.values())
) -> Calibration:
    """A calibration from queries with known answers int[Q]: by every mode's best answer."""
    best = best_of_modes(views, modes)
    query = np.repeat(np.arange(len(views)), len(modes))
    return Calibration.fit(views, query, best.ravel(), best.ravel() == truth[query])


def logistic(x: np.ndarray, y: np.ndarray, ridge: float = RIDGE, free: int = 0) -> np.ndarray:
    """Weights float64[F] of a logistic regression, by Newton's method; strictly convex.

    Args:
        x: float[n, F]; y: float[n] in {0, 1}.
        ridge: > 0, precision of a normal prior around 0.
        free: leading weights with (almost) no prior, such as a bias.
    """
    prior = np.full(x.shape[1], ridge)
    prior[:free] = 1e-6
    weight = np.zeros(x.shape[1])

    def loss(w: np.ndarray) -> float:
        z = x @ w
        return float((np.logaddexp(0, z) - y * z).sum() + (prior * w * w).sum() / 2)

    height = loss(weight)
    for _ in range(STEPS):
        p = _sigmoid(x @ weight)
        slope = x.T @ (p - y) + prior * weight
        bend = (x * (p * (1 - p))[:, None]).T @ x + np.diag(prior)
        step = np.linalg.solve(bend, slope)
        length = 1.0
        while (lower := loss(weight - length * step)) > height and length > 1e-8:
            length /= 2
        if height - lower < 1e-10 * (1 + abs(height)):
            break
        weight, height = weight - length * step, lower
    return weight


def _sigmoid(z: np.ndarray) -> np.ndarray:
    half = np.tanh(z / 2)
    return 0.5 * (1 + half)
