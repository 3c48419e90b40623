"""The requests of one command, and the model that they are about."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from paas_local import folders
from paas_local.cli import progress
from paas_local.cli.client import Client
from paas_local.juju import names

if TYPE_CHECKING:
    from pathlib import Path

_CURRENT_MODEL = "current-model"


def connect(steps: progress.Steps) -> Client:
    """Return the client of the background process, which runs with the ``--pebble`` of this command line."""
    pebble: Path | None = click.get_current_context().find_root().obj
    client = Client.of_home(progress=steps, pebble=pebble)
    if pebble and client.running() and (running := client.query("ping")["pebble"]) != str(pebble):
        raise click.ClickException(
            f"the background process runs already, with another pebble ({running}); end it first: paas-local shutdown"
        )
    return client


def request(command: str, /, **body: Any) -> Any:
    """Return the result of one command."""
    with progress.steps() as steps:
        return connect(steps).request(command, **body)


def request_answer(command: str, /, **body: Any) -> Mapping[str, Any]:
    """Return the whole answer of one command."""
    with progress.steps() as steps:
        return connect(steps).request_answer(command, **body)


def query(command: str, /, **body: Any) -> Any:
    """Return the result of one query."""
    with progress.steps() as steps:
        return connect(steps).query(command, **body)


def stream(command: str, /, **body: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of an endless answer."""
    with progress.steps() as steps:
        client = connect(steps)
        client.start()
    yield from client.stream(command, **body)


def chosen_model(option: str) -> str:
    """Return the model of ``--model``, of ``JUJU_MODEL``, or the current one, in this order."""
    model = option or os.environ.get("JUJU_MODEL", "") or current_model()
    if not model:
        raise click.ClickException(f"no model is selected; {_advice()}")
    return short_name(model)


def _advice() -> str:
    with progress.steps() as steps:
        client = connect(steps)
        models: list[str] = client.query("models")["models"] if client.running() else []
    if models:
        return f"select {' or '.join(models)} with: paas-local switch NAME"
    return "add one with: paas-local add-model NAME"


def model_of_offers(offers: Sequence[str], option: str) -> str:
    """Return the model of offers that are named without one; empty if all are URLs."""
    return "" if all("." in offer for offer in offers) else chosen_model(option)


def short_name(model: str) -> str:
    """Return a model's name without controller and owner: ``demo`` for ``local:admin/demo``."""
    return model.rpartition(":")[2].rpartition("/")[2]


def existing_model(name: str) -> str:
    """Return a model's short name; raise an error if there is no such model."""
    model = short_name(name)
    models: list[str] = query("models")["models"]
    if model not in models:
        raise click.ClickException(f"model local:admin/{model} not found{names.did_you_mean(model, models)}")
    return model


def current_model() -> str:
    """Return the current model's name, or an empty string."""
    file = folders.home() / _CURRENT_MODEL
    return file.read_text().strip() if file.exists() else ""


def set_current_model(model: str) -> None:
    """Make a model the current one; an empty name makes none the current one."""
    file = folders.home() / _CURRENT_MODEL
    new = file.with_name(f"{_CURRENT_MODEL}.{os.getpid()}")
    new.write_text(model + "\n")
    new.replace(file)
