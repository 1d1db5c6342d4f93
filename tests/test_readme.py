"""What the README shows is what happens; and what any page points at is there."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "docs"))

from blocks import pages, try_page  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
MADE = {DOCS / name for name in ("reference/commands.md", "reference/studies.md")}
MADE |= {DOCS / "gallery/index.md", DOCS / "reference/api/index.rst", DOCS / "notebooks.md"}
"""Pages that a build writes."""
PYTHON = r"```python\n(.*?)```\n(?:\n```\n(.*?)```)?"
OURS = ("arenas", "benchmarks", "docs", "economy", "evolution", "experiments", "notebooks", "swarm")

EXAMPLES = re.findall(PYTHON, README, re.DOTALL)
GUIDE = sorted(path for path in (DOCS / "guide").glob("*.md") if path.stem != "index")
PAGES = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages()]


def section(title: str) -> str:
    """The text of a section of the README."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def numbers(text: str) -> set[float]:
    """All numbers of a text, signs apart."""
    found = re.findall(r"\d[\d,]*(?:\.\d+)?|\.\d+", text)
    return {float(number.replace(",", "")) for number in found}


@pytest.mark.parametrize(("code", "shown"), EXAMPLES)
def test_an_example_prints_what_it_says(code: str, shown: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert said.getvalue() == shown


def test_every_example_is_run_and_a_custom_agent_takes_fifteen_lines() -> None:
    assert len(EXAMPLES) == README.count("```python\n") >= 2
    code, shown = EXAMPLES[0]
    assert shown
    assert "(Agent):" in code
    assert len([line for line in code.splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in GUIDE])
def test_every_example_of_the_guide_says_what_it_prints(page: Path) -> None:
    """Whether that is so is tried with the other pages (`tests/docs/test_blocks.py`)."""
    text = page.read_text(encoding="utf-8")
    shown = [said for _, said in re.findall(PYTHON, text, re.DOTALL)]
    assert len(shown) == text.count("```python\n")
    assert all(shown)
    assert not [line for said in shown for line in said.splitlines() if "..." in line]


def test_its_commands_say_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place: the table of a sweep is the same wherever it is run, and workers take a while."""
    consoles = re.findall(r"```console\n.*?```\n", README, re.DOTALL)
    text = re.sub(r"(?m)^\$ noosphere sweep .*$", r"\g<0> --executor in-place", "\n".join(consoles))
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert try_page(tmp_path / "page.md", tmp_path) == len(consoles) >= 1


DIFFS = [
    pytest.param(change, id=f"{page.stem}-{number}")
    for page in pages()
    for number, change in enumerate(
        re.findall(r"```diff\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )
]


@pytest.mark.parametrize("change", DIFFS)
def test_what_a_changed_line_imports_is_there(change: str) -> None:
    lines = change.splitlines()
    new = [line[1:] for line in lines if line.startswith("+")]
    names: dict[str, object] = {}
    exec("\n".join(new), names)
    for line in lines:
        if line.startswith("-"):  # every name that is taken away is there again
            for name in re.split(r",\s*", line.split("import ")[-1]):
                assert name in names


def test_there_are_changed_lines() -> None:
    assert len(DIFFS) >= 3


def test_its_study_is_a_study(tmp_path: Path) -> None:
    from experiments import load_study

    text = re.search(r"```toml\n(.*?)```", README, re.DOTALL).group(1)  # type: ignore[union-attr]
    (tmp_path / "my_facts").mkdir()
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path / "mine.toml")
    assert study.world.agents == 500
    assert study.problem.split == (0.3, 0.2, 0.5)


def test_its_table_has_every_command() -> None:
    from click import Context

    from experiments.cli.main import main

    listed = re.findall(r"^\| `noosphere (\w+)", section("What you can do"), re.MULTILINE)
    assert sorted(listed) == sorted(main.list_commands(Context(main)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    from click import Context

    from experiments.cli.main import main

    text = page.read_text(encoding="utf-8")
    there = main.list_commands(Context(main))  # type: ignore[attr-defined]
    for name in re.findall(r"(?:`|\$ )noosphere (\w+)", text):
        assert name in there
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in re.findall(r"`make ([\w-]+)", text):
        assert f"\n{name}:" in made
    for name in re.findall(r"`python -m benchmarks (\w+)", text):
        assert f'"{name}"' in (ROOT / "benchmarks/__main__.py").read_text(encoding="utf-8")


def test_its_questions_are_those_that_were_answered() -> None:
    from experiments.questions.names import QUESTIONS

    asked = (DOCS / "questions.md").read_text(encoding="utf-8")
    answered = re.findall(r"^## (.*)$", asked, re.MULTILINE)
    listed = re.findall(r"^- \*(.*?)\* ", section("What we asked it"), re.MULTILINE)
    assert listed == answered
    assert set(answered) <= set(QUESTIONS.values())


@pytest.mark.parametrize(
    "name",
    re.findall(r"`((?:swarm|evolution|economy|arenas|experiments)[\w.]*)`", section("The library")),
)
def test_its_packages_can_be_imported(name: str) -> None:
    importlib.import_module(name)


def test_it_leads_to_the_whole_guide_and_to_every_notebook() -> None:
    for path in [*GUIDE, *(ROOT / "notebooks").glob("*.ipynb")]:
        assert f"]({path.relative_to(ROOT)})" in README


def test_its_figures_are_those_of_the_pages_it_points_at() -> None:
    measured = (DOCS / "measured.md").read_text(encoding="utf-8")
    assert len(numbers(section("Measured"))) > 20
    assert numbers(section("Measured")) <= numbers(measured)
    asked = (DOCS / "questions.md").read_text(encoding="utf-8")
    assert numbers(section("What we asked it")) <= numbers(asked)


def anchors(text: str) -> set[str]:
    """What a page's headings can be pointed at with."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in found}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_points_at_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.is_file() or path in MADE, target
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page: Path) -> None:
    """In the README and the guide all, elsewhere those of our folders: readers have files too."""
    text = page.read_text(encoding="utf-8")
    first = page.parent in (ROOT, DOCS / "guide") or page.stem == "measured"
    for name in re.findall(r"`([\w./-]+/[\w.-]*)`", text):
        if name.startswith(("runs/", "docs/_build/")):
            continue
        if first or name.split("/")[0] in OURS:
            assert (ROOT / name).exists(), name
