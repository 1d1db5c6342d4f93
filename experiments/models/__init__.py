"""Models that ship: written in the public API, as models of your own would be.

    from experiments.models import MODELS

    world = MODELS["flocking"]()(birds=400, seed=1)

A model is a `World` whose constructor takes plain numbers and a `seed`. It says in `measures()`
what is recorded, in `shown` which column a picture colours agents by, and in `ticks` how long a
run is if nobody says otherwise. Modules are imported when they are asked for, so that the command
line starts at once.
"""

from experiments.models.catalogue import MODELS

__all__ = ["MODELS"]
