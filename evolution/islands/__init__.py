"""Islands around any search, with migration."""

from evolution.islands.islands import Islands

__all__ = ["Islands"]
