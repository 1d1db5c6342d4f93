"""Who plays iterated games: classics by name, classes, machines, and the axelrod library."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import numpy as np

from arenas.iterated import (
    CLASSICS,
    GAMES,
    IteratedContest,
    IteratedError,
    MatrixGame,
    Player,
    axelrod_game,
    axelrod_players,
    load_machines,
)
from arenas.iterated.contest import Entrant
from experiments.study.toml import did_you_mean
from experiments.tournament.entrants.names import EVERYBODY, chosen, classes, named
from experiments.tournament.entrants.written import WrittenPlayer, instance
from experiments.tournament.file import TournamentFile, TournamentFileError


def iterated_contest(file: TournamentFile) -> IteratedContest | None:
    """The contest of a file of kind "iterated"; None if nobody is named."""
    game = _matrix(file)
    entrants: list[Entrant] = []
    shipped = chosen(file, "strategies", CLASSICS)
    if shipped and len(game) != 2:
        raise TournamentFileError(
            f"{file.place('players', 'strategies')}: those that ship know two actions, and "
            f"{game.name} has {len(game)}; enter classes or machines"
        )
    for name in shipped:
        player = CLASSICS[name](name=name)
        entrants.append(player.machine().named([name]))
    for place, path, name in classes(file):
        if not isinstance(instance(place, path, name, ()), Player):
            raise TournamentFileError(
                f"{place}: {name} in {path.name} is no player; write class {name}(Player), with "
                "from arenas.iterated import Player"
            )
        entrants.append(WrittenPlayer(path, name))
    for given, path in file.paths("machines"):
        try:
            machines = load_machines(path)
        except IteratedError as error:
            reason = str(error).removeprefix(f"{path}: ")
            raise TournamentFileError(
                f"{file.place('players', 'machines')}: {given}: {reason}"
            ) from None
        if machines.actions != len(game):
            raise TournamentFileError(
                f"{file.place('players', 'machines')}: {given}: machines of {machines.actions} "
                f"actions; {game.name} has {len(game)}"
            )
        entrants.append(machines)
    entrants += _of_library(file, game)
    rules = file.game
    if not entrants:
        return None
    return IteratedContest(entrants, game, rules.turns, rules.noise, rules.ending)


def _matrix(file: TournamentFile) -> MatrixGame:
    known = {game.name: game for game in GAMES}
    name, payoffs = file.game.matrix, file.game.payoffs
    if payoffs is not None:
        try:
            table = np.array(payoffs, np.float64)
            make = MatrixGame.symmetric if table.ndim == 2 else MatrixGame
            return make("the game", table)
        except (TypeError, ValueError) as error:
            raise TournamentFileError(f"{file.place('game', 'payoffs')}: {error}") from None
    if name not in known:
        raise TournamentFileError(
            f"{file.place('game', 'matrix')}: got {name!r}, allowed is one of {', '.join(known)}"
            f"{did_you_mean(name, known)}"
        )
    return known[name]


def _of_library(file: TournamentFile, game: MatrixGame) -> Sequence[Entrant]:
    given, place = file.players.axelrod, file.place("players", "axelrod")
    if not given:
        return ()
    try:
        library = importlib.import_module("axelrod")
    except ImportError:
        raise TournamentFileError(
            f"{place}: the axelrod library is missing; pip install 'noosphere[axelrod]'"
        ) from None
    try:
        axelrod_game(game)
    except IteratedError as error:
        raise TournamentFileError(f"{place}: {error}") from None
    if given == (EVERYBODY,):
        return axelrod_players()
    known = {each.__name__: each for each in library.all_strategies}
    found = axelrod_players(known[name] for name in named(place, given, known))
    if len(found) < len(given):
        raise TournamentFileError(
            f"{place}: a strategy among {', '.join(given)} looks into its opponents, which players "
            "here cannot; leave it out"
        )
    return found
