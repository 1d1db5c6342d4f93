"""Bounds as mirrors: any real vector stands for a point within bounds.

A search that samples freely sees a landscape that repeats itself, mirrored, beyond each bound. It
is continuous, within the bounds nothing changes, and no sample is drawn again or punished.
"""

from __future__ import annotations

import numpy as np

from evolution.search import Floats


def mirrored(points: Floats, low: Floats, high: Floats) -> Floats:
    """The points ``float64[k, n]`` within bounds for which these stand.

    Points within bounds are themselves, bit for bit.
    """
    inside = (points >= low) & (points <= high)
    if inside.all():
        return points
    width = high - low
    period = np.where(width > 0.0, 2.0 * width, 1.0)
    offset = np.mod(points - low, period)
    folded = low + np.where(offset > width, period - offset, offset)
    found: Floats = np.where(inside, points, np.clip(folded, low, high))
    return found


def nearest_images(points: Floats, centre: Floats, low: Floats, high: Floats) -> Floats:
    """The vectors nearest to ``centre`` ``[n]`` that stand for these points within bounds."""
    period = np.where(high > low, 2.0 * (high - low), 1.0)
    straight = points + period * np.round((centre - points) / period)
    turned = 2.0 * low - points
    turned = turned + period * np.round((centre - turned) / period)
    nearer = np.abs(straight - centre) <= np.abs(turned - centre)
    found: Floats = np.where(nearer, straight, turned)
    return found
