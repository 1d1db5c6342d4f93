"""What can go wrong with measures and models of wealth."""

from __future__ import annotations


class WealthError(ValueError):
    """Holdings that cannot be measured, or exchanged as asked."""
