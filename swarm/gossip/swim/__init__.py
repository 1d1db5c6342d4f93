"""SWIM with Lifeguard: who is in the group, kept by gossip, in two engines with the same rules.

`rules` is what both play by, with the papers; `settings`, `scenario` and `history` are what goes
in and what comes out. `SwimProtocol` makes every message an event (`protocol`, `network`,
`beliefs`, `member`); `SwimRounds` acts in compiled rounds (`rounds`, `happenings`, `acts`,
`targets`, `messages`, `views`, `columns`, `state`).
"""

from swarm.gossip.swim.history import History
from swarm.gossip.swim.protocol import SwimProtocol
from swarm.gossip.swim.rounds import SwimRounds
from swarm.gossip.swim.rules import ABSENT, ALIVE, DEAD, SUSPECT
from swarm.gossip.swim.scenario import Scenario
from swarm.gossip.swim.settings import MembershipError, Swim

__all__ = [
    "ABSENT",
    "ALIVE",
    "DEAD",
    "SUSPECT",
    "History",
    "MembershipError",
    "Scenario",
    "Swim",
    "SwimProtocol",
    "SwimRounds",
]
