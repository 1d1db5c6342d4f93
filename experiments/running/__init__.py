"""A run: lived from the first tick to the report, on disk, and rebuilt at any tick."""
