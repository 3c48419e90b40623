"""Which revision of a secret a unit reads, who may change it, and what a hook's secret writes become."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from paas_local.juju import events, timestamps
from paas_local.juju.errors import Refused
from paas_local.juju.hook_context import Context, Grant, SecretChange
from paas_local.juju.model import Model, Revision, Secret, Tracking, with_secret

KEY = re.compile(r"[a-z](-?[a-z0-9]){2,}")
LARGEST = 1_000_000


def bare(uri: str) -> str:
    """Reduce ``secret:ID`` and ``secret://MODEL/ID`` to the id."""
    return uri.removeprefix("secret:").rpartition("/")[2]


def find(model: Model, uri: str) -> Secret:
    """Find a secret by its id, or a user's by its name."""
    wanted = bare(uri)
    named = (secret for secret in model.secrets.values() if secret.name == wanted and secret.name)
    secret = model.secrets.get(wanted) or next(named, None)
    if secret is None:
        raise Refused(f'secret "{wanted}" not found')
    return secret


def checked(content: Mapping[str, str]) -> Mapping[str, str]:
    """Accept content whose keys and size Juju accepts."""
    if not content:
        raise Refused("missing secret value or filename")
    for key in content:
        if not KEY.fullmatch(key):
            raise Refused(f'key "{key}" not valid')
    if sum(len(value.encode()) for value in content.values()) * 4 // 3 > LARGEST:
        raise Refused(f"secret content size exceeds {LARGEST} bytes")
    return content


def revised(secret: Secret, change: SecretChange, now: float) -> Secret:
    """Apply a change; content equal to the newest makes no revision."""
    revisions = secret.revisions
    if change.content is not None and dict(change.content) != dict(secret.latest.content):
        newest = Revision(number=secret.latest.number + 1, content=change.content, created=now)
        revisions = (*revisions, newest)
    return dataclasses.replace(
        secret,
        revisions=revisions,
        updated=now,
        label=secret.label if change.label is None else change.label,
        description=secret.description if change.description is None else change.description,
        rotate=secret.rotate if change.rotate is None else change.rotate,
        expire=secret.expire if change.expire is None else change.expire,
    )


def track(model: Model, uri: str, unit: str, revision: int, label: str | None) -> Model:
    """Note which revision a unit reads from now on, and how it calls the secret."""
    secret = model.secrets[bare(uri)]
    old = secret.tracking.get(unit, Tracking(revision=revision))
    new = dataclasses.replace(old, revision=revision, label=old.label if label is None else label)
    return with_secret(model, dataclasses.replace(secret, tracking={**secret.tracking, unit: new}))


def told(model: Model, unit: str, step: events.SecretStep) -> Model:
    """Note that a unit has heard of a revision."""
    secret = model.secrets.get(step.secret)
    if secret is None:
        return model
    if step.becomes == "remove":
        return with_secret(model, dataclasses.replace(secret, retired=secret.retired | {step.revision}))
    tracking = secret.tracking.get(unit)
    if tracking is None:
        return model
    heard = dataclasses.replace(tracking, told=step.revision)
    return with_secret(model, dataclasses.replace(secret, tracking={**secret.tracking, unit: heard}))


def may_write(model: Model, secret: Secret, unit: str) -> None:
    """Refuse whoever does not own a secret, and those who own it but do not lead."""
    if not secret.owned_by(unit):
        raise Refused("permission denied")
    if secret.owner_kind == "application" and not model.leads(unit):
        raise Refused("this unit is not the leader")


def flush(model: Model, context: Context, now: float) -> Model:
    """Keep what a hook did to secrets, in the order in which it makes sense."""
    writes = context.writes
    for secret in writes.added.values():
        may_write(model, secret, context.unit)
        model = with_secret(model, secret)
    for number, change in writes.changed.items():
        secret = find(model, number)
        may_write(model, secret, context.unit)
        model = with_secret(model, revised(secret, change, now))
    for grant in writes.grants:
        secret = find(model, grant.secret)
        may_write(model, secret, context.unit)
        model = with_secret(model, _granted(model, secret, grant))
    for number, revision in writes.removed:
        if number in model.secrets:
            may_write(model, model.secrets[number], context.unit)
            model = removed(model, number, revision)
    return model


def removed(model: Model, number: str, revision: int | None) -> Model:
    """Take out one revision, or the whole secret; without revisions there is no secret."""
    secret = model.secrets[number]
    left = () if revision is None else tuple(item for item in secret.revisions if item.number != revision)
    if left:
        return with_secret(model, dataclasses.replace(secret, revisions=left))
    others = {key: other for key, other in model.secrets.items() if key != number}
    return dataclasses.replace(model, secrets=others)


def add(model: Model, secret: Secret) -> Model:
    """Add a user's secret."""
    if any(other.name == secret.name for other in model.secrets.values() if other.owner_kind == "model"):
        raise Refused(f'secret with name "{secret.name}" already exists')
    checked(secret.latest.content)
    return with_secret(model, secret)


def grant(model: Model, uri: str, applications: tuple[str, ...], *, revoke: bool = False) -> Model:
    """Let applications read a user's secret, or no longer."""
    secret = _of_user(find(model, uri))
    for name in applications:
        if name not in model.applications:
            verb = "revoke" if revoke else "grant"
            raise Refused(f'failed to {verb} secret: application "{name}" not found')
    grants = {reader: number for reader, number in secret.grants.items() if reader not in applications}
    if not revoke:
        grants |= dict.fromkeys(applications, -1)
    return with_secret(model, dataclasses.replace(secret, grants=grants))


def update(model: Model, uri: str, change: SecretChange, now: float) -> Model:
    """Give a user's secret new content or a new description."""
    secret = _of_user(find(model, uri))
    if change.content is not None:
        checked(change.content)
    return with_secret(model, revised(secret, change, now))


def remove(model: Model, uri: str, revision: int | None) -> Model:
    """Take out a user's secret."""
    return removed(model, _of_user(find(model, uri)).id, revision)


def document(model: Model, secret: Secret, *, reveal: bool = False, access: bool = False) -> dict[str, Any]:
    """Show one secret as ``juju show-secret --format json`` does."""
    shown: dict[str, Any] = {
        "revision": secret.latest.number,
        "owner": "<model>" if secret.owner_kind == "model" else secret.owner,
        "created": timestamps.iso(secret.created),
        "updated": timestamps.iso(secret.updated),
    }
    optional = {
        "name": secret.name,
        "label": secret.label,
        "description": secret.description,
        "rotation": secret.rotate,
        "expires": secret.expire,
    }
    shown |= {key: value for key, value in optional.items() if value}
    if access and secret.grants:
        shown["access"] = [_access(model, *item) for item in sorted(secret.grants.items())]
    if reveal:
        shown["content"] = {"Data": dict(secret.latest.content)}
    return {secret.id: shown}


def shown(model: Model, secret: Secret, *, reveal: bool, revisions: bool) -> dict[str, Any]:
    """Answer ``juju show-secret --format json``."""
    entry = document(model, secret, reveal=reveal, access=True)
    if revisions:
        entry[secret.id]["revisions"] = [
            {
                "revision": item.number,
                "backend": "internal",
                "created": timestamps.iso(item.created),
                "updated": timestamps.iso(item.created),
            }
            for item in secret.revisions
        ]
    return entry


def _of_user(secret: Secret) -> Secret:
    if secret.owner_kind != "model":
        raise Refused("permission denied")
    return secret


def _granted(model: Model, secret: Secret, wanted: Grant) -> Secret:
    others = {reader: number for reader, number in secret.grants.items() if reader != wanted.reader}
    if wanted.revoke:
        return dataclasses.replace(secret, grants=others)
    if wanted.relation not in model.relations:
        raise Refused(f"relation {wanted.relation} not found")
    return dataclasses.replace(secret, grants={**others, wanted.reader: wanted.relation})


def _access(model: Model, reader: str, relation: int) -> dict[str, str]:
    kind = "unit" if "/" in reader else "application"
    scope = f"model-{model.uuid}"
    if relation in model.relations:
        scope = "relation-" + model.relations[relation].key.replace(":", ".").replace(" ", "#")
    return {"target": f"{kind}-{reader.replace('/', '-')}", "scope": scope, "role": "view"}
