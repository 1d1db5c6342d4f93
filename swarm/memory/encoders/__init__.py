"""What turns items into vectors, and how vectors outlive the encoder that made them."""

from swarm.memory.encoders.adapters import Adapter, Procrustes, Ridge
from swarm.memory.encoders.answers import Found
from swarm.memory.encoders.encoder import Encoder, EncoderError
from swarm.memory.encoders.ngrams import HashedNgrams
from swarm.memory.encoders.overlay import ContextOverlays
from swarm.memory.encoders.relational import RelationalProfile
from swarm.memory.encoders.residual import MLPAdapter
from swarm.memory.encoders.sentences import SentenceEncoder
from swarm.memory.encoders.training import Training, restored_adapter, train_adapter
from swarm.memory.encoders.versioned import VersionedVectors

__all__ = [
    "Adapter",
    "ContextOverlays",
    "Encoder",
    "EncoderError",
    "Found",
    "HashedNgrams",
    "MLPAdapter",
    "Procrustes",
    "RelationalProfile",
    "Ridge",
    "SentenceEncoder",
    "Training",
    "VersionedVectors",
    "restored_adapter",
    "train_adapter",
]
