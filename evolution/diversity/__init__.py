"""Quality diversity: many good genomes that behave differently, instead of one.

`MAPElites` keeps the best genome of every cell of a `Grid` or `CVT` of measures, and makes new
ones by emitters: `Gaussian`, `IsoLine`, `CMA` and `Genetic`. `NoveltySearch` follows novelty
alone, or with the objective, and remembers by an admission: `MostNovel`, `AtRandom` or
`AboveThreshold`. `NeighbourArchive` finds the nearest of many points while more are added;
`IndexedArchive` leaves that to any `PointIndex`.
"""

from evolution.diversity.admission import AboveThreshold, Admission, AtRandom, MostNovel
from evolution.diversity.cells import DiversityError, Tessellation
from evolution.diversity.cma_emitter import CMA
from evolution.diversity.cvt import CVT
from evolution.diversity.elites import Added, Elites
from evolution.diversity.emitters import Emitter, Gaussian, Genetic, IsoLine
from evolution.diversity.grid import Grid
from evolution.diversity.indexed import IndexedArchive, PointIndex
from evolution.diversity.map_elites import MAPElites
from evolution.diversity.neighbours import NeighbourArchive
from evolution.diversity.novelty import NoveltySearch

__all__ = [
    "CMA",
    "CVT",
    "AboveThreshold",
    "Added",
    "Admission",
    "AtRandom",
    "DiversityError",
    "Elites",
    "Emitter",
    "Gaussian",
    "Genetic",
    "Grid",
    "IndexedArchive",
    "IsoLine",
    "MAPElites",
    "MostNovel",
    "NeighbourArchive",
    "NoveltySearch",
    "PointIndex",
    "Tessellation",
]
