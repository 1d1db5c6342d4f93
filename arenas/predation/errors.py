"""What this room refuses: `PredationError`, a ValueError that says what is allowed."""


class PredationError(ValueError):
    """Rates, starts, actions, genomes or states that no predation can go on with."""
