"""Lexicase selections choose whom DEAP's choose, as often."""

import random

import numpy as np
import pytest

from evolution.deap import (
    ToolboxError,
    selAutomaticEpsilonLexicase,
    selEpsilonLexicase,
    selLexicase,
)
from tests.evolution.deap.samples import assert_same_frequencies, names, population

tools = pytest.importorskip("deap.tools", reason="compares with DEAP, of the extra `test`")

KINDS = [
    (selLexicase, tools.selLexicase, {}),
    (selEpsilonLexicase, tools.selEpsilonLexicase, {"epsilon": 0.3}),
    (selAutomaticEpsilonLexicase, tools.selAutomaticEpsilonLexicase, {}),
]


@pytest.mark.parametrize(("ours", "theirs", "settings"), KINDS)
@pytest.mark.parametrize("weights", [(-1.0,) * 4, (1.0, -2.0, 0.5, -1.0)])
def test_parents_are_drawn_as_often_as_by_deap(ours, theirs, settings, weights):
    rng = np.random.default_rng(len(settings))
    # Steps of a third, so that many are equal on a case.
    individuals = population(rng.integers(0, 4, (14, 4)) / 3.0, weights)
    random.seed(1)
    expected = names(theirs(individuals, 2500, **settings))
    assert_same_frequencies(names(ours(individuals, 2500, rng=rng, **settings)), expected)


@pytest.mark.parametrize(("select", "_", "settings"), KINDS)
def test_nobody_of_nobody_and_no_chance_without_a_generator(select, _, settings):
    assert select([], 0, rng=np.random.default_rng(1), **settings) == []
    with pytest.raises(ToolboxError, match=f"{select.__name__} has no rng"):
        select([], 0, **settings)
