from .agents import (
    Agent as Agent,
    AgentError as AgentError,
    AgentSet as AgentSet,
    column as column,
)
from .checkpoint import (
    CheckpointError as CheckpointError,
)
from .population import (
    Column as Column,
    Population as Population,
    PopulationError as PopulationError,
)
from .space import (
    Grid as Grid,
    Plane as Plane,
    Space as Space,
    SpaceError as SpaceError,
)
from .systems import (
    Acting as Acting,
    Bankruptcy as Bankruptcy,
    Companies as Companies,
    ComputeMarket as ComputeMarket,
    Episodes as Episodes,
    Exploring as Exploring,
    FindingMarket as FindingMarket,
    GoodsMarket as GoodsMarket,
    Gossip as Gossip,
    Observation as Observation,
    Partnering as Partnering,
    Practising as Practising,
    Reasoning as Reasoning,
    Remembering as Remembering,
    Replicating as Replicating,
    Reputation as Reputation,
    Royalties as Royalties,
    Selection as Selection,
    Settlement as Settlement,
    SharedMemory as SharedMemory,
    SkillMarket as SkillMarket,
    Specialising as Specialising,
    System as System,
    Tasks as Tasks,
)
from .world import (
    World as World,
    WorldError as WorldError,
)
