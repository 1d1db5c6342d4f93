"""Odd graphs at the end of a run and at the command line: nothing ends in a traceback."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.reasoning.answerers import AskError
from experiments.reasoning.ask import ask
from experiments.reasoning.baselines import PER_RELATION, Exam, mixtures
from experiments.reasoning.subject import graph_subject
from swarm.reasoning import KnowledgeGraph


def test_a_relation_that_validation_never_asks_about_is_examined() -> None:
    """The last relations stand in train and test alone; the best engine is asked about them."""
    rng = np.random.default_rng(0)
    facts = rng.permutation(np.unique(rng.integers(0, (8, 3, 8), (90, 3)), axis=0)).astype(np.int32)
    common, rare = facts[facts[:, 1] == 0], facts[facts[:, 1] > 0]
    graph = KnowledgeGraph(
        "rare",
        tuple("abcdefgh"),
        ("r", "s", "t"),
        np.concatenate([common[:12], rare[:30]]),
        common[12:],
        rare[30:],
    )
    subject = graph_subject(graph)
    test = subject.held_out()
    per_relation = next(c for c in mixtures(subject.problem) if c.name == PER_RELATION)
    scores = per_relation.scores(test)
    assert scores.shape == test.table.block.open.shape
    valid = Exam(subject.problem.table, subject.problem.referee)
    assert valid.credit(per_relation.scores(valid)) > 0


@pytest.fixture
def closed(tmp_path: Path) -> str:
    """A folder in which `a` likes everybody."""
    parts = {
        "train": [f"a\tlikes\t{name}" for name in "abcdef"] + ["b\tlikes\tc", "d\tlikes\te"],
        "valid": ["c\tlikes\td"],
        "test": ["d\tlikes\tf"],
    }
    for part, facts in parts.items():
        (tmp_path / f"{part}.tsv").write_text("\n".join(facts) + "\n")
    return str(tmp_path)


def test_a_question_whose_answers_are_all_known_is_refused(closed: str) -> None:
    with pytest.raises(AskError, match=r"every entity is a known answer to a likes \?"):
        ask(closed, "a", "likes")
    done = CliRunner().invoke(main, ["ask", closed, "a", "likes", "--json"])
    assert done.exit_code == 2
    assert done.output.count("\n") == 1
