"""Each command's bad input that no other test has: one line that teaches, and exit code 2."""

import pytest
from click.testing import CliRunner

from experiments.cli.main import SECTIONS, main

FILES = {
    "broken.toml": 'name = "x"\n[parameters\n',
    "binary.toml": b"\xff\xfe\x00",
    "typo.toml": 'model = "schellin"\n',
    "section.toml": 'model = "schelling"\n[paramters]\nwidth = 3\n',
    "both.toml": 'model = "schelling"\n[world]\nagents = 3\n',
    "key.toml": 'model = "schelling"\n[parameters]\nwidht = 3\n',
    "value.toml": 'model = "schelling"\nticks = "many"\n',
    "no_table.toml": 'model = "schelling"\nparameters = 3\n',
    "climbing.toml": 'name = "../x"\nmodel = "schelling"\n',
    "no_file.toml": 'model = "none.py:Moor"\n',
    "no_class.toml": 'model = "moor.py:Mooor"\n',
    "no_world.toml": 'model = "moor.py:Path"\n',
    "no_package.toml": 'model = "lame.py:Moor"\n',
    "format.toml": '[tournament]\nformat = "rond-robin"\n',
    "moor.py": "from pathlib import Path\nclass Moor:\n    pass\n",
    "lame.py": "import nonexistent_package\n",
    "folder/kept": "",
}

STUDIES = [
    ("broken.toml", "broken.toml:2: Expected ']'"),
    ("binary.toml", "binary.toml:1: not UTF-8 text"),
    ("typo.toml", "typo.toml:1: model: got 'schellin'*did you mean 'schelling'?"),
    ("section.toml", "section.toml:2: paramters: unknown*did you mean 'parameters'?"),
    ("both.toml", "both.toml:2: world: unknown, a study of schelling has"),
    ("key.toml", "key.toml:3: parameters.widht: unknown*did you mean 'width'?"),
    ("value.toml", "value.toml:2: ticks: got 'many', allowed is a whole number"),
    ("no_table.toml", "no_table.toml:2: parameters: got 3, but it is a section"),
    ("climbing.toml", "climbing.toml:1: name: got '../x', allowed is"),
    ("no_file.toml", "no_file.toml:1: model: got 'none.py:Moor', but there is no file"),
    ("no_class.toml", "no_class.toml:1: model: moor.py has no class 'Mooor'"),
    ("no_world.toml", "no_world.toml:1: model: moor.py: Path is no World"),
    ("no_package.toml", "no_package.toml:1: model: lame.py:1: ModuleNotFoundError"),
    ("folder", "folder: a folder, not a study"),
    ("moor.py", "moor.py:1: Expected '='"),
    ("flockin", "flockin: neither a study that ships*did you mean 'flocking'?"),
    ("flocking --set birds", "--set birds: has to be section.key=value"),
    ("flocking --set brids=3", "--set brids=3: parameters.brids: unknown*did you mean 'birds'?"),
    ("flocking --set speed=nan", "--set speed=nan: parameters.speed: got nan"),
    ("umls --set econmy.rent=3", "--set econmy.rent=3: econmy: unknown*mean 'economy'?"),
]

OTHERS = [
    ("rnu", "rnu: no such command*did you mean 'run'?"),
    ("run", "Missing argument 'STUDY'. See noosphere run --help"),
    ("run flocking --seed", "Option '--seed' requires an argument. See noosphere run --help"),
    ("run flocking more", "Got unexpected extra argument (more) See noosphere run --help"),
    ("run flocking --sed 3", "No such option '--sed'"),
    ("sweep folder", "folder: not the folder of a sweep, it holds no sweep.toml"),
    ("sweep flocking --workers x", "Invalid value for '--workers': 'x' is not"),
    ("sweep boltzmann --vary people=5,6 --out /proc/x", "/proc/x: "),
    ("compare nosuch", "nosuch: no such folder; name those of runs or sweeps"),
    ("compare folder", "folder: not the folder of a run"),
    ("report nosuch", "nosuch: no such run folder"),
    ("report moor.py", "moor.py: no such run folder"),
    ("resume folder", "folder: not the folder of a run"),
    ("replay folder", "give --tick T for the world after a tick"),
    ("replay folder --tick 1", "folder: not the folder of a run"),
    ("replay folder --agent 1 --out x.xls", "--out x.xls: a file named *.csv or *.parquet"),
    ("dash flockin", "flockin: neither a study that ships*did you mean 'flocking'?"),
    ("dash folder", "folder: not the folder of a run"),
    ("dash --out none", "none: no run is there; noosphere dash STUDY begins one"),
    ("dash flocking --port 99999", "Invalid value for '--port': 99999 is not in the range"),
    ("tournament dilema", "dilema: neither a tournament that ships*did you mean 'dilemma'?"),
    ("tournament folder", "folder: a folder, not a tournament"),
    ("tournament broken.toml", "broken.toml:2: Expected ']'"),
    ("tournament format.toml", "format.toml:2: tournament.format: got 'rond-robin'"),
    ("tournament dilemma --set game.noise=2", "--set game.noise=2: game.noise: got 2, allowed"),
    ("tournament dilemma --set gmae.noise=1", "--set gmae.noise=1: gmae: unknown*mean 'game'?"),
    ("tournament dilemma --out moor.py", "moor.py: File exists"),
    ("tournament dilemma --json no/x.json", "--json no/x.json: has to be a file in a folder"),
    ("new moor", "moor.py: is there already, and nothing is overwritten"),
    ("new 3x", "3x: a name is up to 64 letters"),
    ("new numpy", "numpy: is a package already"),
    ("new ok --out moor.py", "moor.py/ok.py: Not a directory"),
    ("new ok --kind modle", "Invalid value for '--kind': 'modle' is not one of"),
    ("answer mraket", "'mraket' is not asked here"),
    ("answer market --out moor.py", "moor.py: File exists"),
    ("ask uml a b", "uml: neither a graph that ships"),
    ("ask umls nobody treats", "no entity 'nobody' in this graph"),
    ("ask umls virus afects", "no relation 'afects' in this graph; did you mean 'affects'?"),
    ("ask umls ? affects ?", "nothing is given; give a head or a tail"),
    ("ask umls virus affects --mode darring", "no mode 'darring'; there are conservative"),
    ("ask umls virus affects --run folder", "folder: not the folder of a run"),
    ("orders folder", "folder: no .txt or .tsv file with facts in it"),
    ("orders nations --workers 0", "--workers 0: at least 1"),
    ("schema more", "Got unexpected extra argument (more)"),
    ("studies more", "Got unexpected extra argument (more)"),
    ("doctor more", "Got unexpected extra argument (more)"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with files of each kind of mistake."""
    folder = tmp_path_factory.mktemp("place")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [*((f"{verb} {words}", said) for words, said in STUDIES for verb in ("run", "show")), *OTHERS],
)
def test_one_line(place, monkeypatch, words, said):
    monkeypatch.chdir(place)
    done = CliRunner().invoke(main, words.split())
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    beginning, _, end = said.partition("*") if said.endswith("?") else (said, "", "")
    assert line.startswith(beginning)
    assert line.endswith(end)
    assert {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()} == {*FILES}


def test_a_draft_that_cannot_be_written_is_told_by_the_name_that_was_given(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "here/.trials.parquet.partial")

    monkeypatch.setattr("experiments.study.reading.load_study", full)
    done = CliRunner().invoke(main, ["show", "umls"])
    assert (done.exit_code, done.stderr) == (2, "here/trials.parquet: No space left on device\n")


def test_nowhere_to_keep_compiled_code(monkeypatch):
    """What Numba says of a folder that cannot be written, in a home that cannot either."""

    def nowhere(*_):
        raise RuntimeError("cannot cache function 'seeded': no locator available for file 'x.py'")

    monkeypatch.setattr("experiments.study.reading.load_study", nowhere)
    done = CliRunner().invoke(main, ["show", "umls"])
    assert done.exit_code == 2
    assert "NUMBA_CACHE_DIR" in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_shows_every_command_once_and_whole():
    shown = [name for names in SECTIONS.values() for name in names]
    assert sorted(shown) == main.list_commands(None)
    lines = CliRunner().invoke(main, ["--help"], terminal_width=80).output.splitlines()
    assert [
        line.split()[0] for line in lines if line.split()[:1] and line.split()[0] in shown
    ] == shown
    titles = [line[:-1] for line in lines if line[:-1] in SECTIONS]
    assert titles == list(SECTIONS)
    for name in shown:
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert line.endswith("."), "whole sentences"
        assert not line.endswith("..")
