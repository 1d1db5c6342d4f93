"""Tournaments out of files: the same table for any workers, and errors that teach."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner

from arenas.games import payoff_matrix
from arenas.iterated import TitForTat, memory_one, save_machines
from arenas.tournaments import check_contest
from economy.equilibria import GameTree
from experiments.cli.main import main
from experiments.running.run import run
from experiments.study.reading import load_study
from experiments.tournament.entrants import contest_of
from experiments.tournament.entrants.card_strategies import RULES, card_strategies, card_strategy
from experiments.tournament.entrants.iterated import CLASSICS
from experiments.tournament.file import TournamentFileError, load_tournament, shipped_tournaments
from experiments.tournament.play import play_tournament

PLAYERS = """\
import random
from arenas.iterated import Player
import beside

class Copycat(Player):
    def move(self, mine, theirs):
        return theirs[-1] if theirs else 0

class Moody(Player):
    def move(self, mine, theirs):
        return int(self.rng.random() < 0.3)

class Crashes(Player):
    def move(self, mine, theirs):
        return [0, 0, 0][len(mine)]

class Exits(Player):
    def move(self, mine, theirs):
        raise SystemExit(3)

class Unseeded(Player):
    def move(self, mine, theirs):
        return int(random.random() < 0.5)

class Counting(Player):
    moves = []
    def move(self, mine, theirs):
        self.moves.append(0)
        return len(self.moves) // 7 % 2

class Needs(Player):
    def __init__(self, what):
        self.what = what

class Stranger:
    pass

class Honest:
    def move(self, seen, legal, rng):
        return 1 if seen[0] == 2 else 0

class Cheat:
    def move(self, seen, legal, rng):
        return 7

class Shy:
    def bid(self, value):
        return value**2 / 2

class Broke:
    def bid(self, value):
        return -value
"""

FILE = """\
name = "mine"

[tournament]
rounds = 2

[game]
kind = "iterated"
turns = 20
noise = 0.1

[players]
strategies = ["Tit for Tat", "joss"]
classes = ["mine.py:Copycat", "mine.py:Moody", "mine.py:Crashes", "mine.py:Exits"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a tournament and its players, in which one is."""
    (tmp_path / "mine.py").write_text(PLAYERS, encoding="utf-8")
    (tmp_path / "beside.py").write_text("", encoding="utf-8")
    (tmp_path / "syntax.py").write_text("x = 1\ndef f(:\n", encoding="utf-8")
    (tmp_path / "raises.py").write_text("import beside\n\n1 / 0\n", encoding="utf-8")
    (tmp_path / "mine.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "empty.json").write_text("{}", encoding="utf-8")
    (tmp_path / "torn.json").write_text('{"format": "noosphere mach', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def told(*arguments):
    """What the command prints."""
    done = CliRunner().invoke(main, ["tournament", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*arguments):
    """The lines that the command is refused with."""
    done = CliRunner().invoke(main, ["tournament", *map(str, arguments)])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 2
    assert not done.stdout
    return done.stderr.rstrip("\n")


class TestShipped:
    def test_without_a_file_they_are_listed(self, folder):
        lines = told().splitlines()
        assert [line.split()[0] for line in lines[1:]] == list(shipped_tournaments())
        assert max(map(len, lines)) <= 130
        assert {"dilemma", "noisy-dilemma", "kuhn"} <= set(shipped_tournaments())

    @pytest.mark.parametrize("name", ["kuhn", "sealed-bid", "noisy-dilemma"])
    def test_they_play_from_any_folder(self, name, folder):
        table = told(name, "--set", "tournament.rounds=2")
        assert max(map(len, table.splitlines())) <= 100
        assert load_tournament(name).heading.description in table
        for player in contest_of(load_tournament(name)).names:
            assert player[:20] in table

    def test_leduc_loads(self):
        assert len(contest_of(load_tournament("leduc")).names) == len(card_strategies("leduc"))

    def test_a_grudger_earns_more_than_a_defector_where_nothing_trembles(self):
        results = play_tournament(load_tournament("dilemma", ["tournament.rounds=1"]))
        place = dict(zip(results.names, results.place, strict=True))
        assert place["grudger"] < place["tit for tat"] < place["defector"]
        assert results.wins[results.names.index("defector")].sum() == results.wins.sum(1).max()


class TestSame:
    def test_the_table_does_not_depend_on_who_plays_it(self, folder):
        results = play_tournament(load_tournament("mine.toml"))
        with ThreadPoolExecutor(2) as threads:
            again = play_tournament(load_tournament("mine.toml"), threads)
        assert str(again) == str(results)
        assert again.to_json() == results.to_json()

    def test_a_contest_that_was_sent_is_the_same(self, folder):
        import pickle

        contest = contest_of(load_tournament("mine.toml"))
        sent = pickle.loads(pickle.dumps(contest))
        pairs = np.array([[i, j] for i in range(6) for j in range(6)])
        seeds = np.arange(36, dtype=np.uint64)
        np.testing.assert_array_equal(sent(pairs, seeds), contest(pairs, seeds))

    @pytest.mark.slow
    def test_processes_print_the_same_bytes(self, noosphere, folder):
        for number in (1, 2):
            done = noosphere(
                "tournament", "mine.toml", "--workers", number, "--json", f"{number}.json",
                cwd=folder,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            (folder / f"{number}.txt").write_text(done.stdout)
        for kind in ("txt", "json"):
            first, second = ((folder / f"{number}.{kind}").read_bytes() for number in (1, 2))
            assert first == second

    def test_json_is_written_and_a_seed_changes_it(self, folder):
        told("mine.toml", "--json", "a.json")
        told("mine.toml", "--json", "b.json", "--seed", 5)
        first, second = (json.loads((folder / name).read_text()) for name in ("a.json", "b.json"))
        assert first["names"] == second["names"]
        assert (first["seed"], second["seed"]) == (0, 5)
        assert first["games"]["points_first"] != second["games"]["points_first"]


class TestPlayers:
    def test_options_come_first(self, folder):
        head = told("mine.toml", "--set", "game.noise=0.25").partition("\n\n")[0]
        assert "mine · seed 0" in head
        assert "format=round-robin rounds=2" in head
        assert "noise=0.25" in head
        assert "6: tit for tat, joss, Copycat, Moody, Crashes, Exits" in head

    def test_crashes_are_forfeits_with_reasons(self, folder):
        out = told("mine.toml")
        assert "Crashes raised IndexError('list index out of range') in turn 4" in out
        assert "Forfeits: " in out
        results = play_tournament(load_tournament("mine.toml"))
        reasons = " ".join(results.games.reasons.values())
        assert "Exits raised RuntimeError('exit(3)') in turn 1" in reasons
        standings = results.standings()
        forfeits = dict(zip(standings["name"], standings["forfeits"], strict=True))
        assert forfeits["Exits"] == 20
        assert forfeits["Copycat"] == forfeits["Moody"] == 0

    def test_a_class_plays_as_the_machine_of_the_same_moves(self, folder):
        contest = contest_of(load_tournament("mine.toml"))
        seeds = np.arange(20, dtype=np.uint64)
        for opponent in (1, 3):
            machine = contest(np.array([[0, opponent]] * 20), seeds)
            written = contest(np.array([[2, opponent]] * 20), seeds)
            np.testing.assert_array_equal(machine, written)

    def test_machines_come_from_files(self, folder):
        save_machines(memory_one([[1, 0, 1, 0], [0, 0, 0, 0.5]], ["saved", "other"]), "m.json")
        save_machines(TitForTat().machine(), "t.json")
        both = 'players.machines=["m.json", "t.json"]'
        contest = contest_of(load_tournament("mine.toml", [both]))
        assert contest.names[6:] == ("saved", "other", "TitForTat")
        check_contest(contest)

    @pytest.mark.slow  # the library takes its time to import
    def test_the_librarys_strategies(self, folder):
        pytest.importorskip("axelrod")
        contest = contest_of(load_tournament("mine.toml", ['players.axelrod=["Gradual"]']))
        assert contest.names[-1] == "Gradual"
        assert "did you mean 'Gradual'" in refused("mine.toml", "--set", "players.axelrod=Graduel")
        line = refused("mine.toml", "--set", "players.axelrod=Darwin")
        assert "looks into its opponents" in line

    def test_without_the_library(self, folder, monkeypatch):
        monkeypatch.setitem(sys.modules, "axelrod", None)
        line = refused("mine.toml", "--set", "players.axelrod=Gradual")
        assert "pip install 'noosphere[axelrod]'" in line

    @pytest.mark.parametrize("name", ["tit-for-tat", "TIT FOR TAT", "TitForTat"])
    def test_names_may_be_written_as_one_likes(self, name, folder):
        given = [f'players.strategies=["{name}", "joss"]']
        assert contest_of(load_tournament("mine.toml", given)).names[0] == "tit for tat"

    def test_all_classics_are_there(self):
        assert contest_of(load_tournament("dilemma")).names == tuple(CLASSICS)

    def test_bidders(self, folder):
        given = ["game.kind=sealed-bid", 'players.classes=["mine.py:Shy"]', "players.shares=[0.8]"]
        (folder / "bid.toml").write_text('[players]\nstrategies = "all"\n')
        contest = contest_of(load_tournament("bid.toml", given))
        assert contest.names == ("truthful", "equilibrium", "timid", "bids 0.8 of value", "Shy")
        points = contest(np.array([[0, 3]]), np.zeros(1, np.uint64))
        assert points[0, 0] == pytest.approx(0)
        check_contest(contest)


class TestCards:
    @pytest.fixture
    def contest(self, folder):
        (folder / "kuhn.toml").write_text(
            '[game]\nkind = "kuhn"\nhands = 30\n[players]\nstrategies = "all"\n'
            'classes = ["mine.py:Honest", "mine.py:Cheat"]\n'
        )
        return contest_of(load_tournament("kuhn.toml"))

    def test_points_are_those_of_the_tree(self, contest):
        tree = GameTree.from_rules(RULES["kuhn"])
        tables = [card_strategy("kuhn", name, tree) for name in card_strategies("kuhn")]
        exact = payoff_matrix(tree, tables)
        honest, written = contest.names.index("honest"), contest.names.index("Honest")
        seeds = np.arange(64, dtype=np.uint64)
        for other in range(0, len(tables), 2):
            points = contest(np.array([[written, other]] * 64), seeds)[:, 0]
            error = points.std() / 8
            assert abs(points.mean() - exact[honest, other]) < 4 * error

    def test_an_equilibrium_loses_to_nobody(self):
        for kind in ("kuhn", "leduc"):
            tree = GameTree.from_rules(RULES[kind])
            tables = [card_strategy(kind, name, tree) for name in card_strategies(kind)]
            assert (payoff_matrix(tree, tables)[0] > -1e-9).all()

    def test_an_illegal_move_is_a_forfeit(self, contest):
        cheat = contest.names.index("Cheat")
        points = contest(np.array([[0, cheat], [cheat, 0]]), np.zeros(2, np.uint64))
        assert np.isnan(points).tolist() == [[False, True], [True, False]]
        assert contest.forfeits[0].reason == "Cheat moved 7 in hand 1; legal were [0, 1]"
        check_contest(contest)


@pytest.fixture(scope="module")
def lived(tmp_path_factory, tiny):
    """Runs the tiny study for a moment, with changes; returns its folder."""
    out = tmp_path_factory.mktemp("lived")
    return lambda *changes: run(load_study(tiny, ["world.generations=2", *changes]), out).path


class TestRuns:
    @pytest.fixture
    def duel(self, folder):
        (folder / "duel.toml").write_text('[game]\nkind = "duel"\nqueries = 5\n[players]\n')
        return lambda *runs: ("duel.toml", "--set", f"players.runs={json.dumps([*map(str, runs)])}")

    def test_agents_of_finished_runs_duel(self, duel, lived):
        path = lived("seed=1")
        both = (*duel(path, path), "--set", "players.strategies=all")
        out = told(*both, "--set", "tournament.rounds=10")
        assert "3: tiny-1, tiny-1 (2), tuned vote" in out
        assert "each match is about 5 of the same" in out
        contest = contest_of(load_tournament(both[0], both[2::2]))
        check_contest(contest)
        np.testing.assert_array_equal(contest([[0, 1]], [3]), [[2.5, 2.5]])
        assert "players: 1 in all" in refused(*duel(path))
        (path / "results.json").unlink()
        assert "not finished yet" in refused(*duel(path))
        assert "no such run folder" in refused(*duel("none"))
        assert "name some" in refused(*duel())

    @pytest.mark.slow
    def test_agents_of_another_split_cannot_come(self, duel, lived):
        runs = lived("seed=2"), lived("seed=3", "problem.split_seed=7")
        line = refused(*duel(*runs))
        assert "agents duel about the queries that one split held out" in line


BAD = {
    # What is changed of the file, old and new: what the line has to say.
    ("[tournament]", "[tournament"): "mine.toml:3: ",
    ("rounds", "ruonds"): "mine.toml:4: tournament.ruonds: unknown, the format 'round-robin' has "
    "format, rounds, both_seats, self_play, count, mirror; did you mean 'rounds'?",
    ("rounds = 2", "rounds = 0"): "mine.toml:4: tournament.rounds: got 0, allowed is a whole "
    "number from 1 on",
    ("rounds = 2", "rounds = 2.5"): "got 2.5, allowed is a whole number",
    ("rounds = 2", 'format = "swis"'): "mine.toml:4: tournament.format: got 'swis', allowed is one "
    "of round-robin, swiss, single-elimination, double-elimination, survival; did you mean 'swiss'",
    ("rounds = 2", 'format = "swiss"\nlegs = 2'): "the format 'swiss' has format, rounds, mirror",
    ("iterated", "kuhm"): "mine.toml:7: game.kind: got 'kuhm', allowed is one of iterated, kuhn",
    ("turns = 20", "matrix = 'stag hint'"): "mine.toml:8: game.matrix: got 'stag hint', allowed is "
    "one of prisoner's dilemma",
    ("turns = 20", "payoffs = [[1, 2], [3]]"): "mine.toml:8: game.payoffs: ",
    ("turns = 20", "payoffs = [[1,2,3],[3,4,5],[0,0,0]]"): "players.strategies: those that ship "
    "know two actions",
    ("noise = 0.1", "noise = 1.5"): "mine.toml:9: game.noise: got 1.5, allowed is the chance",
    ("noise = 0.1", "hands = 3"): "game.hands: unknown, a game of kind 'iterated' has kind, matrix",
    ("Tit for Tat", "tit for tta"): "mine.toml:12: players.strategies: got 'tit for tta', allowed "
    'is "all" alone, or some of cooperator',
    ('"joss"', '"tit-for-tat"'): "'tit for tat' stands there twice",
    ("classes", "clases"): "mine.toml:13: players.clases: unknown",
    ("[players]", "runs = 3\n[players]"): "game.runs: unknown",
    ("strategies =", "runs = ['a']\nstrategies ="): "players.runs: unknown, [players] of this game "
    "has strategies, classes, machines, axelrod",
    ("mine.py:Copycat", "mine.py"): "mine.toml:13: players.classes: got 'mine.py', allowed is a "
    "file and a class, such as 'my_players.py:Cautious'",
    ("mine.py:Copycat", "your.py:Copycat"): "there is no file your.py",
    ("Copycat", "Copicat"): "mine.py has no class 'Copicat'",
    ("Copycat", "beside"): "beside in mine.py is no class",
    ("Copycat", "Stranger"): "Stranger in mine.py is no player; write class Stranger(Player)",
    ("Copycat", "Needs"): "players.classes: mine.py: TypeError: Needs.__init__() missing 1",
    ("Copycat", "Unseeded"): "a class draws its chance from the rng that it is given",
    ("Copycat", "Counting"): "keeps nothing from one match to another",
    ("mine.py:Copycat", "syntax.py:A"): "players.classes: syntax.py:2: SyntaxError",
    ("mine.py:Copycat", "raises.py:A"): "raises.py:3: ZeroDivisionError: division by zero",
    ("classes", "machines = ['no.json']\nclasses"): "players.machines: no.json: No such file",
    ("classes", "machines = ['empty.json']\nclasses"): "mine.toml:13: players.machines: "
    "empty.json: no machines",
    ("classes", "machines = ['torn.json']\nclasses"): "torn.json: damaged",
    ('name = "mine"', 'name = "mine"\nplayers = 3\n[other]'): "mine.toml:",
    ('name = "mine"', "seed = -1"): "mine.toml:1: seed: got -1, allowed is a whole number",
    ('name = "mine"', "rounds = 3"): "mine.toml:1: rounds: unknown, a tournament has name",
}


class TestBadInput:
    @pytest.mark.parametrize("change", BAD, ids=lambda change: change[1][:30])
    def test_one_line_says_where_and_what(self, change, folder):
        text = (folder / "mine.toml").read_text()
        assert change[0] in text
        (folder / "mine.toml").write_text(text.replace(*change, 1))
        line = refused("mine.toml")
        assert BAD[change] in line
        assert "\n" not in line

    def test_players_that_are_too_few(self, folder):
        (folder / "mine.toml").write_text("")
        assert refused("mine.toml").startswith("mine.toml: players: 0 in all")
        (folder / "mine.toml").write_text("[players]\nstrategies = ['joss']\n")
        assert refused("mine.toml").startswith("mine.toml:1: players: 1 in all")

    def test_files_that_are_none(self, folder):
        assert "did you mean 'dilemma'?" in refused("dilema")
        assert "a folder, not a tournament" in refused(".")
        (folder / "mine.toml").write_bytes(b"a = 1\n\xff")
        assert refused("mine.toml").startswith("mine.toml:2: not UTF-8 text")

    def test_options_that_are_none(self, folder):
        assert "--set rounds" in refused("mine.toml", "--set", "rounds")
        assert "--set players=3" in refused("mine.toml", "--set", "players=3")
        line = refused("mine.toml", "--set", "tournament.rounds=x")
        assert line.startswith("--set tournament.rounds=x: tournament.rounds: got 'x'")
        assert refused("mine.toml", "--seed", "x").startswith("--set seed=x: seed: got 'x'")
        assert "in a folder that is there" in refused("mine.toml", "--json", "no/where.json")
        assert "in a folder that is there" in refused("mine.toml", "--json", ".")

    def test_bids_that_cannot_be(self, folder):
        given = ("--set", "game.kind=sealed-bid", "--set", 'players.classes=["mine.py:Broke"]')
        (folder / "bid.toml").write_text('[players]\nstrategies = "all"\n')
        assert "Broke in mine.py: bids are finite and 0 or more" in refused("bid.toml", *given)

    def test_several_problems_are_told_at_once(self, folder):
        text = FILE.replace("rounds = 2", "rounds = 0").replace("noise = 0.1", "noise = 2")
        (folder / "mine.toml").write_text(text)
        with pytest.raises(TournamentFileError) as caught:
            load_tournament("mine.toml")
        assert [line[:12] for line in str(caught.value).splitlines()] == [
            "mine.toml:4:",
            "mine.toml:9:",
        ]
