"""The sections of a study of reasoning agents: every key, what it means, and what it may be."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from experiments.study.section import KEPT, KEPT_MEANS, Section
from swarm.reasoning import SHIPPED
from swarm.reasoning.networks import NETWORKS
from swarm.systems import (
    Bankruptcy,
    Companies,
    ComputeMarket,
    Gossip,
    Remembering,
    Replicating,
    Reputation,
    Royalties,
    Selection,
    Settlement,
    SkillMarket,
    System,
    Tasks,
)

TOKENS_MAX = 10**12
"""Of one agent; a million agents' tokens still fit into int64."""


def setting(system: type[System], parameter: str, description: str, **bounds: Any) -> Any:
    """A field that is a constructor argument of a system, with the default it has there."""
    return Field(
        default=inspect.signature(system).parameters[parameter].default,
        description=description,
        json_schema_extra={"system": system.__name__, "parameter": parameter},
        validate_default=True,
        **bounds,
    )


def _shares(value: Any) -> Any:
    """Shares as floats; TOML gives them as a list of whole numbers and floats."""
    if value == "standard":
        return value
    shares = (
        [s for s in value if type(s) in (int, float)] if isinstance(value, list | tuple) else []
    )
    if len(shares) != 3 or len(value) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise ValueError("neither")
    return tuple(float(share) for share in shares)


Split = Annotated[Literal["standard"] | tuple[float, float, float], BeforeValidator(_shares)]


Part = Literal["gates", "memory", "council", "inversion", "novelty", "market", "gossip", "sharing"]
"""Parts that a study can leave out; `memory` is the working one, `sharing` the shared one."""

Institution = Literal[
    "reputation",
    "royalties",
    "bankruptcy",
    "companies",
    "practising",
    "skill_market",
    "finding_market",
]
"""Systems that a study can switch on; both markets bring `practising` with them."""

_as_tuple = BeforeValidator(lambda v: tuple(v) if type(v) is list else v)
Parts = Annotated[tuple[Part, ...], _as_tuple]
Novelty = Literal["surprise", "behaviour", "findings"]
"""What selection takes for novel; the last two bring the system `Exploring`."""

Institutions = Annotated[tuple[Institution, ...], _as_tuple]
Ticks = Annotated[tuple[int, int], _as_tuple]


class ProblemSection(Section):
    """What the agents reason about."""

    graph: str | None = Field(
        default=None,
        min_length=1,
        description=f"a graph that ships ({', '.join(SHIPPED)}) or a folder of tab-separated facts",
    )
    network: str | None = Field(
        default=None,
        min_length=1,
        description="in place of a graph: a hidden network to find out about, one that ships "
        f"({', '.join(NETWORKS)}), a BIF file, or random",
    )
    cases: int = Field(
        default=2000, ge=1, le=10**7, description="cases of a network that everybody sees"
    )
    queries: int = Field(
        default=600, ge=3, le=10**6, description="questions about a network, a third of each kind"
    )
    split: Split = Field(
        default="standard",
        description='"standard" for the parts that the graph comes with, or positive shares of '
        "train, valid and test that sum to 1, such as [0.3, 0.2, 0.5]",
    )
    split_seed: int = Field(
        default=0,
        ge=0,
        le=2**63 - 1,
        description="seed of a split by shares, or of a network's cases and questions",
    )


class WorldSection(Section):
    """How large and how long."""

    agents: int = Field(default=200, ge=4, le=10**6, description="agents in the world")
    generations: int = Field(default=60, ge=1, le=10**6, description="generations to live")
    tasks: int = setting(Tasks, "per_tick", "tasks on the board in a tick", ge=1, le=10**6)
    tasks_per_agent: int | None = setting(
        Tasks, "per_agent", "tasks given to each agent; all if left out", ge=1, le=10**6
    )


class EconomySection(Section):
    """Tokens: what is paid, sold and owed."""

    bounty: int = setting(
        Tasks, "bounty", "tokens in escrow for each task of each agent", ge=0, le=10**6
    )
    supply: float = setting(
        ComputeMarket, "supply", "units of compute on sale for each task", ge=0, le=10**6
    )
    reserve: int = setting(
        ComputeMarket, "reserve", "lowest price of a unit, tokens", ge=1, le=10**6
    )
    endowment: int = setting(Settlement, "endowment", "tokens given at birth", ge=0, le=TOKENS_MAX)
    rent: float = setting(
        Settlement, "rent", "share of the mean net income that everybody owes", ge=0, le=100
    )
    sharpness: float = setting(
        Settlement, "sharpness", "how much more a better answer earns", ge=0, le=20
    )
    sealed: float = setting(
        Tasks, "sealed", "share of the tasks to be answered without hearsay", gt=0, le=1
    )
    systems: Institutions = Field(
        default=(), description=f"any of {', '.join(get_args(Institution))}: systems to switch on"
    )
    royalty: float = setting(
        Royalties, "rate", "share of a reward owed to those whose findings it used", ge=0, le=1
    )
    grace: int = setting(
        Bankruptcy, "grace", "ticks that one may be in debt and live", ge=0, le=10**6
    )
    stake: int = setting(Reputation, "stake", "tokens staked on each finding", ge=1, le=10**9)
    members: int = setting(Companies, "members", "most members of a company", ge=2, le=12)
    capital: int = setting(
        Companies, "capital", "tokens that each founder puts in", ge=1, le=TOKENS_MAX
    )
    tithe: float = setting(Companies, "tithe", "share of rewards that members hand in", ge=0, le=1)
    payday: int = setting(Companies, "every", "ticks between wages and dividends", ge=1, le=10**6)
    hold: float = setting(
        SkillMarket,
        "most",
        "most tasks an agent holds, in shares of what it is given",
        ge=1,
        le=10**6,
    )


class GossipSection(Section):
    """Who hears what from whom."""

    peers: int = setting(Gossip, "peers", "peers each agent knows", ge=1, le=1000)
    buffer: int = setting(Gossip, "buffer", "findings an agent keeps in mind", ge=1, le=10_000)
    messages: int = setting(Gossip, "messages", "findings in one message", ge=1, le=10_000)
    loss: float = setting(Gossip, "loss", "probability that a message is lost", ge=0, le=1)


class MemorySection(Section):
    """What is written into the shared memory, and when others may read it."""

    per_agent: int = setting(
        Remembering, "per_agent", "most findings an agent writes in a tick", ge=0, le=10_000
    )
    embargo: int = setting(
        Remembering, "embargo", "ticks before a finding is public", ge=0, le=10**6
    )
    grounds: int = setting(
        Remembering, "grounds", "most public findings that one names as grounds", ge=0, le=1000
    )
    replicas: int = Field(
        default=1, ge=1, le=1024, description="groups of agents with a replica of their own"
    )
    fanout: int = setting(
        Replicating, "fanout", "other replicas that each calls in a tick", ge=0, le=1024
    )
    loss: float = setting(
        Replicating, "loss", "probability that news between replicas are lost", ge=0, le=1
    )
    parted: Ticks = setting(
        Replicating,
        "parted",
        "ticks from which, and up to which, half of the replicas hear nothing of the others",
    )


class SelectionSection(Section):
    """Who lives and who has children."""

    every: int = setting(Selection, "every", "ticks in a generation", ge=1, le=10_000)
    turnover: float = setting(
        Selection, "turnover", "share of the population replaced in a generation", ge=0, lt=1
    )
    crossover: float = setting(
        Selection, "crossover", "probability that a child is crossed", ge=0, le=1
    )
    mutation: float = setting(Selection, "mutation", "probability that a gene mutates", ge=0, le=1)
    step: float = setting(Selection, "step", "size of mutations, 1 is customary", gt=0, le=10)
    fading: float = setting(
        Selection, "fading", "what the sums of a generation are worth in the next", ge=0, le=1
    )
    elite: float = setting(
        Selection, "elite", "share chosen for accuracy alone, not by front", ge=0, le=1
    )
    doubt: float = setting(
        Selection, "doubt", "tasks of average credit given in advance", gt=0, le=10**9
    )
    novelty: Novelty = Field(
        default="surprise",
        description=f"one of {', '.join(get_args(Novelty))}: how seldom the memory says what was "
        "answered, or how far what was done, or found, is from the nearest that is known",
    )


class AblationSection(Section):
    """What the world has to do without, to see what it is worth."""

    without: Parts = Field(
        default=(),
        description=f"any of {', '.join(get_args(Part))}: gates, protocols of the strategies, "
        "novelty altogether, or whole systems",
    )


class OutputSection(Section):
    """What is written."""

    checkpoint_every: int = Field(
        default=5, ge=1, le=10**6, description="generations between checkpoints"
    )
    keep: int = Field(default=KEPT, ge=1, le=10**6, description=KEPT_MEANS)
