"""What this room refuses: `RedBlueError`, a ValueError that says what is allowed."""


class RedBlueError(ValueError):
    """Rules, scripts, defences, exploits or states that the commons cannot go on with."""
