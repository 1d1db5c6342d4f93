"""What this room refuses: `CoevolutionError`, a ValueError that says what is allowed."""


class CoevolutionError(ValueError):
    """Settings, outcomes, opponents or states that no coevolution can go on with."""
