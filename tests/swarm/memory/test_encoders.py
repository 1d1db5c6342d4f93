"""Encoders: hashes that are published, plain references, and refusals that teach."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from swarm.memory.encoders import (
    EncoderError,
    HashedNgrams,
    RelationalProfile,
    SentenceEncoder,
)

ALL = 2**64 - 1


def fnv1a(data: bytes) -> int:
    hashed = 0xCBF29CE484222325
    for byte in data:
        hashed = (hashed ^ byte) * 0x100000001B3 & ALL
    return hashed


def mixed(state: int) -> int:
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & ALL
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & ALL
    return state ^ (state >> 31)


def grams(text: str, low: int, high: int) -> list[bytes]:
    marked = "\x02" + text.casefold() + "\x03"
    if len(marked) < low:
        return [marked.encode()]
    return [
        marked[i : i + n].encode()
        for i in range(len(marked))
        for n in range(low, high + 1)
        if i + n <= len(marked)
    ]


def keys(text: str, encoder: HashedNgrams) -> list[int]:
    salted = mixed(encoder.salt * 0x9E3779B97F4A7C15 & ALL)
    return [mixed(fnv1a(gram) ^ salted) for gram in grams(text, encoder.low, encoder.high)]


def embedded(text: str, encoder: HashedNgrams) -> list[float]:
    vector = [0.0] * encoder.dimensions
    for key in keys(text, encoder):
        weight = float(encoder.idf[(key >> 1) & (encoder.idf.size - 1)])
        vector[(key >> 32) * encoder.dimensions >> 32] += weight if key & 1 else -weight
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [x / length for x in vector]


def test_the_reference_hashes_as_published() -> None:
    # Fowler, Noll & Vo's test suite; the first two draws of SplitMix64 seeded with 1234567.
    assert fnv1a(b"") == 0xCBF29CE484222325
    assert fnv1a(b"a") == 0xAF63DC4C8601EC8C
    assert fnv1a(b"foobar") == 0x85944171F73967E8
    gamma = 0x9E3779B97F4A7C15
    assert mixed(1234567 + gamma & ALL) == 6457827717110365317
    assert mixed(1234567 + 2 * gamma & ALL) == 3203168211198807973


@settings(deadline=None, max_examples=40)
@given(
    texts=st.lists(st.text(alphabet="aAbé∑𝄞 ß", max_size=9), max_size=5),
    low=st.integers(1, 4),
    more=st.integers(0, 2),
    salt=st.sampled_from([0, 9, ALL]),
    dimensions=st.integers(1, 40),
)
def test_ngrams_equal_the_reference(
    texts: list[str], low: int, more: int, salt: int, dimensions: int
) -> None:
    plain = HashedNgrams(dimensions, low, low + more, salt=salt)
    weighted = plain.weighted(texts, 2, slots=64)
    counts = [0] * 64
    for text in texts:
        for slot in {(key >> 1) % 64 for key in keys(text, plain)}:
            counts[slot] += 1
    expected = [1 + math.log((1 + len(texts)) / (1 + count)) for count in counts]
    assert np.allclose(weighted.idf, expected, rtol=1e-6)
    for encoder in (plain, weighted):
        vectors = encoder.encode(texts)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(texts), dimensions)
        for text, vector in zip(texts, vectors, strict=True):
            assert np.allclose(vector, embedded(text, encoder), atol=2e-6)


# What this encoder gave for "noosphere" when it first shipped, before it was scaled.
FIXED = [-1, -2, -2, -1, -2, 0, 1, 0]


def test_vectors_are_the_same_in_every_process_and_batch() -> None:
    encoder = HashedNgrams(8, low=2, high=3)
    texts = ["a", "noosphere", "", "NOOSPHERE"]
    vectors = encoder.encode(texts)
    assert np.allclose(vectors[1], np.array(FIXED) / np.linalg.norm(FIXED), atol=1e-7)
    assert (vectors[3] == vectors[1]).all()
    for text, vector in zip(texts, vectors, strict=True):
        assert (encoder.encode([text])[0] == vector).all()


def test_collisions_cancel_on_average() -> None:
    # Unbiased inner products: over salts, (q·x) has the mean of the exact n-gram counts.
    one, two = "the red fox runs", "the red box burns"
    exact = [HashedNgrams(2**16, salt=99).encode([text])[0] for text in (one, two)]
    products = []
    for salt in range(400):
        a, b = HashedNgrams(32, salt=salt).encode([one, two]).astype(float)
        products.append(a @ b)
    error = np.std(products) / 20
    assert abs(np.mean(products) - exact[0] @ exact[1]) < 4 * error + 0.02


def test_profiles_equal_a_plain_reference() -> None:
    rng = np.random.default_rng(3)
    n, entities, relations = 60, 12, 3
    subject, object = rng.integers(0, entities - 1, (2, n))  # the last one has no facts
    relation, weight = rng.integers(0, relations, n), rng.integers(0, 4, n) / 2
    facts = list(zip(subject, relation, object, weight, strict=True))

    def one_hop(e: int) -> np.ndarray:
        shares = np.zeros(2 * relations)
        for s, r, o, w in facts:
            shares[r] += w * (s == e)
            shares[relations + r] += w * (o == e)
        return shares / (shares.sum() or 1)

    def two_hops(e: int) -> np.ndarray:
        reached = [(o, w) for s, _, o, w in facts if s == e]
        reached += [(s, w) for s, _, o, w in facts if o == e]
        total = sum(w for _, w in reached) or 1
        return sum((w / total * one_hop(f) for f, w in reached), np.zeros(2 * relations))

    for mixing in (0.0, 0.3):
        encoder = RelationalProfile(
            subject, relation, object, entities=entities, relations=relations, weight=weight,
            mixing=mixing,
        )  # fmt: skip
        vectors = encoder.encode(np.arange(entities))
        for e in range(entities):
            parts = [(1 - mixing) * one_hop(e), mixing * two_hops(e)]
            expected = np.sqrt(np.concatenate(parts[: 1 + (mixing > 0)]))
            assert np.allclose(vectors[e], expected, atol=1e-6)
        lengths = np.linalg.norm(vectors, axis=1)
        assert np.allclose(lengths[:-1], 1, atol=1e-6)
        assert lengths[-1] == 0


def test_degree_says_nothing_and_relations_say_all() -> None:
    # Two hubs and two leaves of the same two kinds.
    subject = [0] * 6 + [1] + [2] * 6 + [3]
    relation = [0] * 7 + [1] * 7
    encoder = RelationalProfile(subject, relation, range(4, 18), entities=18, relations=2)
    vectors = encoder.encode([0, 1, 2, 3])
    assert (vectors[0] == vectors[1]).all()
    assert (vectors[2] == vectors[3]).all()
    assert vectors[0] @ vectors[2] == 0


@pytest.fixture
def tiny_model(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A static model of four words, saved by the library that will load it."""
    model2vec = pytest.importorskip("model2vec")
    tokenizers = pytest.importorskip("tokenizers")
    words = {"[UNK]": 0, "red": 1, "fox": 2, "box": 3}
    tokenizer: Any = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 4]], np.float32)
    model2vec.StaticModel(vectors, tokenizer, normalize=False).save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny", vectors


def test_sentences_are_read_from_a_folder(tiny_model: tuple[Path, np.ndarray]) -> None:
    folder, words = tiny_model
    encoder = SentenceEncoder(folder, version=3)
    assert encoder.identity == ("tiny", 3)
    assert encoder.dimensions == 3
    mean = (words[1] + words[2]) / 2
    expected = [mean / np.linalg.norm(mean), [0, 0, 1]]
    assert np.allclose(encoder.encode(["red fox", "box"]), expected, atol=1e-6)
    assert encoder.encode([]).shape == (0, 3)
    with pytest.raises(EncoderError, match="list of texts"):
        encoder.encode("red fox")


def test_sentences_are_read_from_an_installed_package(
    tiny_model: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = tiny_model
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(folder.parent.parent)
    package = folder.parent.name
    assert SentenceEncoder("tiny", package=package).identity == ("tiny", 1)
    with pytest.raises(EncoderError, match="not installed"):
        SentenceEncoder("tiny", package="no_such_package_here")


def test_names_that_are_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="fetches nothing"):
        SentenceEncoder("someone/some-model")
    with pytest.raises(EncoderError, match="holds no model"):
        SentenceEncoder(tmp_path)


def test_errors_say_what_is_allowed() -> None:
    ngrams = HashedNgrams(8)
    with pytest.raises(EncoderError, match="put it in a list"):
        ngrams.encode("a red fox")
    with pytest.raises(EncoderError, match="list of texts"):
        ngrams.encode([3, 4])
    with pytest.raises(EncoderError, match="version=2"):
        ngrams.weighted(["a"], version=1)
    with pytest.raises(EncoderError, match="2\\^b weights"):
        HashedNgrams(8, idf=[1.0, 1.0, 1.0])
    with pytest.raises(EncoderError, match="of 3 or more"):
        HashedNgrams(8, low=3, high=2)
    graph = RelationalProfile([0], [0], [1], entities=2, relations=1)
    with pytest.raises(EncoderError, match=r"0\.\.1"):
        graph.encode([2])
    with pytest.raises(EncoderError, match="one length"):
        RelationalProfile([0, 1], [0], [1], entities=2, relations=1)
    with pytest.raises(EncoderError, match="mixing"):
        RelationalProfile([0], [0], [1], entities=2, relations=1, mixing=2.0)
