"""What this room refuses: `ImitationError`, a ValueError that says what is allowed."""


class ImitationError(ValueError):
    """Targets, samples, genomes, moves, verdicts or states that no imitation can go on with."""
