"""Predators and prey: as amounts, one by one, and as animals that chase each other.

`LotkaVolterra` solves the equations, `simulate` draws the histories of single individuals at the
same rates, and `Chase` is a plane with bodies, senses and genomes that steer; `Pursuit` makes the
chase a contest for `arenas.coevolution`, and `coevolve_chase` runs it.
"""

from arenas.predation.chase import Chase, ChaseRules
from arenas.predation.errors import PredationError
from arenas.predation.individuals import Extinct, Extinctions, Histories, extinctions, simulate
from arenas.predation.lotka_volterra import (
    Fault,
    LotkaVolterra,
    NumericalEvent,
    Trajectory,
    turns,
)
from arenas.predation.pursuit import Hunt, Pursuit, coevolve_chase
from arenas.predation.steering import steer, steering_spec

__all__ = [
    "Chase",
    "ChaseRules",
    "Extinct",
    "Extinctions",
    "Fault",
    "Histories",
    "Hunt",
    "LotkaVolterra",
    "NumericalEvent",
    "PredationError",
    "Pursuit",
    "Trajectory",
    "coevolve_chase",
    "extinctions",
    "simulate",
    "steer",
    "steering_spec",
    "turns",
]
