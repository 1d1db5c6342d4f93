"""The schema that editors are given allows what is allowed, and nothing else."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from click.testing import CliRunner

from experiments.cli.main import main
from experiments.models import MODELS
from experiments.study.reading import load_study, to_toml
from experiments.study.schema import study_schema
from experiments.study.shipped import shipped_studies

jsonschema = pytest.importorskip("jsonschema")


@pytest.fixture(scope="module")
def valid() -> Any:
    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid


@pytest.mark.parametrize("name", [*shipped_studies(), *MODELS])
def test_what_ships_is_valid_as_written_and_written_out(name: str, valid: Any) -> None:
    if name in shipped_studies():
        assert valid(tomllib.loads(shipped_studies()[name].read_text(encoding="utf-8")))
    assert valid(tomllib.loads(to_toml(load_study(name))))


@pytest.mark.parametrize(
    "text",
    [
        "",  # of what?
        '[problem]\ngraph = "nations"\n[world]\nagent = 5',
        '[problem]\ngraph = "nations"\n[world]\nagents = 0',
        '[problem]\ngraph = "nations"\n[selection]\nmutation = 1.5',
        '[problem]\ngraph = "nations"\n[economy]\nsystems = ["royalty"]',
        'model = "flokking"',
        'model = "flocking"\nagents = 5',
        'model = "flocking"\n[parameters]\nbirds = "many"',
        'model = "flocking"\n[parameters]\nvision = 0',
    ],
)
def test_what_is_refused_is_invalid(text: str, valid: Any) -> None:
    assert not valid(tomllib.loads(text))


def test_a_model_of_ones_own_is_named_by_file_and_class(valid: Any) -> None:
    assert valid(tomllib.loads('model = "meadow.py:Meadow"'))
    assert not valid(tomllib.loads('model = "meadow.py"'))


def test_the_command_prints_it() -> None:
    done = CliRunner().invoke(main, ["schema"])
    assert json.loads(done.output) == study_schema()
    assert '"system"' not in done.output
