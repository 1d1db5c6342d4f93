"""What makes a network valid, and the error that says what does not.

`NetworkError` (a ValueError) is what every module of this package raises: what was wrong, what is
allowed, and an example.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-9


class NetworkError(ValueError):
    """A network, or a question to one, that makes no sense; the message says what would."""


def check_columns(names: Sequence[str], **columns: Sequence) -> None:
    """Raise NetworkError unless each column has an entry for each name."""
    for column, entries in columns.items():
        if len(entries) != len(names):
            raise NetworkError(
                f"{column} must have one entry for each of the {len(names)} names, "
                f"got {len(entries)}"
            )


def check_variables(
    names: Sequence[str], states: Sequence[Sequence[str]], parents: Sequence[Sequence[int]]
) -> None:
    """Raise NetworkError unless names and states are distinct and parents exist."""
    if not names:
        raise NetworkError("a network needs at least one variable, such as names=('rain',)")
    if twice := _repeated(names):
        raise NetworkError(f"two variables are named {twice!r}; names must differ")
    for name, labels, above in zip(names, states, parents, strict=True):
        if not labels or (twice := _repeated(labels)):
            what = f"two states named {twice!r}" if labels else "no states"
            raise NetworkError(f"{name} has {what}; give it distinct ones, such as ('no', 'yes')")
        if len(set(above)) < len(above) or any(not 0 <= p < len(names) for p in above):
            raise NetworkError(
                f"the parents of {name} must be distinct numbers in 0..{len(names) - 1}, "
                f"such as (0, 1); got {tuple(above)}"
            )


def checked_table(
    table: NDArray, name: str, card: int, above: Sequence[str], cards: Sequence[int]
) -> NDArray[np.float64]:
    """A table of `name`, copied and made read-only; `above` are its parents, of those cards.

    Raises:
        NetworkError: for another shape than [cards..., card], or a row that is no distribution.
    """
    table = np.array(table, dtype=np.float64)
    expected = (*cards, card)
    if table.shape != expected:
        raise NetworkError(
            f"the table of {name} must have shape {expected}, an axis for each parent "
            f"({some(above) or 'none'}) and its own {card} states last; got {table.shape}"
        )
    rows = table.reshape(-1, card)
    wrong = ~((rows >= 0).all(axis=1) & (np.abs(rows.sum(axis=1) - 1) <= TOLERANCE))
    if wrong.any():
        row = rows[wrong.argmax()]
        raise NetworkError(
            f"a row of the table of {name} is no distribution: {row.tolist()} sums to "
            f"{row.sum():.12g}; its numbers must be ≥ 0 and sum to 1, such as (0.2, 0.8)"
        )
    table.flags.writeable = False
    return table


def some(names: Sequence[str], most: int = 8) -> str:
    """The first names, for a message."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _repeated(values: Sequence[str]) -> str | None:
    return next((value for i, value in enumerate(values) if value in values[:i]), None)


def topological_order(
    parents: Sequence[Sequence[int]], names: Sequence[str] | None = None
) -> tuple[int, ...]:
    """Order variables so that parents come before children.

    Raises:
        NetworkError: if there is a cycle; the message walks it.
    """
    waiting = dict(enumerate(map(set, parents)))
    order: list[int] = []
    while waiting:
        ready = [v for v, missing in waiting.items() if not missing]
        if not ready:
            raise NetworkError(
                f"the arrows run in a circle: {_circle(parents, waiting, names)}; a cause cannot "
                "be its own effect, take one of them out"
            )
        for v in ready:
            del waiting[v]
        order += ready
        for missing in waiting.values():
            missing.difference_update(ready)
    return tuple(order)


def _circle(
    parents: Sequence[Sequence[int]], waiting: Iterable[int], names: Sequence[str] | None
) -> str:
    stuck = set(waiting)
    walk = [min(stuck)]
    while walk[-1] not in walk[:-1]:
        walk.append(next(parent for parent in parents[walk[-1]] if parent in stuck))
    circle = walk[walk.index(walk[-1]) :][::-1]
    return " → ".join(names[v] if names else str(v) for v in circle)
