"""What goes wrong in the room of the shards: one error, whose text says what would be right."""


class ShardError(ValueError):
    """Tables, placements, moves or settings that shards cannot work with."""
