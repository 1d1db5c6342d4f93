"""Texts as hashed n-grams of their characters: an encoder that needs no training and no files.

Every run of `low`..`high` characters of a text, its beginning and end marked, is hashed; the hash
says to which of d buckets the n-gram adds and with which sign, so that collisions cancel on
average and inner products are unbiased (Weinberger, Dasgupta, Langford, Smola & Attenberg 2009,
"Feature hashing for large scale multitask learning", ICML). Vectors are scaled to length one.

The hash is FNV-1a of the n-gram's UTF-8 bytes in 64 bits (Fowler, Noll & Vo), then the scrambling
of SplitMix64, for FNV's high bits are weak on short keys. Nothing depends on the process, the
machine or Python's own hash.

Rare n-grams may weigh more: idf(g) = 1 + ln((1 + N) / (1 + N_g)), N texts of which N_g hold g
(Spärck Jones 1972, smoothed). Counts are kept by hash in a table, where n-grams that collide share
the count of both together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.chance import GAMMA, below_of, mixed
from swarm.memory.encoders.encoder import Encoder, EncoderError, Floats, Items, unit, whole

FNV_OFFSET = np.uint64(0xCBF29CE484222325)
FNV_PRIME = np.uint64(0x100000001B3)
_BEGIN, _END = b"\x02", b"\x03"
_CONTINUES, _CONTINUATION = np.uint8(0xC0), np.uint8(0x80)  # UTF-8: bits 10xxxxxx
_1 = np.uint64(1)
# A slot is taken from bits 1..31 of a hash, for the bucket is taken from the upper half.
_SLOTS_MAX = 2**31


class HashedNgrams(Encoder):
    """Texts (str) as hashed n-grams of characters, unit length.

    >>> ngrams = HashedNgrams(dimensions=128, low=2, high=4)
    >>> vectors = ngrams.encode(["a red fox", "a red box"])  # float32[2, 128]
    >>> weighted = ngrams.weighted(texts, version=2)  # the same n-grams, rare ones heavier

    Attributes:
        low, high: the shortest and longest n-grams, in characters; a text shorter than `low` is
            one n-gram.
        salt: 0..2⁶⁴−1; other salts hash independently.
        fold: whether upper and lower case are one (`str.casefold`).
        idf: float32[2^b], the weight of each slot of hashes; [1] if all n-grams weigh one.

    Time: O(characters × high). Texts of more than half a page are better split.
    """

    def __init__(
        self,
        dimensions: int = 128,
        low: int = 2,
        high: int = 4,
        *,
        name: str = "hashed-ngrams",
        version: int = 1,
        salt: int = 0,
        fold: bool = True,
        idf: ArrayLike | None = None,
    ) -> None:
        super().__init__(name, version, dimensions)
        self.low = whole("low", low, 1, 2)
        self.high = whole("high", high, self.low, self.low + 2)
        self.salt = whole("salt", salt, 0, 7, most=2**64 - 1)
        self.fold = bool(fold)
        weights = np.ones(1) if idf is None else np.array(idf, dtype=np.float64)
        slots = weights.size
        if weights.ndim != 1 or not 1 <= slots <= _SLOTS_MAX or slots & (slots - 1):
            raise EncoderError(
                "idf must be a column of 2^b weights, float32[65536], as `weighted` makes it; got "
                f"shape {weights.shape}."
            )
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise EncoderError("idf must be finite weights of 0 or more; leave it out for ones.")
        self.idf = weights.astype(np.float32)

    def encode(self, items: Items) -> Floats:
        """Return float32[n, d] for n texts, each of length one.

        Raises:
            EncoderError: for items that are not texts.
        """
        letters, ends = self._letters(items)
        vectors = np.zeros((ends.size, self.dimensions), np.float32)
        _embed(letters, ends, self.low, self.high, np.uint64(self.salt), self.idf, vectors)
        return unit(vectors)

    def weighted(
        self, texts: Sequence[str], version: int, *, name: str | None = None, slots: int = 2**16
    ) -> HashedNgrams:
        """The same encoder under another identity, with idf learnt from texts.

        Args:
            texts: what rarity is measured on.
            version: of the new encoder.
            name: of the new encoder, by default this one's.
            slots: how many counts are kept, a power of two.

        Raises:
            EncoderError: for the identity of this encoder, or for slots that are no power of two.
        """
        fresh = HashedNgrams(
            self.dimensions,
            self.low,
            self.high,
            name=self.name if name is None else name,
            version=version,
            salt=self.salt,
            fold=self.fold,
            idf=np.ones(whole("slots", slots, 1, 2**16), np.float32),
        )
        if fresh.identity == self.identity:
            raise EncoderError(
                f"other weights make another encoder: give version={self.version + 1}, for "
                f"{self.name!r} version {self.version} is the one without them."
            )
        letters, ends = self._letters(texts)
        counts = np.zeros(slots, np.int64)
        _count(letters, ends, self.low, self.high, np.uint64(self.salt), counts)
        fresh.idf = (1.0 + np.log((1.0 + ends.size) / (1.0 + counts))).astype(np.float32)
        return fresh

    def _letters(self, texts: Items) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The bytes of all texts, each marked at both ends, and where each one stops."""
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise EncoderError(
                "items must be a list of texts, such as ['a red fox', 'a box']; got "
                f"{'one text: put it in a list' if isinstance(texts, str) else 'other things'}."
            )
        folded = [text.casefold() for text in texts] if self.fold else texts
        parts = [text.encode("utf-8", "surrogatepass") for text in folded]
        joined = _BEGIN + (_END + _BEGIN).join(parts) + _END
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        return np.frombuffer(joined, np.uint8), np.cumsum(lengths + 2)


@njit(cache=True, nogil=True)
def _next_character(
    letters: NDArray[np.uint8], at: int, stop: int, hashed: np.uint64
) -> tuple[int, np.uint64]:
    """Go on with FNV-1a over the character that begins at a byte; where the next one begins."""
    while True:
        hashed = (hashed ^ np.uint64(letters[at])) * FNV_PRIME
        at += 1
        if at >= stop or (letters[at] & _CONTINUES) != _CONTINUATION:
            return at, hashed


@njit(cache=True, nogil=True)
def _embed(
    letters: NDArray[np.uint8],
    ends: NDArray[np.int64],
    low: int,
    high: int,
    salt: np.uint64,
    idf: NDArray[np.float32],
    vectors: NDArray[np.float32],
) -> None:
    """Add every n-gram of every text to its bucket, with its sign and weight."""
    slots = np.uint64(idf.size - 1)
    salted = mixed(salt * GAMMA)
    begin = 0
    for i in range(ends.size):
        stop = ends[i]
        for first in range(begin, stop):
            if (letters[first] & _CONTINUES) == _CONTINUATION:
                continue
            at, hashed, length = first, FNV_OFFSET, 0
            while at < stop and length < high:
                at, hashed = _next_character(letters, at, stop, hashed)
                length += 1
                if length >= low or (first == begin and at == stop):
                    bits = mixed(hashed ^ salted)
                    weight = idf[np.int64((bits >> _1) & slots)]
                    bucket = below_of(bits, vectors.shape[1])
                    vectors[i, bucket] += weight if bits & _1 else -weight
        begin = stop


@njit(cache=True, nogil=True)
def _count(
    letters: NDArray[np.uint8],
    ends: NDArray[np.int64],
    low: int,
    high: int,
    salt: np.uint64,
    counts: NDArray[np.int64],
) -> None:
    """Count for every slot of hashes the texts that hold an n-gram of it."""
    slots = np.uint64(counts.size - 1)
    salted = mixed(salt * GAMMA)
    last = np.full(counts.size, -1)  # the last text that was counted there
    begin = 0
    for i in range(ends.size):
        stop = ends[i]
        for first in range(begin, stop):
            if (letters[first] & _CONTINUES) == _CONTINUATION:
                continue
            at, hashed, length = first, FNV_OFFSET, 0
            while at < stop and length < high:
                at, hashed = _next_character(letters, at, stop, hashed)
                length += 1
                if length >= low or (first == begin and at == stop):
                    slot = np.int64((mixed(hashed ^ salted) >> _1) & slots)
                    if last[slot] != i:
                        last[slot] = i
                        counts[slot] += 1
        begin = stop
