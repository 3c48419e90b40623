"""The deployment of a bundle: the changes that the model needs, each printed before it is made."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from paas_local.cli import application_deployment, arguments, built_in_charms, output, packing, progress
from paas_local.cli.application_deployment import Deployment
from paas_local.cli.client import Client
from paas_local.juju import bundle_changes, bundles
from paas_local.juju.errors import JujuError


def deploy(client: Client, model: str, bundle: bundles.Bundle, steps: progress.Steps, *, dry_run: bool) -> None:
    """Deploy a bundle into a model; every charm is packed before the first change."""
    for key in sorted(bundle.ignored):
        output.warn_ignored(key)
    changes = _changes(client, model, bundle)
    deployments = dict(_deployments(changes, steps, dry_run=dry_run))
    if not changes:
        output.say("No changes to apply.")
        return
    click.echo("Changes to deploy bundle:" if dry_run else "Executing changes:")
    for change in changes:
        click.echo(f"- {change}")
        if not dry_run:
            _apply(client, model, change, deployments)
    if not dry_run:
        output.say("Deploy of bundle completed.")


def check_trust(bundle: bundles.Bundle) -> None:
    """Raise an error that names the applications that are to be trusted."""
    if names := [name for name, application in bundle.applications.items() if application.trust]:
        listed = "".join(f"\n  - {name}" for name in names)
        raise click.ClickException(
            "Bundle cannot be deployed without trusting applications with your cloud credentials.\n"
            "Please repeat the deploy command with the --trust argument if you consent to trust the following"
            f" application(s):{listed}"
        )


def _changes(client: Client, model: str, bundle: bundles.Bundle) -> tuple[bundle_changes.Change, ...]:
    document = client.query("export-bundle", model=model, defaults=False)
    empty = bundles.Bundle(applications={})
    try:
        return bundle_changes.changes(bundle, bundles.parse(document) if document["applications"] else empty)
    except JujuError as error:
        raise click.ClickException(error.message) from None


def _deployments(
    changes: tuple[bundle_changes.Change, ...], steps: progress.Steps, *, dry_run: bool
) -> Iterator[tuple[str, Deployment]]:
    """Pack the charms of new applications, or only find them; say where each one is."""
    for change in changes:
        match change:
            case bundle_changes.UploadCharm(charm=charm):
                _locate(charm)
            case bundle_changes.DeployApplication(application=application) if not dry_run:
                yield application.name, _deployment(application, steps)
            case _:
                pass


def _locate(charm: str) -> None:
    if built_in_charms.find(charm):
        output.say(f'Located charm "{charm}" in the built-in charms')
    else:
        output.say(f'Located local charm "{packing.charm_path(charm)}"')


def _deployment(application: bundles.BundleApplication, steps: progress.Steps) -> Deployment:
    resources = dict(_resources(application))
    deployment = application_deployment.pack(application.charm, resources, steps, application=application.name)
    storage = arguments.storage_counts([f"{name}={directive}" for name, directive in application.storage.items()])
    return dataclasses.replace(
        deployment,
        config=application.options,
        storage=storage,
        units=application.scale,
        trust=application.trust,
    )


def _resources(application: bundles.BundleApplication) -> Iterator[tuple[str, str]]:
    """Yield the resources that are files or folders here; a built-in charm has its own images."""
    for name, path in application.resources.items():
        if built_in_charms.find(application.charm) and not Path(path).exists():
            output.warn_ignored(f"the resource {name} of {application.name}")
        else:
            yield name, path


def _apply(client: Client, model: str, change: bundle_changes.Change, deployments: Mapping[str, Deployment]) -> None:
    match change:
        case bundle_changes.UploadCharm():
            pass
        case bundle_changes.DeployApplication(application=application):
            deployment = deployments[application.name]
            application_deployment.add(client, model, deployment)
            for name in deployment.resources:
                output.say(f"  added resource {name}")
        case bundle_changes.SetOptions(application=name, options=options):
            client.request("config-set", model=model, application=name, values=dict(options), reset=[])
        case bundle_changes.Scale(application=name, units=units):
            client.request("scale-application", model=model, application=name, units=units)
        case bundle_changes.Expose(application=name):
            client.request("expose", model=model, application=name, exposed=True)
        case bundle_changes.ConsumeOffer(name=name, url=url):
            client.request("consume", model=model, offer=url, alias=name)
        case bundle_changes.CreateOffer(name=name, application=application, endpoints=endpoints):
            client.request("offer", model=model, application=application, endpoints=list(endpoints), name=name)
        case bundle_changes.AddRelation(ends=ends):
            client.request("integrate", model=model, endpoints=list(ends))
