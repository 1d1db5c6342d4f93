"""From a tournament's file to its contest, ready for `arenas.tournaments`.

A contest can be sent to other processes, whoever plays in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from arenas.games import BiddingContest, BiddingError
from arenas.tournaments import Contest
from economy.equilibria import GameTree
from experiments.tournament.entrants.card_strategies import RULES, card_strategies, card_strategy
from experiments.tournament.entrants.cards import CardContest, Entrant
from experiments.tournament.entrants.iterated import iterated_contest
from experiments.tournament.entrants.names import chosen, classes, told_apart
from experiments.tournament.entrants.written import instance, without_exit
from experiments.tournament.file import TournamentFile, TournamentFileError

KNOTS = 201
"""Values at which the bids of a class are asked for; straight between them."""


def contest_of(file: TournamentFile) -> Contest:
    """The contest of a tournament.

    Raises:
        TournamentFileError: a player that is unknown, missing or broken, or whose matches do not
            repeat; or fewer than two players.
    """
    contest = CONTESTS[file.game.kind](file)
    number = 0 if contest is None else len(contest.names)
    if contest is None or number < 2:
        raise TournamentFileError(
            f"{file.place('players')}: {number} in all, and a tournament needs two or more; name "
            'some, such as strategies = "all"'
        )
    _check_repeats(file, contest)
    return contest


def card_contest(file: TournamentFile) -> CardContest | None:
    """The contest of a file of kind "kuhn" or "leduc"; None if nobody is named."""
    kind = file.game.kind
    rules, tree = RULES[kind], GameTree.from_rules(RULES[kind])
    entrants: list[tuple[str, Entrant]] = []
    for name in chosen(file, "strategies", card_strategies(kind)):
        entrants.append((name, card_strategy(kind, name, tree)))
    for place, path, name in classes(file):
        instance(place, path, name, ["move(observation, legal, rng)"])
        entrants.append((name, (path, name)))
    names = told_apart(name for name, _ in entrants)
    players = dict(zip(names, (entrant for _, entrant in entrants), strict=True))
    return CardContest(rules, tree, players, file.game.hands) if players else None


def bidding_contest(file: TournamentFile) -> BiddingContest | None:
    """The contest of a file of kind "sealed-bid"; None if nobody is named."""
    values = np.linspace(0.0, 1.0, KNOTS)
    second = file.game.price == "second"
    shipped = {"truthful": 1.0, "equilibrium": 1.0 if second else 0.5, "timid": 0.25}
    shares = {name: shipped[name] for name in chosen(file, "strategies", shipped)}
    bids = [(name, values * share) for name, share in shares.items()]
    bids += [(f"bids {share:g} of value", values * share) for share in file.players.shares]
    for place, path, name in classes(file):
        one = instance(place, path, name, ["bid(value)"])
        try:
            asked = [float(without_exit(one.bid, value)) for value in values.tolist()]
            bids.append((name, np.array(asked)))
            BiddingContest([asked])
        except BiddingError as error:
            raise TournamentFileError(f"{place}: {name} in {path.name}: {error}") from None
        except Exception as error:
            raise TournamentFileError(f"{place}: {name} in {path.name} raised {error!r}") from None
    if not bids:
        return None
    names = told_apart(name for name, _ in bids)
    tables = np.array([table for _, table in bids])
    return BiddingContest(tables, names, auctions=file.game.auctions, second_price=second)


def _duel_contest(file: TournamentFile) -> Contest:
    # What runs need takes its time to import.
    from experiments.tournament.entrants.agents import duel_contest

    return duel_contest(file)


CONTESTS: Mapping[str, Callable[[TournamentFile], Contest | None]] = {
    "iterated": iterated_contest,
    "kuhn": card_contest,
    "leduc": card_contest,
    "sealed-bid": bidding_contest,
    "duel": _duel_contest,
}
"""Kind of game to what makes its contest."""


def _check_repeats(file: TournamentFile, contest: Contest) -> None:
    """Refuse classes whose match is another when it is played again."""
    written = getattr(file.players, "classes", ())
    if not written:
        return
    n = len(contest.names)
    pairs = np.array([[row, (row + 1) % n] for row in range(n)], np.int64)
    seeds = np.arange(n, dtype=np.uint64)
    before = contest(pairs, seeds)
    again = contest(pairs[::-1].copy(), seeds[::-1].copy())[::-1]
    other = np.flatnonzero(((before != again) & ~(np.isnan(before) & np.isnan(again))).any(axis=1))
    if other.size:
        row = int(other[0])
        names = " against ".join(contest.names[player] for player in pairs[row])
        raise TournamentFileError(
            f"{file.place('players', 'classes')}: {names} gave points {before[row].tolist()} and, "
            f"played again with the same seed, {again[row].tolist()}; a class draws its chance "
            "from the rng that it is given, and keeps nothing from one match to another"
        )
