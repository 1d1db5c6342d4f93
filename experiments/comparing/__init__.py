"""Comparing runs: intervals, differences, effect sizes, and the report of a sweep."""
