"""A store of versioned vectors as plain arrays and JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from swarm.memory.encoders.encoder import Encoder, EncoderError, Identity, whole
from swarm.memory.encoders.generations import Generation, Generations, Make
from swarm.memory.encoders.history import History


def saved(generations: Generations, history: History, tick: int) -> dict[str, Any]:
    """Columns of the items, spaces of the generations from the oldest, and their vectors.

    Vectors stand in the order of their ids, so that equal stores have equal bytes however they
    came about.
    """
    state = history.state(list(generations.by_number))
    state["tick"] = tick
    state["spaces"] = [
        [*each.encoder.identity, each.adapted] for each in generations.by_number.values()
    ]
    for place, each in enumerate(generations.by_number.values()):
        state[f"vectors_{place}"] = np.array(each.index.vectors(each.index.ids()))
    return state


def opened(
    state: Mapping[str, Any], known: Mapping[Identity, Encoder], make: Make
) -> tuple[Generations, History, int]:
    """Generations, history and tick of a state.

    Raises:
        EncoderError: for a state that does not fit, or names an encoder that is not known.
    """
    try:
        spaces = [((str(name), int(version)), bool(a)) for name, version, a in state["spaces"]]
        history = History()
        history.restore(state, len(spaces))
        vectors = [np.asarray(state[f"vectors_{place}"]) for place in range(len(spaces))]
        tick = whole("tick", state["tick"], 0, 7, most=2**31 - 1)
    except (KeyError, TypeError) as problem:
        raise EncoderError(f"a saved store lacks or garbles {problem}.") from problem
    missing = [space for space, _ in spaces if space not in known]
    if missing or not spaces:
        raise EncoderError(
            f"this state has vectors of encoders {missing}, which queries must be encoded by too: "
            "restore(state, encoders=[...]) takes them."
        )
    generations = Generations(known[spaces[-1][0]], make)
    generations.newest = len(spaces) - 1
    for place, (space, adapted) in enumerate(spaces):
        encoder = known[space]
        ids = np.flatnonzero(history.generation == place)
        if vectors[place].shape != (ids.size, encoder.dimensions):
            raise EncoderError(
                f"vectors_{place} must have shape {(ids.size, encoder.dimensions)}; got "
                f"{vectors[place].shape}."
            )
        index = make(encoder.dimensions)
        if ids.size:
            index.add(vectors[place], ids)
        generations.by_number[place] = Generation(encoder, index, adapted)
    return generations, history, tick
