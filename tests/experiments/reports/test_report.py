"""The report of a run: one page with everything in it, and nothing in it that was not escaped."""

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.reports.pictures import PICTURES, NotRecordedError, Record
from experiments.reports.report import write_report

NASTY = '<script>alert("x")</script>'
ENGINES = ("deductive", "inductive", "analogical")
EMPTY_ELEMENTS = {"meta", "img", "br"}


def metrics(ticks=12):
    rng = np.random.default_rng(0)
    names = (
        "accuracy_best",
        "accuracy_mean",
        "luck",
        "wealth_gini",
        *(f"use_{name}" for name in ENGINES),
    )
    counts = ("price", "sold", "demand", "heard", "findings", "public")
    return {
        "tick": np.arange(1, ticks + 1),
        "generation": np.arange(1, ticks + 1) // 4,
        **{name: rng.random(ticks) for name in names},
        **{name: rng.integers(1, 5000, ticks) for name in counts},
    }


def agents(number=10):
    rng = np.random.default_rng(1)
    return {
        "tick": np.repeat([4, 8], number),
        "front": rng.integers(0, 3, 2 * number),
        "alive": rng.random(2 * number) < 0.5,
        "cost": np.where(np.arange(2 * number) == 15, np.inf, 30 * rng.random(2 * number)),
        "accuracy": rng.random(2 * number),
        "novelty": rng.random(2 * number),
    }


def results():
    names = ("best single engine", "random search", "best evolved agent", "oracle, per query")
    return {
        "figures": ["mrr", "hits10"],
        "rows": [
            {
                "name": name,
                "mrr": 0.5 + i / 100,
                "hits10": 0.9,
                "valid": 0.4,
                "cost": None if i == 1 else 1234.5,
                "note": ("", "same", "same", NASTY)[i],
            }
            for i, name in enumerate(names)
        ],
        "notes": ["cost: units & more"],
        "best": {"id": 7, "born": 3, "words": f"asks up to 1\n1. {NASTY}"},
    }


def fill(folder):
    """A run folder as a run leaves it, with names that try to break out."""
    (folder / "study.toml").write_text(
        f"name = 'mine'\nseed = 3\ndescription = '{NASTY}'\n"
        "[world]\nagents = 10\ntasks_per_agent = 4\n[economy]\nsupply = 45.0\n"
    )
    manifest = {"command": NASTY, "git": None, "versions": {"numpy": "2.0"}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "results.json").write_text(json.dumps(results()))
    pq.write_table(pa.table(metrics()), folder / "metrics.parquet")
    pq.write_table(pa.table(agents()), folder / "agents.parquet")
    return folder


@pytest.fixture
def folder(tmp_path):
    """Such a folder, to be changed."""
    return fill(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The page of such a folder as it is."""
    return page(fill(tmp_path_factory.mktemp("whole")))


def page(folder):
    path = write_report(folder)
    assert path == folder / "report.html"
    return path.read_text(encoding="utf-8")


def pictures(html):
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    return [base64.b64decode(data).decode() for data in found]


class Balanced(HTMLParser):
    """Every element is closed in the order it was opened."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


class TestPage:
    def test_is_whole_html_without_scripts_or_links(self, whole):
        parser = Balanced()
        parser.feed(whole)
        assert parser.open == []
        assert not {"script", "link", "iframe"} & set(parser.seen)
        assert "http" not in re.sub(r"base64,[^\"]+", "", whole)

    def test_what_users_write_is_escaped(self, whole):
        assert "<script" not in whole
        # Description, study, manifest, a note, and the words on the best agent.
        assert whole.count("&lt;script&gt;") == 5

    def test_all_pictures_are_drawn(self, whole):
        drawn = pictures(whole)
        assert len(drawn) == len(PICTURES) == 5
        for svg in drawn:
            assert ElementTree.fromstring(svg).tag.endswith("svg")

    def test_table_with_footnotes(self, whole):
        (best,) = re.findall(r'<tr class="best">(.*?)</tr>', whole, re.DOTALL)
        assert best.startswith("<td>best evolved agent<sup>1</sup></td><td>0.520</td>")
        assert "<td>random search<sup>1</sup></td>" in whole
        assert "<td>–</td>" in whole
        assert "1,23" in whole
        assert "<li>same</li>" in whole
        assert "units &amp; more" in whole
        assert "beats random search" in whole

    def test_says_so_when_evolution_does_not_beat_random_search(self, folder):
        changed = results()
        changed["rows"][1]["mrr"] = 0.9
        (folder / "results.json").write_text(json.dumps(changed))
        assert "does not beat random search" in page(folder)

    def test_study_and_manifest(self, whole):
        assert "<h1>mine, seed 3</h1>" in whole
        assert "supply = 45.0" in whole
        assert "<td>versions numpy</td><td>2.0</td>" in whole

    def test_same_run_same_bytes(self, folder, whole):
        """In another folder."""
        assert page(folder) == whole


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("column", "title"),
        [
            ("accuracy_best", "Accuracy"),
            ("price", "The market"),
            ("heard", "Memory and rumours"),
            ("generation", "The engines"),
        ],
    )
    def test_a_metric(self, folder, column, title):
        table = pa.table(metrics()).drop_columns([column])
        pq.write_table(table, folder / "metrics.parquet")
        html = page(folder)
        assert f"{title}: not drawn, metrics.parquet has no {column}" in html
        assert len(pictures(html)) < 5

    def test_a_trait(self, folder):
        pq.write_table(pa.table(agents()).drop_columns(["novelty"]), folder / "agents.parquet")
        assert "agents.parquet has no novelty" in page(folder)

    def test_nobody_answered(self, folder):
        silent = {**agents(), "cost": np.full(20, np.inf)}
        pq.write_table(pa.table(silent), folder / "agents.parquet")
        assert "agents.parquet has nobody who answered" in page(folder)

    @pytest.mark.parametrize(
        "name", ["study.toml", "manifest.json", "results.json", "metrics.parquet", "agents.parquet"]
    )
    def test_a_file(self, folder, name):
        (folder / name).unlink()
        assert "</html>" in page(folder)

    def test_everything(self, tmp_path):
        html = page(tmp_path)
        assert pictures(html) == []
        assert html.count("not drawn") == 5
        assert "has not been examined" in html

    def test_empty_tables(self, folder):
        for name in ("metrics", "agents"):
            pq.write_table(pa.table({}), folder / f"{name}.parquet")
        assert page(folder).count("not drawn") == 5

    def test_one_generation_of_one_agent(self, folder):
        pq.write_table(pa.table(metrics(1)), folder / "metrics.parquet")
        first = {name: column[:1] for name, column in agents().items()}
        pq.write_table(pa.table(first), folder / "agents.parquet")
        assert len(pictures(page(folder))) == 5


class TestRecord:
    def test_means_of_generations(self):
        record = Record(
            {"generation": np.array([0, 0, 1]), "x": np.array([1.0, 3.0, 5.0])}, {}, {}, {}
        )
        generation, (x,) = record.by_generation("x")
        assert generation.tolist() == [0, 1]
        assert x.tolist() == [2, 5]

    def test_last_generation(self):
        record = Record({}, {"tick": np.array([4, 8, 8]), "x": np.array([1, 2, 3])}, {}, {})
        assert record.last_generation("x")[0].tolist() == [2, 3]
        with pytest.raises(NotRecordedError, match="y"):
            record.last_generation("y")
