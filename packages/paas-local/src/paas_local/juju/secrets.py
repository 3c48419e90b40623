"""Secrets: the revisions that units read, the right to change them, and the operations of hooks and users."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from paas_local.juju import events, timestamps
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import Grant, HookContext, SecretChange
from paas_local.juju.model import Model, Revision, Secret, Tracking, application_of, with_secret
from paas_local.juju.names import SECRET_KEY, pod_name, unit_tag

_LARGEST = 1_000_000
_DAY = 86400.0
_RETRY = 300.0
ROTATIONS: Mapping[str, float] = {
    "never": 0,
    "hourly": 1 / 24,
    "daily": 1,
    "weekly": 7,
    "monthly": 30,
    "quarterly": 91,
    "yearly": 365,
}
"""The policies of rotation, with the days between two rotations."""
USER_GRANT = -1
"""A grant of a user secret ends with no relation."""


def bare_id(uri: str) -> str:
    """Return the id in ``secret:ID`` or ``secret://MODEL/ID``."""
    return uri.removeprefix("secret:").rpartition("/")[2]


def find(model: Model, uri: str) -> Secret:
    """Return a secret of the model by its URI or, for a user secret, by its name."""
    key = bare_id(uri)
    by_name = (secret for secret in model.secrets.values() if secret.name == key and secret.name)
    secret = model.secrets.get(key) or next(by_name, None)
    if secret is None or secret.owner_kind == "remote":
        raise JujuError(f'secret "{key}" not found')
    return secret


def check_content(content: Mapping[str, str]) -> Mapping[str, str]:
    """Return the content; raise JujuError if Juju would not accept its keys or its size."""
    if not content:
        raise JujuError("missing secret value or filename")
    for key in content:
        if not SECRET_KEY.fullmatch(key):
            raise JujuError(f'key "{key}" not valid')
    if sum(len(value.encode()) for value in content.values()) * 4 // 3 > _LARGEST:
        raise JujuError(f"secret content size exceeds {_LARGEST} bytes")
    return content


def with_change(secret: Secret, change: SecretChange, now: float) -> Secret:
    """Return the secret with a change applied; unchanged content adds no revision."""
    revisions = secret.revisions
    if change.content is not None and dict(change.content) != dict(secret.latest.content):
        newest = Revision(number=secret.latest.number + 1, content=change.content, created=now)
        revisions = (*revisions, newest)
    if change.expires is not None:
        newest = dataclasses.replace(revisions[-1], expires=change.expires, expiry_due=change.expires)
        revisions = (*revisions[:-1], newest)
    rotate = secret.rotate if change.rotate is None else change.rotate
    due = secret.rotation_due if rotate == secret.rotate else next_rotation(rotate, now)
    return dataclasses.replace(
        secret,
        revisions=revisions,
        updated=now,
        label=secret.label if change.label is None else change.label,
        description=secret.description if change.description is None else change.description,
        rotate=rotate,
        rotation_due=due,
    )


def next_rotation(policy: str, after: float) -> float:
    """Return the time of a policy's next rotation, or 0 if there is none."""
    days = ROTATIONS.get(policy, 0)
    return after + days * _DAY if days else 0.0


def owned(model: Model, unit: str) -> Iterator[Secret]:
    """Yield the secrets that a unit looks after: its own and, if it leads, its application's."""
    for secret in model.secrets.values():
        if secret.owned_by(unit) and (secret.owner_kind == "unit" or model.leads(unit)):
            yield secret


def track(model: Model, uri: str, unit: str, revision: int, label: str | None) -> Model:
    """Record the revision that a unit reads, and the unit's label of the secret."""
    secret = model.secrets[bare_id(uri)]
    old = secret.tracking.get(unit, Tracking(revision=revision))
    new = dataclasses.replace(old, revision=revision, label=old.label if label is None else label)
    return with_secret(model, _pruned(dataclasses.replace(secret, tracking={**secret.tracking, unit: new})))


def notified(model: Model, unit: str, step: events.SecretStep, now: float) -> Model:
    """Record that a unit's hook has handled a revision; one that is still expired or not rotated is due again."""
    secret = model.secrets.get(step.secret)
    if secret is None:
        return model
    match step.becomes:
        case "remove":
            return with_secret(model, dataclasses.replace(secret, retired=secret.retired | {step.revision}))
        case "rotate":
            is_new = secret.latest.number > step.revision
            due = next_rotation(secret.rotate, now) if is_new or not secret.rotation_due else now + _RETRY
            return with_secret(model, dataclasses.replace(secret, rotation_due=due))
        case "expired":
            revisions = tuple(
                dataclasses.replace(each, expiry_due=now + _RETRY) if each.number == step.revision else each
                for each in secret.revisions
            )
            return with_secret(model, dataclasses.replace(secret, revisions=revisions))
        case "changed":
            pass
    tracking = secret.tracking.get(unit)
    if tracking is None:
        return model
    tracking = dataclasses.replace(tracking, notified_revision=step.revision)
    return with_secret(model, dataclasses.replace(secret, tracking={**secret.tracking, unit: tracking}))


def check_may_write(model: Model, secret: Secret, unit: str) -> None:
    """Raise JujuError unless a unit owns a secret, or leads the application that owns it."""
    if not secret.owned_by(unit):
        raise JujuError("permission denied")
    if secret.owner_kind == "application" and not model.leads(unit):
        raise JujuError("this unit is not the leader")


def check_owner_label(model: Model, secret: Secret, label: str) -> None:
    """Raise JujuError if a label is in use: by the owner, or between an application and its units."""
    if not label:
        return
    for other in model.secrets.values():
        users = {unit for unit, tracking in other.tracking.items() if tracking.label == label}
        if other.label == label and other.owner_kind != "model":
            users.add(other.owner)
        if other.id != secret.id and any(_share_labels(user, secret.owner) for user in users):
            raise JujuError(f'secret with label "{label}" already exists')


def check_reader_label(model: Model, unit: str, secret: Secret, label: str) -> None:
    """Raise JujuError if a unit reads another secret by a label, or if it or its application owns one with it."""
    for other in model.secrets.values():
        tracking = other.tracking.get(unit)
        role = None
        if other.label == label and other.owned_by(unit):
            role = "" if other.owner_kind == "application" else "owner "
        elif tracking and tracking.label == label:
            role = "consumer "
        if role is not None and other.id != secret.id:
            raise JujuError(f'secret label "{label}" for {role}"{unit_tag(unit)}" already exists')


def commit(model: Model, context: HookContext, now: float) -> Model:
    """Apply a hook's pending writes to secrets: additions, changes, grants, then removals."""
    writes = context.writes
    for secret in writes.added.values():
        check_may_write(model, secret, context.unit)
        check_owner_label(model, secret, secret.label)
        model = with_secret(model, secret)
    for secret_id, change in writes.changed.items():
        secret = find(model, secret_id)
        check_may_write(model, secret, context.unit)
        check_owner_label(model, secret, change.label or "")
        model = with_secret(model, with_change(secret, change, now))
    for pending in writes.grants:
        secret = find(model, pending.secret)
        check_may_write(model, secret, context.unit)
        model = with_secret(model, _with_grant(model, secret, pending))
    for secret_id, revision in writes.removed.items():
        if secret_id in model.secrets:
            check_may_write(model, model.secrets[secret_id], context.unit)
            model = _without(model, secret_id, revision)
    return model


def add(model: Model, secret: Secret) -> Model:
    """Add a user secret."""
    _check_is_new(model, secret.name)
    check_content(secret.latest.content)
    return with_secret(model, secret)


def grant(model: Model, uri: str, applications: tuple[str, ...], *, revoke: bool = False) -> Model:
    """Grant applications a user secret, or revoke the grant."""
    secret = _user_secret(model, uri)
    for name in applications:
        if name not in model.applications:
            action = "revoke" if revoke else "grant"
            raise JujuError(f'failed to {action} secret: application "{name}" not found')
    grants = {reader: number for reader, number in secret.grants.items() if reader not in applications}
    if not revoke:
        grants |= dict.fromkeys(applications, USER_GRANT)
    return with_secret(model, dataclasses.replace(secret, grants=grants))


def update(
    model: Model, uri: str, change: SecretChange, now: float, *, name: str | None = None, auto_prune: bool | None = None
) -> Model:
    """Change the content, the description, the name or the pruning of a user secret."""
    secret = _user_secret(model, uri)
    if change.content is not None:
        check_content(change.content)
    if name is not None and name != secret.name:
        _check_is_new(model, name)
    changed = with_change(secret, change, now)
    name = secret.name if name is None else name
    auto_prune = secret.auto_prune if auto_prune is None else auto_prune
    return with_secret(model, _pruned(dataclasses.replace(changed, name=name, auto_prune=auto_prune)))


def remove(model: Model, uri: str, revision: int | None) -> Model:
    """Remove a user secret, or one revision of it."""
    return _without(model, _user_secret(model, uri).id, revision)


def list_document(model: Model) -> dict[str, Any]:
    """Return the document of ``juju secrets --format json``."""
    return {secret.id: _entry(secret) for secret in model.secrets.values() if secret.owner_kind != "remote"}


def show_document(
    model: Model, secret: Secret, *, reveal: bool, revisions: bool, revision: int | None = None
) -> dict[str, Any]:
    """Return the document of ``juju show-secret --format json``; the content is the revision's, or the newest one's."""
    entry = _entry(secret)
    shown = secret.latest if revision is None else secret.revision(revision)
    if shown is None:
        raise JujuError(f'secret "{secret.id}" revision {revision} not found')
    if secret.grants:
        entry["access"] = [_access(model, *item) for item in sorted(secret.grants.items())]
    if reveal:
        entry["content"] = {"Data": dict(shown.content)}
    if revisions:
        entry["revisions"] = [
            {
                "revision": item.number,
                "backend": "internal",
                "created": timestamps.secret(item.created),
                "updated": timestamps.secret(item.created),
                **({"expires": timestamps.secret(item.expires)} if item.expires else {}),
            }
            for item in secret.revisions
        ]
    return {secret.id: entry}


def _entry(secret: Secret) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "revision": secret.latest.number,
        "owner": "<model>" if secret.owner_kind == "model" else secret.owner,
        "created": timestamps.secret(secret.created),
        "updated": timestamps.secret(secret.updated),
    }
    optional = {
        "name": secret.name,
        "label": secret.label,
        "description": secret.description,
        "rotation": secret.rotate,
        "rotates": timestamps.secret(secret.rotation_due) if secret.rotation_due else "",
        "expires": timestamps.secret(secret.latest.expires) if secret.latest.expires else "",
    }
    return entry | {key: value for key, value in optional.items() if value}


def _check_is_new(model: Model, name: str) -> None:
    if any(other.name == name for other in model.secrets.values() if other.owner_kind == "model"):
        raise JujuError(f'secret with name "{name}" already exists')


def _pruned(secret: Secret) -> Secret:
    """Return the secret without the revisions that no unit reads, if it is pruned."""
    if not secret.auto_prune:
        return secret
    used = {secret.latest.number, *(tracking.revision for tracking in secret.tracking.values())}
    return dataclasses.replace(secret, revisions=tuple(each for each in secret.revisions if each.number in used))


def _share_labels(first: str, second: str) -> bool:
    """Return whether no label may be of both: the same unit or application, or an application and one of its units."""
    return first == second or first == application_of(second) or application_of(first) == second


def _user_secret(model: Model, uri: str) -> Secret:
    secret = find(model, uri)
    if secret.owner_kind != "model":
        raise JujuError("permission denied")
    return secret


def _without(model: Model, secret_id: str, revision: int | None) -> Model:
    # a secret without revisions is removed as a whole
    secret = model.secrets[secret_id]
    revisions = () if revision is None else tuple(item for item in secret.revisions if item.number != revision)
    if revisions:
        return with_secret(model, dataclasses.replace(secret, revisions=revisions))
    others = {key: other for key, other in model.secrets.items() if key != secret_id}
    return dataclasses.replace(model, secrets=others)


def _with_grant(model: Model, secret: Secret, pending: Grant) -> Secret:
    others = {reader: number for reader, number in secret.grants.items() if reader != pending.reader}
    if pending.revoke:
        return dataclasses.replace(secret, grants=others)
    if pending.relation not in model.relations:
        raise JujuError(f"relation {pending.relation} not found")
    if secret.grants.get(pending.reader, pending.relation) != pending.relation:
        raise JujuError("cannot change secret permission scope")
    return dataclasses.replace(secret, grants={**others, pending.reader: pending.relation})


def _access(model: Model, reader: str, relation: int) -> dict[str, str]:
    kind = "unit" if "/" in reader else "application"
    scope = f"model-{model.uuid}"
    if relation in model.relations:
        scope = "relation-" + model.relations[relation].key.replace(":", ".").replace(" ", "#")
    return {"target": f"{kind}-{pod_name(reader)}", "scope": scope, "role": "view"}
