"""Slates: eight ways to propose answers, each from what engines and evidence say.

A *type* of proposal turns a score table into a slate: how likely it would name each candidate.

    synthesis         what all voices say together (mean of standardised scores, Borda's idea)
    methodological    what the one able voice says that agrees least with the others
    empirical         what most independent lines of evidence support
    contrarian        what those say who do not share the favourite, less the objections
    transplant        what the rules of the most similar other relation say
    flip              what still stands with the favourite assumption hidden
    moonshot          the rarest answer that some able voice finds plausible
    precedent         what was right for the most similar earlier queries

Empirical, transplant and precedent need evidence as a graph; a domain without one has the
other five. A slate is float32[C] of log probabilities: scores standardised over the open
candidates, through a softmax; -inf where the evidence already states the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from swarm.reasoning.evidence import Evidence
from swarm.reasoning.faculties import ScoreTable, standardise
from swarm.reasoning.proposals.grounds import independent_lines, precedents, transplanted
from swarm.reasoning.proposals.novelty import surprisal

TYPES = (
    "synthesis",
    "methodological",
    "empirical",
    "contrarian",
    "transplant",
    "flip",
    "moonshot",
    "precedent",
)
FROM_EVIDENCE = ("empirical", "transplant", "precedent")

ABLE = 0.75
"""A voice is able if its competence is at least this share of the best one's."""

PLAUSIBLE = 1.5
"""A moonshot stands at most this many standard deviations below the best of an able voice."""

BANISHED = np.float32(-20.0)
"""Standardised scores never come down to this; it says: only if there is nothing else."""


class ProposalError(ValueError):
    """Proposals cannot be made as asked; says what is allowed, with an example."""


@dataclass(frozen=True)
class Views:
    """What is said of Q queries, one voice an engine; everything that proposals are made of.

    Attributes:
        voices: float32[Q, K, C], standardised scores of K voices.
        competence: float64[K] > 0, how good each voice is, such as its validation credit.
        weight: float64[K] >= 0, how much each counts in the consensus.
        against, inverted: float32[Q, C], objections and scores without the favourite assumption.
        open: bool[Q, C]; False where the answer is known.
        novelty: float32[Q, C], surprisal in nats.
        spoken: float32[Q, C] or None, scores of a strategy that takes the place of the
            weighted mean of the voices.
        grounds: for each type of `FROM_EVIDENCE` its scores float32[Q, C].
    """

    voices: np.ndarray
    competence: np.ndarray
    weight: np.ndarray
    against: np.ndarray
    inverted: np.ndarray
    open: np.ndarray
    novelty: np.ndarray
    spoken: np.ndarray | None
    grounds: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.open)

    @classmethod
    def of(
        cls,
        table: ScoreTable,
        evidence: Evidence | None = None,
        columns: np.ndarray | None = None,
        competence: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        spoken: np.ndarray | None = None,
        said: np.ndarray | None = None,
    ) -> Views:
        """Views on a score table.

        Args:
            table: what every engine variant says.
            evidence: the graph the table comes from, if it is a graph.
            columns: int[K], the variants that speak; if left out, every engine speaks with the
                mean of its variants.
            competence: float[K]; all alike if left out.
            weight: float[K]; all alike if left out.
            spoken: float32[Q, C] of a strategy, such as `Answers.scores`.
            said: int[Q, C], how often memory says each answer; see `surprisal`.

        Raises:
            ProposalError: competence or weights that do not fit the voices.
        """
        if columns is None:
            spans = pairwise(table.first.tolist())
            voices = np.stack([table.scores[:, a:b].mean(axis=1) for a, b in spans], axis=1)
        else:
            voices = table.scores[:, np.asarray(columns, int)]
        K = voices.shape[1]
        able = np.ones(K) if competence is None else np.asarray(competence, float)
        loud = np.ones(K) if weight is None else np.asarray(weight, float)
        if able.shape != (K,) or loud.shape != (K,) or not ((able > 0).all() and loud.sum() > 0):
            raise ProposalError(
                f"{K} voices need {K} competences above 0 and {K} weights that are not all 0; "
                f"got {able.tolist()} and {loud.tolist()}; such as {[1.0] * K}"
            )
        block = table.block
        grounds = {}
        if evidence is not None:
            if block.open.shape[1] != evidence.entities:
                raise ProposalError(
                    f"{block.open.shape[1]} candidates of {evidence.entities} entities: with "
                    "evidence every entity has to be a candidate; leave the evidence out"
                )
            grounds = {
                "empirical": independent_lines(evidence, block),
                "transplant": transplanted(evidence, block),
                "precedent": precedents(evidence, block),
            }
        return cls(
            voices,
            able,
            loud,
            table.against,
            table.inverted,
            block.open,
            surprisal(block, evidence, said),
            spoken,
            grounds,
        )

    def take(self, rows: np.ndarray) -> Views:
        """The views on some of the queries."""
        return Views(
            self.voices[rows],
            self.competence,
            self.weight,
            self.against[rows],
            self.inverted[rows],
            self.open[rows],
            self.novelty[rows],
            None if self.spoken is None else self.spoken[rows],
            {kind: scores[rows] for kind, scores in self.grounds.items()},
        )

    @property
    def types(self) -> tuple[str, ...]:
        """The types that can be proposed from here, in the order of `TYPES`."""
        return tuple(t for t in TYPES if t not in FROM_EVIDENCE or t in self.grounds)

    @cached_property
    def consensus(self) -> np.ndarray:
        """float32[Q, C]: the weighted mean of the voices, or what the strategy says."""
        if self.spoken is not None:
            return standardise(floored(self.spoken, self.open), self.open)
        total = np.einsum("k,qkc->qc", self.weight / self.weight.sum(), self.voices)
        return standardise(total, self.open)

    @cached_property
    def favourites(self) -> np.ndarray:
        """int64[Q, K]: the best open candidate of each voice."""
        best: np.ndarray = np.where(self.open[:, None], self.voices, -np.inf).argmax(axis=2)
        return best

    @cached_property
    def able(self) -> np.ndarray:
        """bool[K]: the voices good enough to be listened to alone."""
        return self.competence >= ABLE * self.competence.max()

    def scores(self, kind: str) -> np.ndarray:
        """Scores float32[Q, C] of one type of proposal, before they are standardised.

        Raises:
            ProposalError: no such type, or it needs evidence and there is none.
        """
        if kind not in TYPES:
            raise ProposalError(f"no type of proposal {kind!r}; there are {', '.join(TYPES)}")
        if kind not in self.types:
            raise ProposalError(
                f"{kind} proposals need the evidence as a graph; give `Views.of(table, evidence)`, "
                f"or ask for {', '.join(self.types)}"
            )
        if kind in FROM_EVIDENCE:
            return self.grounds[kind]
        made: np.ndarray = {
            "synthesis": lambda: self.consensus,
            "methodological": self._methodological,
            "contrarian": self._contrarian,
            "flip": lambda: self.inverted,
            "moonshot": self._moonshot,
        }[kind]()
        return made

    def _methodological(self) -> np.ndarray:
        """The able voice whose scores go least along with the mean of the others."""
        inside = np.where(self.open[:, None], self.voices, 0)
        others = inside.sum(axis=1, keepdims=True) - inside
        size = np.linalg.norm(inside, axis=2) * np.linalg.norm(others, axis=2) + 1e-9
        accord = np.where(self.able, (inside * others).sum(axis=2) / size, np.inf)
        silent = ~inside.any(axis=2)  # an engine with nothing to say does not disagree
        odd = np.where(silent, np.inf, accord).argmin(axis=1)
        return self.voices[np.arange(len(self)), odd]

    def _contrarian(self) -> np.ndarray:
        """The dissenters' mean less the objections; never the favourite of the most."""
        rows = np.arange(len(self))
        votes = np.zeros(self.open.shape)
        for k in range(self.voices.shape[1]):
            votes[rows, self.favourites[:, k]] += self.competence[k]
        favoured = votes.argmax(axis=1)
        dissent = (self.favourites != favoured[:, None]) * self.competence
        dissent = np.where(dissent.any(axis=1, keepdims=True), dissent, self.competence)
        dissent /= dissent.sum(axis=1, keepdims=True)
        scores = np.einsum("qk,qkc->qc", dissent, self.voices) - self.against
        scores[rows, favoured] = BANISHED
        return scores.astype(np.float32)

    def _moonshot(self) -> np.ndarray:
        """Novelty among what some able voice places near its best; the others stay behind."""
        heard = np.where(self.open[:, None], self.voices, -np.inf)[:, self.able]
        best = heard.max(axis=2, keepdims=True)
        behind = (np.where(np.isfinite(best), best, 0) - heard).min(axis=1)  # -inf: nothing open
        plausible = self.open & (behind <= PLAUSIBLE) & (heard.max(axis=1) > 0)
        return np.where(plausible, self.novelty, BANISHED).astype(np.float32)

    @cached_property
    def slates(self) -> np.ndarray:
        """float32[Q, T, C]: log probability that each of `types` names each candidate."""
        return np.stack([slate(self.scores(kind), self.open) for kind in self.types], axis=1)


def slate(scores: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Log probabilities float32[Q, C] of scores float32[Q, C]: standardised, then a softmax.

    Banished candidates do not count in the mean and the deviation, and keep exp(-20) at most.
    """
    present = open_ & (scores > BANISHED)
    standard = np.where(present, standardise(scores, present), BANISHED)
    return log_softmax(standard, open_)


def floored(scores: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """The same scores with pruned candidates just below the last that was not pruned.

    A strategy leaves what it has pruned hundreds below the rest; its order is kept, but its
    distance would drown every difference among the others.
    """
    kept = open_ & (scores > -100)
    lowest = np.where(kept, scores, np.inf).min(axis=1, keepdims=True)
    lowest = np.where(np.isfinite(lowest), lowest, 0)
    spread = np.where(open_ & ~kept, scores / np.float32(1e5), 0)  # order kept, within 0.1
    return np.where(kept, scores, np.where(open_, lowest + spread, 0)).astype(np.float32)


def log_softmax(scores: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Log of the softmax over the open candidates of each row, float32[..., C]; -inf elsewhere."""
    inside = np.where(open_, scores, -np.inf)
    top = inside.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.exp(inside - top).sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return (inside - top - np.log(np.maximum(total, 1e-30))).astype(np.float32)
