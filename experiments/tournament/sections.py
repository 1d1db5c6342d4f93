"""What the sections of a tournament's file may say: formats, games and their players.

A format has the settings that it has in `arenas.tournaments`, with the defaults there.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from arenas.iterated import GAMES
from arenas.tournaments import FORMATS
from experiments.study.section import Section


class Heading(Section):
    """What stands above the sections."""

    owner = "a tournament"

    name: str = Field(min_length=1, max_length=64, description="up to 64 characters")
    description: str = Field(default="", description="one line on what it is for")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="a whole number, 0 to 2^63 - 1")


def _many(what: str, least: int = 1) -> tuple[type, Any]:
    return int, {"ge": least, "le": 10**6, "description": f"a whole number from {least} on: {what}"}


SETTINGS: Mapping[str, tuple[Any, dict[str, Any]]] = {
    "rounds": _many("how many rounds"),
    "legs": _many("games of a match, the seats changing"),
    "replays": _many("games to settle a tie, at most", 0),
    "survivors": _many("players with whom it ends"),
    "repetitions": _many("how often a pair meets in each seat, a round"),
    "cull": (float, {"ge": 0, "lt": 1, "description": "the share who leave a round, 0 to under 1"}),
    "both_seats": (bool, {"description": "true or false: whether pairs meet in both orders"}),
    "self_play": (bool, {"description": "true or false: whether everybody also meets itself"}),
    "mirror": (bool, {"description": "true or false: whether both orders have the same luck"}),
    "count": (Literal["score", "points"], {"description": '"score" or "points"'}),
}
"""The settings of all formats: what each may be. Which format has which, and its defaults, stands
in `arenas.tournaments`."""


def format_section(name: str) -> type[Section]:
    """The section [tournament] for a format."""
    fields: dict[str, Any] = {"format": (str, Field(description=", ".join(FORMATS)))}
    for key, parameter in inspect.signature(FORMATS[name]).parameters.items():
        if key in SETTINGS:
            kind, limits = SETTINGS[key]
            optional = kind | None if parameter.default is None else kind
            fields[key] = (optional, Field(default=parameter.default, **limits))
    made: type[Section] = create_model(
        f"{FORMATS[name].__name__}Section", __base__=Section, **fields
    )
    made.owner = f"the format {name!r}"
    return made


class IteratedSection(Section):
    """An iterated matrix game."""

    owner = "a game of kind 'iterated'"

    kind: str
    matrix: str = Field(
        default=GAMES[0].name, description=f"one of {', '.join(game.name for game in GAMES)}"
    )
    payoffs: list[Any] | None = Field(
        default=None,
        description="in place of the matrix: [A, A] numbers, own action by the other's, such as "
        "[[3, 0], [5, 1]], or [A, A, 2], both players' payoffs",
    )
    turns: int = Field(
        default=200, ge=1, le=10**7, description="a whole number from 1 to 10^7: turns of a match"
    )
    noise: float = Field(
        default=0.0, ge=0, le=1, description="the chance that a move trembles, 0 to 1"
    )
    ending: float = Field(
        default=0.0, ge=0, le=1, description="the chance that a turn is the last, 0 to 1"
    )


class CardSection(Section):
    """Kuhn poker or Leduc hold'em."""

    owner = "a game of cards"

    kind: str
    hands: int = Field(
        default=100, ge=1, le=10**7, description="a whole number from 1 to 10^7: hands of a match"
    )


class BiddingSection(Section):
    """Sealed-bid auctions of two bidders."""

    owner = "a game of kind 'sealed-bid'"

    kind: str
    price: Literal["first", "second"] = Field(default="first", description='"first" or "second"')
    auctions: int = Field(
        default=200,
        ge=1,
        le=10**7,
        description="a whole number from 1 to 10^7: auctions of a match",
    )


class DuelSection(Section):
    """Duels of reasoning agents on held-out queries."""

    owner = "a game of kind 'duel'"

    kind: str
    queries: int = Field(
        default=32, ge=1, le=10**6, description="a whole number from 1 on: queries of a match"
    )


def _tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if type(value) is list else value


Names = Annotated[tuple[str, ...], BeforeValidator(_tuple)]
Shares = Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], BeforeValidator(_tuple)]


def _names(what: str) -> Any:
    return Field(default=(), description=f"a list of {what}")


class CardPlayers(Section):
    """Players of a game of cards."""

    owner = "[players] of this game"

    strategies: Names = _names('strategies that ship, or "all"')
    classes: Names = _names("Python classes, such as ['my_players.py:Cautious']")


class BiddingPlayers(CardPlayers):
    """Bidders."""

    shares: Shares = _names("shares of its value that a bidder bids, 0 to 1, such as [0.5, 0.8]")


class IteratedPlayers(CardPlayers):
    """Players of an iterated game."""

    machines: Names = _names("files that save_machines wrote, such as ['evolved.json']")
    axelrod: Names = _names("strategies of the axelrod library, such as ['Gradual'], or \"all\"")


class DuelPlayers(Section):
    """Reasoning agents."""

    owner = "[players] of this game"

    strategies: Names = _names('strategies that ship, or "all"')
    runs: Names = _names("folders of finished runs, such as ['runs/nations-1']")


KINDS: Mapping[str, tuple[type[Section], type[Section]]] = {
    "iterated": (IteratedSection, IteratedPlayers),
    "kuhn": (CardSection, CardPlayers),
    "leduc": (CardSection, CardPlayers),
    "sealed-bid": (BiddingSection, BiddingPlayers),
    "duel": (DuelSection, DuelPlayers),
}
"""Kind of game to what [game] and [players] may say."""
