"""NEAT on arrays: growing networks as ragged arrays, bred, told apart and evaluated in kernels.

`NEAT` is a `Search` over `NetworkSpec`. `FeedForward` and `Recurrent` evaluate whole populations;
`evolution.neat.closed_loop` runs networks inside a compiled world.
"""

from evolution.neat.config import ConfigError, NEATConfig, NetworkConfig
from evolution.neat.distance import distances
from evolution.neat.evaluation import FeedForward, NetworkError, Recurrent
from evolution.neat.networks import NetworkSpec
from evolution.neat.search import NEAT, ExtinctionError, Species

__all__ = [
    "NEAT",
    "ConfigError",
    "ExtinctionError",
    "FeedForward",
    "NEATConfig",
    "NetworkConfig",
    "NetworkError",
    "NetworkSpec",
    "Recurrent",
    "Species",
    "distances",
]
