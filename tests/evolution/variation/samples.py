"""What the tests of operators share: samples as columns, and statistics of them as z-scores."""

import numpy as np

N = 40_000


def generator(seed=1):
    return np.random.default_rng(seed)


def assert_even(counts):
    """Chi-square of counts that should be equal, as a z-score."""
    counts = np.asarray(counts, float)
    expected = counts.sum() / len(counts)
    freedom = len(counts) - 1
    z = (((counts - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom)
    assert abs(z) < 4, counts


def assert_uniform(shares):
    """Chi-square of a sample that should be uniform on 0 … 1."""
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert_even(np.histogram(shares, bins=20, range=(0, 1))[0])


def assert_mean(sample, expected):
    z = (sample.mean() - expected) / (sample.std(ddof=1) / np.sqrt(len(sample)))
    assert abs(z) < 4, (sample.mean(), expected)


def column(value, n=N, dtype=np.float64):
    """The same gene n times, which nobody may alter."""
    rows = np.full((n, 1), value, dtype)
    rows.flags.writeable = False
    return rows
