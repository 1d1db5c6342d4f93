"""The shared memory: facts with their provenance, replicas of them, and vectors of what they say.

    facts/      who said what, when, from what, how sure   encoders/  items as vectors, versions
    durable/    on disk, to the last acknowledged byte     vectors/   who is near, of 100 or 10⁸
    replicas/   types that converge, whatever is lost      shards/    many indexes, few are asked
    tally.py    how often and how strongly it is said      edition.py what a group knows of it
    priority.py who said it first

Names are imported when they are first used, so that facts do not wait for vectors.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
