"""What differs between the versions of Mesa that a world runs on; the rest is Mesa's public face.

| | 3.3 | 3.4 | 3.5 |
|---|---|---|---|
| Python | 3.11 | 3.12 | 3.12 |
| seed of `Model.__init__` | `seed=` | `seed=` | `rng=`; `seed=` raises a FutureWarning |
| `step()` counts | `steps` | `steps`, `time` | `time`; an event of that time counts `steps` |
| an error in a tick | next `step()` goes on | as 3.3 | no `step()` does anything any more |
| seeds of `batch_run` | a parameter `seed` | `rng=`; a parameter `seed` becomes None | as 3.4 |

Seen by users, and left as it is: from 3.4.1 on the `DataCollector` counts in `time`, a float, and
an agent reporter that names a missing attribute raises, where it gave None before; 3.3 keeps the
array that an agent reporter gives, where later ones copy it; 3.4 wants no `iterations` of
`batch_run`.

Guarantee: with these functions a world draws the same numbers, counts the same ticks and raises
no warning of Mesa's on any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import mesa

MESA = tuple(int(part) for part in mesa.__version__.split(".")[:2])
EVENTS = MESA >= (3, 5)  # ticks are events in a list of Mesa's


def seeded(seed: int) -> dict[str, int]:
    """The seed as the keyword argument that `Model.__init__` of this version wants."""
    return {"rng" if EVENTS else "seed": seed}


def outlive_errors(model: mesa.Model) -> None:
    """Let ticks go on after one that raised; call it once, after `Model.__init__`.

    Mesa 3.5 plans a tick when the one before has ended; a tick that raises (or that Ctrl-C stops)
    would be the last, and `while world.steps < n: world.step()` would never end.
    """
    if EVENTS:
        # A partial, unlike a closure, is copied and pickled with its model.
        model._user_step = partial(_step, model, model._user_step)


def set_clock(model: mesa.Model, ticks: int) -> None:
    """Let the model have made so many ticks; call it between ticks."""
    model.steps = ticks
    if MESA >= (3, 4):
        model.time = float(ticks)
    if EVENTS:
        _plan_next_tick(model)


def has_events(model: mesa.Model) -> bool:
    """Whether the model waits for events of Mesa's other than its own next tick (3.5)."""
    if not EVENTS:
        return False
    events, tick = model._event_list, model._default_schedule._current_event
    return not events.is_empty() and any(event is not tick for event in events.peek_ahead(2))


def batch(parameters: Mapping[str, Any], seeds: Sequence[int]) -> dict[str, Any]:
    """Keyword arguments of `mesa.batch_run` for every combination of parameters with every seed."""
    if MESA >= (3, 4):
        return {"parameters": dict(parameters), "rng": list(seeds)}
    return {"parameters": {**parameters, "seed": list(seeds)}}


def _step(model: mesa.Model, step: Callable[[], None]) -> None:
    try:
        step()
    except BaseException:
        _plan_next_tick(model)
        raise


def _plan_next_tick(model: mesa.Model) -> None:
    from mesa.time import EventGenerator, Priority, Schedule

    model._default_schedule.stop()
    model._default_schedule = EventGenerator(
        model, model._do_step, Schedule(1.0, start=model.time + 1), priority=Priority.HIGH
    ).start()
