from .durable import (
    DurableError as DurableError,
    FactStore as FactStore,
    salvage as salvage,
)
from .edition import (
    Edition as Edition,
)
from .encoders import (
    Encoder as Encoder,
    EncoderError as EncoderError,
    HashedNgrams as HashedNgrams,
    RelationalProfile as RelationalProfile,
    SentenceEncoder as SentenceEncoder,
    VersionedVectors as VersionedVectors,
    train_adapter as train_adapter,
)
from .facts import (
    FOREVER as FOREVER,
    FactError as FactError,
    Facts as Facts,
    Reader as Reader,
    Writer as Writer,
)
from .replicas import (
    AntiEntropy as AntiEntropy,
    GCounter as GCounter,
    Log as Log,
    LWWMap as LWWMap,
    Network as Network,
    ORSet as ORSet,
    PNCounter as PNCounter,
    Replica as Replica,
    ReplicaError as ReplicaError,
)
from .shards import (
    RoutingTable as RoutingTable,
    ShardError as ShardError,
    Shards as Shards,
)
from .tally import (
    MemoryLimitError as MemoryLimitError,
    Tally as Tally,
    TallyError as TallyError,
    surprisal as surprisal,
)
from .vectors import (
    HNSW as HNSW,
    IVFPQ as IVFPQ,
    Exact as Exact,
    Neighbours as Neighbours,
    VectorError as VectorError,
    VectorIndex as VectorIndex,
    novelty as novelty,
    vector_index as vector_index,
)
