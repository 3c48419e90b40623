"""The hook tools for secrets.

Reading a secret makes the unit track a revision at once; writes take effect when the hook succeeds. Only
``--peek`` and ``--refresh`` see the pending new revision of the same hook.
"""

import base64
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from paas_local.juju import go_values, secrets, timestamps
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import Grant, SecretChange
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags
from paas_local.juju.hook_tools.relations import chosen_relation
from paas_local.juju.model import Model, Owner, Revision, Secret, application_of, with_secret
from paas_local.juju.names import UNIT_NAME


def secret_add(call: Call) -> Reply:
    """Add a secret that the application (by default) or the unit owns."""
    kind: Owner = "unit" if call.arguments.flags.get("owner") == "unit" else "application"
    if kind == "application" and not call.model.leads(call.context.unit):
        raise JujuError("this unit is not the leader")
    change = _change(call)
    label = change.label or ""
    if label and any(secret.label == label for secret in call.writes.added.values()):
        raise JujuError(f'secret with label "{label}" already exists')
    now = call.now
    content = secrets.check_content(change.content or {})
    secret = Secret(
        id=call.tool_context.fresh_id,
        owner_kind=kind,
        owner=call.context.unit if kind == "unit" else call.context.application,
        revisions=(
            Revision(
                number=1, content=content, created=now, expires=change.expires or 0, expiry_due=change.expires or 0
            ),
        ),
        label=label,
        description=change.description or "",
        rotate=change.rotate or "",
        rotation_due=secrets.next_rotation(change.rotate or "", now),
        created=now,
        updated=now,
    )
    reply = call.writing(added={**call.writes.added, secret.id: secret})
    return dataclasses.replace(reply, stdout=f"secret:{secret.id}\n")


def secret_set(call: Call) -> Reply:
    """Change a secret; several changes in one hook add one revision, and the owner never changes.

    As in Juju, the change takes back a removal by the same hook.
    """
    secret = _own(call, call.arguments.word(0), even_removed=True)
    removed = {key: revision for key, revision in call.writes.removed.items() if key != secret.id}
    change = _change(call, skip=1)
    if change.content is not None:
        secrets.check_content(change.content)
    if secret.id in call.writes.added:
        # not committed yet: still the first revision
        changed = secrets.with_change(call.writes.added[secret.id], change, call.now)
        first = dataclasses.replace(changed.latest, number=1)
        added = dataclasses.replace(changed, revisions=(first,))
        return call.writing(added={**call.writes.added, secret.id: added}, removed=removed)
    before = call.writes.changed.get(secret.id, SecretChange())
    return call.writing(changed={**call.writes.changed, secret.id: _over(before, change)}, removed=removed)


def secret_get(call: Call) -> Reply:
    """Return the tracked revision, or the newest: ``--peek`` only reads it, ``--refresh`` tracks it."""
    label = call.arguments.flags.get("label")
    uri = call.arguments.word(0)
    secret = _find(call, uri) if uri else _by_label(call, label or "")
    if not secret.readable_by(call.context.unit):
        raise JujuError("permission denied")
    peek, refresh = call.arguments.on("peek"), call.arguments.on("refresh")
    if peek and refresh:
        raise JujuError("specify one of --peek or --refresh but not both", code=BAD_ARGUMENTS)
    if secret.id in call.writes.added:
        reply = _content(call, secret.latest.content)
        added = {**call.writes.added, secret.id: dataclasses.replace(secret, label=label or secret.label)}
        return dataclasses.replace(reply, writes=dataclasses.replace(call.writes, added=added))
    tracking = secret.tracking.get(call.context.unit)
    number = secret.latest.number if tracking is None or refresh else tracking.revision
    revision = (secret.latest if peek else secret.revision(number)) or secret.latest
    content = revision.content
    pending = call.writes.changed.get(secret.id)
    if pending and pending.content is not None and (peek or refresh):
        content = pending.content
    reply = _content(call, content)
    if peek and label is None:
        return reply
    number = number if tracking or not peek else secret.latest.number
    model, kept = _labelled(call, secret, label or "") if uri and label else (call.model, None)
    return dataclasses.replace(reply, model=secrets.track(model, secret.id, call.context.unit, number, kept))


def _labelled(call: Call, secret: Secret, label: str) -> tuple[Model, str | None]:
    """Return the model after the owner has changed the label, or the label that a reader has given the secret.

    The label of other units of the owning application has no effect.
    """
    unit = call.context.unit
    if not secret.owned_by(unit):
        secrets.check_reader_label(call.model, unit, secret, label)
        return call.model, label
    if secret.owner_kind == "application" and not call.model.leads(unit):
        return call.model, None
    secrets.check_owner_label(call.model, secret, label)
    return with_secret(call.model, dataclasses.replace(secret, label=label)), None


def secret_info_get(call: Call) -> Reply:
    """Return the metadata of a secret that the unit or its application owns."""
    uri, label = call.arguments.word(0), call.arguments.flags.get("label", "")
    secret = _own(call, uri) if uri else _by_label(call, label)
    if not secret.owned_by(call.context.unit):
        raise JujuError(f'secret "{secret.id}" not found')
    pending = call.writes.changed.get(secret.id)
    if pending:
        secret = secrets.with_change(secret, pending, call.now)
    entry: dict[str, Any] = {
        "revision": secret.latest.number,
        "label": secret.label,
        "owner": secret.owner_kind,
    }
    expires = secret.latest.expires
    is_new = secret.id in call.writes.added
    optional = {
        "description": secret.description,
        "rotation": secret.rotate,
        # Juju plans the rotation when the hook that adds the secret has ended.
        "rotates": timestamps.secret(secret.rotation_due) if secret.rotation_due and not is_new else "",
        "expiry": timestamps.secret(expires) if expires else "",
    }
    entry |= {key: value for key, value in optional.items() if value}
    return call.document({secret.id: entry})


def secret_ids(call: Call) -> Reply:
    """List the own secrets."""
    return call.document(sorted(secret.id for secret in _owned(call)))


def secret_grant(call: Call) -> Reply:
    """Grant a secret to the remote application of a relation, or to one of its units."""
    return _grant(call, revoke=False)


def secret_revoke(call: Call) -> Reply:
    """Revoke the grant of a secret."""
    return _grant(call, revoke=True)


def secret_remove(call: Call) -> Reply:
    """Remove a secret or one revision; a secret that this hook has added is removed in both cases.

    As in Juju, the secret's other pending writes are dropped: its changes, its grants and an earlier removal.
    """
    secret_id = secrets.bare_id(call.arguments.word(0))
    text = call.arguments.flags.get("revision")
    revision = int(text) if text and text.isdecimal() else None
    if secret_id not in call.writes.removed:
        _own(call, secret_id)
    return call.writing(
        added={key: other for key, other in call.writes.added.items() if key != secret_id},
        changed={key: other for key, other in call.writes.changed.items() if key != secret_id},
        grants=tuple(grant for grant in call.writes.grants if grant.secret != secret_id),
        removed={**call.writes.removed, secret_id: revision},
    )


def _grant(call: Call, *, revoke: bool) -> Reply:
    if not call.arguments.words:
        raise JujuError("missing secret URI", code=BAD_ARGUMENTS)
    flags_of_call = call.arguments.flags
    if revoke and "relation" not in flags_of_call and not flags_of_call.keys().isdisjoint({"app", "unit"}):
        unit = flags_of_call.get("unit", "")
        number, application = secrets.USER_GRANT, flags_of_call.get("app", application_of(unit))
    else:
        relation = chosen_relation(call)
        number, application = relation.id, relation.remote(call.context.application).application
    reader = flags_of_call.get("unit", application)
    _check_unit(reader, application)
    secret = _own(call, call.arguments.word(0))
    if not revoke and _is_granted(call, secret, number, reader):
        return call.reply()
    grant = Grant(secret=secret.id, relation=number, reader=reader, revoke=revoke)
    return call.writing(grants=(*call.writes.grants, grant))


def _check_unit(reader: str, application: str) -> None:
    if reader == application:
        return
    if not UNIT_NAME.fullmatch(reader):
        raise JujuError(f'unit "{reader}" not valid', code=BAD_ARGUMENTS)
    if application_of(reader) != application:
        raise JujuError(
            f'cannot specify unit "{reader}" in relation to application "{application}"', code=BAD_ARGUMENTS
        )


def _is_granted(call: Call, secret: Secret, relation: int, reader: str) -> bool:
    """Return whether a reader has a grant through a relation already; an application's is one of its units too."""
    grants = dict(secret.grants)
    for pending in call.writes.grants:
        if pending.secret == secret.id and pending.revoke:
            grants.pop(pending.reader, None)
        elif pending.secret == secret.id:
            grants[pending.reader] = pending.relation
    readers = {each for each, through in grants.items() if through == relation}
    if not readers.isdisjoint({reader, application_of(reader)}):
        return True
    if reader == application_of(reader) and readers:
        raise JujuError(
            "any unit level grants need to be revoked before granting access to the corresponding application"
        )
    return False


def _content(call: Call, content: Mapping[str, str]) -> Reply:
    key = call.arguments.word(1)
    if not key:
        return call.document(dict(content))
    name = key.removesuffix("#base64")
    if name not in content:
        raise JujuError(f'key "{name}" not found')
    value = content[name]
    return call.document(base64.b64encode(value.encode()).decode() if key != name else value)


def _find(call: Call, uri: str, *, even_removed: bool = False) -> Secret:
    number = secrets.bare_id(uri)
    known = {**call.model.secrets, **call.writes.added}
    if number not in known or (_is_removed(call, number) and not even_removed):
        raise JujuError(f'secret "{number}" not found')
    return known[number]


def _own(call: Call, uri: str, *, even_removed: bool = False) -> Secret:
    secret = _find(call, uri, even_removed=even_removed)
    secrets.check_may_write(call.model, secret, call.context.unit)
    return secret


def _owned(call: Call) -> Iterator[Secret]:
    for secret in (*call.model.secrets.values(), *call.writes.added.values()):
        if secret.owned_by(call.context.unit) and not _is_removed(call, secret.id):
            yield secret


def _is_removed(call: Call, secret_id: str) -> bool:
    """Return whether the hook has removed a secret as a whole."""
    return call.writes.removed.get(secret_id, 0) is None


def _by_label(call: Call, label: str) -> Secret:
    if not label:
        raise JujuError("require either a secret URI or label", code=BAD_ARGUMENTS)
    for secret in _owned(call):
        pending = call.writes.changed.get(secret.id, SecretChange())
        if (pending.label or secret.label) == label:
            return secret
    for secret in call.model.secrets.values():
        tracking = secret.tracking.get(call.context.unit)
        if tracking and tracking.label == label:
            return secret
    raise JujuError(f'secret "{label}" not found')


def _change(call: Call, skip: int = 0) -> SecretChange:
    rotate = call.arguments.flags.get("rotate")
    if rotate is not None and rotate not in secrets.ROTATIONS:
        raise JujuError(f'secret rotate policy "{rotate}" not valid', code=BAD_ARGUMENTS)
    words = call.arguments.words[skip:]
    return SecretChange(
        content=dict(_pair(call, word) for word in words) if words else None,
        label=call.arguments.flags.get("label"),
        description=call.arguments.flags.get("description"),
        rotate=rotate,
        expires=_expiry(call.arguments.flags.get("expire", ""), call.now),
    )


def _expiry(text: str, now: float) -> float | None:
    """Return the time in ``--expire``: a timestamp, or a duration from now; None if there is none."""
    if not text:
        return None
    time = timestamps.parsed(text)
    if time is not None:
        return time
    duration = go_values.seconds(text)
    if duration is None:
        raise JujuError(f'expire time or duration "{text}" not valid', code=BAD_ARGUMENTS)
    if duration <= 0:
        raise JujuError(f'negative expire duration "{text}" not valid', code=BAD_ARGUMENTS)
    return now + duration


def _pair(call: Call, word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    if not equals:
        raise JujuError(f'expected "key=value", got "{word}"', code=BAD_ARGUMENTS)
    name, _, how = key.partition("#")
    match how:
        case "file":
            return name, call.text(value)
        case "base64":
            return name, base64.b64decode(value).decode()
        case _:
            return name, value


def _over(before: SecretChange, after: SecretChange) -> SecretChange:
    fields: tuple[Literal["content", "label", "description", "rotate", "expires"], ...] = (
        "content",
        "label",
        "description",
        "rotate",
        "expires",
    )
    newer = {name: getattr(after, name) for name in fields if getattr(after, name) is not None}
    return dataclasses.replace(before, **newer)


_DESCRIPTION = ("label", "description", "expire", "rotate", "owner", "file")
TOOLS = {
    "secret-add": Tool(run=secret_add, flags=flags(*_DESCRIPTION)),
    "secret-set": Tool(run=secret_set, flags=flags(*_DESCRIPTION)),
    "secret-get": Tool(run=secret_get, flags=flags("label", booleans=("peek", "refresh"))),
    "secret-info-get": Tool(run=secret_info_get, flags=flags("label")),
    "secret-ids": Tool(run=secret_ids, flags=flags()),
    "secret-grant": Tool(run=secret_grant, flags=flags("relation", "unit")),
    "secret-revoke": Tool(run=secret_revoke, flags=flags("relation", "unit", "app")),
    "secret-remove": Tool(run=secret_remove, flags=flags("revision")),
}
