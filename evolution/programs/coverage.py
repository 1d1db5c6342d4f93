"""What Horn rules say of a graph: the pairs that a body connects, and how many the head does too.

Boolean products of bit rows, 64 entities a word. Different variables stand for different entities
(object identity, as in AnyBURL: Meilicke, Chekol, Ruffinelli & Stuckenschmidt 2019, IJCAI), else
long rules would walk in place; head coverage after Galárraga, Teflioudi, Hose & Suchanek 2013,
"AMIE", WWW. Counts are exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from evolution.programs.functions import ProgramError

Integers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

# Bodies longer than this are not measured.
LONGEST = 3


class Rules(NamedTuple):
    """Rules as numbers: head int64[n], body int64[n, length], -1 behind shorter bodies."""

    head: Integers
    body: Integers


class RuleMeasures(NamedTuple):
    """What rules say of a graph.

    Attributes:
        groundings: int64[n], pairs that the body connects. support: int64[n], those of them that
            the head connects too. facts: int64[n], all pairs that the head connects.
    """

    groundings: Integers
    support: Integers
    facts: Integers

    def confidence(self, pseudo_count: float = 5.0) -> npt.NDArray[np.float64]:
        """support / (groundings + pseudo-count): pessimistic, as AnyBURL's."""
        return self.support / np.maximum(self.groundings + pseudo_count, 1e-9)

    def coverage(self) -> npt.NDArray[np.float64]:
        """The share of the head's facts that the body connects (AMIE's head coverage)."""
        return self.support / np.maximum(self.facts, 1)


def measure_rules(rules: Rules, cube: npt.NDArray[np.bool_]) -> RuleMeasures:
    """Measure rules on the adjacency ``bool[2R, E, E]`` of a graph, inverses included.

    Pairs of an entity with itself count neither for bodies nor for heads, and a rule whose body is
    its head has no groundings. O(paths of the body · E / 64) per rule.
    """
    adjacency = _adjacency(cube)
    head, body = np.asarray(rules.head, np.int64), _bodies(rules.body, len(adjacency))
    if head.shape != (len(body),) or ((head < 0) | (head >= len(adjacency))).any():
        raise ProgramError(
            f"heads are {_span(head)} for {len(body)} bodies; expected one each, from 0 to "
            f"{len(adjacency) - 1}: this graph has {len(adjacency)} relations, inverses included"
        )
    groundings, support, facts = _measure(head, body, bit_rows(adjacency))
    return RuleMeasures(groundings, support, facts)


def _adjacency(cube: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    adjacency = np.asarray(cube, np.bool_)
    if adjacency.ndim != 3 or adjacency.shape[1] != adjacency.shape[2]:
        raise ProgramError(f"adjacency is {list(adjacency.shape)}; expected [2R, E, E]")
    return adjacency


def _bodies(bodies: npt.ArrayLike, relations: int) -> Integers:
    """Bodies int64[n, length] that a graph of so many relations can be asked about."""
    body = np.atleast_2d(np.asarray(bodies, np.int64))
    if body.ndim != 2 or not 1 <= body.shape[1] <= LONGEST:
        raise ProgramError(f"bodies are {list(body.shape)}; expected [n, 1 to {LONGEST}]")
    gaps = (body[:, :-1] < 0) & (body[:, 1:] >= 0)
    if (body[:, 0] < 0).any() or (body < -1).any() or (body >= relations).any() or gaps.any():
        raise ProgramError(
            f"bodies are {_span(body)}; expected relations from 0 to {relations - 1}, since this "
            f"graph has {relations}, one at least, and -1 behind shorter bodies only"
        )
    return body


def _span(numbers: Integers) -> str:
    return f"{numbers.min()} to {numbers.max()}" if numbers.size else "none"


def bit_rows(cube: npt.NDArray[np.bool_]) -> Bits:
    """Adjacency ``bool[2R, E, E]`` as uint64[2R, E, ⌈E/64⌉], without what relates to itself."""
    D, E = cube.shape[:2]
    words = -(-E // 64)
    padded = np.zeros((D, E, 64 * words), np.bool_)
    padded[:, :, :E] = cube & ~np.eye(E, dtype=np.bool_)
    return np.packbits(padded, axis=2, bitorder="little").view(np.dtype("<u8")).astype(np.uint64)


def grounded(bodies: Integers, cube: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The pairs ``bool[n, E, E]`` that bodies int64[n, length] connect, see `measure_rules`."""
    adjacency = _adjacency(cube)
    reached = _reach_all(_bodies(bodies, len(adjacency)), bit_rows(adjacency))
    pairs = np.unpackbits(reached.astype("<u8").view(np.uint8), axis=2, bitorder="little")
    return pairs[:, :, : adjacency.shape[1]].astype(np.bool_)


@njit(cache=True, nogil=True)
def _measure(head: Integers, body: Integers, bits: Bits) -> tuple[Integers, Integers, Integers]:
    n, E, words = len(head), bits.shape[1], bits.shape[2]
    groundings, support = np.zeros(n, np.int64), np.zeros(n, np.int64)
    facts = np.zeros(n, np.int64)
    reached, spare = np.zeros(words, np.uint64), np.zeros(words, np.uint64)
    for i in range(n):
        alone = body.shape[1] == 1 or body[i, 1] < 0
        tautology = alone and body[i, 0] == head[i]
        for x in range(E):
            holds = bits[head[i], x]
            for word in range(words):
                facts[i] += _ones(holds[word])
            if tautology:
                continue
            _reach(x, body[i], bits, reached, spare)
            for word in range(words):
                groundings[i] += _ones(reached[word])
                support[i] += _ones(reached[word] & holds[word])
    return groundings, support, facts


@njit(cache=True, nogil=True)
def _reach_all(bodies: Integers, bits: Bits) -> Bits:
    """Bit rows uint64[n, E, words] of the pairs that each body connects."""
    E, words = bits.shape[1:]
    reached = np.zeros((len(bodies), E, words), np.uint64)
    spare = np.zeros(words, np.uint64)
    for i in range(len(bodies)):
        for x in range(E):
            _reach(x, bodies[i], bits, reached[i, x], spare)
    return reached


@njit(cache=True, nogil=True)
def _reach(x: int, body: Integers, bits: Bits, reached: Bits, spare: Bits) -> None:
    """Mark the entities that a body leads to from x by a path that meets no entity twice."""
    length = 0
    while length < len(body) and body[length] >= 0:
        length += 1
    words = len(reached)
    for word in range(words):
        reached[word] = bits[body[0], x, word] if length == 1 else np.uint64(0)
    if length == 1:
        return
    for z in range(bits.shape[1]):
        if not _has(bits[body[0], x], z):
            continue
        if length == 2:
            for word in range(words):
                reached[word] |= bits[body[1], z, word]
            continue
        for word in range(words):
            spare[word] = np.uint64(0)
        for w in range(bits.shape[1]):
            if w != x and _has(bits[body[1], z], w):
                for word in range(words):
                    spare[word] |= bits[body[2], w, word]
        _clear(spare, z)
        for word in range(words):
            reached[word] |= spare[word]
    _clear(reached, x)


@njit(cache=True, nogil=True)
def _has(row: Bits, entity: int) -> bool:
    return (row[entity >> 6] >> np.uint64(entity & 63)) & np.uint64(1) == np.uint64(1)


@njit(cache=True, nogil=True)
def _clear(row: Bits, entity: int) -> None:
    row[entity >> 6] &= ~(np.uint64(1) << np.uint64(entity & 63))


@njit(cache=True, nogil=True)
def _ones(word: np.uint64) -> int:
    """How many bits are set: pairs of bits are added, then fours, then bytes (Warren 2002)."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    fours = np.uint64(0x3333333333333333)
    word = (word & fours) + ((word >> np.uint64(2)) & fours)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
