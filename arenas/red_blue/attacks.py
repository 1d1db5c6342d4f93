"""Attacks by hand, and for each the defence that lets it pass and the one that stops it.

They are what a defence is tested on that never met them: `Attack.script` fits `script_spec` of 12
actions or more. ``weak`` and ``strong`` differ in one setting alone, so that what stops the attack
is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from arenas.red_blue.defence import WINDOW_MOST, Defences, Endorsement
from arenas.red_blue.errors import RedBlueError
from arenas.red_blue.rules import CommonsRules
from arenas.red_blue.script import MOST, Act

Rows = list[tuple[int, int, int, int, int, int]]


@dataclass(frozen=True, eq=False)
class Attack:
    """A script by hand, and what decides over it.

    Attributes:
        name: what it is called.
        script: int64[M, 6].
        setting: the setting in which ``weak`` and ``strong`` differ.
        weak: a defence that it passes.
        strong: the same with the setting that stops it.
    """

    name: str
    script: npt.NDArray[np.int64]
    setting: str
    weak: Defences
    strong: Defences


def attacks(rules: CommonsRules) -> tuple[Attack, ...]:
    """Poison, spam, Sybils, a ring, washing, the oracle, whitewashing, pump and dump.

    Raises:
        RedBlueError: where the rules leave too few red names or queries for them.
    """
    if rules.red < 6 or rules.queries < 6:
        raise RedBlueError(
            f"{rules.red} red names and {rules.queries} queries; these attacks need 6 of each"
        )
    walks = Defences(voices=1, floor=0.05, endorsement=Endorsement.WALKS)
    counted = replace(walks, endorsement=Endorsement.COUNT)
    naive = Defences(voices=1)
    long = Defences(voices=1, window=WINDOW_MOST)
    return (
        _attack("poison", _poison(rules), "floor", replace(walks, floor=1.0), walks),
        _attack("spam", _spam(rules), "voices", Defences(), naive),
        _attack("Sybils", _sybils(rules), "floor", replace(walks, floor=1.0), walks),
        _attack("ring", _ring(rules), "endorsement", counted, walks),
        _attack("washing", _washing(), "volume", replace(long, volume=1), long),
        _attack("oracle", _oracle(), "window", naive, long),
        _attack("whitewash", _whitewash(rules), "welcome", replace(walks, welcome=1.0), walks),
        _attack("pump", _pump(rules), "floor", replace(walks, floor=1.0), walks),
    )


def _attack(name: str, rows: Rows, setting: str, weak: Defences, strong: Defences) -> Attack:
    return Attack(name, np.array(rows, np.int64), setting, weak, strong)


def _middle(rules: CommonsRules, query: int) -> int:
    return int(rules.opens[query]) + rules.span // 2


def _poison(rules: CommonsRules) -> Rows:
    """Six say the same wrong thing about two queries."""
    return [
        (Act.WRITE, actor, query, 1, 1, _middle(rules, query))
        for query in (1, 4)
        for actor in range(6)
    ]


def _spam(rules: CommonsRules) -> Rows:
    """One says a wrong thing eight times, about each of six queries."""
    return [
        (Act.WRITE, 0, query, 2, MOST, _middle(rules, query))
        for query in range(min(rules.queries - 1, 6))
    ]


def _sybils(rules: CommonsRules) -> Rows:
    """Eight new names say a wrong thing once each, about each of six queries."""
    return [
        (Act.SYBIL, query % rules.red, query, 3, MOST, _middle(rules, query))
        for query in range(min(rules.queries - 1, 6))
    ]


def _ring(rules: CommonsRules) -> Rows:
    """Six endorse one another, then lie together."""
    rows: Rows = [(Act.ENDORSE, actor, 0, 0, MOST, 0) for actor in range(6)]
    return rows + [(Act.WRITE, actor, 2, 1, 1, _middle(rules, 2)) for actor in range(6)]


def _washing() -> Rows:
    """Buy, sell at a price that nobody else sees, and redeem at what the volume makes of it."""
    rows: Rows = [(Act.BUY, actor, 0, 0, MOST, 12) for actor in (0, 1, 2)]
    rows += [(Act.SELL, actor, 0, 0, MOST, 12) for actor in (2, 1, 0)]
    return rows + [(Act.REDEEM, actor, 0, 0, MOST, 12) for actor in range(6)]


def _oracle() -> Rows:
    """Drive the price up for one tick, and redeem before anybody can answer."""
    rows: Rows = [(Act.BUY, actor, 0, 0, MOST, 12) for actor in (0, 1, 2)]
    rows += [(Act.REDEEM, actor, 0, 0, MOST, 12) for actor in range(6)]
    return rows + [(Act.SELL, actor, 0, 0, MOST, 13) for actor in (0, 1, 2)]


def _whitewash(rules: CommonsRules) -> Rows:
    """Lie, be found out, come back under new names and lie again."""
    rows: Rows = [(Act.WRITE, actor, 0, 1, 1, _middle(rules, 0)) for actor in range(4)]
    rows += [(Act.RENAME, actor, 0, 0, 1, int(rules.closes[0]) + 1) for actor in range(4)]
    return rows + [(Act.WRITE, actor, 3, 1, 1, _middle(rules, 3)) for actor in range(4)]


def _pump(rules: CommonsRules) -> Rows:
    """Say that the claim holds, and sell to those who believe it."""
    last = rules.queries - 1
    rows: Rows = [(Act.SYBIL, actor, last, 0, MOST, actor) for actor in range(3)]
    return rows + [(Act.SELL, actor, 0, 0, MOST, 4 + 3 * actor) for actor in range(6)]
