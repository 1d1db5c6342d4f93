"""What red does: a script of typed actions, plain columns that any search can evolve.

A script is int64[M, 6], a row for each action: what kind, by which red actor, about which query,
saying which answer, how much, and when. Several of one tick are taken in the order of the rows.

Answers count from the truth on, so that answer 0 is right and the others are wrong: whoever lies
knows it. Those about the headline count from the claim on, whose truth is anybody's guess, so that
no script knows beforehand how the market will go.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from arenas.red_blue.errors import RedBlueError
from arenas.red_blue.rules import CommonsRules
from evolution import Categorical, Genomes, GenomeSpec, Integer

Integers = npt.NDArray[np.int64]

COLUMNS = ("kind", "actor", "target", "answer", "amount", "tick")
MOST = 8
"""The largest amount of an action."""


class Act(IntEnum):
    """Kinds of actions, and what their amount means."""

    PASS = 0  # nothing
    WRITE = 1  # the actor writes the answer so many times (poison; more than once, spam)
    SYBIL = 2  # so many new names write it once each, at the actor's expense
    RENAME = 3  # the actor goes on under a new name (whitewashing)
    ENDORSE = 4  # the actor endorses the next so many red actors (collusion)
    BUY = 5  # so many units of tokens from the pool
    SELL = 6  # so many units to the pool
    REDEEM = 7  # so many units for credits of the treasury, at the oracle's price


def script_spec(rules: CommonsRules, length: int = 12) -> GenomeSpec:
    """The genomes of scripts of ``length`` actions; `scripts` decodes them."""
    if length < 1:
        raise RedBlueError(f"a script of {length} actions; it takes 1 or more, such as 12")
    return GenomeSpec(
        {
            "kind": Categorical(length, len(Act)),
            "actor": Categorical(length, rules.red),
            "target": Categorical(length, rules.queries),
            "answer": Categorical(length, rules.answers),
            "amount": Integer(length, 1, MOST),
            "tick": Integer(length, 0, rules.ticks - 1),
        }
    )


def scripts(genomes: Genomes) -> Integers:
    """int64[n, M, 6], what the genomes of `script_spec` say."""
    return np.stack([np.asarray(genomes[name], np.int64) for name in COLUMNS], axis=2)


def as_genomes(known: npt.ArrayLike, rules: CommonsRules, length: int = 12) -> Genomes:
    """Scripts int[n, M, 6] as genomes of `script_spec`; shorter ones are filled up with PASS.

    Raises:
        RedBlueError: for scripts that are longer, or not of these rules.
    """
    rows = checked_scripts(known, rules)
    if rows.shape[1] > length:
        raise RedBlueError(f"scripts of {rows.shape[1]} actions do not fit genomes of {length}")
    filled = np.zeros((len(rows), length, len(COLUMNS)), np.int64)
    filled[:, :, COLUMNS.index("amount")] = 1
    filled[:, : rows.shape[1]] = rows
    known_as = script_spec(rules, length).sample(1, np.random.default_rng(0))
    return {name: filled[:, :, k].astype(known_as[name].dtype) for k, name in enumerate(COLUMNS)}


def checked_scripts(known: npt.ArrayLike, rules: CommonsRules) -> Integers:
    """Scripts as int64[n, M, 6]; one alone, [M, 6], becomes a row.

    Raises:
        RedBlueError: for another shape, or values that the rules do not know.
    """
    rows = np.asarray(known)
    if rows.ndim == 2:
        rows = rows[np.newaxis]
    if rows.ndim != 3 or rows.shape[2] != len(COLUMNS) or rows.dtype.kind not in "iu":
        raise RedBlueError(
            f"scripts are {rows.dtype}{list(rows.shape)}; expected whole numbers [n, M, 6]: "
            f"{', '.join(COLUMNS)}, such as [[1, 0, 3, 1, 1, 12]]"
        )
    rows = np.ascontiguousarray(rows, np.int64)
    low = np.array([0, 0, 0, 0, 1, 0])
    high = np.array(
        [len(Act), rules.red, rules.queries, rules.answers, MOST + 1, rules.ticks], np.int64
    )
    wrong = (rows < low) | (rows >= high)
    if wrong.any():
        n, row, column = (int(i) for i in np.argwhere(wrong)[0])
        raise RedBlueError(
            f"script {n}, action {row} has {COLUMNS[column]} {rows[n, row, column]}; allowed: "
            f"{low[column]} to {high[column] - 1}"
        )
    return rows


def described(script: npt.ArrayLike) -> str:
    """A script in words, a line for each action that does anything, in the order of time."""
    rows = np.asarray(script, np.int64).reshape(-1, len(COLUMNS))
    lines = []
    for row in rows[np.argsort(rows[:, 5], kind="stable")].tolist():
        kind, actor, target, answer, amount, tick = row
        if kind == Act.PASS:
            continue
        where = f" on query {target}, answer {answer}" if kind in (Act.WRITE, Act.SYBIL) else ""
        much = "" if kind == Act.RENAME else f" ×{amount}"
        lines.append(f"tick {tick}: actor {actor} {Act(kind).name.lower()}{much}{where}")
    return "\n".join(lines)
