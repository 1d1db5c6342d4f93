"""A tournament that was stopped, at whatever moment, ends with the table of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.tournament.file import TournamentFileError, load_tournament
from experiments.tournament.play import play_tournament, resume_tournament
from experiments.tournament.record import GAMES, SETTINGS, TABLE, TournamentRecord

SLOW = """
import time
from arenas.iterated import Player


class Slow(Player):
    def move(self, mine, theirs):
        time.sleep(0.002)
        return len(mine) % 2
"""
FILE = """
name = "small"
seed = 3
[tournament]
format = "swiss"
rounds = 6
[game]
turns = 20
[players]
strategies = ["tit for tat", "defector", "grudger", "random"]
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_the_table_is_that_of_a_tournament_without_a_record(file: Path, tmp_path: Path) -> None:
    chosen = load_tournament(file)
    record = TournamentRecord.create(chosen, str(file), (), tmp_path / "runs")
    kept = play_tournament(chosen, record=record)
    assert str(kept) == str(play_tournament(chosen)) == str(resume_tournament(record.path))
    assert (record.path / TABLE).read_text(encoding="utf-8") == f"{kept}\n"
    assert len((record.path / GAMES).read_bytes().splitlines()) == 6


@pytest.mark.parametrize("cut", [0, 1, 40, -1, -30])
def test_a_record_cut_anywhere_is_gone_on_with(file: Path, tmp_path: Path, cut: int) -> None:
    chosen = load_tournament(file)
    record = TournamentRecord.create(chosen, str(file), (), tmp_path / "runs")
    table = str(play_tournament(chosen, record=record))
    games = record.path / GAMES
    whole = games.read_bytes()
    games.write_bytes(whole[: cut if cut >= 0 else len(whole) + cut])
    assert str(resume_tournament(record.path)) == table
    assert games.read_bytes() == whole


def test_a_killed_tournament_plays_no_round_twice(file: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    file.write_text(FILE + 'classes = ["slow.py:Slow"]\n', encoding="utf-8")
    whole = CliRunner().invoke(main, ["tournament", str(file), "--out", "undisturbed"]).output
    command = [sys.executable, "-m", "experiments.cli.main", "tournament", str(file)]
    home = {"PYTHONPATH": str(Path(__file__).parents[3])}
    playing = subprocess.Popen(command, env={**os.environ, **home}, stdout=subprocess.DEVNULL)
    games = tmp_path / "runs" / "small-3" / GAMES
    while not (games.exists() and games.read_bytes().count(b"\n") >= 2):
        time.sleep(0.01)
        assert playing.poll() is None
    playing.send_signal(signal.SIGKILL)
    playing.wait()
    before = games.read_bytes()
    assert before.count(b"\n") < 6
    resumed = CliRunner().invoke(main, ["resume", str(games.parent)])
    assert resumed.exit_code == 0, resumed.output
    assert resumed.output.strip() in whole
    assert "forfeit" not in whole
    assert games.read_bytes().startswith(before[: before.rfind(b"\n") + 1])
    assert games.read_bytes() == (tmp_path / "undisturbed" / "small-3" / GAMES).read_bytes()


def test_a_player_that_has_changed_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    changes = ('players.classes=["slow.py:Slow"]',)
    chosen = load_tournament(file, changes)
    record = TournamentRecord.create(chosen, str(file), changes, tmp_path / "runs")
    play_tournament(chosen, record=record)
    (tmp_path / "slow.py").write_text(SLOW.replace("0.002", "0"), encoding="utf-8")
    with pytest.raises(TournamentFileError, match=r"slow.py:Slow changed since"):
        resume_tournament(record.path)


def test_a_file_that_has_changed_is_refused(file: Path, tmp_path: Path) -> None:
    chosen = load_tournament(file)
    record = TournamentRecord.create(chosen, str(file), (), tmp_path / "runs")
    play_tournament(chosen, record=record)
    file.write_text(FILE.replace("rounds = 6", "rounds = 7"), encoding="utf-8")
    with pytest.raises(TournamentFileError, match="the file changed since"):
        resume_tournament(record.path)


def test_what_no_tournament_is_gets_one_line(file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TournamentFileError, match=r"not the folder of a tournament"):
        TournamentRecord(tmp_path / "empty")
    chosen = load_tournament(file)
    record = TournamentRecord.create(chosen, str(file), (), tmp_path / "runs")
    play_tournament(chosen, record=record)
    lines = (record.path / GAMES).read_bytes().splitlines()
    first = json.loads(lines[0])
    first["first"] = first["first"][::-1]
    damage = {GAMES: json.dumps(first).encode() + b"\n", SETTINGS: b"{}"}
    for name, data in damage.items():
        before = (record.path / name).read_bytes()
        (record.path / name).write_bytes(data)
        done = CliRunner().invoke(main, ["resume", str(record.path)])
        assert done.exit_code == 2
        assert "damaged" in done.output
        assert len(done.output.splitlines()) == 1
        (record.path / name).write_bytes(before)


def test_the_second_folder_has_a_number(file: Path, tmp_path: Path) -> None:
    chosen = load_tournament(file)
    paths = [TournamentRecord.create(chosen, str(file), (), "runs").path.name for _ in range(3)]
    assert paths == ["small-3", "small-3-2", "small-3-3"]
