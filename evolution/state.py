"""States of searches: plain arrays by name, and facts that JSON can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evolution.genomes.spec import Genomes

State = tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]


def packed(genomes: Genomes, name: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of genomes under names that begin with this one, for a state."""
    return {f"{name}.{locus}": column for locus, column in genomes.items()}


def unpacked(arrays: dict[str, npt.NDArray[Any]], name: str) -> Genomes:
    """Copies of the arrays that `packed` named so."""
    prefix = f"{name}."
    return {
        key.removeprefix(prefix): np.array(array)
        for key, array in arrays.items()
        if key.startswith(prefix)
    }


def plain(value: Any) -> Any:
    """The same without numpy's types, so that JSON can hold it: a bit generator's state, say."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
