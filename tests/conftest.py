"""Settings that hold for all tests."""

import os

# BLAS threads gain nothing on matrices this small and wait for each other on busy cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
