"""Which new fact ends which standing one."""

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


def successors(ids: Ids, groups: Ids, first_new: int) -> tuple[Ids, Ids]:
    """Pairs of a fact and the new one that ends it: the next new one of its group.

    Args:
        ids: int64[m], facts that stand, old and new, each once.
        groups: int64[m], what each is about (and whose it is, if that matters).
        first_new: ids from here on are new.

    Returns:
        ids that end, and ids of what ends them, int64 each. The newest of a group stands.
    """
    order = np.lexsort((ids, groups))
    ids, groups = ids[order], groups[order]
    # Going back from the end: the nearest new fact behind each place. It is of the same group, or
    # the group has none.
    place = np.where(ids >= first_new, np.arange(len(ids)), len(ids))
    following = np.minimum.accumulate(place[::-1])[::-1]
    following = np.append(following[1:], len(ids))
    ends = following < len(ids)
    ends[ends] = groups[following[ends]] == groups[ends]
    return ids[ends], ids[following[ends]]
