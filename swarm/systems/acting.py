"""Acting: custom agents take their steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swarm.agents import Agent
from swarm.systems.system import System

if TYPE_CHECKING:
    from swarm.world import World


def acts(kind: type[Agent]) -> bool:
    """Whether a kind overrides `step` or `step_all`."""
    return kind.step is not Agent.step or acts_together(kind)


def acts_together(kind: type[Agent]) -> bool:
    """Whether a kind overrides `step_all`."""
    return getattr(kind.step_all, "__func__", None) is not getattr(Agent.step_all, "__func__", None)


class Acting(System):
    """Runs `step_all` of each kind that has one, then `step` of the others one agent at a time.

    Single steps come in a new random order over all kinds together, so that no kind always
    moves first; an agent that died before its turn does not act.
    """

    def __call__(self, world: World) -> None:
        """One round of steps."""
        one_by_one = []
        for kind in tuple(world.kinds):
            if acts_together(kind):
                kind.step_all(world.living(kind))
            elif kind.step is not Agent.step:
                one_by_one.append(world.kind_number(kind))
        if one_by_one:
            kinds = world.population["kind"]
            mask = kinds == one_by_one[0]
            for number in one_by_one[1:]:
                mask |= kinds == number
            world.agents.select(mask).shuffle_do("step")
