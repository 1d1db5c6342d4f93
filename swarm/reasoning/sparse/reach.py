"""Reach: which rules reach which candidates of which queries.

What dense engines hold as groundings of every body, here is walked for the queries that are
asked: from the source along the bodies that some rule of the head has. All engines that put
rules together read the same reach.

Bound: a query walks at most about `STEPS_MAX` paths; from a source with more, an even sample
of its first steps is taken, so that answers behind the others are not reached.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from swarm.reasoning.sparse.edges import Edges, grown
from swarm.reasoning.sparse.rules import Rules

STEPS_MAX = 200_000


@dataclass(frozen=True)
class Reach:
    """Pairs (place, rule) of each query, ordered by place and then rule, each once.

    Attributes:
        begin, end: int64[Q]; the pairs of query q are rows `begin[q]:end[q]`.
        place: int32[n], place of the candidate.
        rule: int32[n], row of `Rules`.
    """

    begin: np.ndarray
    end: np.ndarray
    place: np.ndarray
    rule: np.ndarray

    @classmethod
    def walk(
        cls,
        edges: Edges,
        rules: Rules,
        source: np.ndarray,
        relation: np.ndarray,
        candidate: np.ndarray,
        relations: int,
        kept: np.ndarray | None = None,
    ) -> Reach:
        """The reach of the rules, or of those that are kept.

        Args:
            edges: what is walked; more facts than the rules were mined from are welcome.
            rules: n rules.
            source, relation: int32[Q].
            candidate: int32[Q, C] entities, -1 for none.
            relations: R.
            kept: bool[n].
        """
        kept = np.ones(len(rules), bool) if kept is None else kept
        order = np.argsort(relation, kind="stable")
        out = _walk(
            edges, rules.start, rules.code, kept, source, relation, order, candidate, 2 * relations
        )
        return cls(*out)

    def without(self, other: Reach) -> Reach:
        """The pairs that the other reach of the same queries has not."""
        keys = []
        for reach in (self, other):
            query = np.repeat(np.arange(len(reach.begin)), reach.end - reach.begin)
            rows = _ranges(reach.begin, reach.end)
            keys.append((query, reach.place[rows], reach.rule[rows]))
        new = ~_among(*keys)
        query, place, rule = (column[new] for column in keys[0])
        edge = np.searchsorted(query, np.arange(len(self.begin) + 1))
        return Reach(edge[:-1], edge[1:], place, rule)


def _ranges(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """int64[sum(end - begin)]: the rows begin[0]..end[0] - 1, begin[1].. and so on."""
    length = end - begin
    shift = np.repeat(begin - (np.cumsum(length) - length), length)
    return np.arange(length.sum()) + shift


def _among(
    one: tuple[np.ndarray, np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> np.ndarray:
    """bool[n]: whether row i of three columns is a row of three other columns."""
    places = 1 + max(int(columns[1].max(initial=0)) for columns in (one, other))
    rules = 1 + max(int(columns[2].max(initial=0)) for columns in (one, other))
    left, right = ((q * places + p) * rules + r for q, p, r in (one, other))
    return np.isin(left, right)


@njit(cache=True, nogil=True)
def _walk(edges, start, code, kept, source, relation, order, candidate, directions):
    entities = len(edges.out) - 1
    queries = len(source)
    begin = np.zeros(queries, np.int64)
    end = np.zeros(queries, np.int64)
    place = np.empty(1024, np.int32)
    rule = np.empty(1024, np.int32)
    n = 0
    buffer = np.empty(1024, np.int64)
    rule_of = np.full(directions + directions * directions, -1, np.int64)
    opens = np.zeros(directions, np.bool_)  # whether a body of length two begins with it
    place_of = np.full(entities, -1, np.int64)
    head = -1
    for q in order:
        if relation[q] != head:
            if head >= 0:
                for i in range(start[head], start[head + 1]):
                    rule_of[code[i]] = -1
            head = relation[q]
            opens[:] = False
            for i in range(start[head], start[head + 1]):
                if kept[i]:
                    rule_of[code[i]] = i
                    if code[i] >= directions:
                        opens[(code[i] - directions) // directions] = True
        for c in range(candidate.shape[1]):
            if candidate[q, c] >= 0:
                place_of[candidate[q, c]] = c
        rules = start[head + 1] - start[head]
        x = source[q]
        cost = np.int64(0)
        for i in range(edges.out[x], edges.out[x + 1]):
            if opens[edges.relation[i]]:
                cost += edges.out[edges.target[i] + 1] - edges.out[edges.target[i]]
        stride = 1 + (cost - 1) // STEPS_MAX if cost > 0 else 1
        found = 0
        for i in range(edges.out[x], edges.out[x + 1]):
            z, step = edges.target[i], edges.relation[i]
            if rule_of[step] >= 0 and place_of[z] >= 0:
                buffer = grown(buffer, found + 1)
                buffer[found] = place_of[z] * rules + rule_of[step] - start[head]
                found += 1
            if z == x or not opens[step] or (i - edges.out[x]) % stride:
                continue
            buffer = grown(buffer, found + edges.out[z + 1] - edges.out[z])
            base = directions + np.int64(step) * directions
            for j in range(edges.out[z], edges.out[z + 1]):
                y = edges.target[j]
                k = rule_of[base + edges.relation[j]]
                if k >= 0 and y != z and place_of[y] >= 0:
                    buffer[found] = place_of[y] * rules + k - start[head]
                    found += 1
        pairs = np.sort(buffer[:found])
        place = grown(place, n + found)
        rule = grown(rule, n + found)
        begin[q] = n
        for k in range(found):
            if k == 0 or pairs[k] != pairs[k - 1]:
                place[n] = pairs[k] // rules
                rule[n] = pairs[k] % rules + start[head]
                n += 1
        end[q] = n
        for c in range(candidate.shape[1]):
            if candidate[q, c] >= 0:
                place_of[candidate[q, c]] = -1
    return begin, end, place[:n], rule[:n]
