"""The numbers game against plain comparisons, and the intransitivity that it is known for."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from arenas.coevolution import CoevolutionError, NumbersGame


def genomes(game, *numbers):
    """Bits with so many ones each."""
    rows = [[1] * each + [0] * (game.bits - each) for numbers_ in numbers for each in numbers_]
    spec = game.spec()
    bits = np.array(rows, spec.loci["bits"].dtype).reshape(len(numbers), -1)
    return {"bits": bits}


def plain(comparison, a, b):
    gaps = [x - y for x, y in zip(a, b, strict=True)]
    if comparison == "sum":
        decides = sum(gaps)
    else:
        best = max if comparison == "focusing" else min
        decides = best(gaps, key=abs)
    return 0.5 if decides == 0 else float(decides > 0)


numbers = st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["sum", "focusing", "intransitive"]), numbers, numbers)
def test_against_plain_comparisons(comparison, one, other):
    game = NumbersGame(comparison, dimensions=3, bits=6)
    mine, theirs = genomes(game, *one), genomes(game, *other)
    game.spec().validate(mine)
    assert game.numbers(mine).tolist() == [list(each) for each in one]
    expected = [[plain(comparison, a, b) for b in other] for a in one]
    assert game(mine, theirs, 0).tolist() == expected
    np.testing.assert_array_equal(game(theirs, mine, 0), 1 - game(mine, theirs, 0).T)


def test_the_third_game_is_intransitive():
    """a beats b, b beats c, c beats a."""
    game = NumbersGame("intransitive", bits=10)
    three = genomes(game, (1, 6), (4, 5), (2, 4))
    assert game(three, three, 0).tolist() == [[0.5, 1, 0], [0, 0.5, 1], [1, 0, 0.5]]
    summed = NumbersGame("sum", bits=10)
    assert summed(three, three, 0).tolist() == [[0.5, 0, 1], [1, 0.5, 1], [0, 0, 0.5]]


def test_an_advantage_decides():
    game = NumbersGame("sum", bits=5, advantage=6)
    best, worst = genomes(game, (5, 5)), genomes(game, (0, 0))
    assert game(worst, best, 0).tolist() == [[1.0]]
    assert game.spec().sample(9, np.random.default_rng(1))["bits"].sum() == 0
    assert 0 < game.spec(ones=True).sample(9, np.random.default_rng(1))["bits"].mean() < 1


def test_refusals_teach():
    with pytest.raises(CoevolutionError, match="allowed: sum, focusing, intransitive"):
        NumbersGame("product")
    with pytest.raises(CoevolutionError, match="at least 1"):
        NumbersGame("sum", dimensions=0)
