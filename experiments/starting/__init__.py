"""What `noosphere new` writes: a file that runs and a study of it, to be changed from there.

`model`, `reasoning` and `players` are such files, with `my_world` and `MyWorld` where the names of
the new one go.
"""

from experiments.starting.writing import KINDS, StartingError, write

__all__ = ["KINDS", "StartingError", "write"]
