"""A store of versioned vectors as plain arrays and JSON values, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swarm.memory.encoders.adapters import Adapter
from swarm.memory.encoders.encoder import Encoder, EncoderError, Identity, whole
from swarm.memory.encoders.generations import Generation, Generations, Ids, Make
from swarm.memory.encoders.history import History
from swarm.memory.encoders.passage import Passage
from swarm.memory.encoders.training import restored_adapter
from swarm.memory.vectors.index import VectorIndex


def saved(generations: Generations, history: History, tick: int) -> dict[str, Any]:
    """Columns of the items, passages of the generations from the oldest, and their vectors.

    Vectors stand in the order of their ids, and adapters in that in which generations name them,
    so that equal stores have equal bytes however they came about.
    """
    state = history.state(list(generations.by_number))
    each = generations.by_number.values()
    adapters = {id(one): one for generation in each for one in generation.passage.adapters}
    places = {key: place for place, key in enumerate(adapters)}
    named = {name for generation in each for name in generation.passage.askers}
    state["tick"] = tick
    state["retired"] = [list(name) for name in sorted(named - generations.callable.keys())]
    state["passages"] = [
        {
            "encoders": [list(name) for name in generation.passage.encoders],
            "adapters": [places[id(one)] for one in generation.passage.adapters],
        }
        for generation in each
    ]
    state["adapters"] = [
        _plain(one.state(), state, place) for place, one in enumerate(adapters.values())
    ]
    for place, generation in enumerate(each):
        index = generation.index
        state[f"vectors_{place}"] = np.array(index.vectors(index.ids()))
    return state


def opened(
    state: Mapping[str, Any],
    known: Mapping[Identity, Encoder],
    retired: Set[Identity],
    make: Make,
) -> tuple[Generations, History, int]:
    """Generations, history and tick of a state.

    Raises:
        EncoderError: for a state that does not fit, or names an encoder that is neither known nor
            retired.
    """
    try:
        adapters = [_adapter(fields, state, n) for n, fields in enumerate(state["adapters"])]
        passages = [_passage(each, adapters) for each in state["passages"]]
        history = History()
        history.restore(state, len(passages))
        vectors = [np.asarray(state[f"vectors_{place}"]) for place in range(len(passages))]
        tick = whole("tick", state["tick"], 0, 7, most=2**31 - 1)
        gone = {*retired, *_identities(state["retired"])}
    except (KeyError, IndexError, TypeError, AttributeError) as problem:
        raise EncoderError(f"a saved store lacks or garbles {problem}.") from problem
    callable = _callable(passages, known, gone)
    generations = Generations(callable[passages[-1].space], make)
    generations.newest, generations.callable = len(passages) - 1, callable
    for place, passage in enumerate(passages):
        ids = np.flatnonzero(history.generation == place)
        index = _index(vectors[place], ids, f"vectors_{place}", make)
        widths = passage.widths(index.dimensions)
        wrong = [
            n for n, width in widths.items() if n in callable and callable[n].dimensions != width
        ]
        if wrong:
            raise EncoderError(
                f"passage {place} of the saved store has widths {widths}, which are not those of "
                f"the encoders {wrong} that are given."
            )
        generations.by_number[place] = Generation(index, passage)
    return generations, history, tick


def _callable(
    passages: list[Passage], known: Mapping[Identity, Encoder], gone: Set[Identity]
) -> dict[Identity, Encoder]:
    """The encoders that queries are encoded by; every generation must have one."""
    if not passages or passages[-1].adapters:
        raise EncoderError("the last passage of a saved store is that of its encoder alone.")
    named = {name for each in passages for name in each.askers}
    missing = sorted(named - known.keys() - gone)
    callable = {
        name: known[name]
        for each in passages
        for name in each.askers
        if name in known and name not in gone
    }
    alone = [each.encoders for each in passages if callable.keys().isdisjoint(each.askers)]
    if missing or alone:
        raise EncoderError(
            f"this state has vectors of encoders {missing or alone}, which queries must be encoded "
            "by too: restore(state, encoders=[...]) takes them, and retired=[...] those that "
            "cannot be called any longer, if adapters have mapped their vectors."
        )
    return callable


def _plain(fields: dict[str, Any], state: dict[str, Any], place: int) -> dict[str, Any]:
    """The JSON values of an adapter, whose arrays go into the state beside the others."""
    arrays = [name for name, value in fields.items() if isinstance(value, np.ndarray)]
    for name in arrays:
        state[f"adapter_{place}_{name}"] = fields.pop(name)
    return {**fields, "arrays": arrays}


def _adapter(fields: Mapping[str, Any], state: Mapping[str, Any], place: int) -> Adapter:
    arrays = {name: state[f"adapter_{place}_{name}"] for name in fields["arrays"]}
    plain = {name: value for name, value in fields.items() if name != "arrays"}
    return restored_adapter({**plain, **arrays})


def _identities(given: Iterable[Any]) -> tuple[Identity, ...]:
    return tuple((str(name), int(version)) for name, version in given)


def _passage(given: Mapping[str, Any], adapters: list[Adapter]) -> Passage:
    places = [whole("an adapter's place", each, 0, 0) for each in given["adapters"]]
    return Passage(_identities(given["encoders"]), tuple(adapters[each] for each in places))


def _index(vectors: NDArray[Any], ids: Ids, name: str, make: Make) -> VectorIndex:
    """An index of saved vectors."""
    if vectors.ndim != 2 or len(vectors) != ids.size or not vectors.shape[1]:
        raise EncoderError(
            f"{name} must have {ids.size} vectors, float32[{ids.size}, d]; got {vectors.shape}."
        )
    index = make(vectors.shape[1])
    if ids.size:
        index.add(vectors, ids)
    return index
