"""What can be changed of a world of reasoning agents while it lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from experiments.reasoning.study import ReasoningStudy
from experiments.study.control import Lever
from swarm.world import World

STEERABLE = (
    "economy.bounty",
    "economy.supply",
    "economy.reserve",
    "economy.endowment",
    "economy.rent",
    "economy.sharpness",
    "economy.royalty",
    "economy.grace",
    "economy.tithe",
    "gossip.loss",
    "gossip.messages",
    "memory.per_agent",
    "memory.grounds",
    "memory.loss",
    "selection.turnover",
    "selection.crossover",
    "selection.mutation",
    "selection.step",
    "selection.fading",
    "selection.elite",
    "selection.doubt",
)
"""Keys whose systems read them anew in every tick, or generation, and keep nothing made of them.

Not among them: `memory.embargo`, since what is public cannot become secret again, and whatever
gives a column its width or a run its length.
"""


def levers_of(study: ReasoningStudy, world: World) -> Mapping[str, Lever]:
    """The levers of a world, by the dotted key of the study, for the systems that it has."""
    return {lever.name: lever for lever in _levers(study, world)}


def _levers(study: ReasoningStudy, world: World) -> Iterator[Lever]:
    systems = {type(system).__name__: system for system in world.systems}
    for name in STEERABLE:
        section, key = name.split(".")
        values = getattr(study, section)
        about = type(values).model_fields[key].json_schema_extra
        assert isinstance(about, dict), f"{name} is an argument of a system"
        if about["system"] in systems:
            owner = systems[str(about["system"])]
            yield Lever(name, values, key, owner, str(about["parameter"]))
