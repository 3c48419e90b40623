"""wait-for: wait until an application, a unit or a model reaches a state."""

import time
from collections.abc import Mapping
from typing import Any

import click

from paas_local.cli import arguments, output, progress, session, wait_query
from paas_local.cli.juju_click import ignored_options, juju_command, model_option

_POLL_INTERVAL = 0.2
_QUERIES = {
    "application": 'life=="alive" && status=="active"',
    "unit": 'life=="alive" && workload-status=="active"',
    "model": 'life=="alive" && status=="available"',
}
_FIELDS: Mapping[str, wait_query.Fields] = {
    "application": {"name": "", "life": "", "status": "", "status-message": "", "scale": 0, "exposed": False},
    "unit": {
        "name": "",
        "life": "",
        "workload-status": "",
        "workload-message": "",
        "agent-status": "",
        "agent-message": "",
        "leader": False,
    },
    "model": {"name": "", "life": "", "status": ""},
}
"""The fields of each kind of entity, with their values before the entity exists."""


@juju_command
@click.argument("kind", type=click.Choice(tuple(_QUERIES)), metavar="application|unit|model")
@click.argument("name")
@click.option("--query", metavar="QUERY", help="The state to wait for, as 'status==\"blocked\"'; active if left out.")
@click.option("--timeout", default="10m", show_default=True, metavar="TIME", help="The longest time to wait.")
@ignored_options("--summary", is_flag=True)
@model_option
def wait_for(kind: str, name: str, query: str | None, timeout: str, model: str) -> None:
    """Wait until an application, a unit or a model reaches a state; print each status on the way.

    An application that handles a change stays active meanwhile, as in Juju. To wait for the end of the change:

    \b
    paas-local wait-for unit web/0 --query 'workload-status=="active" && agent-status=="idle"'
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    reached = wait_query.parse(query or _QUERIES[kind], _FIELDS[kind])
    deadline = time.monotonic() + arguments.seconds(timeout, "--timeout")
    shown = ""
    with progress.steps() as steps:
        client = session.connect(steps)
        model = session.short_name(name) if kind == "model" else session.chosen_model(model)
        while True:
            fields = _fields(kind, name, client.query("status", model=model))
            if reached(fields):
                break
            if (text := _text(kind, name, fields)) != shown:
                shown = text
                steps(text)
            if time.monotonic() > deadline:
                raise click.ClickException(f"{text} after {timeout}; see: paas-local debug-log --limit 20")
            time.sleep(_POLL_INTERVAL)
    output.say(_text(kind, name, fields))


def _fields(kind: str, name: str, document: Mapping[str, Any]) -> wait_query.Fields:
    missing = _FIELDS[kind]
    application: Mapping[str, Any] = document["applications"].get(name.partition("/")[0], {})
    if kind == "model":
        entity: Mapping[str, Any] = document["model"]
        status = entity.get("model-status", {}).get("current", "available")
        return {"name": entity["name"], "life": entity.get("life", "alive"), "status": status}
    if kind == "application":
        if not application:
            return missing
        status = application.get("application-status", {})
        return {
            "name": name,
            "life": application.get("life", "") or "alive",
            "status": status.get("current", ""),
            "status-message": status.get("message", ""),
            "scale": application.get("scale", 0),
            "exposed": application.get("exposed", False),
        }
    unit: Mapping[str, Any] = application.get("units", {}).get(name, {})
    if not unit:
        return missing
    workload, agent = unit["workload-status"], unit["juju-status"]
    return {
        "name": name,
        "life": agent.get("life", "") or "alive",
        "workload-status": workload["current"],
        "workload-message": workload.get("message", ""),
        "agent-status": agent["current"],
        "agent-message": agent.get("message", ""),
        "leader": unit.get("leader", False),
    }


def _text(kind: str, name: str, fields: wait_query.Fields) -> str:
    if not fields["name"]:
        return f"{kind} {name} does not exist"
    status = str(fields.get("workload-status") or fields.get("status") or "unknown")
    message = str(fields.get("workload-message") or fields.get("status-message") or "")
    return f"{name} is {status}: {message}" if message else f"{name} is {status}"
