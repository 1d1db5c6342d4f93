"""Every arena as a PettingZoo environment; needs the extra `arena`.

from arenas.environments import env, parallel_env

kuhn = env("kuhn")                                  # turn-based
dilemma = parallel_env("iterated", turns=100)       # all at once
"""

from arenas.environments.bidding import SealedBid
from arenas.environments.catalogue import SEQUENTIAL, SIMULTANEOUS, env, parallel_env
from arenas.environments.commons import RedAgainstBlue
from arenas.environments.errors import MoveError
from arenas.environments.imitation_game import ImitationGame
from arenas.environments.iterated import Iterated
from arenas.environments.pursuit import Pursuing
from arenas.environments.simultaneous import Simultaneous
from arenas.environments.turns import Turns

__all__ = [
    "SEQUENTIAL",
    "SIMULTANEOUS",
    "ImitationGame",
    "Iterated",
    "MoveError",
    "Pursuing",
    "RedAgainstBlue",
    "SealedBid",
    "Simultaneous",
    "Turns",
    "env",
    "parallel_env",
]
