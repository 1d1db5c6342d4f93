"""Files that a study names: a trial is known by them, and by none that came later."""

import shutil

import pytest

from experiments.study.reading import load_study
from experiments.sweeps import SweepError, load_sweep, sweep
from experiments.sweeps.identity import source_of
from experiments.sweeps.progress import SweepProgress
from experiments.sweeps.replicates import Replicates
from experiments.sweeps.rounds import Asked
from experiments.sweeps.trial import live, payload_of


class Editing(SweepProgress):
    """Edits a file when the sweep begins."""

    def __init__(self, path, text):
        self.path, self.text = path, text

    def begin(self, total, before):
        self.path.write_text(self.text, encoding="utf-8")


@pytest.fixture
def model(planted):
    from pathlib import Path

    return Path(planted.rpartition(":")[0])


def contents(study, point):
    plan = load_sweep(study, {"economy.rent": [0.5]}, replicates=2)
    return {trial.content for trial in Replicates(plan).of(Asked(0, point))}


@pytest.mark.parametrize("now", ["higher", "nothing", "broken"])
def test_a_model_that_is_edited_under_way(tmp_path, planted, model, now):
    """Nothing is measured by the new text under the ids of the old."""
    text = model.read_text(encoding="utf-8")
    edited = {"higher": text.replace("height = 1 -", "height = 9 -"), "nothing": ""}.get(now, "(")
    assert edited != text
    options = {"out": tmp_path / "out", "executor": "in-place", "replicates": 2}
    with pytest.raises(SweepError, match=r"no longer what it was when the sweep was read.*planted"):
        sweep(planted, {"x": [0.1, 0.2]}, progress=Editing(model, edited), **options)
    (folder,) = (tmp_path / "out").iterdir()
    assert (folder / "trials.jsonl").read_bytes() == b""
    if now == "higher":
        assert sweep(planted, {"x": [0.1, 0.2]}, **options).table["height"].min() > 8


def test_trials_of_the_text_before_are_not_taken_for_those_of_the_new(tmp_path, planted, model):
    options = {"out": tmp_path / "out", "executor": "in-place", "replicates": 2}
    before = sweep(planted, {"x": [0.1]}, **options).table
    text = model.read_text(encoding="utf-8")
    model.write_text(text.replace("height = 1 -", "height = 9 -"), encoding="utf-8")
    after = sweep(planted, {"x": [0.1]}, **options).table
    assert set(after["trial"]).isdisjoint(before["trial"])
    assert after["height"].min() > 8 > before["height"].max()


def test_a_graph_that_is_edited(study_file):
    before, point = contents(study_file, (0.5,)), (0.5,)
    study = load_study(study_file).resolved()
    payload = payload_of(study, source_of(study), False)
    assert contents(study_file, point) == before
    facts = study_file.parent / "ring" / "facts.tsv"
    facts.write_text(facts.read_text(encoding="utf-8") + "n00\tlikes\tn00\n", encoding="utf-8")
    assert contents(study_file, point).isdisjoint(before)
    ring = study_file.parent / "ring"
    assert live(payload, {}) == {"changed": str(ring)}
    shutil.rmtree(ring)
    assert live(payload, {}) == {"changed": str(ring)}


def test_what_is_said_of_a_study_changes_nothing(study_file):
    before = contents(study_file, (0.5,))
    text = study_file.read_text(encoding="utf-8")
    study_file.write_text(f'description = "other"\n{text}', encoding="utf-8")
    assert contents(study_file, (0.5,)) == before
    study_file.write_text(text.replace("tasks = 16", "tasks = 24"), encoding="utf-8")
    assert contents(study_file, (0.5,)).isdisjoint(before)
