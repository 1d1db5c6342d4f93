"""Tournaments out of files: `noosphere tournament FILE`.

    from experiments import load_tournament, play_tournament

    results = play_tournament(load_tournament("dilemma"))
    print(results)

Guarantees: the results follow from the file alone, and are the same for any number of workers.
Whoever crashes in a match forfeits it, with the reason in the record.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from pathlib import Path

from arenas.tournaments import FORMATS, Contest, Results, Tournament, TournamentError
from experiments.tournament.entrants import contest_of
from experiments.tournament.file import (
    TournamentFile,
    TournamentFileError,
    load_tournament,
    shipped_tournaments,
)
from experiments.tournament.record import TournamentRecord
from swarm.checkpoint import replacing

Watch = Callable[[Tournament], None]
"""Is told after every round."""


def play_tournament(
    file: TournamentFile,
    workers: int | Executor = 1,
    watch: Watch | None = None,
    contest: Contest | None = None,
    record: TournamentRecord | None = None,
) -> Results:
    """Play a tournament to its end.

    Args:
        file: as `load_tournament` gives it.
        workers: how many processes play, or an executor of one's own.
        watch: is told of the tournament after every round.
        contest: that of the file, where it was made before.
        record: keeps every round, and has those that were played before; nothing is kept if
            left out.

    Raises:
        TournamentFileError: players that are unknown or broken (see `contest_of`), settings that do
            not fit them, or a worker process that died.
    """
    made = contest_of(file) if contest is None else contest
    settings = file.tournament.model_dump(exclude={"format"})
    try:
        kind = FORMATS[file.tournament.model_dump()["format"]]
        tournament = kind(made, seed=file.heading.seed, **settings)
    except TournamentError as error:
        raise TournamentFileError(f"{file.place('tournament')}: {error}") from None
    with _executor(workers) as executor, record.claimed(tournament) if record else nullcontext():
        try:
            while not tournament.over:
                before = len(tournament.games)
                tournament.play(executor, steps=1)
                if record is not None:
                    record.add(tournament.games.rows(before, len(tournament.games)).state())
                if watch is not None:
                    watch(tournament)
        except BrokenExecutor:
            raise TournamentFileError(
                f"{file.place('players')}: a worker process died in mid-match; play with "
                "--workers 1 to see who ended it"
            ) from None
    results = tournament.results()
    if record is not None:
        record.finish(str(results))
    return results


def shipped_rows() -> list[tuple[str, str, str, str]]:
    """The tournaments that ship: name, format, kind of game, and what each is for."""
    files = [load_tournament(name) for name in shipped_tournaments()]
    return [
        (
            file.heading.name,
            file.tournament.model_dump()["format"],
            file.game.kind,
            file.heading.description,
        )
        for file in files
    ]


@contextmanager
def progress(watched: bool) -> Iterator[Watch | None]:
    """A line on the standard error that says how far a tournament is, if somebody watches."""
    if not watched:
        yield None
        return

    def write(words: str) -> None:
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)

    def tell(tournament: Tournament) -> None:
        rounds = tournament.settings.get("rounds")
        done = int(tournament.games.round[-1]) + 1
        write(f"round {done}{f' of {rounds}' if rounds else ''}, {len(tournament.games):,} games")

    try:
        yield tell
    finally:
        write("")


def json_writer(path: str | None) -> Callable[[Results], None]:
    """What writes results as JSON to a file, or nowhere; refused at once where it cannot be."""
    if path is not None and (Path(path).is_dir() or not Path(path).absolute().parent.is_dir()):
        raise TournamentFileError(f"--json {path}: has to be a file in a folder that is there")

    def write(results: Results) -> None:
        if path is not None:
            with replacing(Path(path)) as temporary:
                Path(temporary).write_text(results.to_json(indent=1) + "\n", encoding="utf-8")

    return write


@contextmanager
def _executor(workers: int | Executor) -> Iterator[int | Executor]:
    """Processes that stay for the whole tournament; none for one worker."""
    if isinstance(workers, Executor) or workers == 1:
        yield workers
        return
    processes = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_deaf)
    try:
        yield processes
    except BaseException:
        processes.shutdown(wait=False, cancel_futures=True)
        raise
    processes.shutdown()


def _deaf() -> None:
    """In a worker: Ctrl-C is for the one who asked for the tournament."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def resume_tournament(
    folder: str | Path, workers: int | Executor = 1, watch: Watch | None = None
) -> Results:
    """Go on with a tournament that was stopped; what was played is not played again.

    Raises:
        TournamentFileError: no tournament is there, another process plays it, or its file or a
            player's has changed; and as `play_tournament`.
    """
    record = TournamentRecord(folder)
    return play_tournament(record.open(), workers, watch, record=record)
