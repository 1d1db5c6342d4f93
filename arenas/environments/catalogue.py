"""Every arena by name, in turn-based and in parallel form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from arenas.environments.bidding import SealedBid
from arenas.environments.commons import RedAgainstBlue
from arenas.environments.errors import MoveError, missing_extra
from arenas.environments.imitation_game import ImitationGame
from arenas.environments.iterated import Iterated
from arenas.environments.pursuit import Pursuing
from arenas.environments.simultaneous import Simultaneous
from arenas.environments.turns import Turns
from arenas.games import Kuhn, Leduc
from arenas.iterated import Grudger

try:
    from pettingzoo import AECEnv
    from pettingzoo.utils.conversions import parallel_to_aec
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

SIMULTANEOUS: Mapping[str, Callable[..., Simultaneous]] = {
    "iterated": Iterated,
    "pursuit": Pursuing,
    "red-blue": RedAgainstBlue,
    "sealed-bid": SealedBid,
    "vickrey": partial(SealedBid, second_price=True),
}
"""Arenas in which all move at once; they have both forms."""

SEQUENTIAL: Mapping[str, Callable[[], Any]] = {
    "imitation": lambda: ImitationGame(Grudger().machine()),
    "kuhn": Kuhn,
    "leduc": Leduc,
}
"""Games of turns; a parallel form would let players see what they could not."""


def parallel_env(name: str, **settings: Any) -> Simultaneous:
    """An arena as a `ParallelEnv`, such as `parallel_env("iterated", turns=100)`.

    Raises:
        MoveError: for a name that is no simultaneous arena.
    """
    if name not in SIMULTANEOUS:
        turns = " (a game of turns: take env(name))" if name in SEQUENTIAL else ""
        raise MoveError(f"{name!r} has no parallel form{turns}; those are {sorted(SIMULTANEOUS)}")
    return SIMULTANEOUS[name](**settings)


def env(name: str, **settings: Any) -> AECEnv:
    """An arena as an `AECEnv`, in which one moves after the other, such as `env("kuhn")`.

    Raises:
        MoveError: for a name that is no arena.
    """
    if name in SEQUENTIAL:
        return Turns(SEQUENTIAL[name](), **settings)
    if name not in SIMULTANEOUS:
        raise MoveError(f"no arena {name!r}; there are {sorted({*SEQUENTIAL, *SIMULTANEOUS})}")
    return parallel_to_aec(SIMULTANEOUS[name](**settings))
