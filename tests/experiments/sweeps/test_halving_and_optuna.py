"""Designs that look at values, against plain references and a hill whose top is known."""

import itertools
import math
import shutil

import numpy as np
import pytest
from hypothesis import given, strategies as st

from experiments.sweeps import SweepError, load_sweep, sweep
from experiments.sweeps.rounds import best_first, rounds_of
from experiments.sweeps.summary import summary

VARY = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}}


def halving_file(tmp_path, planted, **design):
    path = tmp_path / "race.toml"
    said = {"kind": "random", "trials": 18, "objective": "height", **design}
    lines = "\n".join(f"{key} = {value!r}" for key, value in said.items())
    path.write_text(
        f'study = "{planted}"\nreplicates = 2\n'
        "[vary]\nx = { low = 0.0, high = 1.0 }\ny = { low = 0.0, high = 1.0 }\n"
        f"[design]\n{lines}\n[halving]\nfactor = 3\nrungs = 3\n[set]\nticks = 9\nnoise = 0.4\n",
        encoding="utf-8",
    )
    return path


@given(st.lists(st.one_of(st.floats(-5, 5), st.just(math.nan)), max_size=20), st.booleans())
def test_best_first(values, lowest):
    ranked = best_first(values, lowest)
    assert sorted(ranked) == list(range(len(values)))
    shown = [values[k] for k in ranked if not math.isnan(values[k])]
    assert shown == sorted(shown, reverse=not lowest)
    assert all(math.isnan(values[k]) for k in ranked[len(shown) :])
    for one, other in itertools.pairwise(ranked):
        if values[one] == values[other]:
            assert one < other


class TestHalving:
    @pytest.mark.parametrize("direction", ["max", "min"])
    def test_who_goes_on(self, tmp_path, planted, direction):
        path = halving_file(tmp_path, planted, direction=direction)
        found = sweep(path, out=tmp_path, executor="in-place")
        table = found.table
        sign = -1 if direction == "max" else 1
        alive = set(range(18))
        for rung, ticks in enumerate((1, 3, 9)):
            rows = table[table["rung"] == rung]
            assert set(rows["point"]) == alive
            assert (rows["status"] == ("done" if rung == 2 else "stopped")).all()
            study = found.plan.study_at((0.1, 0.1), 5, rung)
            assert study.ticks == ticks
            means = rows.groupby("point")["height"].mean()
            best = sorted(alive, key=lambda point: (sign * means[point], point))
            alive = set(best[: max(len(alive) // 3, 1)])
        last = table[table["rung"] == 2].groupby("point")["height"].mean()
        best = last.idxmax() if direction == "max" else last.idxmin()
        shown = summary(found).splitlines()
        assert shown[3].split()[0] == str(best), "the best point stands first"
        assert list(table["point"].value_counts().sort_index()) == [
            2 * (1 + rungs)
            for rungs in ((table[table["point"] == point]["rung"].max()) for point in range(18))
        ]

    def test_a_point_that_fails_does_not_go_on(self, tmp_path, planted):
        path = halving_file(tmp_path, planted)
        found = sweep(path, changes=["fails=exit"], out=tmp_path, executor="in-place").table
        assert (found[found["parameters.x"] > 0.5]["rung"] == 0).all()
        late = found[found["rung"] > 0]
        assert len(late) > 0
        assert (late["parameters.x"] <= 0.5).all()

    @pytest.mark.parametrize(
        "where",
        [
            ("pool", 2),
            pytest.param(("pool", 1), marks=pytest.mark.slow),
            pytest.param(("pool", 5), marks=pytest.mark.slow),
            pytest.param(("ray", 2), marks=pytest.mark.slow),
        ],
    )
    def test_the_same_bytes_anywhere(self, tmp_path, planted, where):
        """Though points fail on the way, and end in another order."""
        name, workers = where
        if name == "ray":
            pytest.importorskip("ray", reason="the extra `cluster` is not installed")
        path, tables = halving_file(tmp_path, planted), []
        for executor, count in (("in-place", 1), (name, workers)):
            out = tmp_path / executor
            options = {"changes": ["fails=exit"], "executor": executor, "workers": count}
            tables.append((sweep(path, out=out, **options).path / "trials.parquet").read_bytes())
        assert tables[0] == tables[1]


class TestOptuna:
    def options(self, **others):
        return {"design": "optuna", "objective": "height", "replicates": 1, **others}

    @pytest.mark.parametrize("sampler", ["tpe", "qmc", "nsga-ii"])
    def test_finds_the_hill(self, tmp_path, planted, sampler):
        pytest.importorskip("optuna", reason="the extra `optuna` is not installed")
        vary = {**VARY, "kind": ["low", "high"]}
        options = self.options(sampler=sampler, trials=32, executor="in-place")
        table = sweep(planted, vary, out=tmp_path, **options).table
        true = (
            1
            - (table["parameters.x"] - 0.7) ** 2
            - (table["parameters.y"] - 0.2) ** 2
            + (table["parameters.kind"] == "high")
        )
        assert true.max() > 1.9
        assert table[["parameters.x", "parameters.y"]].stack().between(0, 1).all()

    def test_learns(self, tmp_path, planted):
        """Later points of a sampler that is told values are higher than chance has them."""
        pytest.importorskip("optuna", reason="the extra `optuna` is not installed")
        options = self.options(trials=60, executor="in-place")
        height = sweep(planted, VARY, out=tmp_path, **options).table["height"].to_numpy()
        rng = np.random.default_rng(0)
        x, y = rng.random((2, 20_000))
        chance = 1 - (x - 0.7) ** 2 - (y - 0.2) ** 2
        late = height[30:]
        z = (late.mean() - chance.mean()) / (chance.std() / math.sqrt(len(late)))
        assert z > 4

    def test_goes_on_with_the_same_points(self, tmp_path, planted):
        """From the journal of every moment; a batch is asked as if nothing had happened."""
        pytest.importorskip("optuna", reason="the extra `optuna` is not installed")
        options = self.options(trials=14, replicates=2, batch=3, executor="in-place")
        whole = sweep(planted, VARY, out=tmp_path, **options).path
        lines = (whole / "trials.jsonl").read_bytes().splitlines(keepends=True)
        wanted = (whole / "trials.parquet").read_bytes()
        for kept in (0, 7, 16):
            part = tmp_path / f"part-{kept}"
            shutil.copytree(whole, part)
            (part / "trials.parquet").unlink()
            (part / "trials.jsonl").write_bytes(b"".join(lines[:kept]))
            sweep(part, executor="in-place")
            assert (part / "trials.parquet").read_bytes() == wanted
            assert len((part / "trials.jsonl").read_bytes().splitlines()) == len(lines)

    def test_more_trials_begin_with_the_same(self, tmp_path, planted):
        pytest.importorskip("optuna", reason="the extra `optuna` is not installed")
        options = self.options(batch=4, executor="in-place", out=tmp_path)
        few = sweep(planted, VARY, trials=6, **options).table
        more = sweep(planted, VARY, trials=11, **options)
        assert len(more.table) == 11
        assert more.table.head(6).equals(few)
        with pytest.raises(SweepError, match="replicates were 1 and are 2, which would change"):
            sweep(planted, VARY, trials=11, **{**options, "replicates": 2})

    def test_batches_do_not_follow_workers(self, tmp_path, planted):
        """What is asked depends on what is told alone, in the order of points."""
        pytest.importorskip("optuna", reason="the extra `optuna` is not installed")
        plan = load_sweep(planted, VARY, **self.options(trials=10, batch=4))

        def asked():
            rounds, found = rounds_of(plan), []
            batch = next(rounds)
            while True:
                found.append([each.point for each in batch])
                try:
                    batch = rounds.send([x - y for x, y in found[-1]])
                except StopIteration:
                    return found

        assert asked() == asked()
        assert [len(batch) for batch in asked()] == [4, 4, 2]

    def test_a_missing_extra_is_named(self, tmp_path, planted, monkeypatch):
        import sys

        monkeypatch.setitem(sys.modules, "optuna", None)
        with pytest.raises(SweepError, match=r"optuna is not installed; pip install 'noosphere\["):
            sweep(planted, VARY, out=tmp_path, **self.options(trials=3))
