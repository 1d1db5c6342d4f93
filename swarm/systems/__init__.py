"""What happens in a tick, one system a file, here in the order of the tick."""

from swarm.systems.acting import Acting
from swarm.systems.bankruptcy import Bankruptcy
from swarm.systems.companies import Companies
from swarm.systems.compute_market import ComputeMarket
from swarm.systems.episodes import Episodes
from swarm.systems.exploring import Exploring
from swarm.systems.finding_market import FindingMarket
from swarm.systems.goods_market import GoodsMarket
from swarm.systems.gossip import Gossip
from swarm.systems.observation import Observation
from swarm.systems.partnering import Partnering
from swarm.systems.practising import Practising
from swarm.systems.reasoning import Reasoning
from swarm.systems.remembering import Remembering
from swarm.systems.replicating import Replicating
from swarm.systems.reputation import Reputation
from swarm.systems.royalties import Royalties
from swarm.systems.selection import Selection
from swarm.systems.settlement import Settlement
from swarm.systems.shared_memory import SharedMemory
from swarm.systems.skill_market import SkillMarket
from swarm.systems.specialising import Specialising
from swarm.systems.system import System
from swarm.systems.tasks import Tasks

__all__ = [
    "Acting",
    "Bankruptcy",
    "Companies",
    "ComputeMarket",
    "Episodes",
    "Exploring",
    "FindingMarket",
    "GoodsMarket",
    "Gossip",
    "Observation",
    "Partnering",
    "Practising",
    "Reasoning",
    "Remembering",
    "Replicating",
    "Reputation",
    "Royalties",
    "Selection",
    "Settlement",
    "SharedMemory",
    "SkillMarket",
    "Specialising",
    "System",
    "Tasks",
]
