"""What the README shows is what happens."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("code", "shown"), EXAMPLES)
def test_an_example_prints_what_it_says(code: str, shown: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert said.getvalue() == shown


def test_every_example_is_run_and_a_custom_agent_takes_fifteen_lines() -> None:
    assert len(EXAMPLES) == README.count("```python\n") >= 3
    assert len([line for line in EXAMPLES[0][0].splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize("change", re.findall(r"```diff\n(.*?)```", README, re.DOTALL))
def test_what_a_changed_line_imports_is_there(change: str) -> None:
    lines = change.splitlines()
    new = [line[1:] for line in lines if line.startswith("+")]
    names: dict[str, object] = {}
    exec("\n".join(new), names)
    for line in lines:
        if line.startswith("-"):  # every name that is taken away is there again
            for name in re.split(r",\s*", line.split("import ")[-1]):
                assert name in names


def test_its_study_is_a_study(tmp_path: Path) -> None:
    from experiments import load_study

    text = re.search(r"```toml\n(.*?)```", README, re.DOTALL).group(1)  # type: ignore[union-attr]
    (tmp_path / "my_facts").mkdir()
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path / "mine.toml")
    assert study.world.agents == 500
    assert study.problem.split == (0.3, 0.2, 0.5)


@pytest.mark.parametrize("name", re.findall(r"`noosphere (\w+)", README))
def test_its_commands_exist(name: str) -> None:
    from click import Context

    from experiments.cli.main import main

    assert name in main.list_commands(Context(main))  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)|`([\w./]+/[\w.]+)`", README))
def test_its_files_exist(path: tuple[str, str]) -> None:
    name = next(filter(None, path))
    assert name.startswith("runs/") or (ROOT / name).exists()
