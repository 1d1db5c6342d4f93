"""Machines as files: a small JSON that people can read, write and send.

    {"format": "noosphere machines 1",
     "machines": [{"name": "tit for tat", "start": 0,
                   "plays": [[1.0, 0.0], [0.0, 1.0]],
                   "moves_on": [[[0, 1], [0, 1]], [[0, 1], [0, 1]]]}]}

`plays` has a row a state, the probability of each action; `moves_on` the next state after the own
action (first) and the other's. Genomes are saved as the machines that they decode to.

Guarantees: what is loaded is what was saved, to the last bit; a file appears whole or not at all.
"""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from arenas.iterated.games import IteratedError
from arenas.iterated.machines import Machines, machine_of

FORMAT = "noosphere machines 1"
KEYS = ("name", "start", "plays", "moves_on")


def save_machines(machines: Machines, path: str | Path) -> None:
    """Write n machines to a file, over one that is there.

    >>> save_machines(MachineGenomes(states=8).machines_of(search.best), "evolved.json")
    """
    rows = []
    for row, (begin, end) in enumerate(pairwise(machines.state_start.tolist())):
        values = (
            machines.names[row],
            int(machines.start[row]),
            machines.plays[begin:end].tolist(),
            machines.moves_on[begin:end].tolist(),
        )
        rows.append(dict(zip(KEYS, values, strict=True)))
    draft = Path(f"{path}.{os.getpid()}.partial")
    draft.write_text(json.dumps({"format": FORMAT, "machines": rows}), encoding="utf-8")
    os.replace(draft, path)


def load_machines(path: str | Path) -> Machines:
    """Read the machines of a file.

    Raises:
        IteratedError: for a file that is missing or damaged, or machines that cannot be; the
            message begins with the path.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise IteratedError(f"{path}: {error.strerror}; save_machines makes such a file") from None
    except (ValueError, RecursionError) as error:
        raise IteratedError(
            f"{path}: damaged, no JSON ({error}); save_machines makes such a file"
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise IteratedError(
            f'{path}: no machines; their file says "format": "{FORMAT}", as save_machines writes it'
        )
    rows = content.get("machines")
    if not isinstance(rows, list) or not rows:
        raise IteratedError(f'{path}: "machines" is a list of one machine or more')
    return Machines.concatenate([_machine(path, row, place) for place, row in enumerate(rows)])


def _machine(path: str | Path, row: Any, place: int) -> Machines:
    if not isinstance(row, dict) or row.keys() != set(KEYS) or not isinstance(row["name"], str):
        raise IteratedError(f"{path}: machine {place} has to have {', '.join(KEYS)}, and no more")
    try:
        plays = np.array(row["plays"], np.float64)
        moves_on = np.array(row["moves_on"])
        if moves_on.dtype.kind not in "iu" or type(row["start"]) is not int:
            raise IteratedError("states are whole numbers from 0 on")
        return machine_of(plays, moves_on, row["start"], row["name"])
    except (TypeError, ValueError, OverflowError) as error:
        raise IteratedError(f"{path}: machine {place}, {row['name']!r}: {error}") from None
