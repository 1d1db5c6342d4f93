"""The living world: agents as columns, systems as a visible list, reasoning as genomes.

Names are imported when they are first used, so that a memory or an engine does not wait for worlds.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
