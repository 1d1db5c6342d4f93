"""Five standard models as a good Mesa user writes them, for our benchmarks to stand beside.

Each is a `mesa.Model` with `step()` and `measures()`, the statistics that are compared; each
docstring gives the exact rules and says which of Mesa's spaces was chosen and why. They share no
code with the packages that they are compared to.

Published ratios refer to the examples that Mesa ships, which are written to be read. Where their
way differs from the tuned one, a class `MesaExample...` goes it under the same rules.
"""

from benchmarks.peers.boltzmann import MesaBoltzmann, MesaExampleBoltzmann
from benchmarks.peers.flocking import MesaBinnedFlocking, MesaExampleFlocking, MesaFlocking
from benchmarks.peers.forest_fire import MesaForestFire
from benchmarks.peers.schelling import MesaCellSchelling, MesaSchelling
from benchmarks.peers.wolf_sheep import MesaExampleWolfSheep, MesaWolfSheep

__all__ = [
    "MesaBinnedFlocking",
    "MesaBoltzmann",
    "MesaCellSchelling",
    "MesaExampleBoltzmann",
    "MesaExampleFlocking",
    "MesaExampleWolfSheep",
    "MesaFlocking",
    "MesaForestFire",
    "MesaSchelling",
    "MesaWolfSheep",
]
