"""Entities of a knowledge graph by the relations in which they take part.

Two entities are alike if they stand in the same relations, in the same shares, to whatever it be:
a drug is what treats and is tested, a disease what is treated and diagnosed. The profile of an
entity e is the distribution of the relation and direction of its facts,

    p(e, r) = w(e, r, ·) / w(e),   p(e, R + r) = w(·, r, e) / w(e),

where w(e) is the weight of all facts of e, its weighted degree. With `mixing` m > 0 comes the mean
profile of its neighbours, each as often as it is reached: one step of the random walk from e, then
the relation of a second. Both are told apart, and the vector is

    x(e) = [√((1 − m) p(e)), √(m Σ_f w(e, f)/w(e) p(f))],

of length one, so that Euclidean distances between vectors are Hellinger distances between
distributions (up to √2) and degree says nothing. An entity without facts is all zeros.

Guarantee: a vector depends on the facts of the entity (and of its neighbours) alone, and on their
order in the last bits alone.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from swarm.memory.encoders.encoder import Encoder, EncoderError, Floats, Items, whole


class RelationalProfile(Encoder):
    """Entities (int ids) as profiles of the relations they take part in.

    >>> graph = RelationalProfile(subject, relation, object, entities=135, relations=46)
    >>> graph.encode([3, 5])  # float32[2, 92]; [2, 184] with mixing=0.5

    Memory: 16 bytes a fact and direction; profiles are made when they are asked for.
    Time: O(degree) an entity; with mixing, O(sum of its neighbours' degrees).
    """

    def __init__(
        self,
        subject: ArrayLike,
        relation: ArrayLike,
        object: ArrayLike,
        *,
        entities: int,
        relations: int,
        weight: ArrayLike = 1.0,
        mixing: float = 0.0,
        name: str = "relational-profile",
        version: int = 1,
    ) -> None:
        """Take the facts in.

        Args:
            subject, object: int[n], 0..entities−1.
            relation: int[n], 0..relations−1.
            entities, relations: how many there are.
            weight: float[n] or one number, finite and 0 or more, such as confidences.
            mixing: m in [0, 1], the share of the two-hop part; 0 leaves it out.
            name, version: the identity; other facts make another version.

        Raises:
            EncoderError: for facts that do not fit.
        """
        if not 0.0 <= mixing <= 1.0:
            raise EncoderError(f"mixing must be a share in [0, 1], such as 0.5; got {mixing}.")
        whole("entities", entities, 1, 135)
        whole("relations", relations, 1, 46)
        super().__init__(name, version, 2 * relations * (1 if mixing == 0 else 2))
        ends = _column("subject", subject, entities), _column("object", object, entities)
        kinds = _column("relation", relation, relations)
        if not ends[0].size == ends[1].size == kinds.size:
            raise EncoderError(
                "subject, relation and object must be three columns of one length; got "
                f"{ends[0].size}, {kinds.size} and {ends[1].size}."
            )
        weights = np.broadcast_to(np.asarray(weight, np.float64), kinds.shape)
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise EncoderError("weight must be finite numbers of 0 or more, such as confidences.")
        self.entities, self.relations, self.mixing = entities, relations, float(mixing)
        who = np.concatenate(ends)
        order = np.argsort(who, kind="stable")
        self._first = np.searchsorted(who[order], np.arange(entities + 1))
        self._other = np.concatenate(ends[::-1])[order].astype(np.int32)
        self._kind = np.concatenate((kinds, kinds + relations))[order].astype(np.int32)
        self._weight = np.concatenate((weights, weights))[order]
        self._degree = np.bincount(who, np.concatenate((weights, weights)), entities)

    def encode(self, items: Items) -> Floats:
        """Return float32[n, d] for n ids of entities.

        Raises:
            EncoderError: for ids that are not 0..entities−1.
        """
        ids = _column("entities", items, self.entities)
        profiles = np.zeros((ids.size, self.dimensions))
        graph = (self._first, self._other, self._kind, self._weight, self._degree)
        _profile(ids, *graph, 2 * self.relations, self.mixing, profiles)
        return np.sqrt(profiles).astype(np.float32)


@njit(cache=True, nogil=True)
def _profile(
    ids: NDArray[np.int64],
    first: NDArray[np.int64],
    other: NDArray[np.int32],
    kind: NDArray[np.int32],
    weight: NDArray[np.float64],
    degree: NDArray[np.float64],
    width: int,
    mixing: float,
    profiles: NDArray[np.float64],
) -> None:
    """Add up the shares of both hops."""
    for i in range(ids.size):
        e = ids[i]
        for a in range(first[e], first[e + 1]):
            if weight[a] == 0.0:
                continue
            share = weight[a] / degree[e]
            profiles[i, kind[a]] += (1.0 - mixing) * share
            if mixing == 0.0:
                continue
            f = other[a]
            for b in range(first[f], first[f + 1]):
                profiles[i, width + kind[b]] += mixing * share * weight[b] / degree[f]


def _column(what: str, values: ArrayLike | Items, bound: int) -> NDArray[np.int64]:
    """int64[n] of numbers 0..bound−1, or an error that names them."""
    column = np.asarray(values)
    if column.size == 0:
        column = column.astype(np.int64)
    if column.ndim != 1 or column.dtype.kind not in "iu":
        raise EncoderError(
            f"{what} must be a column of whole numbers, such as [3, 5]; got {column.dtype} of "
            f"shape {column.shape}."
        )
    if column.size and not (column.min() >= 0 and column.max() < bound):
        raise EncoderError(
            f"{what} must lie in 0..{bound - 1}; got {column.min()}..{column.max()}."
        )
    return column.astype(np.int64)
