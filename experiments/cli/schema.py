"""`noosphere schema`: what editors need to complete and check study files."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON schema of study files, for editors.

    Keep it beside your studies, `noosphere schema > study.schema.json`, and begin each with the
    line `#:schema study.schema.json`.
    """
    from experiments.study.schema import study_schema

    click.echo(json.dumps(study_schema(), indent=1, ensure_ascii=False))
