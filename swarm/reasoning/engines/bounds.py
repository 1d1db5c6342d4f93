"""Bounds of Tian & Pearl (2000) on probabilities of causation, from rates alone.

Let `treated` = P(head | body) and `control` = P(head | no body) in a stratum where nothing else
confounds the two (exogeneity). Without further assumption it follows that

- necessity, PN, that the head would not hold had the body not held, where both do, lies between
  max(0, 1 - control / treated) and min(1, (1 - control) / treated);
- sufficiency, PS, that the body would bring the head about, where neither holds, between
  max(0, (treated - control) / (1 - control)) and min(1, treated / (1 - control));
- both, PNS, between max(0, treated - control) and min(treated, 1 - control).

Where the body never prevents the head, the lower bounds are the values.
"""

from __future__ import annotations

from numba import njit

NECESSITY, SUFFICIENCY, BOTH = range(3)


@njit(cache=True, nogil=True)
def causation(kind, treated, control, place):
    """The value at `place` between the bounds, 0 the lower and 1 the upper one.

    Args:
        kind: NECESSITY, SUFFICIENCY or BOTH.
        treated: P(head | body) in [0, 1].
        control: P(head | no body) in [0, 1].
        place: in [0, 1].

    Returns:
        A probability; 0 where it is not defined, because what it is conditioned on never is.
    """
    lower, upper = max(0.0, treated - control), min(treated, 1.0 - control)
    given = treated if kind == NECESSITY else 1.0 - control if kind == SUFFICIENCY else 1.0
    if given <= 0.0:
        return 0.0
    return (lower + place * (upper - lower)) / given
