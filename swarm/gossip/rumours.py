"""Rumours that spread like an epidemic: push–pull exchange in synchronous rounds.

Demers et al. 1987, "Epidemic algorithms for replicated database maintenance", PODC. In a round
every agent calls a few of its peers; caller and called tell each other the newest rumours they
knew when the round began.

A rumour is the id of a finding. Ids grow with time, so the id itself says which rumour is newer
and no ticks are kept. An agent's buffer is one row of `heard`, int32[n, H]: **newest first**,
distinct, padded with −1. A full buffer keeps the H newest: a newer rumour displaces the oldest,
one that is older than all of them is not taken in.

Guarantees: what an agent holds after a round depends neither on the order in which its messages
arrive nor on threads, only on the seed; each agent draws from a stream of its own, so one agent's
fan-out never changes whom another calls, and the loss rate changes nobody's calls. The stream is
SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA).
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.chance import GAMMA, below_of, mixed, unit_of

NOTHING = -1


class RumourError(ValueError):
    """Buffers, peers or settings that no exchange can work with."""


def exchange(
    heard: NDArray[np.int32],
    peer_rows: ArrayLike,
    fanout: ArrayLike,
    messages: int,
    seed: int,
    loss: float = 0.0,
) -> tuple[NDArray[np.int32], int, int]:
    """Play one round of push–pull gossip.

    Agent i calls `fanout[i]` of its peers, at random and without repetition (all of them if it
    has fewer). In each call both sides send one message with their newest rumours; each message
    is lost independently. A side that holds nothing sends nothing.

    Args:
        heard: int32[n, H], newest first, −1 for empty; left as it is.
        peer_rows: int64[n, k], rows of the peers, −1 for none.
        fanout: int[n], calls each agent makes, ≥ 0.
        messages: rumours in a message, ≥ 1.
        seed: 0..2⁶⁴−1, drawn from the world's stream, such as `int(rng.integers(2**63))`.
        loss: probability in [0, 1] that a message is lost.

    Returns:
        The new buffers int32[n, H]; the number of messages sent, lost ones included; and the
        number of rumours delivered, that is held now by agents that did not hold them before.

    Raises:
        RumourError: for buffers out of order, peers outside 0..n−1, or settings out of range.

    Costs O(n·(k + fanout·(messages + H))).
    """
    _check_heard(heard)
    peers = np.asarray(peer_rows, dtype=np.int64)
    calls = np.asarray(fanout, dtype=np.int64)
    agents = heard.shape[0]
    if peers.ndim != 2 or peers.shape[0] != agents or calls.shape != (agents,):
        raise RumourError(
            f"{agents} buffers need peer_rows int64[{agents}, k] and fanout int[{agents}]; "
            f"got shapes {peers.shape} and {calls.shape}."
        )
    if peers.size and not (peers.min() >= NOTHING and peers.max() < agents):
        raise RumourError(
            f"peer_rows must lie in 0..{agents - 1}, or be −1 for none; got "
            f"{peers.min()}..{peers.max()}. Peers are kept as ids: rows_of(ids, peers) gives rows."
        )
    if (calls < 0).any():
        raise RumourError(f"fanout must be 0 or more calls an agent; got {calls.min()}.")
    if messages < 1:
        raise RumourError(f"messages must be at least 1 rumour a message, such as 4; {messages=}.")
    if not 0.0 <= loss <= 1.0:
        raise RumourError(f"loss is a probability in [0, 1], such as 0.1; got {loss}.")
    if not 0 <= seed < 2**64:
        raise RumourError(f"seed must lie in 0..2**64−1, as rng.integers(2**63) does; got {seed}.")
    told, sent, delivered = _round(heard, peers, calls, messages, np.uint64(seed), float(loss))
    return told, sent, delivered


def add_own(heard: NDArray[np.int32], rows: ArrayLike, finding_ids: ArrayLike) -> NDArray[np.int32]:
    """Return the buffers with each agent's own new findings taken in.

    Args:
        heard: int32[n, H], newest first, −1 for empty; left as it is.
        rows: int[m], the row of each finding's author; an author may come often.
        finding_ids: int[m], 0..2³¹−1.

    Returns:
        int32[n, H].

    Raises:
        RumourError: for buffers out of order, or rows and ids that do not match or fit.
    """
    _check_heard(heard)
    authors = np.asarray(rows, dtype=np.int64)
    findings = np.asarray(finding_ids, dtype=np.int64)
    if authors.ndim != 1 or authors.shape != findings.shape:
        raise RumourError(
            "rows and finding_ids go in pairs, such as [0, 0, 3] and [7, 8, 9]; "
            f"got shapes {authors.shape} and {findings.shape}."
        )
    if authors.size and not (authors.min() >= 0 and authors.max() < heard.shape[0]):
        raise RumourError(
            f"rows must lie in 0..{heard.shape[0] - 1}; got {authors.min()}..{authors.max()}."
        )
    if findings.size and not (findings.min() >= 0 and findings.max() <= np.iinfo(np.int32).max):
        raise RumourError(
            f"finding ids must lie in 0..{np.iinfo(np.int32).max}, since buffers are int32; "
            f"got {findings.min()}..{findings.max()}."
        )
    told = heard.copy()
    _add(told, authors, findings.astype(np.int32))
    return told


@njit(cache=True, nogil=True)
def _round(
    heard: NDArray[np.int32],
    peer_rows: NDArray[np.int64],
    fanout: NDArray[np.int64],
    messages: int,
    seed: np.uint64,
    loss: float,
) -> tuple[NDArray[np.int32], int, int]:
    told = heard.copy()
    peers = np.empty(peer_rows.shape[1], np.int64)
    sent = 0
    for i in range(heard.shape[0]):
        known = 0
        for p in range(peer_rows.shape[1]):
            if peer_rows[i, p] >= 0:
                peers[known] = peer_rows[i, p]
                known += 1
        stream = mixed(seed + np.uint64(i + 1) * GAMMA)
        for call in range(min(fanout[i], known)):
            # Always three draws a call, so that loss and buffers never shift the next one.
            pick = call + below_of(mixed(stream + GAMMA), known - call)
            push_luck = unit_of(mixed(stream + GAMMA + GAMMA))
            stream += GAMMA + GAMMA + GAMMA
            pull_luck = unit_of(mixed(stream))
            j = peers[pick]
            peers[pick] = peers[call]
            if heard[i, 0] >= 0:
                sent += 1
                if push_luck >= loss:
                    _hear(told[j], heard[i], messages)
            if heard[j, 0] >= 0:
                sent += 1
                if pull_luck >= loss:
                    _hear(told[i], heard[j], messages)
    return told, sent, _news(heard, told)


@njit(cache=True, nogil=True)
def _hear(held: NDArray[np.int32], message: NDArray[np.int32], rumours: int) -> None:
    """Merge the first `rumours` of a message into a buffer, both newest first."""
    place = 0
    for m in range(min(rumours, message.size)):
        rumour = message[m]
        if rumour < 0:
            return
        while place < held.size and held[place] > rumour:
            place += 1
        if place == held.size:  # the rest is older than all that a full buffer holds
            return
        if held[place] != rumour:
            for q in range(held.size - 1, place, -1):
                held[q] = held[q - 1]
            held[place] = rumour


@njit(cache=True, nogil=True)
def _add(told: NDArray[np.int32], rows: NDArray[np.int64], finding_ids: NDArray[np.int32]) -> None:
    for m in range(rows.size):
        _hear(told[rows[m]], finding_ids[m : m + 1], 1)


@njit(cache=True, nogil=True)
def _news(before: NDArray[np.int32], after: NDArray[np.int32]) -> int:
    """Count the rumours in `after` that the same row of `before` lacks."""
    news = 0
    for i in range(after.shape[0]):
        place = 0
        for p in range(after.shape[1]):
            rumour = after[i, p]
            if rumour < 0:
                break
            while place < before.shape[1] and before[i, place] > rumour:
                place += 1
            if place == before.shape[1] or before[i, place] != rumour:
                news += 1
    return news


def _check_heard(heard: NDArray[np.int32]) -> None:
    if heard.ndim != 2 or heard.dtype != np.int32 or heard.shape[1] < 1:
        raise RumourError(
            "heard must be int32[n, H] with H ≥ 1, such as np.full((n, 16), -1, np.int32); "
            f"got {heard.dtype}{list(heard.shape)}."
        )
    older = heard[:, 1:]
    if (heard < NOTHING).any() or not ((older < heard[:, :-1]) | (older == NOTHING)).all():
        raise RumourError(
            "each buffer must hold distinct ids newest first, padded with −1, such as [9, 4, −1]."
        )
