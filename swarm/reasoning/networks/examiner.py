"""The examiner: who knows the hidden network, draws the cases, and chooses what is asked.

Truth is used to choose which questions are asked, as an examiner would, and for nothing else:

- seeing: one to three facts; material if they move the target by .1 or more;
- doing: a variable is set, up to two facts are known that it has no part in; half of the drafts
  set a true cause of the target; material if doing differs from seeing by .05 or more;
- imagining: a true cause of the target had been otherwise; what it and the target were is known,
  and up to two facts more; material if the answer differs by .1 or more from what one would see
  in other cases with that cause.

Differences are total variation. Facts come from cases drawn for the purpose, near the target in
the graph rather than far from it. Two of three questions of a kind are material where there are
as many; what is set by doing or imagining occurs in one case of twenty at least.

Guarantees: equal seeds give equal questions; a question that agents are asked and one that is held
out never share both kind, target and what is given: the facts if it is about seeing, else what
is set (each such combination belongs to one part, by a hash).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from swarm.reasoning.networks.elimination import query_all
from swarm.reasoning.networks.network import UNSEEN, BayesNetwork, NetworkError
from swarm.reasoning.networks.questions import (
    DOING,
    IMAGINING,
    KINDS,
    SEEING,
    Questions,
    everywhere,
    truth_of,
)
from swarm.reasoning.networks.random_models import PartlyHidden
from swarm.reasoning.networks.separation import strict_paths

MATERIAL = (0.1, 0.05, 0.1)
"""Total variation from which a question of each kind is material."""

MATERIAL_SHARE = 2 / 3
DRAFTS = (3, 9, 3)
"""Drafts for each question of a kind that is kept."""

TRIES = 20
"""Attempts for each draft, where a network has few questions."""

CASES = 2_000
"""Cases drawn for facts; none of them is shown to agents."""

ROWS = 4
"""Drafts of one pattern: the same variables, other cases."""

OCCURS = 0.05
"""What is set occurs as often as that."""

SOFT = 1e-6
"""Probability mixed into tables so that what is compared with is defined."""

ASKED, HELD_OUT = 0, 1


@dataclass(frozen=True, eq=False)
class Examiner:
    """Who asks about a hidden model.

    Attributes:
        world: the model, and which of its variables can be seen.
        seed: of everything drawn.
    """

    world: PartlyHidden
    seed: int = 0

    def draw(self, number: int, part: int) -> tuple[Questions, NDArray[np.float64]]:
        """Choose questions, a third of each kind, fewer where the network has no more.

        Args:
            number: how many, ≥ 3.
            part: ASKED for those of agents' tasks, HELD_OUT for those of the final exam.

        Returns:
            Questions and their truth, float64[Q, C]. Their own numbers are apart from those of
            the other part.

        Raises:
            NetworkError: for fewer than 3 questions, or a network that has none of some kind.
        """
        if number < 3:
            raise NetworkError(f"a third of the questions are of each kind; got {number}, not 3")
        rng = np.random.default_rng([self.seed, part])
        each = number // 3
        kinds = [self._of_kind(kind, each, part, rng) for kind in range(len(KINDS))]
        truth = np.concatenate([truth for _, truth in kinds])
        # Numbers ascend with the kinds and leave room between the parts: no two keys of a block
        # (kind · C + number) are equal.
        first = part * (number + len(KINDS) * truth.shape[1])
        columns = {
            field.name: np.concatenate([getattr(questions, field.name) for questions, _ in kinds])
            for field in fields(Questions)
        }
        columns["number"] = np.arange(first, first + len(truth), dtype=np.int32)
        return Questions(**columns), truth

    def _of_kind(
        self, kind: int, number: int, part: int, rng: np.random.Generator
    ) -> tuple[Questions, NDArray[np.float64]]:
        """Draft questions, find their truth, and keep the material ones first."""
        drafts = self._drafts(kind, DRAFTS[kind] * number, part, rng)
        truth = truth_of(self.world, drafts)
        away = np.abs(truth - self._otherwise(drafts)).sum(axis=1) / 2 >= MATERIAL[kind]
        material = np.flatnonzero(away)[: round(MATERIAL_SHARE * number)]
        others = np.setdiff1d(np.arange(len(drafts)), material)
        rest = np.concatenate([others[~away[others]], others[away[others]]])
        rows = np.sort(np.concatenate([material, rest[: number - len(material)]]))
        return drafts.take(rows), truth[rows]

    def _drafts(self, kind: int, number: int, part: int, rng: np.random.Generator) -> Questions:
        """Different questions of one kind that belong to a part, at most `number`."""
        cases = self.world.sample(CASES, rng)
        found: dict[bytes, tuple[int, NDArray, NDArray]] = {}
        for attempt in range(TRIES * number // ROWS):
            if len(found) >= number:
                break
            pattern = self._pattern(kind, attempt % 2 == 0, rng)
            for row in cases[rng.integers(CASES, size=ROWS)] if pattern else ():
                draft = self._draft(kind, *pattern, row, rng) if pattern else None
                if draft is not None and _part_of(kind, *draft) == part:
                    target, facts, setting = draft
                    key = b"".join((bytes([target]), facts.tobytes(), setting.tobytes()))
                    found.setdefault(key, draft)
        if not found:
            raise NetworkError(
                f"no question about {KINDS[kind]} can be asked of this network: it needs two "
                "variables that can be seen, one of them a cause of the other, whose states all "
                f"but one occur in {OCCURS:.0%} of the cases"
            )
        targets, facts, settings = zip(*list(found.values())[:number], strict=True)
        Q = len(targets)
        return Questions(
            np.zeros(Q, np.int32),
            np.full(Q, kind, np.int8),
            np.array(targets, np.int32),
            np.stack(facts),
            np.stack(settings),
        )

    def _pattern(
        self, kind: int, effective: bool, rng: np.random.Generator
    ) -> tuple[int, int, list[int]] | None:
        """Target, variable to set (−1: none) and variables to know; None if there are none."""
        V = len(self.world.visible)
        target = int(rng.integers(V))
        near = self._nearness[target]
        if kind == SEEING:
            return target, UNSEEN, _some(near, int(rng.integers(1, 4)), rng)
        leads = self._leads
        causes = near * leads[:, target] if kind == IMAGINING or effective else near
        chosen = _some(causes, 1, rng)
        if not chosen:
            return None
        cause = chosen[0]
        around = near.copy()
        around[cause] = 0
        if kind == DOING:
            around[leads[cause]] = 0
        return target, cause, _some(around, int(rng.integers(0, 3)), rng)

    def _draft(
        self,
        kind: int,
        target: int,
        cause: int,
        known: list[int],
        row: NDArray[np.int16],
        rng: np.random.Generator,
    ) -> tuple[int, NDArray[np.int16], NDArray[np.int16]] | None:
        """The question of a pattern about one case int16[V]; None where it would be too rare."""
        facts, setting = np.full_like(row, UNSEEN), np.full_like(row, UNSEEN)
        facts[known] = row[known]
        if kind == SEEING:
            return target, facts, setting
        often = self._marginals[cause] >= OCCURS
        if kind == IMAGINING:
            facts[[cause, target]] = row[[cause, target]]
            often[row[cause]] = False
            if not often.any():
                return None
            setting[cause] = rng.choice(np.flatnonzero(often))
        elif often[row[cause]]:
            setting[cause] = row[cause]
        else:
            return None
        return target, facts, setting

    def _otherwise(self, drafts: Questions) -> NDArray[np.float64]:
        """What the truth is held against, float64[Q, C]: the base rate, or what one would see."""
        network, visible = self.world.model.network, self.world.visible
        seen = drafts.believed
        seen[drafts.kind == SEEING] = UNSEEN
        soft = tuple((1 - SOFT) * t + SOFT / t.shape[-1] for t in network.tables)
        possible = BayesNetwork(network.names, network.states, network.parents, soft)
        facts = everywhere(seen, visible, len(network))
        C = max(network.cards[v] for v in visible)
        return query_all(possible, visible[drafts.target], facts)[:, :C]

    @cached_property
    def _leads(self) -> NDArray[np.bool_]:
        """bool[V, V] of the visible: i is a cause of j."""
        every = strict_paths(np.ascontiguousarray(self.world.model.network.adjacency))
        return every[np.ix_(self.world.visible, self.world.visible)]

    @cached_property
    def _nearness(self) -> NDArray[np.float64]:
        """float64[V, V] of the visible: halved with every arrow between two; 0 for oneself."""
        joined = self.world.directed | self.world.directed.T | self.world.bidirected
        near = np.zeros(joined.shape)
        reached = np.eye(len(joined), dtype=np.bool_)
        for step in range(1, len(joined)):
            grown = reached | (reached.astype(np.int64) @ joined > 0)
            near[grown & ~reached] = 0.5**step
            reached = grown
        return near

    @cached_property
    def _marginals(self) -> NDArray[np.float64]:
        """float64[V, C]: how often each state of the visible occurs."""
        return query_all(self.world.model.network, self.world.visible)


def _some(weights: NDArray[np.float64], number: int, rng: np.random.Generator) -> list[int]:
    """Up to `number` places drawn without repetition, by weights float64[V]."""
    number = min(number, int((weights > 0).sum()))
    if number == 0:
        return []
    return rng.choice(len(weights), number, replace=False, p=weights / weights.sum()).tolist()


def _part_of(kind: int, target: int, facts: NDArray, setting: NDArray) -> int:
    """The part that a question belongs to, by kind, target and what is given."""
    given = facts if kind == SEEING else setting
    said = bytes([kind]) + target.to_bytes(4, "little") + given.tobytes()
    return hashlib.blake2b(said, digest_size=1).digest()[0] & 1
