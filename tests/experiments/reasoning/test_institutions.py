"""Systems that a study switches on by name."""

from typing import get_args

import pytest

from experiments import StudyError, assemble, load_study
from experiments.reasoning.sections import Institution
from swarm import Observation, World
from tests.experiments.nations import nations_subject

SMALL = ["world.agents=24", "world.tasks=16", "world.tasks_per_agent=8"]
SHOWN = {
    "royalties": "royalties",
    "reputation": "standing_mean",
    "bankruptcy": "debt",
    "companies": "companies",
    "practising": "division",
    "skill_market": "tasks_traded",
    "finding_market": "findings_sold",
}


def world_with(*systems: str) -> World:
    named = ", ".join(f'"{name}"' for name in systems)
    study = load_study("nations", [*SMALL, f"economy.systems=[{named}]"])
    return assemble(study, nations_subject())[0]


@pytest.fixture(scope="module")
def without() -> World:
    """A world of none of them, after its first tick: not to be changed."""
    world = world_with()
    world.step()
    return world


@pytest.mark.parametrize("system", get_args(Institution))
def test_one_line_switches_a_system_on_and_what_it_does_is_recorded(
    system: str, without: World
) -> None:
    world = world_with(system)
    more = {each.name for each in world.systems} - {each.name for each in without.systems}
    assert more
    world.step()
    shown = SHOWN[system]
    assert shown in world.system(Observation).latest
    assert shown not in without.system(Observation).latest


def test_all_of_them_live_together_and_no_token_is_lost() -> None:
    world = world_with(*get_args(Institution))
    supply = world.ledger.supply
    for _ in range(9):  # two generations and a tick
        world.step()
        assert world.ledger.supply == supply
    world.ledger.verify()
    assert len(world.population) == 24


def test_what_is_not_there_is_refused_with_what_is() -> None:
    with pytest.raises(StudyError, match=r"economy\.systems: got 'royalty', allowed is any of"):
        load_study("nations", ['economy.systems=["royalty"]'])
    with pytest.raises(StudyError, match="tasks_per_agent"):
        assemble(
            load_study("nations", ["world.agents=24", 'economy.systems=["skill_market"]']),
            nations_subject(),
        )
