"""The state of a group that acts in compiled rounds, in records.

Memory is thrifty: nobody holds a table of everybody. Only a subject under rumour, one of whom
somebody holds something that not all hold, has a column over the members, 32 bytes a cell; what
all hold is kept once. When a rumour has settled, its column is freed. A member's queue of news is
what its row of these columns has left to send.

Numba compiles a kernel anew for each combination of types, and for each plain constant, that it is
called with. So what kernels hand to each other is an int64 or a bool, whatever a record stores, and
the constants below are typed.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from swarm.chance import seed_from
from swarm.gossip.swim.rules import ABSENT, ALIVE, rank_of
from swarm.gossip.swim.scenario import Scenario
from swarm.gossip.swim.settings import Swim

NOBODY: Any = np.int64(-1)
NOTHING = ABSENT - 1  # no rank at all
YES: Any = np.True_
NO: Any = np.False_
SLACK = 1e-6
ORIGINATORS = 4
_FIRST_COLUMNS = 8
_FIRST_ROWS = 4096

_SETTINGS = ("interval", "timeout", "nack_after", "tick", "sync", "dead_gossip", "loss")
_COUNTS = ("seed", "fanout", "indirect", "per_message", "limit", "awareness_max", "lasts")
_SWITCHES = ("suspicion", "round_robin", "patient", "buddy")
# Where the run has come to; the top of the columns in use; subjects that settled as dead.
_COUNTERS = ("round", "turn", "happened", "written", "top", "settled_dead")
_WHOLE = np.dtype(
    [
        *((name, "f8") for name in _SETTINGS),
        *((name, "i8") for name in (*_COUNTS, *_COUNTERS)),
        ("lasting", "f8", ORIGINATORS),  # seconds of suspicion after 0..lasts−1 confirmations
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
        ("target", "i8"),  # of its probe, −1 for none
        ("asked", "i4"),  # helpers
        ("nacks", "i4"),
        ("health", "i8"),
        ("sweep", "i4"),
        ("place", "i4"),
        ("queued", "i4"),  # columns with something left to send
        ("suspects", "i4"),
        ("inbox", "i8"),  # its row of cells, −1 if it never pauses
        ("running", "?"),
        ("missed", "?"),  # had news to send while paused
        ("side", "i1"),
        ("sent", "i8", 4),
    ],
    align=True,
)
_SUBJECT = np.dtype([("since", "f8"), ("rank", "i8"), ("column", "i8"), ("settled_dead", "i8")])
_COLUMN = np.dtype([("pending", "i8"), ("subject", "i8")])
_CELL = np.dtype(
    [
        ("since", "f8"),
        ("rank", "i4"),
        ("left", "i2"),  # times still to be sent
        ("known", "i2"),  # confirmations
        ("told_by", "i4", ORIGINATORS),  # who suspected, up to place `known`
    ]
)
_ROW = np.dtype([("time", "f8"), ("observer", "i4"), ("subject", "i4"), ("rank", "i4")])
HAPPENING = np.dtype([("at", "f8"), ("until", "f8"), ("kind", "i8"), ("who", "i8")])


class Group(NamedTuple):
    """The state of a group: n members, S columns, P members that ever pause."""

    whole: NDArray  # [1] of _WHOLE: settings and counters
    members: NDArray  # [n] of _MEMBER
    subjects: NDArray  # [n] of _SUBJECT: its column, or what all hold of it
    columns: NDArray  # [S] of _COLUMN: its subject, −1 if free; how many have it left to send
    # [n + P, S] of _CELL: what a member holds of a subject under rumour; then the inboxes, with
    # the highest rank told during a pause, and by whom.
    cells: NDArray
    rows: NDArray  # of _ROW: the history


def new_group(swim: Swim, scenario: Scenario, rng: np.random.Generator) -> Group:
    """A group at the beginning of a scenario, of members who know nothing new."""
    n = scenario.members
    members = _new_members(swim, scenario, rng)
    subjects = np.zeros(n, _SUBJECT)
    subjects["rank"] = np.where(scenario.late, ABSENT, rank_of(ALIVE, 0))
    subjects["since"] = -math.inf
    subjects["column"] = NOBODY
    boxes = int(np.count_nonzero(members["inbox"] >= 0))
    return Group(
        whole=_new_whole(swim, scenario, rng),
        members=members,
        subjects=subjects,
        columns=_new_columns(_FIRST_COLUMNS),
        cells=_new_cells(n, boxes, _FIRST_COLUMNS),
        rows=np.zeros(_FIRST_ROWS, _ROW),
    )


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
    members["inbox"] = NOBODY
    members["inbox"][pausing] = n + np.arange(len(pausing))
    members["running"] = ~scenario.late
    members["target"] = NOBODY
    members["ask_at"] = math.inf
    members["probe_phase"] = rng.uniform(0, swim.gossip_interval, n)
    members["gossip_phase"] = rng.uniform(0, swim.gossip_interval, n)
    first = rng.integers(max(1, round(swim.probe_interval / swim.gossip_interval)), size=n)
    members["probe_end"] = members["probe_phase"] + swim.gossip_interval * first
    sync = swim.sync_seconds(n)
    members["sync_at"] = rng.uniform(0, sync, n) if math.isfinite(sync) else math.inf
    return members


def _new_columns(number: int) -> NDArray:
    columns = np.zeros(number, _COLUMN)
    columns["subject"] = NOBODY
    return columns


def _new_cells(members: int, boxes: int, columns: int) -> NDArray:
    cells = np.zeros((members + boxes, columns), _CELL)
    cells["rank"][members:] = NOTHING
    return cells


def grown(group: Group) -> Group:
    """The group with twice the columns if none is free, else with room for more rows."""
    if (group.columns["subject"] < 0).any():
        more = np.zeros(group.rows.size + 2 * room(group), _ROW)
        return group._replace(rows=np.concatenate((group.rows, more)))
    n, columns = group.members.size, group.columns.size
    cells = _new_cells(n, len(group.cells) - n, columns)
    return group._replace(
        columns=np.concatenate((group.columns, _new_columns(columns))),
        cells=np.concatenate((group.cells, cells), axis=1),
    )


@njit(cache=True, nogil=True)
def room(group: Group) -> int:
    """More rows than one act of a member can write."""
    whole = group.whole[0]
    messages = whole.fanout + 2 + 6 * whole.indirect
    return 8 * group.columns.size + 2 * messages * (whole.per_message + 1) + 8
