"""Items whose encoder is replaced: a grammar's sentences, concepts of UMLS, bent vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.encoders import Encoder, HashedNgrams, RelationalProfile, VersionedVectors
from swarm.reasoning.graph import load_graph

SYLLABLES = ("ka", "ri", "to", "mu", "len", "sha", "vor", "pi", "den", "os", "gra", "tel", "un")


@dataclass(frozen=True)
class Case:
    """Items, queries, and the encoders before and after."""

    name: str
    items: Any
    queries: Any
    old: Encoder
    new: Encoder
    pairs: int

    def store(self, encoder: Encoder, lazy: int = 0) -> VersionedVectors:
        """A store of all items."""
        store = VersionedVectors(encoder, self.read, lazy=lazy)
        store.write(np.arange(len(self.items)))
        return store

    def read(self, ids: NDArray[np.int64]) -> list[Any]:
        """The items of ids."""
        return [self.items[id] for id in ids.tolist()]


class Table(Encoder):
    """Vectors that are given, by row."""

    def __init__(self, name: str, version: int, rows: NDArray[np.float32]) -> None:
        super().__init__(name, version, rows.shape[1])
        self.rows = rows

    def encode(self, items: Any) -> NDArray[np.float32]:
        """The rows of these items."""
        return self.rows[np.asarray(items, np.int64)]


def grammar(n: int, rng: np.random.Generator) -> list[str]:
    """Sentences about forty topics, each with its own adjectives, nouns and verbs."""

    def words(size: int) -> list[str]:
        return ["".join(rng.choice(SYLLABLES, rng.integers(2, 4))) for _ in range(size)]

    topics = [(words(12), words(20), words(10)) for _ in range(40)]

    def one(kind: list[str]) -> str:
        return kind[min(int(rng.exponential(len(kind) / 4)), len(kind) - 1)]

    drawn = [topics[topic] for topic in rng.integers(0, len(topics), n)]
    return [f"the {one(a)} {one(b)} {one(c)} a {one(a)} {one(b)}" for a, b, c in drawn]


def ngrams(texts: list[str], asked: int, before: int, after: int) -> Case:
    """Texts, from n-grams of 2 and 3 letters to such of 3 to 5 with another hash and idf."""
    old = HashedNgrams(before, 2, 3)
    plain = HashedNgrams(after, 3, 5, version=2, salt=9)
    items = texts[asked:]
    new = plain.weighted(items, version=3)
    return Case(f"texts {before} → {after}", items, texts[:asked], old, new, 2_000)


def concepts() -> Case:
    """The concepts of UMLS, from their names to their relations."""
    graph = load_graph("umls")
    old = HashedNgrams(64)
    names = [name.replace("_", " ") for name in graph.entities]
    head, relation, tail = graph.facts.T
    new = RelationalProfile(
        head, relation, tail, entities=len(names), relations=len(graph.relations), mixing=0.3
    )
    everybody = np.arange(len(names))
    return Case(
        "UMLS names → relations",
        everybody,
        everybody,
        Table(*old.identity, old.encode(names)),
        new,
        len(names),
    )


def bent(n: int, asked: int) -> Case:
    """Clustered vectors in 24 dimensions, and what a random network makes of them, blurred."""
    rng = np.random.default_rng(2)
    total = n + asked
    centres = rng.normal(size=(50, 24))
    old = centres[rng.integers(0, 50, total)] + 0.5 * rng.normal(size=(total, 24))
    hidden = np.tanh(0.6 * old @ rng.normal(size=(24, 48)))
    new = hidden @ rng.normal(size=(48, 16)) / 4
    new += 0.05 * rng.normal(size=new.shape)
    first, second = (Table("bent", v, r.astype(np.float32)) for v, r in ((1, old), (2, new)))
    return Case("bent vectors", np.arange(n), np.arange(n, total), first, second, 2_000)
