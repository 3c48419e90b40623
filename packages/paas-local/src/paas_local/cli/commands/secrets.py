"""Verbs about the secrets that a person owns; a value is shown only by ``show-secret --reveal``."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import click

from paas_local.cli import tables
from paas_local.cli.commands import command
from paas_local.cli.commands.command import Verb

_KEY = re.compile(r"[a-z](?:-?[a-z0-9]){2,}")


@click.command("add-secret", cls=Verb)
@click.argument("name")
@click.argument("words", nargs=-1, metavar="KEY=VALUE...")
@click.option("--file", metavar="FILE", help="Keys and values from a YAML file.")
@click.option("--info", default="", help="What the secret is for.")
@command.model_option
def add_secret(name: str, words: tuple[str, ...], file: str | None, info: str, model: str) -> None:
    """Keep a secret for charms; the answer is its id."""
    content = _content(words, file)
    if not content:
        raise click.UsageError("missing secret value or filename")
    click.echo(command.ask("add-secret", model=command.the_model(model), name=name, content=content, info=info))


@click.command("update-secret", cls=Verb)
@click.argument("secret")
@click.argument("words", nargs=-1, metavar="KEY=VALUE...")
@click.option("--file", metavar="FILE")
@click.option("--info")
@click.option("--name", "new_name")
@click.option("--auto-prune", is_flag=True)
@command.model_option
def update_secret(
    secret: str,
    words: tuple[str, ...],
    file: str | None,
    info: str | None,
    new_name: str | None,
    model: str,
    *,
    auto_prune: bool,
) -> None:
    """Give a secret new content, another name or another description."""
    changes = {
        "content": _content(words, file) or None,
        "info": info,
        "name": new_name,
        "auto-prune": auto_prune or None,
    }
    given = {key: value for key, value in changes.items() if value is not None}
    command.ask("update-secret", model=command.the_model(model), secret=secret, **given)


@click.command("grant-secret", cls=Verb)
@click.argument("secret")
@click.argument("applications", nargs=-1, required=True, metavar="APP,...")
@command.model_option
def grant_secret(secret: str, applications: tuple[str, ...], model: str) -> None:
    """Let applications read a secret."""
    named = command.comma_separated(applications)
    command.ask("grant-secret", model=command.the_model(model), secret=secret, applications=named)


@click.command("revoke-secret", cls=Verb)
@click.argument("secret")
@click.argument("applications", nargs=-1, required=True, metavar="APP,...")
@command.model_option
def revoke_secret(secret: str, applications: tuple[str, ...], model: str) -> None:
    """Let applications no longer read a secret."""
    named = command.comma_separated(applications)
    command.ask("revoke-secret", model=command.the_model(model), secret=secret, applications=named)


@click.command("remove-secret", cls=Verb)
@click.argument("secret")
@click.option("--revision", "-r", type=int)
@command.model_option
def remove_secret(secret: str, revision: int | None, model: str) -> None:
    """Forget a secret, or one revision of it."""
    command.ask("remove-secret", model=command.the_model(model), secret=secret, revision=revision)


@click.command("secrets", cls=Verb)
@click.option("--owner", hidden=True)
@command.format_option("tabular", "json", "yaml")
@command.model_option
def secrets(owner: str | None, shape: str, model: str) -> None:
    """List the secrets of a model, never their content."""
    entries = command.ask("secrets", model=command.the_model(model))
    if owner:
        entries = {key: entry for key, entry in entries.items() if entry["owner"] == owner}
    if shape == "tabular":
        click.echo(tables.secrets(entries), nl=False)
    else:
        command.show(entries, shape)


@click.command("show-secret", cls=Verb)
@click.argument("secret")
@click.option("--reveal", is_flag=True, help="With its content.")
@click.option("--revisions", is_flag=True, help="With its history.")
@click.option("--revision", "-r", type=int)
@command.format_option("yaml", "json")
@command.model_option
def show_secret(secret: str, revision: int | None, shape: str, model: str, *, reveal: bool, revisions: bool) -> None:
    """Show a secret."""
    if reveal and revisions:
        raise click.UsageError("specify either --revisions or --reveal but not both")
    chosen = {} if revision is None else {"revision": revision}
    document = command.ask(
        "show-secret",
        model=command.the_model(model),
        secret=secret,
        reveal=reveal,
        revisions=revisions,
        **chosen,
    )
    command.show(document, shape)


def _content(words: Sequence[str], file: str | None) -> dict[str, str]:
    """Read ``key=text``, ``key#base64=...``, ``key#file=path`` and the file's mapping."""
    content = {key: str(value) for key, value in command.mapping(Path(file)).items()} if file else {}
    for word, value in command.pairs(words, what="secret values").items():
        key, _, kind = word.partition("#")
        content[key] = _decoded(key, kind, value)
    for key in content:
        if not _KEY.fullmatch(key):
            raise click.ClickException(f'key "{key}" not valid')
    return content


def _decoded(key: str, kind: str, value: str) -> str:
    if kind == "file":
        return command.read(Path(value))
    if kind != "base64":
        return value
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError as error:
        raise click.ClickException(f'the value of "{key}" is not text in base64') from error
