"""What the replicas refuse: `ReplicaError`, a ValueError that says what is allowed."""


class ReplicaError(ValueError):
    """Columns, bytes, versions or settings that no replica can work with."""
