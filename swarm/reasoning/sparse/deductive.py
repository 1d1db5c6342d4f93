"""Deduction on a large graph: laws chained forward, the strongest new facts first.

The first round is read off the reach of a query. For every later one the facts that laws
derive from the round before are added to the edges, and what the query reaches only there
counts. Equal to the dense form on the listed candidates while rules are mined exactly, no
source has more than `FRESH_MAX` new facts in a round (the strongest are kept, in the direction
they were derived in; each also holds inversely) and the two-paths fit the evidence's budget
(the sources with the fewest derive first).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from swarm.reasoning.engines import Deductive
from swarm.reasoning.engines.aggregation import log_weight
from swarm.reasoning.queries import Block
from swarm.reasoning.sparse.adding_up import add_rules, best_rules, reach_of
from swarm.reasoning.sparse.edges import Edges, grown, holds, two_path_counts
from swarm.reasoning.sparse.reach import Reach

if TYPE_CHECKING:
    from swarm.reasoning.sparse.evidence import SparseEvidence

FRESH_MAX = 64


def deductive(genes: Deductive, evidence: SparseEvidence, block: Block) -> np.ndarray:
    """Scores float32[Q, C]: laws that derive an answer, later rounds counting less."""
    assert block.candidate is not None
    rules, C = evidence.rules, block.open.shape[1]
    kept, weight = evidence.once(("laws", genes), lambda: _laws(genes, evidence))
    put_together = add_rules if genes.aggregation == "all" else best_rules
    scores = put_together(reach_of(evidence, block), weight, C)
    known = evidence.once(("chained", genes), lambda: _chain(genes, evidence, kept, weight))
    before, discount = None, 1.0
    for edges in known:
        reach = Reach.walk(
            edges,
            rules,
            block.source,
            block.relation,
            block.candidate,
            evidence.relations,
            kept,
        )
        if before is not None:
            discount *= genes.decay
            scores += np.float32(discount) * put_together(reach.without(before), weight, C)
        before = reach
    return scores


def _laws(genes: Deductive, evidence: SparseEvidence) -> tuple[np.ndarray, np.ndarray]:
    """bool[n]: which rules are laws; float32[n]: what they weigh, zero for the others."""
    rules = evidence.rules
    confidence = rules.confidence(genes.pseudo_count)
    confidence[confidence < genes.threshold] = 0
    kept = rules.chosen(confidence, genes.support_min, genes.top)
    value = np.where(kept, confidence, 0)
    return kept, log_weight(value) if genes.aggregation == "all" else value


def _chain(
    genes: Deductive, evidence: SparseEvidence, kept: np.ndarray, weight: np.ndarray
) -> list[Edges]:
    """What is known in each round after the first, and before; nothing for a single round."""
    known = [evidence.edges]
    laws = np.flatnonzero(kept)
    laws = laws[np.argsort(evidence.rules.code[laws], kind="stable")]
    code, D, R = evidence.rules.code[laws], evidence.directions, evidence.relations
    start = np.searchsorted(code, np.arange(D + D * D + 1)).astype(np.int32)
    for _ in range(1, genes.rounds):
        edges = known[-1]
        cost = two_path_counts(edges)
        cheap = np.argsort(cost, kind="stable")
        cheap = cheap[np.cumsum(cost[cheap]) <= evidence.paths_max]
        source, relation, target = _derive(
            edges, cheap, start, evidence.rules.head[laws], weight[laws], D, FRESH_MAX
        )
        if not len(source):
            break
        forward = relation < R
        fresh = [
            np.where(forward, source, target),
            relation % R,
            np.where(forward, target, source),
        ]
        old = edges.relation < R
        facts = np.stack([edges.source[old], edges.relation[old], edges.target[old]], axis=1)
        both = np.concatenate([facts, np.stack(fresh, axis=1)])
        known.append(Edges.of(both, evidence.entities, R))
    return known if len(known) > 1 else []


@njit(cache=True, nogil=True)
def _derive(edges, sources, start, head, weight, directions, fresh_max):
    """New facts (x, r', y) as three columns: at most `fresh_max` of a source, the strongest."""
    entities = len(edges.out) - 1
    source = np.empty(1024, np.int32)
    relation = np.empty(1024, np.int32)
    target = np.empty(1024, np.int32)
    n = 0
    buffer = np.empty(1024, np.int64)
    fact = np.empty(1024, np.int64)
    strength = np.empty(1024, np.float32)
    opens = np.zeros(directions, np.bool_)
    for r in range(directions):
        base = directions + r * directions
        opens[r] = start[base] < start[base + directions]
    for x in sources:
        found = 0
        for i in range(edges.out[x], edges.out[x + 1]):
            z, step = edges.target[i], np.int64(edges.relation[i])
            buffer = grown(buffer, found + 1 + edges.out[z + 1] - edges.out[z])
            if start[step] < start[step + 1]:
                buffer[found] = step * entities + z
                found += 1
            if z == x or not opens[step]:
                continue
            for j in range(edges.out[z], edges.out[z + 1]):
                code = directions + step * directions + edges.relation[j]
                if edges.target[j] != z and start[code] < start[code + 1]:
                    buffer[found] = code * entities + edges.target[j]
                    found += 1
        pairs = np.sort(buffer[:found])
        derived = 0
        for k in range(found):
            if k > 0 and pairs[k] == pairs[k - 1]:
                continue
            code = pairs[k] // entities
            y = pairs[k] - code * entities
            laws = start[code + 1] - start[code]
            fact = grown(fact, derived + laws)
            strength = grown(strength, derived + laws)
            for law in range(start[code], start[code + 1]):
                fact[derived] = np.int64(head[law]) * entities + y
                strength[derived] = weight[law]
                derived += 1
        # Sum up what derives the same fact, and keep the new ones.
        order = np.argsort(fact[:derived], kind="mergesort")
        fresh = 0
        total = np.zeros(derived, np.float32)
        which = np.empty(derived, np.int64)
        for k in range(derived):
            this = fact[order[k]]
            total[fresh] += strength[order[k]]
            if k + 1 == derived or fact[order[k + 1]] != this:
                if holds(edges, this // entities, x, this % entities):
                    total[fresh] = 0
                else:
                    which[fresh] = this
                    fresh += 1
        best = np.argsort(-total[:fresh], kind="mergesort")[:fresh_max]
        source, relation, target = (
            grown(source, n + len(best)),
            grown(relation, n + len(best)),
            grown(target, n + len(best)),
        )
        for k in best:
            source[n] = x
            relation[n] = which[k] // entities
            target[n] = which[k] % entities
            n += 1
    return source[:n], relation[:n], target[:n]
