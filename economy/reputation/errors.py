"""The error of this room."""


class ReputationError(ValueError):
    """Names, claims or trust that no reputation can be made of."""
