"""Modes: how far from what everybody says an answer may be.

A mode mixes the eight types of proposal by its shares (a linear opinion pool, Stone 1961) and
weighs what comes of it against novelty:

    score = w_c * log sum_t share_t p_t(answer) + w_n * novelty(answer),     both terms in nats.

For one and the same mixture the novelty of the best answer can only grow with w_n / w_c, and what
it is worth to the mixture only fall (the usual argument for penalised maxima); the modes that
ship also move their shares the same way. That accuracy falls with it is not a theorem: it is
measured on held-out queries in the tests.

Layers show one query three ways at once: *safe* answers are what the conservative mode puts
first, *near* ones what the balanced mode puts first among the rest, *far* ones what the
revolutionary mode puts first among what is still left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from swarm.reasoning.proposals import (
    FROM_EVIDENCE,
    ProposalError,
    Proposals,
    Views,
    apportion,
    draw,
    log_softmax,
    shares_of,
)


@dataclass(frozen=True)
class Mode:
    """Shares of the types of proposal, weights of consensus and novelty, and a temperature.

    Attributes:
        name: what it is called; `custom` for one's own.
        shares: type to share, summing to 1.
        consensus: w_c > 0.
        novelty: w_n >= 0.
        temperature: >= 0, of the draws; 0 always takes the best.
        layers: shares of safe, near and far answers among those shown, summing to 1.
    """

    name: str = "custom"
    shares: Mapping[str, float] = field(default_factory=lambda: {"synthesis": 1.0})
    consensus: float = 0.4
    novelty: float = 0.6
    temperature: float = 0.5
    layers: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)

    def __post_init__(self) -> None:
        shares_of(self.shares)
        if not (self.consensus > 0 and self.novelty >= 0 and self.temperature >= 0):
            raise ProposalError(
                f"mode {self.name}: consensus {self.consensus} must be more than 0, novelty "
                f"{self.novelty} and temperature {self.temperature} at least 0; such as 0.4, 0.6 "
                "and 0.5"
            )
        if len(self.layers) != 3 or min(self.layers) < 0 or abs(sum(self.layers) - 1) > 1e-6:
            raise ProposalError(
                f"mode {self.name}: layers {self.layers} are three shares (safe, near, far) that "
                "sum to 1, such as (0.5, 0.3, 0.2)"
            )

    def within(self, types: Sequence[str]) -> np.ndarray:
        """float64[T]: the shares of the types there are, in proportion.

        What a domain without a graph cannot propose is left out, and synthesis takes over if
        nothing is left.
        """
        kept = {t: s for t, s in self.shares.items() if t in types or t not in FROM_EVIDENCE}
        total = sum(kept.values())
        even = {t: s / total for t, s in kept.items()} if total else {"synthesis": 1.0}
        return shares_of(even, tuple(types))

    def scores(self, views: Views) -> np.ndarray:
        """Scores float32[Q, C] of every candidate; -inf where the answer is known."""
        shares = self.within(views.types)
        pool = np.einsum("t,qtc->qc", shares, np.exp(views.slates))
        with np.errstate(divide="ignore"):
            worth = np.log(pool)
        score = self.consensus * worth + self.novelty * views.novelty
        return np.where(views.open, score, -np.inf).astype(np.float32)

    def propose(self, views: Views, number: int, rng: np.random.Generator) -> Proposals:
        """Draw `number` proposals a query; types keep to the shares, see `draw`.

        A type draws its answers from its own slate, tilted towards novelty as the scores are.
        """
        tilt = np.float32(self.novelty / self.consensus) * views.novelty
        tilted = log_softmax(views.slates + tilt[:, None], views.open[:, None])
        return draw(tilted, views.types, self.within(views.types), number, self.temperature, rng)


CONSERVATIVE = Mode(
    "conservative",
    {"synthesis": 1.0},
    consensus=1.0,
    novelty=0.0,
    temperature=0.0,
    layers=(0.8, 0.2, 0.0),
)
BALANCED = Mode(
    "balanced",
    {
        "synthesis": 0.5,
        "precedent": 0.15,
        "empirical": 0.1,
        "methodological": 0.15,
        "flip": 0.1,
    },
    consensus=0.75,
    novelty=0.25,
    temperature=0.25,
    layers=(0.5, 0.3, 0.2),
)
CREATIVE = Mode(
    "creative",
    {
        "synthesis": 0.25,
        "precedent": 0.1,
        "empirical": 0.05,
        "methodological": 0.2,
        "flip": 0.15,
        "transplant": 0.1,
        "contrarian": 0.1,
        "moonshot": 0.05,
    },
    consensus=0.65,
    novelty=0.35,
    temperature=0.5,
    layers=(0.3, 0.4, 0.3),
)
REVOLUTIONARY = Mode(
    "revolutionary",
    {
        "synthesis": 0.1,
        "methodological": 0.15,
        "flip": 0.2,
        "transplant": 0.2,
        "contrarian": 0.15,
        "moonshot": 0.2,
    },
    consensus=0.55,
    novelty=0.45,
    temperature=1.0,
    layers=(0.1, 0.3, 0.6),
)
MODES = {mode.name: mode for mode in (CONSERVATIVE, BALANCED, CREATIVE, REVOLUTIONARY)}
"""The modes that ship, from the safest to the boldest."""

LAYERS = ("safe", "near", "far")


@dataclass(frozen=True)
class Layered:
    """Answers of one query in layers; no answer stands in two.

    Attributes:
        answer: int64[n], the safe ones first, in each layer the best first.
        layer: int64[n], index into `LAYERS`.
        score: float32[n], what the mode itself makes of it.
    """

    answer: np.ndarray
    layer: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.answer)


def layered(views: Views, query: int, mode: Mode, number: int) -> Layered:
    """Up to `number` answers to one query: safe, near and far, as many of each as the mode shows.

    Raises:
        ProposalError: number < 1.
    """
    if number < 1:
        raise ProposalError(f"at least 1 answer has to be asked for, not {number}; such as 6")
    one = views.take(np.array([query]))
    counts = apportion(np.array(mode.layers), number)
    answers: list[int] = []
    layer: list[int] = []
    for place, judge in enumerate((CONSERVATIVE, BALANCED, REVOLUTIONARY)):
        scores = judge.scores(one)[0]
        scores[answers] = -np.inf
        best = np.argsort(-scores, kind="stable")[: counts[place]]
        best = best[np.isfinite(scores[best])]
        answers += best.tolist()
        layer += [place] * len(best)
    chosen = np.array(answers, np.int64)
    return Layered(chosen, np.array(layer, np.int64), mode.scores(one)[0][chosen])


def mode_named(name: str) -> Mode:
    """One of the modes that ship.

    Raises:
        ProposalError: there is none of this name.
    """
    if name not in MODES:
        raise ProposalError(f"no mode {name!r}; there are {', '.join(MODES)}")
    return MODES[name]
