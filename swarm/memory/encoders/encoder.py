"""What turns items into vectors, and how an encoder is told from another.

An encoder is known by its name and version alone; nothing registers them. Whoever changes what an
encoder gives for the same item changes its version, and vectors of two versions are never compared
with each other. A store (`VersionedVectors`) keeps the identity beside every vector.

Guarantees of the encoders that ship: equal settings give equal bits for equal items, in every
process and however the items are batched (a sentence model is as exact as its library).

`EncoderError` is what this room raises for wrong settings, items, pairs and saved states.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Identity = tuple[str, int]
Items = Sequence[Any] | NDArray[Any]


class EncoderError(ValueError):
    """Settings, items, pairs or a saved state that no encoder, adapter or store can work with."""


class Encoder(ABC):
    """Turns items (texts, ids of entities) into vectors of one width.

    Attributes:
        name: what family of vectors this makes, such as "hashed-ngrams".
        version: which one of the family, ≥ 0.
        dimensions: d, the width of its vectors.
    """

    name: str
    version: int
    dimensions: int

    def __init__(self, name: str, version: int, dimensions: int) -> None:
        if not isinstance(name, str) or not name:
            raise EncoderError(f"an encoder has a name, such as 'hashed-ngrams'; got {name!r}.")
        self.name = name
        self.version = whole("version", version, 0, 1)
        self.dimensions = whole("dimensions", dimensions, 1, 64)

    @property
    def identity(self) -> Identity:
        """(name, version): equal identities mean equal vectors for equal items."""
        return self.name, self.version

    @abstractmethod
    def encode(self, items: Items) -> Floats:
        """Return float32[n, d], a row for each of n items.

        Raises:
            EncoderError: for items that this encoder does not know how to read.
        """


def encoded(encoder: Encoder, items: Items) -> Floats:
    """Encode, and hold the encoder to its word: float32[n, d], finite.

    Raises:
        EncoderError: if it gave anything else.
    """
    vectors = np.ascontiguousarray(encoder.encode(items), dtype=np.float32)
    if vectors.shape != (len(items), encoder.dimensions) or not np.isfinite(vectors).all():
        raise EncoderError(
            f"encoder {encoder.name!r} version {encoder.version} must give finite vectors of shape "
            f"{(len(items), encoder.dimensions)} for {len(items)} items; got {vectors.shape}"
            f"{'' if np.isfinite(vectors).all() else ' with numbers that are not finite'}."
        )
    return vectors


def unit(vectors: NDArray[Any]) -> Floats:
    """Scale rows to length one, float32; a row of zeros stays one."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    lengths[lengths == 0] = 1.0
    return (vectors / lengths[:, None]).astype(np.float32)


def whole(what: str, value: Any, least: int, example: int, most: int = 2**63) -> int:
    """A whole number in `least`..`most`, or an error that shows one."""
    small = isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least
    if small or value > most:
        bound = f"of {least} or more" if small else f"of at most {most}"
        raise EncoderError(
            f"{what} must be a whole number {bound}, such as {example}; got {value!r}."
        )
    return int(value)
