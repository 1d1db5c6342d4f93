"""SWIM and Lifeguard in compiled rounds: for groups of a hundred thousand members.

The same rules as `protocol.py`, from `rules.py`, with two things given up for speed. Messages
take no time; and each gossip interval is a round in which a member acts twice, at instants of its
own, once to see to its probe and once to gossip, all in the order of their instants. What falls
due in between, such as the end of a suspicion, is stamped with its exact time and happens at the
next act. With latencies well below the gossip interval both engines agree statistically.

Nobody holds a table of everybody: `state.py` says what is kept, and why numba's types matter there.

A ping that finds its target paused is answered when the pause ends, but that late answer carries
no news. Where many short gaps between pauses fall on one instant, the milliseconds of latency that
are given up decide who hears what within them, and counts of false positives can differ twofold.

Guarantees: equal generators give equal histories, whether `run` is called once or in steps; a
member's own view of itself is always alive; nothing is sent by the crashed.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.gossip.swim.acts import act
from swarm.gossip.swim.columns import free_column, settle
from swarm.gossip.swim.happenings import befall
from swarm.gossip.swim.history import History
from swarm.gossip.swim.scenario import Scenario
from swarm.gossip.swim.settings import MembershipError, Swim
from swarm.gossip.swim.state import HAPPENING, ORIGINATORS, SLACK, Group, grown, new_group, room
from swarm.gossip.swim.views import expire


class SwimRounds:
    """A group that acts in compiled rounds.

    Args:
        swim: the settings, with at most 3 confirmations; a probe interval that is a multiple of
            the gossip interval is kept exactly.
        scenario: what befalls the group.
        rng: draws the instants of the members and two seeds.

    Raises:
        MembershipError: for more confirmations than a cell has room for.

    Costs O(n) for each gossip interval, plus O(subjects under rumour) for each message that
    carries news; memory O(n · subjects under rumour).

    >>> rng = np.random.default_rng(1)
    >>> group = SwimRounds(Swim(), Scenario(50, 60.0, crashes=[(7, 5.0)]), rng)
    >>> bool(group.run().spread(7) < 10)
    True
    """

    def __init__(self, swim: Swim, scenario: Scenario, rng: np.random.Generator) -> None:
        if swim.confirmations >= ORIGINATORS:
            raise MembershipError(
                f"compiled rounds keep at most {ORIGINATORS - 1} confirmations of a suspicion; "
                f"got {swim.confirmations}. SwimProtocol takes any number."
            )
        self.swim = swim
        self.scenario = scenario
        self.now = 0.0
        self._happens = np.array(
            [(at, until, kind, who) for at, kind, who, until in scenario.happenings], HAPPENING
        )
        self._sides = np.zeros((len(scenario.partitions), scenario.members), np.int8)
        for side, (_, _, there) in zip(self._sides, scenario.partitions, strict=True):
            side[list(there)] = 1
        self._group = new_group(swim, scenario, rng)
        # Whose turn it is, in the order of the instants: member·2 to probe, member·2 + 1 to gossip.
        members = self._group.members
        self._order = np.argsort(np.ravel((members["probe_phase"], members["gossip_phase"]), "F"))

    def run(self, until: float | None = None) -> History:
        """Go on to a time, the scenario's end when None; returns all that was seen so far."""
        end = self.scenario.seconds if until is None else until
        if end < self.now:
            raise MembershipError(f"cannot run back to {end} s: it is {self.now} s already.")
        while not _advance(self._group, self._order, self._happens, self._sides, end):
            self._group = grown(self._group)
        self.now = end
        rows = self._group.rows[: self._group.whole["written"][0]]
        rows = rows[np.argsort(rows["time"], kind="stable")]
        return History(
            self.swim,
            self.scenario,
            rows["time"].copy(),
            rows["observer"].copy(),
            rows["subject"].copy(),
            rows["rank"].copy(),
            self._group.members["sent"].copy(),
            end,
        )

    def view(self, observer: int) -> NDArray[np.int32]:
        """The ranks that a member holds of all, int32[members]; status is rank % 3."""
        held = self._group.subjects["rank"].astype(np.int32)
        subjects = self._group.columns["subject"]
        used = np.flatnonzero(subjects >= 0)
        held[subjects[used]] = self._group.cells["rank"][observer, used]
        return held

    @property
    def under_rumour(self) -> int:
        """Subjects that have a column now."""
        return int(np.count_nonzero(self._group.columns["subject"] >= 0))


@njit(cache=True, nogil=True)
def _advance(
    group: Group,
    order: NDArray[np.int64],
    happens: NDArray,
    sides: NDArray[np.int8],
    end: float,
) -> bool:
    """Go on to `end`; False if the group must grow first, and is then to be called again."""
    whole = group.whole[0]
    needed = room(group)
    settle_every = max(1, int(whole.interval / whole.tick + 0.5))
    while True:
        i, gossips = order[whole.turn] >> 1, order[whole.turn] & 1 == 1
        member = group.members[i]
        now = whole.round * whole.tick + (member.gossip_phase if gossips else member.probe_phase)
        next_one = whole.happened
        befallen = next_one < happens.size and happens[next_one].at <= min(now, end)
        if not befallen and now > end:
            return True
        acts = member.running and _busy(member, now, gossips)
        short = group.rows.size - whole.written < needed
        if (befallen or acts) and (short or free_column(group) < 0):
            return False
        if befallen:
            befall(group, happens[next_one], sides)
            whole.happened += 1
            continue
        if acts and now >= member.paused_until:
            act(group, i, now, gossips)
        elif acts:
            expire(group, i, now)
            member.missed = member.missed or (gossips and member.queued > 0)
        whole.turn += 1
        if whole.turn == order.size:
            whole.turn = 0
            whole.round += 1
            if whole.round % settle_every == 0:
                settle(group)


@njit(cache=True, nogil=True)
def _busy(member: np.record, now: float, gossips: bool) -> bool:
    """Whether a member has anything to do at an instant: most have not, most of the time."""
    if gossips:
        return member.queued > 0 or member.suspects > 0
    return now >= min(member.ask_at, member.probe_end) - SLACK or now >= member.sync_at
