"""Motion: neighbour search, pheromones and ants, particle swarms."""

from swarm.motion.ants import AntColonySystem, AntError, MaxMinAntSystem, Tour
from swarm.motion.landscapes import LANDSCAPES, Landscape, rastrigin, rosenbrock, sphere
from swarm.motion.particles import Optimum, ParticleError, ParticleSwarm, minimise
from swarm.motion.pheromones import PheromoneError, PheromoneField, turned
from swarm.motion.tsplib import (
    Instance,
    TsplibError,
    load_instance,
    parse_instance,
    tour_length,
    tsplib_text,
)

__all__ = [
    "LANDSCAPES",
    "AntColonySystem",
    "AntError",
    "Instance",
    "Landscape",
    "MaxMinAntSystem",
    "Optimum",
    "ParticleError",
    "ParticleSwarm",
    "PheromoneError",
    "PheromoneField",
    "Tour",
    "TsplibError",
    "load_instance",
    "minimise",
    "parse_instance",
    "rastrigin",
    "rosenbrock",
    "sphere",
    "tour_length",
    "tsplib_text",
    "turned",
]
