"""The archive of elites against a dict, and the store of its genomes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from evolution import Evaluated, GenomeSpec, Real
from evolution.diversity import Elites, Grid
from evolution.diversity.store import GenomeStore


class PlainElites:
    """A dict per cell, one genome after the other."""

    def __init__(self, rate, threshold):
        self.rate, self.threshold = rate, threshold
        self.elites, self.thresholds = {}, {}

    def add(self, cells, values):
        before, occupied = dict(self.thresholds), set(self.elites)
        status, admitted = [], {}
        for i, (cell, value) in enumerate(zip(cells, values, strict=True)):
            bar = before.get(cell, self.threshold)
            better = cell >= 0 and (value < bar or (bar == np.inf and cell not in occupied))
            status.append((1 if cell in occupied else 2) if better and value == value else 0)
            if status[-1]:
                admitted.setdefault(cell, []).append((value, i))
        for cell, entries in admitted.items():
            value, i = min(entries)
            k = len(entries)
            if self.rate == 1.0:
                self.thresholds[cell] = value
            else:
                kept = (1 - self.rate) ** k
                mean = sum(v for v, _ in entries) / k
                old = before.get(cell, self.threshold)
                self.thresholds[cell] = kept * old + (1 - kept) * mean
            if cell not in self.elites or value < self.elites[cell][0]:
                self.elites[cell] = value, i
        return status


batches = st.lists(
    st.lists(
        st.tuples(st.integers(-1, 3), st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, np.nan, np.inf])),
        max_size=12,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(batches, st.sampled_from([(1.0, np.inf), (1.0, 1.0), (0.0, 1.5), (0.25, 1.5)]))
def test_the_archive_equals_a_dict(batches, softness):
    tag = GenomeSpec({"tag": Real(1, 0, 1e6)})
    none = {"tag": np.empty((0, 1))}
    elites, plain = Elites(tag, Grid([(0, 4)], 4), none, *softness), PlainElites(*softness)
    tags = {}
    for number, batch in enumerate(batches):
        cells = [cell for cell, _ in batch]
        values = np.array([value for _, value in batch])
        measures = np.array([np.nan if cell < 0 else cell + 0.5 for cell in cells])
        genomes = {"tag": 100.0 * number + np.arange(len(batch), dtype=float)[:, np.newaxis]}
        before = dict(plain.elites)
        status = plain.add(cells, values)
        added = elites.add(Evaluated(genomes, values[:, np.newaxis], measures[:, np.newaxis]))
        assert added.status.tolist() == status
        tags |= {
            cell: 100.0 * number + i
            for cell, (value, i) in plain.elites.items()
            if before.get(cell) != (value, i) or cell not in before
        }
    assert set(elites.cell_of.tolist()) == set(plain.elites)
    for row, cell in enumerate(elites.cell_of.tolist()):
        assert elites.row_of[cell] == row
        assert elites.values[row] == plain.elites[cell][0]
        assert elites.genomes["tag"][row, 0] == tags[cell]
        assert elites.measures[row, 0] == cell + 0.5
        assert elites.thresholds[cell] == pytest.approx(plain.thresholds[cell], rel=1e-12)


def test_gains_are_how_far_below_the_threshold():
    tag = GenomeSpec({"tag": Real(1)})
    elites = Elites(tag, Grid([(0, 4)], 4), {"tag": np.empty((0, 1))})

    def add(values, cells):
        n = len(values)
        measures = np.array(cells, dtype=float)[:, np.newaxis] + 0.5
        return elites.add(
            Evaluated({"tag": np.zeros((n, 1))}, np.array(values)[:, np.newaxis], measures)
        )

    assert add([3.0, 2.0], [0, 0]).gain.tolist() == [-3.0, -2.0]
    gain = add([5.0, 0.5, np.nan, 2.0], [0, 0, 0, 0]).gain
    assert gain[[0, 1, 3]].tolist() == [-3.0, 1.5, 0.0]
    assert np.isnan(gain[2])


class Ragged:
    """A representation without plain columns: words, end to end, with their lengths."""

    def take(self, genomes, rows):
        starts = np.concatenate([[0], np.cumsum(genomes["length"])])
        words = [genomes["letters"][a:b] for a, b in pairwise(starts)]
        rows = np.arange(len(words))[rows]
        letters = [words[row] for row in rows]
        return {
            "letters": np.concatenate([np.empty(0, int), *letters]),
            "length": genomes["length"][rows],
        }

    def concatenate(self, *parts):
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_a_store_keeps_genomes_of_unequal_length_too():
    words = {"letters": np.array([1, 2, 2, 3, 3, 3]), "length": np.array([1, 2, 3])}
    ragged = Ragged()
    store = GenomeStore(ragged, ragged.take(words, slice(0, 0)))
    store.put(np.array([0, 1]), words, np.array([1, 0]))
    assert store.genomes["letters"].tolist() == [2, 2, 1]
    store.put(np.array([2, 0]), words, np.array([1, 2]))
    assert store.genomes["letters"].tolist() == [3, 3, 3, 1, 2, 2]
    assert store.take(np.array([2]))["letters"].tolist() == [2, 2]
