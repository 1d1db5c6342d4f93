"""Vector indexes behind one interface: exact, HNSW and IVF-PQ, and the choice between them.

`vector_index` makes one; `Growing`, its default, begins as `Exact` and becomes `HNSW` and `IVFPQ`
as vectors come. `novelty` is the mean distance to the nearest in any of them.
"""

from swarm.memory.vectors.choice import Choice, choose
from swarm.memory.vectors.exact import Exact
from swarm.memory.vectors.growing import Growing, load_index, vector_index
from swarm.memory.vectors.hnsw import HNSW
from swarm.memory.vectors.index import Neighbours, VectorError, VectorIndex
from swarm.memory.vectors.ivf_pq import IVFPQ
from swarm.memory.vectors.novelty import novelty

__all__ = [
    "HNSW",
    "IVFPQ",
    "Choice",
    "Exact",
    "Growing",
    "Neighbours",
    "VectorError",
    "VectorIndex",
    "choose",
    "load_index",
    "novelty",
    "vector_index",
]
