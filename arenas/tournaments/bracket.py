"""Brackets of single and double elimination: who meets whom, as a function of who won.

Guarantees: in a bracket of 2^k places the seeds are laid so that the best two can meet in the
final only, the best four not before the semi-finals, and so on; byes fall to the best seeds. In
double elimination losers drop into the second bracket in the reverse order every other round,
which puts rematches off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

NOBODY = -1
UNKNOWN = -2


class Slot(NamedTuple):
    """Where a player of a match comes from: "seed", "winner" or "loser", of which one."""

    kind: str
    of: int


@dataclass(frozen=True)
class Match:
    """A match of a bracket.

    Attributes:
        stage: its round; of one stage nobody plays two matches.
        one, other: its players.
        reset: whether it is played only if `other` won the match before it.
    """

    stage: int
    one: Slot
    other: Slot
    reset: bool = False


def seeded_places(players: int) -> list[int]:
    """Seeds by place in a bracket of 2^k >= players places: 0, 3, 1, 2 for four."""
    places = [0]
    while len(places) < players:
        size = 2 * len(places)
        places = [seed for each in places for seed in (each, size - 1 - each)]
    return places


def single_bracket(players: int) -> list[Match]:
    """Matches of a single elimination, each after those that it depends on."""
    return _winners(players)[0]


def double_bracket(players: int) -> list[Match]:
    """Matches of a double elimination; the last two are the final and its reset."""
    matches, rounds = _winners(players)
    # Rounds of the first bracket take every third stage, to leave room for those of the second.
    stage_of: dict[int, int] = {}
    for number, each in enumerate(rounds):
        stage_of |= dict.fromkeys(each, 3 * number)
    matches = [Match(stage_of[m], each.one, each.other) for m, each in enumerate(matches)]

    def meet(stage: int, ones: list[Slot], others: list[Slot]) -> list[Slot]:
        begin = len(matches)
        matches.extend(Match(stage, *both) for both in zip(ones, others, strict=True))
        return [Slot("winner", m) for m in range(begin, len(matches))]

    alive = [Slot("loser", m) for m in rounds[0]] if rounds else []
    for number, each in enumerate(rounds[1:], 1):
        alive = meet(3 * number - 1, alive[::2], alive[1::2])
        dropped = [Slot("loser", m) for m in each]
        alive = meet(3 * number + 1, alive, dropped[::-1] if number % 2 else dropped)
    if rounds:
        last = 3 * len(rounds)
        final = meet(last, [Slot("winner", rounds[-1][0])], alive)[0].of
        matches.append(Match(last + 1, Slot("loser", final), Slot("winner", final), reset=True))
    return matches


def _winners(players: int) -> tuple[list[Match], list[list[int]]]:
    """Matches of the first bracket, and their numbers by round."""
    matches: list[Match] = []
    rounds: list[list[int]] = []
    slots = [Slot("seed", seed) for seed in seeded_places(players)]
    while len(slots) > 1:
        begin = len(matches)
        matches += [
            Match(len(rounds), one, other)
            for one, other in zip(slots[::2], slots[1::2], strict=True)
        ]
        rounds.append(list(range(begin, len(matches))))
        slots = [Slot("winner", m) for m in rounds[-1]]
    return matches, rounds
