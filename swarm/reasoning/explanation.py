"""Explanations: why an answer, what speaks against it, and what would change it.

Nothing here is told after the fact by another model. Voices are the scores that decided, and
their effect is the lead that is lost when the engine is silenced and the strategy runs again.
Rules are those whose bodies lead from the source to the answer in the evidence, with the facts
they go along. Objections are the terms whose sum the council subtracts. What would change the
answer is found by taking evidence away and computing everything anew (`counterevidence`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from swarm.reasoning.counterevidence import Change, Rescore, what_would_change
from swarm.reasoning.evidence import Evidence
from swarm.reasoning.faculties import ScoreTable
from swarm.reasoning.reasons import Line, Names, Objection, lines_of, objections_to

Decide = Callable[[ScoreTable], np.ndarray]
"""Any strategy: scores float32[Q, C] of a table; -inf where the answer is known."""


@dataclass(frozen=True)
class Voice:
    """What one engine had to do with an answer.

    Attributes:
        engine: its name.
        weight: how loud the strategy lets it speak, before gates; 0 if it may not.
        score: what it says of the answer, in standard deviations above the mean candidate.
        effect: how much of the lead over the next answer is lost if it is silenced.
        instead: the best answer if it is silenced.
    """

    engine: str
    weight: float
    score: float
    effect: float
    instead: int


@dataclass(frozen=True)
class Explanation:
    """Everything that can be said of one answer to one query.

    Attributes:
        relation, source, answer: the query (source, r', ?) and the candidate.
        rank: place among the open candidates, 1 is the best.
        voices: the engines, the one with the largest effect first.
        lines: the rules that lead to the answer, the surest first.
        objections: what speaks against it.
        change: what would change it; None if it was not looked for or not found.
    """

    relation: int
    source: int
    answer: int
    rank: int
    voices: tuple[Voice, ...]
    lines: tuple[Line, ...]
    objections: tuple[Objection, ...]
    change: Change | None

    @property
    def decisive(self) -> tuple[Voice, ...]:
        """The engines without which another answer would be the best; only of a best answer."""
        return tuple(v for v in self.voices if self.rank == 1 and v.instead != self.answer)

    def words(
        self, evidence: Evidence, names: Names, lines: int = 3, ways: int = 2, most: int = 6
    ) -> str:
        """The explanation for a person to read, a statement a line.

        Args:
            evidence: what the explanation is about; names: how to call it.
            lines, ways, most: how many rules, ways of each and removed facts are shown.
        """
        who = names.entities
        spoke = [v for v in self.voices if v.weight > 0 and v.score > 0]
        named = ", ".join(f"{v.engine} {v.score:+.1f} ({v.effect:+.2f})" for v in spoke)
        said = [f"for it: {named}" if spoke else "for it: no engine"]
        for line in self.lines[:lines]:
            said.append(
                f"rule: {line.rule}; held {line.held} of {line.of} times ({line.confidence:.2f})"
            )
            for way in line.ways[:ways]:
                said.append("  because " + ", ".join(names.fact(evidence.facts[i]) for i in way))
            if len(line.ways) > ways:
                said.append(f"  and {len(line.ways) - ways} more ways")
        if not self.lines:
            said.append("no rule leads to it: it rests on likeness and frequency")
        said += [f"against it: {o.reason} ({o.strength:.2f})" for o in self.objections]
        for v in self.decisive:
            said.append(f"without {v.engine} it would be {who[v.instead]}")
        if self.change is not None:
            gone = [names.fact(evidence.facts[i]) for i in self.change.facts[:most]]
            if more := len(self.change.facts) - len(gone):
                gone.append(f"and {more} more facts")
            other = who[self.change.instead]
            said.append(f"{other} would stand above it but for: {'; '.join(gone)}")
        return "\n".join(said)

    def as_json(self, evidence: Evidence, names: Names) -> dict[str, Any]:
        """The same as JSON values, with names for numbers."""

        def fact(row: int) -> str:
            return names.fact(evidence.facts[row])

        change = None
        if self.change is not None:
            change = {
                "without": [fact(row) for row in self.change.facts],
                "instead": names.entities[self.change.instead],
                "irreducible": self.change.irreducible,
            }
        return {
            "rank": self.rank,
            "voices": [{**asdict(v), "instead": names.entities[v.instead]} for v in self.voices],
            "rules": [
                {**asdict(line), "ways": [[fact(row) for row in way] for way in line.ways]}
                for line in self.lines
            ],
            "objections": [asdict(objection) for objection in self.objections],
            "change": change,
        }


def explain(
    evidence: Evidence,
    table: ScoreTable,
    answer: int,
    decide: Decide,
    weights: np.ndarray,
    columns: np.ndarray,
    engines: Sequence[str],
    names: Names,
    rescore: Rescore | None = None,
    budget: int = 24,
    longer: Sequence[tuple[int, ...]] = (),
) -> Explanation:
    """Explain one answer to the one query of a table.

    Args:
        evidence: what the table was made from.
        table: scores of exactly one query.
        answer: an open candidate.
        decide: the strategy.
        weights: float[K] of the engines; columns: int[K], the variant each speaks through.
        engines: K names.
        names: of entities and relations, for the words.
        rescore: scores the query from other facts; if left out, what would change the answer
            is not looked for. See `counterevidence.rescoring`.
        budget: most recomputations.
        longer: bodies of three relations that engines know besides (`Inductive.bodies`), so that
            rules of them are shown too.

    Raises:
        ValueError: more than one query, or an answer that the evidence already gives.
    """
    if len(table) != 1 or not table.block.open[0, answer]:
        raise ValueError(
            f"an explanation is of one open answer to one query; got {len(table)} queries and "
            f"candidate {answer}; make the table with `faculties.table` of a block of one query"
        )
    relation, source = int(table.block.relation[0]), int(table.block.source[0])
    scores = decide(table)[0]
    change = None
    if rescore is not None:
        change = what_would_change(evidence, relation, source, answer, rescore, budget)
    return Explanation(
        relation,
        source,
        answer,
        1 + int((scores > scores[answer]).sum()),
        _voices(table, answer, scores, decide, weights, columns, engines),
        lines_of(evidence, relation, source, answer, names, longer),
        objections_to(evidence, relation, source, answer, names),
        change,
    )


def _voices(
    table: ScoreTable,
    answer: int,
    scores: np.ndarray,
    decide: Decide,
    weights: np.ndarray,
    columns: np.ndarray,
    engines: Sequence[str],
) -> tuple[Voice, ...]:
    lead = _lead(scores, answer)
    heard = []
    for e, engine in enumerate(engines):
        without = decide(silenced(table, e))[0]
        heard.append(
            Voice(
                engine,
                float(weights[e]),
                float(table.scores[0, columns[e], answer]),
                lead - _lead(without, answer),
                int(without.argmax()),
            )
        )
    return tuple(sorted(heard, key=lambda voice: -voice.effect))


def _lead(scores: np.ndarray, answer: int) -> float:
    """How far an answer stands above the best of the others, at most 100 in either direction."""
    others = np.delete(scores, answer)
    others = others[np.isfinite(others)]
    return float(np.clip(scores[answer] - others.max(), -100, 100)) if len(others) else 0.0


def silenced(table: ScoreTable, engine: int) -> ScoreTable:
    """The same table with nothing said by one engine, and nobody for its favourite."""
    mute = slice(int(table.first[engine]), int(table.first[engine + 1]))
    scores, favourite = table.scores.copy(), table.favourite.copy()
    scores[:, mute] = 0
    favourite[:, mute] = -1
    return replace(table, scores=scores, favourite=favourite)
