"""Where facts lie beside each other: their vectors, and a number for each.

The vector of a fact is [x(subject), e(relation), x(object)], x the `RelationalProfile` over some
evidence and e a 1 in the place of the relation, scaled so that no two are farther apart than 1.
"""

from __future__ import annotations

import numpy as np

from swarm.memory.encoders import RelationalProfile


class FactSpace:
    """The space of all facts of some entities and relations.

    Args:
        evidence: int[n, 3], the facts that say what entities are like.
        entities, relations: how many there are.

    Attributes:
        width: of a vector.
    """

    def __init__(self, evidence: np.ndarray, entities: int, relations: int):
        self._profile = RelationalProfile(*evidence.T, entities=entities, relations=relations)
        self.width = 5 * relations

    def embed(self, subject: np.ndarray, relation: np.ndarray, object: np.ndarray) -> np.ndarray:
        """float32[m, width] of facts, int64[m] each."""
        R, m = self._profile.relations, len(subject)
        entities, place = np.unique(np.concatenate([subject, object]), return_inverse=True)
        profiles = self._profile.encode(entities)
        vectors = np.zeros((m, self.width), np.float32)
        vectors[:, : 2 * R] = profiles[place[:m]]
        vectors[np.arange(m), 2 * R + relation] = 1
        vectors[:, 3 * R :] = profiles[place[m:]]
        vectors /= np.float32(np.sqrt(6))  # three parts of length one, without negative components
        return vectors

    def keys(self, subject: np.ndarray, relation: np.ndarray, object: np.ndarray) -> np.ndarray:
        """int64[m]: a number for each fact, int64[m] each."""
        entities = self._profile.entities
        key: np.ndarray = (relation * entities + subject) * entities + object
        return key

    def facts(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Subject, relation and object of keys, int64[m] each."""
        rest, object_ = np.divmod(keys, self._profile.entities)
        relation, subject = np.divmod(rest, self._profile.entities)
        return subject, relation, object_
