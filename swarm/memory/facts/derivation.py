"""What was derived from what, and how to take back a fact with all that rests on it.

Evidence makes a directed acyclic graph, because a fact is derived from earlier ones alone. Every
fact is one derivation, and needs all of its evidence: once a ground is withdrawn it stands on
nothing, even though another fact may say the same from other grounds, and goes on standing (the
deletion step of A. Gupta, I. S. Mumick and V. S. Subrahmanian, "Maintaining views incrementally",
SIGMOD 1993; justifications as in J. Doyle, "A truth maintenance system", Artificial Intelligence
12, 1979).

Guarantee: after `withdraw` and `withdraw_author` no standing fact rests on a withdrawn one,
directly or not, through standing or ended facts. A memory does not refuse a fact derived from one
that has ended: `audit` finds those, and `check` complains of them.

Ids are topologically sorted, so that one pass over the columns is enough: O(facts + evidence).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import FOREVER, FactError, whole
from swarm.memory.facts.facts import Facts

Ids = NDArray[np.int64]
Marks = NDArray[np.bool_]
Column = NDArray[np.int32]


class Withdrawal(NamedTuple):
    """What was taken back: the facts asked for, and all that stood until then and ended by it."""

    asked: Ids
    ended: Ids
    tick: int


def derived(facts: Facts, ids: ArrayLike) -> Ids:
    """Return everything derived from facts, directly or not: int64, ascending, ended facts too.

    A fact asked for is among them only if it was derived from another.

    Raises:
        FactError: for unknown ids.
    """
    return np.flatnonzero(_resting_on(facts, _marked(facts, ids)))


def grounds(facts: Facts, ids: ArrayLike) -> Ids:
    """Return everything that facts rest on, down to the roots: int64, ascending, ended ones too.

    A fact asked for is among them only if another of them rests on it.

    Raises:
        FactError: for unknown ids.
    """
    asked = _marked(facts, ids)
    reached = np.zeros(len(facts), bool)
    mark_grounds(*facts.evidence_view(), asked, reached)
    return np.flatnonzero(reached)


def withdraw(facts: Facts, ids: ArrayLike, tick: int) -> Withdrawal:
    """End facts and everything derived from them, directly or not, at a tick.

    Args:
        facts: the memory; it keeps the facts, as ended.
        ids: what is taken back; facts that have ended already may be among them.
        tick: none of the facts that end was written after it.

    Raises:
        FactError: for unknown ids, or too early a tick; nothing ends then.

    >>> withdraw(memory, [12], tick=40).ended
    """
    asked = _marked(facts, ids)
    ended = facts.end(np.flatnonzero(asked | _resting_on(facts, asked)), tick)
    return Withdrawal(np.flatnonzero(asked), ended, tick)


def withdraw_author(facts: Facts, author: int, tick: int, since: int = 0) -> Withdrawal:
    """End what an author wrote in or after the tick `since`, with everything derived from it.

    What others derived from its facts that ended before, as superseded say, ends as well.

    Raises:
        FactError: for too early a tick; nothing ends then.
    """
    written = facts.match(author=author, ended=True)
    return withdraw(facts, written[facts.columns()["tick"][written] >= since], tick)


def audit(facts: Facts, withdrawn: ArrayLike | None = None) -> Ids:
    """Return the standing facts that rest on a fact that does not stand, int64, ascending.

    Args:
        facts: the memory.
        withdrawn: ids of the facts that nothing may rest on, whether they stand or not, such as
            the `asked` of a withdrawal; every fact that ended, superseded ones too, if left out.

    `facts.end(audit(facts), tick)` sets it right.
    """
    ended = facts.columns()["ended"] != FOREVER
    marks = ended if withdrawn is None else _marked(facts, withdrawn)
    return np.flatnonzero(_resting_on(facts, marks) & ~ended)


def check(facts: Facts, withdrawn: ArrayLike | None = None) -> None:
    """Make sure that no standing fact rests on one that does not stand; see `audit`.

    Raises:
        FactError: naming the facts that do.
    """
    found = audit(facts, withdrawn)
    if found.size:
        raise FactError(
            f"{found.size} standing facts rest on facts that ended, such as {found[:5].tolist()}: "
            "end them too, facts.end(audit(facts), tick), or look at trace(facts, id)."
        )


def _resting_on(facts: Facts, asked: Marks) -> Marks:
    """Which facts rest on those asked for: bool[facts]."""
    reached = np.zeros(len(facts), bool)
    if asked.any():
        mark_derived(*facts.evidence_view(), int(asked.argmax()) + 1, asked, reached)
    return reached


def _marked(facts: Facts, ids: ArrayLike) -> Marks:
    marks = np.zeros(len(facts), bool)
    marks[np.atleast_1d(whole("ids", ids, 0, len(facts) - 1)).astype(np.int64)] = True
    return marks


@njit(cache=True, nogil=True)
def mark_derived(
    evidence: Column,
    offsets: Column,
    start: int,
    asked: Marks,
    reached: Marks,
) -> None:
    """Mark the facts from `start` on that rest on those asked for; see `Facts.evidence_view`."""
    for fact in range(start, offsets.size - 1):
        for place in range(offsets[fact], offsets[fact + 1]):
            ground = evidence[place]
            reached[fact] |= asked[ground] | reached[ground]


@njit(cache=True, nogil=True)
def mark_grounds(evidence: Column, offsets: Column, asked: Marks, reached: Marks) -> None:
    """Mark the facts that those asked for rest on, from the last fact to the first."""
    for fact in range(offsets.size - 2, -1, -1):
        if asked[fact] or reached[fact]:
            for place in range(offsets[fact], offsets[fact + 1]):
                reached[evidence[place]] = True
