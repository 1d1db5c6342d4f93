"""Who plays in a tournament: strategies that ship, classes, machines, the library's, saved agents.

`contest_of` makes the contest of a file, ready for `arenas.tournaments`. It can be sent to other
processes, whatever the players are.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from arenas.games import BiddingContest, BiddingError, shading
from arenas.iterated import (
    GAMES,
    Alternator,
    Bully,
    Cooperator,
    CyclerCCD,
    Defector,
    Extortioner,
    FirmButFair,
    GenerousTitForTat,
    GenerousZeroDeterminant,
    Grudger,
    Handshake,
    HardTitForTat,
    IteratedContest,
    IteratedError,
    Joss,
    MatrixGame,
    Player,
    Random,
    SoftGrudger,
    SuspiciousTitForTat,
    Tester,
    TitForTat,
    TitForTwoTats,
    TwoTitsForTat,
    WinStayLoseShift,
    axelrod_game,
    axelrod_players,
)
from arenas.iterated.contest import Entrant
from arenas.iterated.saving import load_machines
from arenas.tournaments import Contest
from economy.equilibria import GameTree
from experiments.card_contest import CardContest
from experiments.card_contest import Entrant as CardEntrant
from experiments.card_strategies import RULES, card_strategies, card_strategy
from experiments.player_classes import WrittenPlayer, class_named, instance, without_exit
from experiments.toml import did_you_mean
from experiments.tournament_file import TournamentFile, TournamentFileError

EVERYBODY = "all"
KNOTS = 201
"""Values at which the bids of a class are asked for; straight between them."""

CLASSICS: Mapping[str, Callable[[str], Player]] = {
    "cooperator": Cooperator,
    "defector": Defector,
    "random": lambda name: Random(name=name),
    "alternator": Alternator,
    "cycler CCD": CyclerCCD,
    "tit for tat": TitForTat,
    "suspicious tit for tat": SuspiciousTitForTat,
    "tit for two tats": TitForTwoTats,
    "two tits for tat": TwoTitsForTat,
    "hard tit for tat": HardTitForTat,
    "generous tit for tat": lambda name: GenerousTitForTat(name=name),
    "grudger": Grudger,
    "soft grudger": SoftGrudger,
    "win-stay lose-shift": WinStayLoseShift,
    "firm but fair": lambda name: FirmButFair(name=name),
    "joss": lambda name: Joss(name=name),
    "bully": Bully,
    "tester": Tester,
    "handshake": Handshake,
    "extortioner": lambda name: Extortioner(name=name),
    "generous zero-determinant": lambda name: GenerousZeroDeterminant(name=name),
}
"""The strategies of iterated games of two actions, by name."""


def contest_of(file: TournamentFile) -> Contest:
    """The contest of a tournament.

    Raises:
        TournamentFileError: a player that is unknown, missing or broken, or fewer than two.
    """
    contest = _CONTESTS[file.game.kind](file)
    if len(contest.names) < 2:
        raise TournamentFileError(
            f"{file.place('players')}: {len(contest.names)} in all, and a tournament needs two or "
            "more; name some, such as strategies = \"all\""
        )
    return contest


def _iterated(file: TournamentFile) -> Contest:
    game = _matrix(file)
    entrants: list[Entrant] = []
    chosen = _chosen(file, "strategies", CLASSICS)
    if chosen and len(game) != 2:
        raise TournamentFileError(
            f"{file.place('players', 'strategies')}: those that ship know two actions, and "
            f"{game.name} has {len(game)}; enter classes or machines"
        )
    for name in chosen:
        player = CLASSICS[name](name)
        entrants.append(player.machine().named([name]))
    for place, path, name in _classes(file, ["move(mine, theirs)"]):
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
        return _nobody()
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
    found = axelrod_players(known[name] for name in _named(place, given, known))
    if len(found) < len(given):
        raise TournamentFileError(
            f"{place}: a strategy among {', '.join(given)} looks into its opponents, which players "
            "here cannot; leave it out"
        )
    return found


def _cards(file: TournamentFile) -> Contest:
    kind = file.game.kind
    rules, tree = RULES[kind], GameTree.from_rules(RULES[kind])
    entrants: list[tuple[str, CardEntrant]] = []
    for name in _chosen(file, "strategies", card_strategies(kind)):
        entrants.append((name, card_strategy(kind, name, tree)))
    for place, path, name in _classes(file, ["move(observation, legal, rng)"]):
        entrants.append((name, (path, name)))
    names = _told_apart(name for name, _ in entrants)
    players = dict(zip(names, (entrant for _, entrant in entrants), strict=True))
    return CardContest(rules, tree, players, file.game.hands) if players else _nobody()


def _sealed_bid(file: TournamentFile) -> Contest:
    values = np.linspace(0.0, 1.0, KNOTS)
    second = file.game.price == "second"
    shipped = {"truthful": 1.0, "equilibrium": 1.0 if second else 0.5, "timid": 0.25}
    shares = {name: shipped[name] for name in _chosen(file, "strategies", shipped)}
    bids = [(name, values * share) for name, share in shares.items()]
    bids += [(f"bids {share:g} of value", values * share) for share in file.players.shares]
    for place, path, name in _classes(file, ["bid(value)"]):
        one = instance(place, path, name, ["bid(value)"])
        try:
            asked = [float(without_exit(one.bid, value)) for value in values.tolist()]
            shading([1.0])  # noqa: B018
            bids.append((name, np.array(asked)))
            BiddingContest([asked])
        except BiddingError as error:
            raise TournamentFileError(f"{place}: {name} in {path.name}: {error}") from None
        except Exception as error:
            raise TournamentFileError(f"{place}: {name} in {path.name} raised {error!r}") from None
    if not bids:
        return _nobody()
    names = _told_apart(name for name, _ in bids)
    tables = np.array([table for _, table in bids])
    return BiddingContest(tables, names, auctions=file.game.auctions, second_price=second)


def _duel(file: TournamentFile) -> Contest:
    from experiments.saved_agents import TUNED, duel_of

    tuned = bool(_chosen(file, "strategies", [TUNED]))
    runs = list(file.paths("runs"))
    if not runs:
        raise TournamentFileError(
            f"{file.place('players')}: a duel is between the best agents of finished runs; name "
            "some, such as runs = ['runs/nations-1', 'runs/nations-2']"
        )
    names = _told_apart([*(path.resolve().name for _, path in runs), *([TUNED] * tuned)])
    return duel_of(file.place("players", "runs"), runs, names, tuned, file)


_CONTESTS: Mapping[str, Callable[[TournamentFile], Contest]] = {
    "iterated": _iterated,
    "kuhn": _cards,
    "leduc": _cards,
    "sealed-bid": _sealed_bid,
    "duel": _duel,
}
