"""The values in a command's arguments: pairs, lists, durations, files, and the ends of a relation."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from paas_local.cli import output
from paas_local.juju import go_values, storage_directives
from paas_local.juju.errors import JujuError
from paas_local.juju.names import APPLICATION_NAME

_RELATION_END = re.compile(rf"{APPLICATION_NAME.pattern}(:[A-Za-z0-9_-]+)?")
_OFFERED = re.compile(r"(?:(?P<model>[^.]*)\.)?(?P<application>[^:]*)(?::(?P<endpoints>.*))?")


def pairs(words: Sequence[str], *, what: str) -> dict[str, str]:
    """Return ``key=value`` words as a dictionary."""
    values: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise click.UsageError(f'expected {what} as key=value, got "{word}"')
        values[key] = value
    return values


def options(words: Sequence[str]) -> dict[str, str]:
    """Return the ``key=value`` words of options; ``key=@file`` is the file's text."""
    return {
        key: read_text(Path(value[1:])) if value.startswith("@") else value
        for key, value in pairs(words, what="options").items()
    }


def options_and_files(words: Sequence[str], application: str) -> dict[str, str]:
    """Return the options of ``--config``: ``key=value``, or the name of a YAML file."""
    values: dict[str, str] = {}
    for word in words:
        values |= options([word]) if "=" in word else options_in_file(word, application)
    return values


def options_in_file(file: str, application: str) -> dict[str, str]:
    """Return the options in a YAML file, below the application's name or at the top."""
    from paas_local.build import yaml_files  # noqa: PLC0415  YAML takes a tenth of a command's start-up

    document = yaml_files.load(Path(file))
    values: dict[str, Any] = document.get(application, document)
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


def read_text(file: Path) -> str:
    """Return the text of a file in the arguments."""
    try:
        return file.read_text()
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"cannot read {file}: not UTF-8 text") from error


def seconds(duration: str, flag: str) -> float:
    """Return the seconds in a Go duration: ``5s``, ``1m30s``."""
    value = go_values.seconds(duration)
    if value is None:
        raise click.UsageError(f'invalid value "{duration}" for flag {flag}: expected a duration such as 30s or 1m30s')
    return value


def storage_counts(words: Sequence[str]) -> dict[str, int]:
    """Return the number of instances of each storage in ``NAME=COUNT`` words; pools and sizes have no effect."""
    try:
        directives = storage_directives.directives(words)
    except JujuError as error:
        raise click.UsageError(error.message) from None
    for name, directive in directives.items():
        if directive.names_pool_or_size:
            output.say(f"WARNING the pool and the size of {name} have no effect: storage is a folder of this machine")
    return {name: directive.count for name, directive in directives.items()}


def comma_separated(words: Sequence[str]) -> list[str]:
    """Return the items of comma-separated lists: ``a,b`` and ``a b`` are the same."""
    return [part for word in words for part in word.split(",") if part]


def offered_endpoints(word: str) -> tuple[str, str, list[str]]:
    """Return the model, the application and the endpoints in ``[MODEL.]APP:ENDPOINT[,ENDPOINT]``."""
    if (match := _OFFERED.fullmatch(word)) is None or match["endpoints"] is None:
        raise click.ClickException('endpoints must conform to format "<application-name>:<endpoint-name>[,...]"')
    if not APPLICATION_NAME.fullmatch(match["application"]):
        raise click.ClickException(f'application name "{match["application"]}" not valid')
    if not (endpoints := comma_separated([match["endpoints"]])):
        raise click.ClickException(f"specify endpoints for {match['application']}")
    return match["model"] or "", match["application"], endpoints


def relation_ids(words: Sequence[str]) -> list[int]:
    """Return the ids of relations."""
    if not words:
        raise click.UsageError("no relation ids specified")
    for word in words:
        if not word.isdecimal():
            raise click.UsageError(f'relation ID "{word}" not valid')
    return [int(word) for word in words]


def relation_ends(words: Sequence[str]) -> list[str]:
    """Return the two ends of a relation; the URL of an offer is checked where it is looked up."""
    if len(words) != 2:  # noqa: PLR2004 - a relation has two ends
        raise click.UsageError("an integration must involve two applications")
    for word in words:
        if "." not in word and not _RELATION_END.fullmatch(word):
            raise click.UsageError(f'expected an application or application:endpoint, got "{word}"')
    return list(words)
