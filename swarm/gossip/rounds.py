"""SWIM and Lifeguard in compiled rounds: for groups of a hundred thousand members.

The same rules as `protocol.py`, from `membership.py`, with two things given up for speed. Messages
take no time; and each gossip interval is a round in which a member acts twice, at instants of its
own, once to see to its probe and once to gossip, all in the order of their instants. What falls
due in between, such as the end of a suspicion, is stamped with its exact time and happens at the
next act. With latencies well below the gossip
interval both engines agree statistically.

Memory is thrifty: nobody holds a table of everybody. Only a subject under rumour, one of whom
somebody holds something that not all hold, has a column over the members, 32 bytes a cell; what
all hold is kept once. When a rumour has settled, its column is freed. A member's queue of news is
what its row of these columns has left to send.

A ping that finds its target paused is answered when the pause ends, but that late answer carries
no news.

Guarantees: equal generators give equal histories, whether `run` is called once or in steps; a
member's own view of itself is always alive; nothing is sent by the crashed.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import below, seed_from, uniform
from swarm.gossip.membership import (
    ABSENT,
    ALIVE,
    CRASH,
    DEAD,
    JOIN,
    PAUSE,
    RESUME,
    SPLIT,
    SUSPECT,
    History,
    MembershipError,
    Scenario,
    Swim,
    doubted,
    health_after,
    health_change,
    incarnation_of,
    probe_order,
    rank_of,
    refuted,
    status_of,
)

_PROBE, _INDIRECT, _GOSSIP, _SYNC = range(4)  # the columns of History.sent
_NOBODY = -1
_NOTHING = ABSENT - 1  # no rank at all
_SLACK = 1e-6
_TRIES = 64
_FIRST_COLUMNS = 8
_FIRST_ROWS = 4096
_ORIGINATORS = 4

_SETTINGS = ("interval", "timeout", "nack_after", "tick", "sync", "dead_gossip", "loss")
_COUNTS = ("seed", "fanout", "indirect", "per_message", "limit", "awareness_max", "lasts")
_SWITCHES = ("suspicion", "round_robin", "patient", "buddy")
# Where the run has come to; the top of the columns in use; subjects that settled as dead.
_COUNTERS = ("round", "turn", "happened", "written", "top", "settled_dead")
_WHOLE = np.dtype(
    [
        *((name, "f8") for name in _SETTINGS),
        *((name, "i8") for name in (*_COUNTS, *_COUNTERS)),
        ("lasting", "f8", _ORIGINATORS),  # seconds of suspicion after 0..lasts−1 confirmations
        ("stream", "u8", 1),
        *((name, "?") for name in _SWITCHES),
    ],
    align=True,
)
_MEMBER = np.dtype(
    [
        ("probe_phase", "f8"),  # its instants within a gossip interval
        ("gossip_phase", "f8"),
        ("paused_until", "f8"),
        ("ask_at", "f8"),  # when its probe asks others, infinite for not
        ("answer_at", "f8"),  # when the answer comes
        ("probe_end", "f8"),
        ("sync_at", "f8"),
        ("target", "i4"),  # of its probe, −1 for none
        ("asked", "i4"),  # helpers
        ("nacks", "i4"),
        ("health", "i4"),
        ("sweep", "i4"),
        ("place", "i4"),
        ("queued", "i4"),  # columns with something left to send
        ("suspects", "i4"),
        ("inbox", "i4"),  # its row of cells, −1 if it never pauses
        ("running", "?"),
        ("missed", "?"),  # had news to send while paused
        ("side", "i1"),
        ("sent", "i8", 4),
    ],
    align=True,
)
_SUBJECT = np.dtype([("since", "f8"), ("rank", "i4"), ("column", "i4"), ("settled_dead", "i4")])
_COLUMN = np.dtype([("pending", "i8"), ("subject", "i4")])
_CELL = np.dtype(
    [
        ("since", "f8"),
        ("rank", "i4"),
        ("left", "i2"),  # times still to be sent
        ("known", "i2"),  # confirmations
        ("told_by", "i4", _ORIGINATORS),  # who suspected, up to place `known`
    ]
)
_ROW = np.dtype([("time", "f8"), ("observer", "i4"), ("subject", "i4"), ("rank", "i4")])
_HAPPENS = np.dtype([("at", "f8"), ("until", "f8"), ("kind", "i8"), ("who", "i8")])


class _Group(NamedTuple):
    """The state of a group: n members, S columns, P members that ever pause."""

    whole: NDArray  # [1] of _WHOLE: settings and counters
    members: NDArray  # [n] of _MEMBER
    subjects: NDArray  # [n] of _SUBJECT: its column, or what all hold of it
    columns: NDArray  # [S] of _COLUMN: its subject, −1 if free; how many have it left to send
    # [n + P, S] of _CELL: what a member holds of a subject under rumour; then the inboxes, with
    # the highest rank told during a pause, and by whom.
    cells: NDArray
    rows: NDArray  # of _ROW: the history


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
        if swim.confirmations >= _ORIGINATORS:
            raise MembershipError(
                f"compiled rounds keep at most {_ORIGINATORS - 1} confirmations of a suspicion; "
                f"got {swim.confirmations}. SwimProtocol takes any number."
            )
        self.swim = swim
        self.scenario = scenario
        self.now = 0.0
        self._happens = np.array(
            [(at, until, kind, who) for at, kind, who, until in scenario.happenings], _HAPPENS
        )
        self._sides = np.zeros((len(scenario.partitions), scenario.members), np.int8)
        for side, (_, _, there) in zip(self._sides, scenario.partitions, strict=True):
            side[list(there)] = 1
        self._group = _new_group(swim, scenario, rng)
        # Whose turn it is, in the order of the instants: member·2 to probe, member·2 + 1 to gossip.
        members = self._group.members
        self._order = np.argsort(np.ravel((members["probe_phase"], members["gossip_phase"]), "F"))

    def run(self, until: float | None = None) -> History:
        """Go on to a time, the scenario's end when None; returns all that was seen so far."""
        end = self.scenario.seconds if until is None else until
        if end < self.now:
            raise MembershipError(f"cannot run back to {end} s: it is {self.now} s already.")
        while not _advance(self._group, self._order, self._happens, self._sides, end):
            self._group = _grown(self._group)
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
        held = self._group.subjects["rank"].copy()
        subjects = self._group.columns["subject"]
        used = np.flatnonzero(subjects >= 0)
        held[subjects[used]] = self._group.cells["rank"][observer, used]
        return held

    @property
    def under_rumour(self) -> int:
        """Subjects that have a column now."""
        return int(np.count_nonzero(self._group.columns["subject"] >= 0))


def _new_whole(swim: Swim, scenario: Scenario, rng: np.random.Generator) -> NDArray:
    n = scenario.members
    whole = np.zeros(1, _WHOLE)
    whole["interval"] = swim.probe_interval
    whole["timeout"] = swim.probe_timeout
    whole["nack_after"] = swim.nack_after
    whole["tick"] = swim.gossip_interval
    whole["sync"] = swim.sync_seconds(n)
    whole["dead_gossip"] = swim.gossip_to_the_dead
    whole["loss"] = scenario.loss
    whole["fanout"] = swim.gossip_fanout
    whole["indirect"] = swim.indirect
    whole["per_message"] = swim.updates_per_message
    whole["limit"] = swim.retransmit_limit(n)
    whole["awareness_max"] = swim.awareness_max
    whole["suspicion"] = swim.suspicion
    whole["round_robin"] = swim.round_robin
    whole["patient"] = swim.local_health_probe
    whole["buddy"] = swim.buddy
    lasting = swim.suspicion_seconds(n)
    whole["lasts"] = lasting.size
    whole["lasting"][0, : lasting.size] = lasting
    whole["seed"] = seed_from(rng)
    whole["stream"] = seed_from(rng)
    return whole


def _new_members(swim: Swim, scenario: Scenario, rng: np.random.Generator) -> NDArray:
    n = scenario.members
    members = np.zeros(n, _MEMBER)
    pausing = sorted({member for member, _, _ in scenario.pauses})
    members["inbox"] = _NOBODY
    members["inbox"][pausing] = n + np.arange(len(pausing))
    members["running"] = ~scenario.late
    members["target"] = _NOBODY
    members["ask_at"] = math.inf
    members["probe_phase"] = rng.uniform(0, swim.gossip_interval, n)
    members["gossip_phase"] = rng.uniform(0, swim.gossip_interval, n)
    first = rng.integers(max(1, round(swim.probe_interval / swim.gossip_interval)), size=n)
    members["probe_end"] = members["probe_phase"] + swim.gossip_interval * first
    sync = swim.sync_seconds(n)
    members["sync_at"] = rng.uniform(0, sync, n) if math.isfinite(sync) else math.inf
    return members


def _new_group(swim: Swim, scenario: Scenario, rng: np.random.Generator) -> _Group:
    n = scenario.members
    members = _new_members(swim, scenario, rng)
    subjects = np.zeros(n, _SUBJECT)
    subjects["rank"] = np.where(scenario.late, ABSENT, rank_of(ALIVE, 0))
    subjects["since"] = -math.inf
    subjects["column"] = _NOBODY
    boxes = int(np.count_nonzero(members["inbox"] >= 0))
    return _Group(
        whole=_new_whole(swim, scenario, rng),
        members=members,
        subjects=subjects,
        columns=_new_columns(_FIRST_COLUMNS),
        cells=_new_cells(n, boxes, _FIRST_COLUMNS),
        rows=np.zeros(_FIRST_ROWS, _ROW),
    )


def _new_columns(number: int) -> NDArray:
    columns = np.zeros(number, _COLUMN)
    columns["subject"] = _NOBODY
    return columns


def _new_cells(members: int, boxes: int, columns: int) -> NDArray:
    cells = np.zeros((members + boxes, columns), _CELL)
    cells["rank"][members:] = _NOTHING
    return cells


def _grown(group: _Group) -> _Group:
    """The group with twice the columns if none is free, else with room for more rows."""
    if (group.columns["subject"] < 0).any():
        more = np.zeros(group.rows.size + 2 * _room(group), _ROW)
        return group._replace(rows=np.concatenate((group.rows, more)))
    n, columns = group.members.size, group.columns.size
    cells = _new_cells(n, len(group.cells) - n, columns)
    return group._replace(
        columns=np.concatenate((group.columns, _new_columns(columns))),
        cells=np.concatenate((group.cells, cells), axis=1),
    )


@njit(cache=True, nogil=True)
def _room(group: _Group) -> int:
    """More rows than one act of a member can write."""
    whole = group.whole[0]
    messages = whole.fanout + 2 + 6 * whole.indirect
    return 8 * group.columns.size + 2 * messages * (whole.per_message + 1) + 8


@njit(cache=True, nogil=True)
def _advance(
    group: _Group,
    order: NDArray[np.int64],
    happens: NDArray,
    sides: NDArray[np.int8],
    end: float,
) -> bool:
    """Go on to `end`; False if the group must grow first, and is then to be called again."""
    whole = group.whole[0]
    room = _room(group)
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
        short = group.rows.size - whole.written < room
        if (befallen or acts) and (short or _free_column(group) < 0):
            return False
        if befallen:
            _befall(group, happens[next_one], sides)
            whole.happened += 1
            continue
        if acts and now >= member.paused_until:
            _act(group, i, now, gossips)
        elif acts:
            _expire(group, i, now)
            member.missed = member.missed or (gossips and member.queued > 0)
        whole.turn += 1
        if whole.turn == order.size:
            whole.turn = 0
            whole.round += 1
            if whole.round % settle_every == 0:
                _settle(group)


@njit(cache=True, nogil=True)
def _busy(member: np.record, now: float, gossips: bool) -> bool:
    """Whether a member has anything to do at an instant: most have not, most of the time."""
    if gossips:
        return member.queued > 0 or member.suspects > 0
    return now >= min(member.ask_at, member.probe_end) - _SLACK or now >= member.sync_at


# What befalls the group


@njit(cache=True, nogil=True)
def _befall(group: _Group, happening: np.record, sides: NDArray[np.int8]) -> None:
    who, now, kind = happening.who, happening.at, happening.kind
    if kind == CRASH:
        _crash(group, who)
    elif kind == JOIN:
        _join(group, who, now)
    elif kind == PAUSE:
        group.members[who].paused_until = max(group.members[who].paused_until, happening.until)
    elif kind == RESUME:
        member = group.members[who]
        if member.running and now >= member.paused_until:
            if member.missed:
                _act(group, who, now, True)
            member.missed = False
            _expire(group, who, now)
            _read_inbox(group, who, now)
            _act(group, who, now, False)
    else:
        for i in range(group.members.size):
            group.members[i].side = sides[who, i] if kind == SPLIT else 0


@njit(cache=True, nogil=True)
def _crash(group: _Group, i: int) -> None:
    member = group.members[i]
    member.running = False
    member.queued = 0
    member.target = _NOBODY
    for column in range(group.whole[0].top):
        if group.cells[i, column].left > 0:
            group.cells[i, column].left = 0
            group.columns[column].pending -= 1
        if member.inbox >= 0:
            group.cells[member.inbox, column].rank = _NOTHING


@njit(cache=True, nogil=True)
def _join(group: _Group, i: int, now: float) -> None:
    """Take over the view of a random member, then say that one is here."""
    contact = _contact(group, i, now)
    own = group.subjects[i].column
    held = _held(group, i, i)
    mine = rank_of(ALIVE, 0) if held == ABSENT else held
    heard = mine if contact < 0 else max(mine, _held(group, contact, i))
    if status_of(heard) != ALIVE:
        mine = refuted(heard)
    whole, member = group.whole[0], group.members[i]
    member.running = True
    member.health = 0
    member.ask_at = np.inf
    member.target = _NOBODY
    member.probe_end = now + uniform(group.whole[0].stream) * whole.interval
    if whole.sync < np.inf:
        member.sync_at = now + uniform(group.whole[0].stream) * whole.sync
    member.suspects = 0
    for column in range(group.whole[0].top):
        if group.columns[column].subject >= 0 and column != own:
            if contact >= 0:
                _copy(group, i, contact, column, now)
            if status_of(group.cells[i, column].rank) == SUSPECT:
                member.suspects += 1
    if mine != held:
        own = _column_of(group, i)
        _set(group, i, own, mine, i, now)
    if contact >= 0:
        member.sent[_SYNC] += 1
        group.members[contact].sent[_SYNC] += 1
        if own >= 0:
            _hear(group, contact, own, mine, i, now)


@njit(cache=True, nogil=True)
def _contact(group: _Group, i: int, now: float) -> int:
    """Some member that can be reached, −1 for none."""
    n = group.members.size
    start = below(group.whole[0].stream, n)
    for step in range(n):
        other = (start + step) % n
        if other != i and _reachable(group, i, other, now):
            return other
    return _NOBODY


@njit(cache=True, nogil=True)
def _copy(group: _Group, i: int, contact: int, column: int, now: float) -> None:
    cell, model = group.cells[i, column], group.cells[contact, column]
    changed = cell.rank != model.rank
    cell.rank = model.rank
    cell.since = now
    cell.known = 0
    cell.told_by[0] = contact
    if changed:
        _write(group, i, column, now)


# A member acts


@njit(cache=True, nogil=True)
def _act(group: _Group, i: int, now: float, gossips: bool) -> None:
    """Gossip, or see to the probe and the exchange that are due."""
    whole, member = group.whole[0], group.members[i]
    if member.suspects > 0:
        _expire(group, i, now)
    if gossips:
        if member.queued > 0 and whole.fanout > 0:
            _gossip(group, i, now)
        return
    while now >= min(member.ask_at, member.probe_end) - _SLACK:  # many, if it was paused
        if member.target >= 0:
            _follow(group, i, now)
        else:
            _begin(group, i, now)
    if now >= member.sync_at:
        _sync(group, i, now)
        member.sync_at += whole.sync


@njit(cache=True, nogil=True)
def _begin(group: _Group, i: int, now: float) -> None:
    """Begin a probe: ping the next member, and learn when its answer will be here."""
    whole, member = group.whole[0], group.members[i]
    begun = member.probe_end
    scale = 1 + member.health if whole.patient else 1
    target = _next_target(group, i)
    member.target = target
    member.asked = 0
    member.nacks = 0
    member.ask_at = np.inf
    if target < 0:
        member.probe_end = begun + whole.interval
        return
    member.probe_end = begun + whole.interval * scale
    member.answer_at = _ping(group, i, target, now, _PROBE)
    if member.answer_at > begun + whole.timeout * scale + _SLACK:
        member.ask_at = begun + whole.timeout * scale


@njit(cache=True, nogil=True)
def _ping(group: _Group, i: int, target: int, now: float, kind: int) -> float:
    """Ping a member; the time at which its answer comes, infinite for never."""
    member, other = group.members[i], group.members[target]
    column = group.subjects[target].column
    suspected = column >= 0 and status_of(group.cells[i, column].rank) == SUSPECT
    first = column if suspected and group.whole[0].buddy else _NOBODY
    member.sent[kind] += 1
    arrives = _leg(group, i, target)
    if first >= 0 or member.queued > 0:
        _tell(group, i, target, now, arrives, first)
    if not arrives:
        return np.inf
    other.sent[kind] += 1
    back = _leg(group, target, i)
    if other.paused_until > now:
        return other.paused_until if back else np.inf
    if other.queued > 0:
        _tell(group, target, i, now, back, _NOBODY)
    return now if back else np.inf


@njit(cache=True, nogil=True)
def _follow(group: _Group, i: int, now: float) -> None:
    """Go on with a probe: ask others to ping its target, or see how it ended."""
    whole, member = group.whole[0], group.members[i]
    end = member.probe_end
    if now >= member.ask_at - _SLACK:
        stuck = now - member.ask_at >= whole.tick  # it was paused when it was to ask
        _ask(group, i, now if stuck else member.ask_at)
        member.ask_at = np.inf
        if stuck and now > end:
            member.probe_end = now
    if now < end - _SLACK:
        return
    answered = member.answer_at <= end + _SLACK
    change = health_change(answered, member.asked, member.nacks)
    if not answered:
        column = _column_of(group, member.target)
        status = SUSPECT if whole.suspicion else DEAD
        rank = rank_of(status, incarnation_of(group.cells[i, column].rank))
        _hear(group, i, column, rank, i, member.probe_end)
    if whole.patient:
        member.health = health_after(member.health, change, whole.awareness_max)
    member.target = _NOBODY


@njit(cache=True, nogil=True)
def _ask(group: _Group, i: int, now: float) -> None:
    """Ask others to ping the target; learn when the first answer comes, and who has none."""
    whole, member = group.whole[0], group.members[i]
    helpers = np.empty(whole.indirect, np.int64)
    member.asked = _pick(group, i, member.target, helpers, now, False)
    for helper in helpers[: member.asked]:
        helping = group.members[helper]
        member.sent[_INDIRECT] += 1
        arrives = _leg(group, i, helper)
        _tell(group, i, helper, now, arrives, _NOBODY)
        if not arrives or helping.paused_until > member.probe_end:
            continue
        begun = max(now, helping.paused_until)
        answer = max(_ping(group, helper, member.target, begun, _INDIRECT), begun)
        nack_at = begun + whole.nack_after
        if whole.patient and answer > nack_at:
            helping.sent[_INDIRECT] += 1
            if _leg(group, helper, i) and nack_at <= member.probe_end + _SLACK:
                member.nacks += 1
        if answer < np.inf:
            helping.sent[_INDIRECT] += 1
            back = _leg(group, helper, i)
            _tell(group, helper, i, now, back, _NOBODY)
            if back:
                member.answer_at = min(member.answer_at, answer)


@njit(cache=True, nogil=True)
def _gossip(group: _Group, i: int, now: float) -> None:
    whole = group.whole[0]
    others = np.empty(whole.fanout, np.int64)
    for other in others[: _pick(group, i, i, others, now, True)]:
        if group.members[i].queued == 0:
            return
        group.members[i].sent[_GOSSIP] += 1
        _tell(group, i, other, now, _leg(group, i, other), _NOBODY)


@njit(cache=True, nogil=True)
def _sync(group: _Group, i: int, now: float) -> None:
    """A full exchange with one held alive, and another with one held dead, who may not be."""
    partner = np.empty(1, np.int64)
    if _pick(group, i, i, partner, now, False) == 1:
        _exchange(group, i, partner[0], now)
    seen = group.whole[0].settled_dead
    dead = group.subjects[below(group.whole[0].stream, seen)].settled_dead if seen > 0 else _NOBODY
    for column in range(group.whole[0].top):
        rank = group.cells[i, column].rank
        if group.columns[column].subject >= 0 and status_of(rank) == DEAD and rank != ABSENT:
            seen += 1
            if below(group.whole[0].stream, seen) == 0:
                dead = group.columns[column].subject
    if dead >= 0:
        _exchange(group, i, dead, now)


@njit(cache=True, nogil=True)
def _exchange(group: _Group, a: int, b: int, now: float) -> None:
    group.members[a].sent[_SYNC] += 1
    if not _reachable(group, a, b, now):
        return
    group.members[b].sent[_SYNC] += 1
    for column in range(group.whole[0].top):
        if group.columns[column].subject >= 0:
            from_a, from_b = group.cells[a, column].rank, group.cells[b, column].rank
            _hear(group, b, column, doubted(from_a), a, now)
            _hear(group, a, column, doubted(from_b), b, now)


# Whom, and what


@njit(cache=True, nogil=True)
def _held(group: _Group, i: int, subject: int) -> int:
    column = group.subjects[subject].column
    return group.cells[i, column].rank if column >= 0 else group.subjects[subject].rank


@njit(cache=True, nogil=True)
def _latest(cell: np.record) -> int:
    """Who is passed on as the one who suspects."""
    return cell.told_by[cell.known]


@njit(cache=True, nogil=True)
def _next_target(group: _Group, i: int) -> int:
    """The next in the sweep, or one at random, of those not held dead; −1 if all are."""
    whole = group.whole[0]
    n = group.members.size
    if not whole.round_robin:
        one = np.empty(1, np.int64)
        return one[0] if _pick(group, i, i, one, 0.0, False) == 1 else _NOBODY
    for _ in range(2 * n):
        if group.members[i].place == n:
            group.members[i].place = 0
            group.members[i].sweep += 1
        target = probe_order(whole.seed, i, group.members[i].sweep, group.members[i].place, n)
        group.members[i].place += 1
        if target != i and status_of(_held(group, i, target)) != DEAD:
            return target
    return _NOBODY


@njit(cache=True, nogil=True)
def _pick(
    group: _Group,
    i: int,
    excluded: int,
    picked: NDArray[np.int64],
    now: float,
    dead_too: bool,
) -> int:
    """Others at random, without repeats; those long dead are left out, or all the dead."""
    whole = group.whole[0]
    number = 0
    for _ in range(_TRIES + picked.size):
        if number == picked.size:
            break
        other = below(group.whole[0].stream, group.members.size)
        if other == i or _among(picked, number, other):
            continue
        if other == excluded:
            continue
        column = group.subjects[other].column
        rank = group.cells[i, column].rank if column >= 0 else group.subjects[other].rank
        if status_of(rank) == DEAD:
            since = group.cells[i, column].since if column >= 0 else group.subjects[other].since
            if not dead_too or rank == ABSENT or since < now - whole.dead_gossip:
                continue
        picked[number] = other
        number += 1
    return number


@njit(cache=True, nogil=True)
def _among(picked: NDArray[np.int64], number: int, other: int) -> bool:
    return (picked[:number] == other).any()


@njit(cache=True, nogil=True)
def _reachable(group: _Group, a: int, b: int, now: float) -> bool:
    return (
        group.members[b].running
        and group.members[b].paused_until <= now
        and group.members[a].side == group.members[b].side
    )


@njit(cache=True, nogil=True)
def _leg(group: _Group, a: int, b: int) -> bool:
    """Whether a message from a comes to b, now or when b's pause ends."""
    whole = group.whole[0]
    if whole.loss > 0 and uniform(group.whole[0].stream) < whole.loss:
        return False
    return group.members[b].running and group.members[a].side == group.members[b].side


@njit(cache=True, nogil=True)
def _tell(group: _Group, a: int, b: int, now: float, arrives: bool, first: int) -> None:
    """Send the news least often sent so far, chance deciding between equals."""
    whole = group.whole[0]
    if first >= 0 and arrives:
        by = _latest(group.cells[a, first])
        _hear(group, b, first, group.cells[a, first].rank, by, now)
    if group.members[a].queued == 0:
        return
    columns = group.whole[0].top
    least, spare, start = 0, columns, 0
    if group.members[a].queued > whole.per_message:
        waiting = np.zeros(whole.limit + 1, np.int64)
        for column in range(columns):
            waiting[group.cells[a, column].left] += 1
        least, spare = whole.limit, whole.per_message
        while waiting[least] <= spare:
            spare -= waiting[least]
            least -= 1
        start = below(group.whole[0].stream, columns)
    for step in range(columns):
        column = start + step
        if column >= columns:
            column -= columns
        left = group.cells[a, column].left
        if left == 0 or left < least:
            continue
        if left == least:
            if spare == 0:
                continue
            spare -= 1
        group.cells[a, column].left = left - 1
        if left == 1:
            group.members[a].queued -= 1
            group.columns[column].pending -= 1
        if arrives:
            by = _latest(group.cells[a, column])
            _hear(group, b, column, group.cells[a, column].rank, by, now)


# Views


@njit(cache=True, nogil=True)
def _hear(group: _Group, i: int, column: int, rank: int, originator: int, now: float) -> None:
    """News comes to a member, or to the inbox of one that is paused, unless it is its own."""
    whole = group.whole[0]
    if now < group.members[i].paused_until and originator != i:
        inbox = group.members[i].inbox
        if rank > group.cells[inbox, column].rank:
            group.cells[inbox, column].rank = rank
            group.cells[inbox, column].known = 0
            group.cells[inbox, column].told_by[0] = originator
        elif rank == group.cells[inbox, column].rank:
            _confirm(group, group.cells[inbox, column], originator)
        return
    _lapse(group, i, column, now)
    held = group.cells[i, column].rank
    if group.columns[column].subject == i:
        if rank > held and status_of(rank) != ALIVE:
            _set(group, i, column, refuted(rank), i, now)
            if whole.patient:
                group.members[i].health = health_after(
                    group.members[i].health, 1, whole.awareness_max
                )
    elif rank > held:
        _set(group, i, column, rank, originator, now)
    elif (
        rank == held
        and status_of(rank) == SUSPECT
        and _confirm(group, group.cells[i, column], originator)
    ):
        _queue(group, i, column)


@njit(cache=True, nogil=True)
def _confirm(group: _Group, cell: np.record, originator: int) -> bool:
    """Note one more who suspects; False for one known already, and when no more are needed."""
    if cell.known + 1 >= group.whole[0].lasts:
        return False
    for place in range(cell.known + 1):
        if cell.told_by[place] == originator:
            return False
    cell.known += 1
    cell.told_by[cell.known] = originator
    return True


@njit(cache=True, nogil=True)
def _read_inbox(group: _Group, i: int, now: float) -> None:
    inbox = group.members[i].inbox
    for column in range(group.whole[0].top):
        rank = group.cells[inbox, column].rank
        if rank >= ABSENT:
            group.cells[inbox, column].rank = _NOTHING
            for known in range(group.cells[inbox, column].known + 1):
                _hear(group, i, column, rank, group.cells[inbox, column].told_by[known], now)


@njit(cache=True, nogil=True)
def _expire(group: _Group, i: int, now: float) -> None:
    if group.members[i].suspects > 0:
        for column in range(group.whole[0].top):
            if group.columns[column].subject >= 0:
                _lapse(group, i, column, now)


@njit(cache=True, nogil=True)
def _lapse(group: _Group, i: int, column: int, now: float) -> None:
    """Declare a suspect dead whose time is over, at the time at which it was over."""
    rank = group.cells[i, column].rank
    if status_of(rank) == SUSPECT:
        due = group.cells[i, column].since + group.whole[0].lasting[group.cells[i, column].known]
        if due <= now:
            _set(group, i, column, rank + 1, i, due)


@njit(cache=True, nogil=True)
def _set(group: _Group, i: int, column: int, rank: int, originator: int, now: float) -> None:
    if status_of(group.cells[i, column].rank) == SUSPECT:
        group.members[i].suspects -= 1
    if status_of(rank) == SUSPECT:
        group.members[i].suspects += 1
    group.cells[i, column].rank = rank
    group.cells[i, column].since = now
    group.cells[i, column].known = 0
    group.cells[i, column].told_by[0] = originator
    _write(group, i, column, now)
    _queue(group, i, column)


@njit(cache=True, nogil=True)
def _queue(group: _Group, i: int, column: int) -> None:
    whole = group.whole[0]
    if whole.limit > 0:
        if group.cells[i, column].left == 0:
            group.members[i].queued += 1
            group.columns[column].pending += 1
        group.cells[i, column].left = whole.limit


@njit(cache=True, nogil=True)
def _write(group: _Group, i: int, column: int, now: float) -> None:
    row = group.whole[0].written
    group.rows[row].time = now
    group.rows[row].observer = i
    group.rows[row].subject = group.columns[column].subject
    group.rows[row].rank = group.cells[i, column].rank
    group.whole[0].written = row + 1


# Columns


@njit(cache=True, nogil=True)
def _free_column(group: _Group) -> int:
    """A free column, or −1."""
    top = group.whole[0].top
    if top < group.columns.size:
        return top
    for column in range(top):
        if group.columns[column].subject < 0:
            return column
    return _NOBODY


@njit(cache=True, nogil=True)
def _column_of(group: _Group, subject: int) -> int:
    """The column of a subject, a new one if it has none."""
    column = group.subjects[subject].column
    if column >= 0:
        return column
    column = _free_column(group)
    group.whole[0].top = max(group.whole[0].top, column + 1)
    group.subjects[subject].column = column
    group.columns[column].subject = subject
    group.columns[column].pending = 0
    for i in range(group.members.size):
        cell = group.cells[i, column]
        cell.rank = group.subjects[subject].rank
        cell.since = group.subjects[subject].since
        cell.known = 0
        cell.left = 0
        cell.told_by[0] = subject
    for place in range(group.whole[0].settled_dead):
        if group.subjects[place].settled_dead == subject:
            group.whole[0].settled_dead -= 1
            group.subjects[place].settled_dead = group.subjects[
                group.whole[0].settled_dead
            ].settled_dead
            break
    return column


@njit(cache=True, nogil=True)
def _settle(group: _Group) -> None:
    """Free the columns on which all who run agree, with no news left to send."""
    for column in range(group.whole[0].top):
        subject = group.columns[column].subject
        if subject < 0 or group.columns[column].pending > 0:
            continue
        agreed = _agreed(group, column)
        if agreed > ABSENT:
            group.subjects[subject].rank = agreed
            group.columns[column].subject = _NOBODY
            group.subjects[subject].column = _NOBODY
            if status_of(agreed) == DEAD:
                group.subjects[group.whole[0].settled_dead].settled_dead = subject
                group.whole[0].settled_dead += 1
    while group.whole[0].top > 0 and group.columns[group.whole[0].top - 1].subject < 0:
        group.whole[0].top -= 1


@njit(cache=True, nogil=True)
def _agreed(group: _Group, column: int) -> int:
    """The rank that all who run hold of a subject, `ABSENT` if they differ or still doubt."""
    agreed = ABSENT
    for i in range(group.members.size):
        if group.members[i].running:
            rank = group.cells[i, column].rank
            if status_of(rank) == SUSPECT or (agreed != ABSENT and rank != agreed):
                return ABSENT
            agreed = rank
            group.subjects[group.columns[column].subject].since = group.cells[i, column].since
    for inbox in range(group.members.size, group.cells.shape[0]):
        if group.cells[inbox, column].rank >= ABSENT:
            return ABSENT
    return agreed
