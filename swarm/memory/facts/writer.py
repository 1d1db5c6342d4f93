"""Whoever writes for one author: the memory stamps the name, never the caller's word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from swarm.memory.facts.columns import FOREVER, FactError

if TYPE_CHECKING:
    from swarm.memory.facts.facts import Facts

Ids = NDArray[np.int64]


class Said(TypedDict, total=False):
    """What an author may say of its facts; see `Facts.append`."""

    confidence: ArrayLike
    engine: ArrayLike
    valid_from: ArrayLike
    valid_to: ArrayLike
    encoder: ArrayLike
    evidence: tuple[ArrayLike, ArrayLike]


class Writer:
    """Writes to a memory in the name of one author, with the credence that it was made with.

    Made by `Facts.writer`. It speaks for nobody else: a word about the author or its credence is
    refused, and its attributes cannot be set.

    >>> twelve = memory.writer(12)
    >>> twelve.append([3, 5], 7, 9, tick=0, confidence=0.8)
    array([0, 1])
    """

    __slots__ = ("_author", "_credence", "_facts")
    _author: int
    _credence: float
    _facts: Facts

    def __init__(self, facts: Facts, author: int, credence: float) -> None:
        object.__setattr__(self, "_facts", facts)
        object.__setattr__(self, "_author", author)
        object.__setattr__(self, "_credence", credence)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"a writer writes for author {self._author} for good; for another one, ask the memory: "
            "memory.writer(author)."
        )

    @property
    def author(self) -> int:
        """In whose name it writes."""
        return self._author

    @property
    def credence(self) -> float:
        """How far the author's word is believed."""
        return self._credence

    def append(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        *,
        tick: ArrayLike,
        **said: Unpack[Said],
    ) -> Ids:
        """Write a batch of facts; see `Facts.append`."""
        return self._facts.append(
            subject,
            relation,
            object,
            author=self._author,
            tick=tick,
            credence=self._credence,
            **said,
        )

    def add(
        self,
        subject: int,
        relation: int,
        object: int,
        *,
        tick: int,
        confidence: float = 1.0,
        engine: int = 0,
        valid_from: int | None = None,
        valid_to: int = FOREVER,
        encoder: int = 0,
        evidence: Sequence[int] = (),
    ) -> int:
        """Write one fact, soon; see `Facts.add`."""
        return self._facts.add(
            subject,
            relation,
            object,
            author=self._author,
            tick=tick,
            confidence=confidence,
            credence=self._credence,
            engine=engine,
            valid_from=valid_from,
            valid_to=valid_to,
            encoder=encoder,
            evidence=evidence,
        )

    def supersede(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        *,
        tick: ArrayLike,
        **said: Unpack[Said],
    ) -> Ids:
        """Write facts in place of the author's own of the same subject and relation."""
        return self._facts.supersede(
            subject,
            relation,
            object,
            author=self._author,
            tick=tick,
            credence=self._credence,
            **said,
        )

    def end(self, ids: ArrayLike, tick: int) -> Ids:
        """Withdraw facts of the author's own; see `Facts.end`.

        Raises:
            FactError: for facts of others.
        """
        chosen = np.atleast_1d(np.asarray(ids))
        authors = self._facts.values(chosen, "author")
        if (authors != self._author).any():
            foreign = chosen[authors != self._author][:5].tolist()
            raise FactError(
                f"author {self._author} may withdraw its own facts only; {foreign} are others'."
            )
        return self._facts.end(chosen, tick)
