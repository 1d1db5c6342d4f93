"""Five standard models as a good Mesa user writes them, for our benchmarks to stand beside.

Each is a `mesa.Model` with `step()` and `measures()`, the statistics that are compared; each
docstring gives the exact rules and says which of Mesa's spaces was chosen and why. They share no
code with the packages that they are compared to.
"""

from benchmarks.peers.boltzmann import MesaBoltzmann
from benchmarks.peers.flocking import MesaBinnedFlocking, MesaFlocking
from benchmarks.peers.forest_fire import MesaForestFire
from benchmarks.peers.schelling import MesaCellSchelling, MesaSchelling
from benchmarks.peers.wolf_sheep import MesaWolfSheep

__all__ = [
    "MesaBinnedFlocking",
    "MesaBoltzmann",
    "MesaCellSchelling",
    "MesaFlocking",
    "MesaForestFire",
    "MesaSchelling",
    "MesaWolfSheep",
]
