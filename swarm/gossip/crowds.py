"""The rounds of a broadcast, played exactly with as few calls as possible.

Two crowds, with equal methods. `Mixed` is the complete graph. Its members are alike, so how many
know is a Markov chain: a round costs a few binomial draws and one number for each call that
reaches the uninformed, and no member is ever looked at. `Wired` is any other graph. What a call
draws depends only on the round's key, the caller and the number of the call; so while few know,
or few do not, only the calls that touch those few are made, and the outcome is that of making all.

Guarantees: neither is an approximation. A `Mixed` crowd follows the law of making every call; a
`Wired` one gives the very same result, to the last message.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import GAMMA, below, below_of, draw, mixed, seed_from, seeded, unit_of
from swarm.gossip.topology import Complete, Topology

DEARER = 12
"""How many times more it costs to look at a link from the called's side than to make a call."""

# A call makes two draws: whom it goes to, and whether the message that would tell somebody is lost.
_ONE, _TWO = np.uint64(1), np.uint64(2)


class Manner(NamedTuple):
    """How members talk; a plain tuple, so that kernels take it whole."""

    push: bool
    pull: bool
    loss: float
    fanout: int


class Mixed:
    """The complete graph: how many know in each group is the whole state."""

    def __init__(
        self,
        graph: Complete,
        source: int,
        groups: NDArray[np.int64] | None,
        rng: np.random.Generator,
    ) -> None:
        self.others = graph.n - 1
        self.sizes = np.array([graph.n]) if groups is None else np.bincount(groups)
        self.knowing = np.zeros_like(self.sizes)
        self.knowing[0 if groups is None else groups[source]] = 1
        self.rng = rng
        self.stream = seeded(seed_from(rng))

    @property
    def informed(self) -> int:
        """How many know."""
        return int(self.knowing.sum())

    def heal(self) -> None:
        """Make one group of all."""
        self.sizes = self.sizes.sum(keepdims=True)
        self.knowing = self.knowing.sum(keepdims=True)

    def talk(self, manner: Manner) -> int:
        """Make the calls of a round; returns the messages sent."""
        sent = 0
        for group in np.flatnonzero(self.knowing):
            knowing = int(self.knowing[group])
            news, messages = self._talk_within(knowing, int(self.sizes[group]) - knowing, manner)
            self.knowing[group] = knowing + news
            sent += messages
        return sent

    def replace(self, churn: float) -> None:
        """Let members leave, and newcomers who know nothing take their places."""
        self.knowing -= self.rng.binomial(self.knowing, churn)

    def _talk_within(self, knowing: int, untold: int, manner: Manner) -> tuple[int, int]:
        """Draw how many of a group's untold hear in a round, and the messages this takes."""
        rng, others, heard = self.rng, self.others, 1.0 - manner.loss
        calls = knowing * manner.fanout
        to_untold = int(rng.binomial(calls, untold / others))
        pushed = pulled = sent = 0
        if manner.push:
            sent += calls
            pushed = _distinct(int(rng.binomial(to_untold, heard)), untold, 0, self.stream)
        if manner.pull:
            # Calls that miss the untold may reach others of the group, who know and answer.
            chance = (knowing - 1) / max(others - untold, 1)
            answers = int(rng.binomial(calls - to_untold, chance))
            useful = int(rng.binomial(untold * manner.fanout, knowing / others))
            sent += answers + useful
            arrived = int(rng.binomial(useful, heard))
            pulled = _distinct(arrived, untold, manner.fanout, self.stream)
        # Who is pushed to and who pulls have nothing to do with each other.
        both = int(rng.hypergeometric(pushed, untold - pushed, pulled))
        return pushed + pulled - both, sent


@njit(cache=True, nogil=True)
def _distinct(calls: int, members: int, each: int, stream: NDArray[np.uint64]) -> int:
    """Draw how many distinct members take part in so many calls.

    With `each` = 0 the calls come in, to anyone; otherwise they are some of those that the members
    make, `each` of them a member.
    """
    if each == 1:
        return calls
    distinct = 0
    for call in range(calls):
        if each == 0:
            distinct += below(stream, members) >= distinct
        else:
            distinct += below(stream, members * each - call) < (members - distinct) * each
    return distinct


class Wired:
    """Any other graph: what each member knows, uint8[n], 0 or 1."""

    def __init__(
        self,
        graph: Topology,
        source: int,
        groups: NDArray[np.int64] | None,
        rng: np.random.Generator,
    ) -> None:
        self.graph = graph
        self.groups = groups
        self.knows = np.zeros(graph.n, np.uint8)
        self.knows[source] = 1
        self.informed = 1
        self.callers = int(np.count_nonzero(graph.degrees))
        self.stream = seeded(seed_from(rng))

    def heal(self) -> None:
        """Make one group of all."""
        self.groups = None

    def talk(self, manner: Manner) -> int:
        """Make the calls of a round; returns the messages sent."""
        graph, key = self.graph, np.uint64(draw(self.stream))
        told = np.empty(graph.n * manner.fanout, np.int32)
        settings = (self.knows, self.groups, key, manner, told)
        few, back = self._few(manner)
        if few is None:
            sent, news = _all_calls(graph.starts, graph.neighbours, *settings)
        else:
            links = (graph.starts, graph.neighbours, back.starts, back.neighbours)
            sent, news, made = _few_calls(few, *links, *settings)
            if not self.knows[few[0]]:  # all other calls go from one who knows to another
                sent += (self.callers * manner.fanout - made) * (manner.push + manner.pull)
        self.informed += _tell(self.knows, told[:news])
        return sent

    def replace(self, churn: float) -> None:
        """Let members leave, and newcomers who know nothing take their places."""
        _replace(self.knows, np.uint64(draw(self.stream)), churn)
        self.informed = int(np.count_nonzero(self.knows))

    def _few(self, manner: Manner) -> tuple[NDArray[np.int64] | None, Topology]:
        """Those on the smaller side, and who calls them; None if making all calls costs less."""
        n, smaller = self.graph.n, min(self.informed, self.graph.n - self.informed)
        side = int(self.informed == smaller)
        if smaller * DEARER > n or (side == 0 and self.groups is not None):
            return None, self.graph
        few = np.flatnonzero(self.knows == side)
        # Who calls the few does not matter if they know and only who knows speaks.
        back = self.graph.backwards if side == 0 or manner.pull else _links_of_nobody(n)
        links = int((back.starts[few + 1] - back.starts[few]).sum())
        return (few if (smaller + links) * DEARER <= n else None), back


def _links_of_nobody(n: int) -> Topology:
    return Topology(n, np.zeros(n + 1, np.int64), np.empty(0, np.int32))


@njit(cache=True, nogil=True)
def _all_calls(
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    knows: NDArray[np.uint8],
    groups: NDArray[np.int64] | None,
    key: np.uint64,
    manner: Manner,
    told: NDArray[np.int32],
) -> tuple[int, int]:
    """Make every call; returns the messages sent, and how many of them told who did not know."""
    sent = news = 0
    for i in range(knows.size):
        degree = starts[i + 1] - starts[i]
        if degree == 0:
            continue
        for c in range(manner.fanout):
            call = i * manner.fanout + c
            j = neighbours[starts[i] + _pick(key, call, degree)]
            messages, useful = _talk(i, j, call, knows, groups, key, manner)
            # Written always and kept if useful: a branch that nobody can predict costs more.
            told[news] = j if knows[i] else i
            news += useful
            sent += messages
    return sent, news


@njit(cache=True, nogil=True)
def _few_calls(
    few: NDArray[np.int64],
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    back_starts: NDArray[np.int64],
    callers: NDArray[np.int32],
    knows: NDArray[np.uint8],
    groups: NDArray[np.int64] | None,
    key: np.uint64,
    manner: Manner,
    told: NDArray[np.int32],
) -> tuple[int, int, int]:
    """Make the calls of the few and the calls to them; also returns how many calls that were."""
    sent = news = made = 0
    for i in few:
        degree = starts[i + 1] - starts[i]
        for c in range(manner.fanout if degree else 0):
            call = i * manner.fanout + c
            j = neighbours[starts[i] + _pick(key, call, degree)]
            messages, useful = _talk(i, j, call, knows, groups, key, manner)
            told[news] = j if knows[i] else i
            news += useful
            sent += messages
            made += 1
        before = -1
        for e in range(back_starts[i], back_starts[i + 1]):
            caller = callers[e]
            if caller == before or knows[caller] == knows[i]:
                continue  # a second link between the two, or one of the few
            before = caller
            degree = starts[caller + 1] - starts[caller]
            for c in range(manner.fanout):
                call = caller * manner.fanout + c
                if neighbours[starts[caller] + _pick(key, call, degree)] == i:
                    messages, useful = _talk(caller, i, call, knows, groups, key, manner)
                    told[news] = i if knows[caller] else caller
                    news += useful
                    sent += messages
                    made += 1
    return sent, news, made


@njit(cache=True, nogil=True)
def _pick(key: np.uint64, call: int, degree: int) -> int:
    """Which of the caller's neighbours a call goes to."""
    return below_of(mixed(key + (_TWO * np.uint64(call) + _ONE) * GAMMA), degree)


@njit(cache=True, nogil=True)
def _talk(
    i: int,
    j: int,
    call: int,
    knows: NDArray[np.uint8],
    groups: NDArray[np.int64] | None,
    key: np.uint64,
    manner: Manner,
) -> tuple[np.int64, np.int64]:
    """Let i, who calls, and j talk; returns the messages sent, and 1 if one told somebody."""
    pushes = knows[i] & np.uint8(manner.push)
    pulls = knows[j] & np.uint8(manner.pull)
    if groups is not None:  # noqa: SIM102 - so that kernels without groups lose the test
        if groups[i] != groups[j]:  # what is said is lost, and not answered
            return np.int64(pushes), np.int64(0)
    useful = (pushes & ~knows[j]) | (pulls & ~knows[i])  # one at most: one luck will do
    if manner.loss > 0.0:
        luck = unit_of(mixed(key + (_TWO * np.uint64(call) + _TWO) * GAMMA))
        useful &= np.uint8(luck >= manner.loss)
    return np.int64(pushes) + np.int64(pulls), np.int64(useful)


@njit(cache=True, nogil=True)
def _tell(knows: NDArray[np.uint8], told: NDArray[np.int32]) -> int:
    """Inform the told, who may stand there repeatedly; returns how many did not know."""
    news = 0
    for i in told:
        news += 1 - knows[i]
        knows[i] = 1
    return news


@njit(cache=True, nogil=True)
def _replace(knows: NDArray[np.uint8], key: np.uint64, churn: float) -> None:
    for i in range(knows.size):
        if knows[i] and unit_of(mixed(key + np.uint64(i + 1) * GAMMA)) < churn:
            knows[i] = 0
