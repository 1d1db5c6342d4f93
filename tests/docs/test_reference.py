"""The reference has what the packages show, no more and no less; and all of it can be built."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from pathlib import Path
from types import GenericAlias

import click
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from made import commands, reference, studies  # noqa: E402
from made.words import rest  # noqa: E402

PACKAGES = list(reference.packages())


def listed(text: str) -> list[str]:
    """The names of the table of a page."""
    table = text.partition(".. autosummary::\n   :nosignatures:\n\n")[2].partition("\n\n")[0]
    values = re.search(r"(?m)^Values: (.*)\.$", text)
    data = re.findall(r":py:data:`(\w+)`", values[1]) if values else []
    return [*(line.strip() for line in table.splitlines()), *data]


def described(text: str) -> set[str]:
    """The names that stand in full on a page."""
    return set(re.findall(r"(?m)^\.\. (?:auto(?:class|exception|function)|py:data):: (\w+)$", text))


class TestPackages:
    def test_every_package_with_a_table_of_contents_has_a_page(self, tmp_path):
        for room in reference.ROOMS:
            for path in (ROOT / room).rglob("__init__.py"):
                name = ".".join(path.parent.relative_to(ROOT).parts)
                assert (name in PACKAGES) == bool(reference.shown(name))
        (tmp_path / "reference" / "api").mkdir(parents=True)
        (tmp_path / "reference" / "api" / "swarm.gone.rst").write_text("of a package that was")
        reference.write(tmp_path)
        pages = {path.stem for path in (tmp_path / "reference" / "api").glob("*.rst")}
        assert pages == {*PACKAGES, "index"}
        index = (tmp_path / "reference" / "api" / "index.rst").read_text("utf-8")
        assert [line.strip() for line in index.splitlines() if line.strip() in pages] == PACKAGES

    @pytest.mark.parametrize("name", PACKAGES)
    def test_a_page_lists_what_its_package_shows(self, name):
        package = sys.modules[name]
        assert sorted(listed(reference.page(name))) == sorted(
            set(package.__all__) - {"__version__"}
        )

    def test_everything_stands_in_full_once(self):
        homes = {}
        for name in PACKAGES:
            for each in described(reference.page(name)):
                homes.setdefault(id(getattr(sys.modules[name], each)), []).append(name)
        for name in PACKAGES:
            for each in reference.shown(name):
                value = getattr(sys.modules[name], each)
                made = isinstance(value, type) or callable(value)
                if made and not isinstance(
                    value, GenericAlias
                ):  # others stand where they are shown
                    assert len(homes[id(value)]) == 1, (name, each)


class TestWords:
    @pytest.mark.parametrize(
        ("said", "wanted"),
        [
            ("A `name` here.", "A ``name`` here."),
            ("`Foo`s of n*m, |x| and so_ on", "``Foo``\\ s of n\\*m, \\|x\\| and so\\_ on"),
            ("`a\nb` c", "``a b`` c"),
            ("Text.\n\n    code * here\n\nMore.", "Text.\n\n::\n\n        code * here\n\nMore."),
            ("Text:\n- one\n- two\nEnd", "Text:\n\n- one\n- two\n\nEnd"),
            ("Args:\n    x: of *all*.", "Args:\n    x: of \\*all\\*."),
            ("An `unpaired tick", "An \\`unpaired tick"),
        ],
    )
    def test_plain_text_becomes_rest(self, said, wanted):
        assert "\n".join(rest(said)).strip("\n") == wanted


class TestFiles:
    def test_every_command_and_option_is_there(self):
        text = commands.text()
        assert re.findall(r"(?m)^## noosphere (\S+)$", text) == list(commands.commands())
        for command in commands.commands().values():
            for option in command.params:
                if isinstance(option, click.Option):
                    assert all(f"`{name}" in text for name in option.opts[:1])

    def test_every_key_of_a_study_is_there(self):
        from experiments.reasoning.study import ReasoningStudy

        text = studies.text()
        for section in ReasoningStudy.sections().values():
            for key, field in section.model_fields.items():
                assert f"| `{key}` |" in text
                assert studies.cell(field.description) in text


@pytest.mark.slow
def test_the_documentation_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="the extra docs")
    pytest.importorskip("furo", reason="the extra docs")
    pytest.importorskip("myst_parser", reason="the extra docs")
    built = tmp_path / "html"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", str(built)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    inventory = (built / "objects.inv").read_bytes().split(b"\n", 4)[4]
    found = set(re.findall(r"(?m)^(\S+) py:", zlib.decompress(inventory).decode()))
    for name in PACKAGES:
        for each in described(reference.page(name)):
            value = getattr(sys.modules[name], each)
            home = getattr(value, "__module__", name) if isinstance(value, type) else name
            assert f"{name}.{each}" in found or f"{home}.{each}" in found
