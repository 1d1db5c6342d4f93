"""One thread of linear algebra: for matrices of some hundred rows many only wait for each other.

So results do not depend, in their last bits, on how many threads there are.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

# Matrices of fewer rows than this are never shared out over threads.
_SHARED_ROWS = 64


def one_thread(rows: int) -> AbstractContextManager[Any]:
    """While this lasts, matrices of so many rows are one thread's work. It costs 20 µs."""
    return _blas().limit(limits=1) if rows >= _SHARED_ROWS else nullcontext()


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
