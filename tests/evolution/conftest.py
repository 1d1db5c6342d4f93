"""What the tests of searches share: processes, which take seconds to start."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest


@pytest.fixture(scope="session")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Two processes, started once."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor
