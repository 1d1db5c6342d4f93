"""Bad input of each kind: one line that says where, what was given and what is allowed."""

import pytest
from click.testing import CliRunner

from experiments.cli.main import main

FILE = """\
name = "mine"
study = "schelling"
replicates = 2

[set]
"width" = 12

[vary]
"minimum" = [1, 2]
"residents" = { low = 20, high = 40 }

[design]
kind = "random"
trials = 3
"""

CHANGES = [
    ("[vary]", "[vary", "mine.toml:8: "),
    ('name = "mine"', 'name = "mi/ne"', "mine.toml:1: name: got 'mi/ne', allowed is names the"),
    ("replicates = 2", "replicates = 0", "mine.toml:3: replicates: got 0, allowed is a whole"),
    ("replicates", "replicate", "mine.toml:3: replicate: unknown, a sweep has *'replicates'?"),
    ("schelling", "schellin", "mine.toml:2: study: got 'schellin'*did you mean 'schelling'?"),
    ('"width"', '"widht"', "mine.toml:6: parameters.widht: unknown*did you mean 'width'?"),
    ("= 12", '= "wide"', "mine.toml:6: parameters.width: got 'wide', allowed is a whole number"),
    ('"minimum"', '"minmum"', "mine.toml:9: parameters.minmum: unknown*mean 'minimum'?"),
    ("[1, 2]", "[1, -2]", "mine.toml:9: parameters.minimum: got -2, allowed is a whole number"),
    ("[1, 2]", "[1, 1]", "mine.toml:9: minimum: got the level 1 twice"),
    ("[1, 2]", "[]", "mine.toml:9: minimum: got no level, allowed is a list of levels such as"),
    ("[1, 2]", "3", "mine.toml:9: minimum: got 3, allowed is a list of levels such as"),
    ("high = 40", "hihg = 40", "mine.toml:10: residents: unknown 'hihg', a range has low, high"),
    ("high = 40", "high = 4", "mine.toml:10: residents: got low = 20 and high = 4; low has to"),
    ("high = 40", "high = 4e9", "mine.toml:10: parameters.residents: got 20.0, allowed is a"),
    ("low = 20", "low = 0, log = true", "mine.toml:10: residents: got low = 0 with log = true"),
    ('"minimum"', '"width"', "mine.toml:9: width: is varied, and set for all trials (mine.toml:6)"),
    ('"minimum"', '"seed"', "mine.toml:9: seed: cannot be varied: replicates differ in it"),
    ('"minimum" = [1, 2]', '"output.keep" = [1, 2]', "mine.toml:9: output.keep: cannot be varied"),
    ('"random"', '"rondom"', "mine.toml:13: design.kind: got 'rondom', allowed is one of grid"),
    ('"random"', '"grid"', "mine.toml:14: design.trials: got 3, but a grid has as many points"),
    ("trials = 3", "", "mine.toml:13: design.trials: missing; points to try, such as"),
    ('"random"', '"optuna"', "mine.toml:13: design.objective: missing, optuna needs one"),
    ("trials = 3", "tirals = 3", "mine.toml:14: design.tirals: unknown*did you mean 'trials'?"),
    ("[set]", "[halving]\n[set]", "mine.toml:14: design.objective: missing, halving needs one"),
    (
        "trials = 3",
        'trials = 3\nobjective = "test_x"\n[halving]',
        "mine.toml:15: design.objective: got 'test_x', which is measured on held-out queries",
    ),
    (
        "trials = 3",
        'trials = 3\nobjective = "happy"\n[halving]\nrungs = 9',
        "mine.toml:17: halving.rungs: got 9 of factor 3, for which a trial needs at least 6,561",
    ),
    (
        "trials = 3",
        'trials = 3\nobjective = "hapy"\n[halving]',
        "mine: design.objective: got 'hapy', allowed is one of *did you mean 'happy'?",
    ),
]


@pytest.fixture
def refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def refused(*arguments):
        done = CliRunner().invoke(main, ["sweep", *arguments, "--executor", "in-place"])
        assert isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == 2, done.output
        (line,) = done.stderr.splitlines()
        return line

    return refused


@pytest.mark.parametrize(("old", "new", "said"), CHANGES)
def test_files(tmp_path, refused, old, new, said):
    assert old in FILE
    (tmp_path / "mine.toml").write_text(FILE.replace(old, new, 1), encoding="utf-8")
    line = refused("mine.toml")
    beginning, _, end = said.partition("*")
    assert line.startswith(beginning)
    assert line.endswith(end)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shelling"], "shelling: neither a sweep that ships (*did you mean 'schelling'?"),
        (["schelling", "--vary", "minimum"], "--vary minimum: has to be KEY=LEVELS, such as"),
        (["schelling", "--vary", "minimum=1,-2"], "--vary minimum: parameters.minimum: got -2"),
        (["schelling", "--vary", "minimum=5..1"], "--vary minimum: minimum: got low = 5"),
        (["schelling", "--set", "width=x"], "--set width=x: parameters.width: got 'x'"),
        (["schelling", "--replicates", "0"], "--replicates 0: replicates: got 0, allowed is"),
        (["schelling", "--design", "gird"], "--design gird: design.kind: got 'gird', allowed is"),
        (["schelling", "--design", "random", "--trials", "2"], "schelling: vary: missing, random"),
        (["schelling", "--executor", "poole"], "executor 'poole': *'pool'?"),
        (["schelling", "--workers", "0"], "executor 'pool': workers must be a whole number"),
        (["schelling", "--executor", "rya", "--dry-run"], "executor 'rya': *'ray'?"),
        (
            ["schelling", "--vary", "minimum=1,2", "--objective", "test_mrr"],
            "--objective test_mrr: design.objective: got 'test_mrr', which is measured on held-out",
        ),
        (["."], ".: not the folder of a sweep, it holds no sweep.toml"),
    ],
)
def test_commands(tmp_path, monkeypatch, refused, arguments, said):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["sweep", *arguments])
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    beginning, _, end = said.partition("*")
    assert line.startswith(beginning)
    assert line.endswith(end)
    assert not list(tmp_path.iterdir()), "nothing is begun that was refused"


def test_what_only_the_examination_tells_is_known_after_the_first_round(tmp_path, tiny, refused):
    (tmp_path / "race.toml").write_text(
        f'study = "{tiny}"\nreplicates = 1\n[vary]\n"economy.rent" = [0.0, 1.0]\n'
        '[design]\nobjective = "valid_randon_search"\n[halving]\nfactor = 2\nrungs = 2\n',
        encoding="utf-8",
    )
    line = refused("race.toml")
    assert "design.objective: got 'valid_randon_search', allowed is one of" in line
    assert line.endswith("did you mean 'valid_random_search'?")
    assert "test_" not in line


def test_another_sweep_is_not_mixed_in(tmp_path, refused):
    plain = ["boltzmann", "--vary", "people=5,6", "--set", "ticks=4", "--replicates", "2"]
    runner = CliRunner()
    done = runner.invoke(main, ["sweep", *plain, "--executor", "in-place"])
    assert done.exit_code == 0, done.output
    path = tmp_path / "runs" / "boltzmann-people"
    before = (path / "trials.parquet").read_bytes()
    for changed, said in (
        ([*plain[:-1], "1"], "replicates were 2 and are 1; they can only be added"),
        ([*plain, "--seed", "3"], "seed was 1 and is 3"),
        ([*plain, "--set", "wealth=3"], "parameters.wealth was 1 and is 3"),
        ([*plain, "--vary", "people=5,7"], "parameters.people was 5, 6 and is 5, 7"),
        ([*plain, "--design", "random", "--trials", "4"], "design.kind was 'grid' and is 'random'"),
        (
            [*plain, "--vary", "wealth=1,2", "--name", "boltzmann-people"],
            "it varies parameters.people, and this one parameters.people and parameters.wealth",
        ),
    ):
        line = refused(*changed)
        assert line.startswith("runs/boltzmann-people: holds another sweep: ")
        assert said in line
    assert (path / "trials.parquet").read_bytes() == before
