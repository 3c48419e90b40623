"""The application of ``up``: packed from a folder, deployed with its backing services, and awaited."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from paas_local.build import charm_resources, charms, rocks, yaml_files
from paas_local.build.progress import Progress
from paas_local.cli import backing_services, output, packing, progress, session
from paas_local.cli.client import Client
from paas_local.providers import BUILT_IN

CHARM_FOLDER = "charm"
_FOLDER_OPTION = "paas-local-folder"
_PATIENCE = 300.0
_QUIET = 6.0
"""Seconds without a running hook, after which an application that is not active is a problem."""
_POLL_INTERVAL = 0.2
_BROKEN = ("blocked", "error")


@dataclass(frozen=True, kw_only=True)
class Target:
    """An application's folder and the model that it runs in."""

    folder: Path
    model: str


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A packed charm and its built images."""

    charm: charms.Charm
    rocks: Mapping[str, rocks.Rock]

    @property
    def resources(self) -> dict[str, str]:
        """Return the folder of each image."""
        return {key: str(rock.folder) for key, rock in self.rocks.items()}


def use_model(client: Client, target: Target, *, chosen: bool) -> None:
    """Make the folder's model the current one, and add it if it is missing.

    Raise an error if the model belongs to another folder, unless the user has chosen it.
    """
    if target.model not in client.query("models")["models"]:
        client.request("add-model", model=target.model)
        client.request("model-config", model=target.model, values={_FOLDER_OPTION: str(target.folder)})
    elif not chosen:
        config = client.request("model-config", model=target.model)
        folder = config.get(_FOLDER_OPTION, {}).get("Value")
        if folder != str(target.folder):
            reason = f"belongs to {folder}" if folder else "was not added by paas-local up"
            raise click.ClickException(f'the model "{target.model}" {reason}; choose one with: -m NAME')
    session.set_current_model(target.model)


def pack(target: Target, steps: Progress) -> Packed:
    """Pack the charm and build its one image."""
    charm = charms.pack(target.folder / CHARM_FOLDER, steps)
    images = [name for name, file_name in charm_resources.declared(charm.metadata).items() if not file_name]
    if len(images) != 1:
        raise click.ClickException(
            f"paas-local up supports charms with one image, and this charm has {len(images)}; use: paas-local deploy"
        )
    return Packed(charm=charm, rocks={images[0]: rocks.build(target.folder, steps)})


def deploy(client: Client, target: Target, packed: Packed, steps: progress.Steps) -> None:
    """Deploy or refresh the application, and deploy and integrate the backing services that it requires."""
    application = packed.charm.name
    body: dict[str, Any] = {"model": target.model, "application": application}
    body |= {"charm": str(packed.charm.folder), "resources": packed.resources}
    if application in client.query("status", model=target.model)["applications"]:
        if client.request("refresh", **body)["changed"]:
            steps(f"{application} restarts")
    else:
        client.request("deploy", **body)
    answer = client.query_answer("status", model=target.model)
    requirements = backing_services.requirements(packed.charm.metadata, _built_in_endpoints())
    for requirement in requirements:
        if requirement.provider is None:
            output.say(
                f"{requirement.endpoint}: no built-in charm provides {requirement.interface};"
                " deploy and integrate a charm that does"
            )
    missing = backing_services.missing(application, requirements, answer.get("integrations", ()))
    for requirement, end, other in missing:
        provider = requirement.provider
        if provider and provider not in client.query("status", model=target.model)["applications"]:
            _deploy_provider(client, target, provider, steps)
        client.request("integrate", model=target.model, endpoints=[end, other])


def wait_until_active(
    client: Client, target: Target, application: str, steps: progress.Steps, former: Mapping[str, str] | None = None
) -> str:
    """Return an empty string once the application is active, or the problem once no hook runs any more.

    Each new status of a unit is printed; one in ``former`` is not new.
    """
    began = quiet_since = time.monotonic()
    shown = dict(former or {})
    while True:
        units = dict(_units(client.query("status", model=target.model)))
        for name, (status, _) in units.items():
            if shown.get(name) != status:
                shown[name] = status
                steps(f"{name} {status}")
        own = {name: unit for name, unit in units.items() if name.partition("/")[0] == application}
        if own and all(status.partition(":")[0] == "active" and idle for status, idle in own.values()):
            return ""
        now = time.monotonic()
        if not all(idle for _, idle in units.values()):
            quiet_since = now
        if now - quiet_since > _QUIET or now - began > _PATIENCE:
            problem = next((f"{name} is {status}" for name, (status, _) in own.items()), application)
            return f"{problem}; see: paas-local debug-log --limit 20"
        time.sleep(_POLL_INTERVAL)


def problems(client: Client, target: Target, application: str) -> dict[str, str]:
    """Return the statuses of the units that are blocked or in error, by unit."""
    return {
        name: status
        for name, (status, _) in _units(client.query("status", model=target.model))
        if name.partition("/")[0] == application and status.partition(":")[0] in _BROKEN
    }


def report(client: Client, target: Target, packed: Packed, problem: str) -> None:
    """Print the application's URLs, and the problem if there is one."""
    name = packed.charm.name
    answer = client.query_answer("status", model=target.model)
    urls: Mapping[str, str] = answer.get("published", {}).get(name, {})
    unreachable: str = answer.get("unreachable", {}).get(name, "")
    if problem or unreachable:
        output.say(f"ERROR {problem or unreachable}")
    for url in urls.values():
        click.echo(url)
    if not urls and not problem and not unreachable:
        output.say(f"{name} is active and has no open port")


def stop_advice(target: Target, packed: Packed) -> str:
    """Return the line that says how to stop the application."""
    return f"{packed.charm.name} keeps running. To stop it: paas-local destroy-model {target.model} --no-prompt"


def _deploy_provider(client: Client, target: Target, name: str, steps: progress.Steps) -> None:
    charm, resources = packing.pack(name, {}, steps)
    client.request("deploy", model=target.model, charm=str(charm.folder), application=name, resources=resources)


def _built_in_endpoints() -> dict[str, dict[str, str]]:
    return backing_services.provided_endpoints(
        {name: yaml_files.load(folder / "charm/charmcraft.yaml") for name, folder in BUILT_IN.items()}
    )


def _units(document: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, bool]]]:
    for application in document["applications"].values():
        for name, unit in application.get("units", {}).items():
            status, message = unit["workload-status"]["current"], unit["workload-status"].get("message", "")
            idle = unit["juju-status"]["current"] == "idle"
            yield name, (f"{status}: {message}" if message else status, idle)
