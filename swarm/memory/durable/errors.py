"""What can go wrong with facts on disk."""


class DurableError(ValueError):
    """A folder that is damaged, in use, or of another memory; the message names the file."""
