"""A plain model of what a store promises whose encoder is replaced, and how both are compared."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.encoders import Encoder, Ridge, VersionedVectors

ITEMS = np.random.default_rng(0).integers(-4, 5, (60, 3)).astype(np.float32)


class Straight(Encoder):
    """Items times a matrix of twelves, so that all sums and means are exact; counts its items."""

    def __init__(self, version: int, dimensions: int = 3) -> None:
        super().__init__("straight", version, dimensions)
        rng = np.random.default_rng(version)
        self.matrix = 12 * rng.integers(-2, 3, (3, dimensions)).astype(np.float32)
        self.count = 0

    def encode(self, items: Any) -> NDArray[np.float32]:
        self.count += len(items)
        return np.asarray(items, np.float32).reshape(-1, 3) @ self.matrix


def read(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    return ITEMS[ids]


def shift(width: int, to: int) -> Ridge:
    """An adapter in twelves."""
    return Ridge(np.roll(np.eye(width, to), 1), 12 * np.arange(float(to)))


class Model:
    """Every item with its vector, the encoders whose spaces it lay in, and the adapters between."""

    def __init__(self, encoder: Straight) -> None:
        self.encoder, self.tick = encoder, 0
        self.items: dict[int, dict[str, Any]] = {}
        self.encoders = {encoder.version: encoder}
        self.retired: set[int] = set()

    def renew(self, ids: list[int]) -> None:
        for id in ids:
            self.items[id] = {
                "vector": self.encoder.encode(ITEMS[id])[0],
                "path": (self.encoder.version,),
                "adapters": (),
                "tick": self.tick,
            }

    def replace(self, new: Straight, adapter: Ridge | None) -> None:
        for item in self.items.values():
            if adapter is not None and item["path"][-1] == self.encoder.version:
                item["vector"] = adapter.apply(item["vector"][None])[0]
                item["path"] += (new.version,)
                item["adapters"] += (adapter,)
        self.encoder = self.encoders[new.version] = new
        self.retired.discard(new.version)

    def longest(self) -> int:
        return max((len(item["adapters"]) for item in self.items.values()), default=0)

    def may_retire(self, version: int) -> bool:
        self.forget()
        ends = [{item["path"][0], item["path"][-1]} for item in self.items.values()]
        gone = self.retired | {version}
        return (
            any(version in each for each in ends)
            and version not in self.retired
            and version != self.encoder.version
            and all(each - gone for each in ends)
        )

    def forget(self) -> None:
        """An encoder that asks for nobody has nothing to retire from."""
        self.retired &= {item["path"][end] for item in self.items.values() for end in (0, -1)}

    def generation(self, id: int) -> tuple:
        item = self.items[id]
        return item["path"], tuple(each.intercept.ctypes.data for each in item["adapters"])

    def asked(self, query: NDArray, id: int) -> NDArray:
        """The mean of the query's two forms where this item lies."""
        item, forms = self.items[id], []
        for place, version in enumerate(item["path"]):
            form = self.encoders[version].encode(query)
            for adapter in item["adapters"][place:]:
                form = adapter.apply(form)
            if place in (0, len(item["path"]) - 1) and version not in self.retired:
                forms.append(form[0])
        return sum(forms) / len(forms)

    def stale(self) -> list[int]:
        """Old items in the order of the fractional parts of id / φ."""
        golden = 0x9E3779B97F4A7C15
        ids = [id for id, item in self.items.items() if item["path"] != (self.encoder.version,)]
        return sorted(ids, key=lambda id: id * golden % 2**64)

    def nearest(self, query: NDArray, ids: list[int]) -> list[tuple[float, int]]:
        """Distances and ids of items of one generation, nearest first."""
        asked = self.asked(query, ids[0])
        return sorted((float(((asked - self.items[id]["vector"]) ** 2).sum()), id) for id in ids)

    def coming_up(self, query: NDArray, allowed: set[int], k: int) -> set[int]:
        """The k nearest of every old generation."""
        groups: dict[tuple, list[int]] = {}
        for id in set(self.stale()) & allowed:
            groups.setdefault(self.generation(id), []).append(id)
        return {id for each in groups.values() for _, id in self.nearest(query, each)[:k]}

    def places(self, query: NDArray, allowed: set[int]) -> dict[int, tuple[float, float, bool]]:
        """Each item's place by rank in its generation, its distance, and whether that is new."""
        groups: dict[tuple, list[int]] = {}
        for id in allowed & set(self.items):
            groups.setdefault(self.generation(id), []).append(id)
        return {
            id: ((rank + 0.5) / len(each), distance, path == (self.encoder.version,))
            for (path, _), each in groups.items()
            for rank, (distance, id) in enumerate(self.nearest(query, each))
        }


def agree(store: VersionedVectors, model: Model) -> None:
    model.forget()
    ids = sorted(model.items)
    assert store.ids().tolist() == ids
    assert len(store) == len(ids)
    assert store.stale == len(model.stale())
    origin = store.origin(ids)
    known = zip(*(origin[name].tolist() for name in ("version", "tick", "adapters")), strict=True)
    items = [model.items[id] for id in ids]
    assert list(known) == [(each["path"][0], each["tick"], len(each["adapters"])) for each in items]
    asking = {each["path"][end] for each in items for end in (0, -1)} - model.retired
    assert {version for _, version in store.encoders} == asking | {model.encoder.version}
    assert all(id in store for id in ids)
    assert 59 in model.items or 59 not in store


def same_answer(
    store: VersionedVectors, model: Model, query: NDArray, k: int, allowed: list[int] | None
) -> None:
    """The store's answer is one that the model's places allow: ties of places may fall either way.

    What the search re-encodes is told to the model first.
    """
    inside = set(model.items) if allowed is None else set(allowed)
    came_up = model.coming_up(query, inside, k)
    stale = set(model.stale())
    found = store.search(query, k, allowed)
    left = {id for id in stale if (store.origin([id])["adapters"] > 0).any()} | {
        id for id in stale if store.origin([id])["version"][0] != model.encoder.version
    }
    read_now = stale - left
    assert read_now <= came_up
    assert len(read_now) == min(store.lazy, len(came_up))
    model.renew(sorted(read_now))
    places = model.places(query, inside)
    if store.lazy and read_now == came_up:
        for id, (place, distance, current) in places.items():
            places[id] = (place + (not current), distance, current)
    ids = [id for id in found.ids[0].tolist() if id >= 0]
    assert len(ids) == len(set(ids)) == min(k, len(places))
    assert found.ids[0, len(ids) :].tolist() == [-1] * (k - len(ids))
    assert [places[id][0] for id in ids] == sorted(place for place, _, _ in places.values())[:k]
    assert found.distances[0, : len(ids)].tolist() == [places[id][1] for id in ids]
    assert found.current[0].tolist() == [places[id][2] for id in ids] + [False] * (k - len(ids))


def revived(store: VersionedVectors, encoders: list[Straight]) -> VersionedVectors:
    fresh = VersionedVectors(Straight(99), read, lazy=store.lazy)
    fresh.restore(store.state(), encoders)
    return fresh


def plain(state: dict[str, Any]) -> dict[str, Any]:
    """A state as what can be compared: types, shapes and bytes."""
    return {
        name: (value.dtype.str, value.shape, value.tobytes())
        if isinstance(value, np.ndarray)
        else value
        for name, value in state.items()
    }
