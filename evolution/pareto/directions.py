"""Reference directions: points spread evenly over the unit simplex, for NSGA-III.

Das & Dennis 1998, "Normal-boundary intersection", SIAM Journal on Optimization 8(3); two layers
after Deb & Jain 2014, "An evolutionary many-objective optimization algorithm using
reference-point-based nondominated sorting approach, part I", IEEE Transactions on Evolutionary
Computation 18(4), section V. Guarantee: every row is ≥ 0 and sums to 1, up to rounding.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from evolution.search import Floats, ObjectiveError

# A finer lattice would fill the memory before it helped anybody.
_MOST = 10_000_000


def das_dennis(objectives: int, divisions: int, inner: int = 0) -> Floats:
    """The directions ``float64[H, objectives]``, in lexicographic order.

    All points whose coordinates are multiples of 1/``divisions`` and sum to 1: H is
    C(objectives + divisions - 1, divisions). With many objectives and few divisions, all of them
    lie on the boundary; ``inner`` divisions add a second such lattice, shrunk by half around the
    centre, behind the first.

    >>> len(das_dennis(3, 12)), len(das_dennis(8, 3, 2))
    (91, 156)
    """
    if objectives < 1 or divisions < 1 or inner < 0:
        raise ObjectiveError(
            f"das_dennis({objectives}, {divisions}, {inner}): at least 1 objective, 1 division "
            "and 0 inner divisions are needed, e.g. das_dennis(3, 12) or das_dennis(8, 3, 2)"
        )
    directions = _lattice(objectives, divisions)
    if inner:
        shrunk = 0.5 * _lattice(objectives, inner) + 0.5 / objectives
        directions = np.concatenate([directions, shrunk])
    return directions


def _lattice(objectives: int, divisions: int) -> Floats:
    count = comb(objectives + divisions - 1, divisions)
    if count > _MOST:
        raise ObjectiveError(
            f"{divisions} divisions for {objectives} objectives make {count:,} directions; "
            f"allowed: up to {_MOST:,}. Two coarse layers are fewer, e.g. das_dennis(10, 3, 2)"
        )
    # Stars and bars: between the places of the bars lie as many stars as the coordinate counts.
    places = combinations(range(objectives + divisions - 1), objectives - 1)
    bars = np.array(list(places), dtype=np.int64).reshape(count, objectives - 1)
    ends = np.full((count, 1), objectives + divisions - 1)
    return (np.diff(np.hstack([np.full((count, 1), -1), bars, ends]), axis=1) - 1.0) / divisions
