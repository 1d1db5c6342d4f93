"""Settings that hold for all tests."""

import gc
import os

# BLAS threads gain nothing on matrices this small and wait for each other on busy cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Modules stay: cycles are looked for less often, and only in what tests make."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
