"""The content of a secret in a command's arguments."""

import base64
from collections.abc import Sequence
from pathlib import Path

import click

from paas_local.build import yaml_files
from paas_local.cli import arguments
from paas_local.juju.names import SECRET_KEY


def parse(words: Sequence[str], file: str | None) -> dict[str, str]:
    """Return ``key=text``, ``key#base64=...`` and ``key#file=path`` over the mapping in a YAML file."""
    content = {key: str(value) for key, value in yaml_files.load(Path(file)).items()} if file else {}
    for word, value in arguments.pairs(words, what="secret values").items():
        key, _, encoding = word.partition("#")
        content[key] = _decoded(key, encoding, value)
    for key in content:
        if not SECRET_KEY.fullmatch(key):
            raise click.ClickException(f'key "{key}" not valid')
    return content


def _decoded(key: str, encoding: str, value: str) -> str:
    if encoding == "file":
        return arguments.read_text(Path(value))
    if encoding != "base64":
        return value
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError as error:
        raise click.ClickException(f'the value of "{key}" must be UTF-8 text in base64') from error
