"""Benchmarks: the final table over several seeds, and the speed of worlds.

`python -m benchmarks main` and `python -m benchmarks world`; `--help` tells the rest.
"""
