"""A packed charm's metadata, options and actions as a ``juju.charm.Charm``."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from paas_local.build import charm_resources
from paas_local.build.errors import ProjectError
from paas_local.juju.charm import Action, Charm, Container, Endpoint, Option, Role, StorageRange

if TYPE_CHECKING:
    from paas_local.build import charms

_RANGE = re.compile(r"(\d+)(?:(-|\+)(\d+)?)?")
_ROLES: Mapping[str, Role] = {"requires": "requirer", "provides": "provider", "peers": "peer"}


def declared(charm: "charms.Charm") -> Charm:
    """Return what a packed charm declares."""
    metadata = charm.metadata
    resources = charm_resources.declared(metadata)
    return Charm(
        name=charm.name,
        folder=str(charm.folder),
        base=charm.base,
        endpoints={endpoint.name: endpoint for endpoint in _endpoints(metadata)},
        containers={name: _container(metadata, name, item or {}) for name, item in _items(metadata, "containers")},
        storage=tuple(name for name, _ in _items(metadata, "storage")),
        multiple={
            name: _range(name, item["multiple"]) for name, item in _items(metadata, "storage") if "multiple" in item
        },
        images=tuple(name for name, file_name in resources.items() if not file_name),
        files={name: file_name for name, file_name in resources.items() if file_name},
        options={name: _option(item) for name, item in charm.options.items()},
        actions={name: _action(item) for name, item in charm.actions.items()},
    )


def _items(document: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
    entries: Mapping[str, Mapping[str, Any] | None] = document.get(key) or {}
    return [(name, item or {}) for name, item in entries.items()]


def _endpoints(metadata: Mapping[str, Any]) -> Iterator[Endpoint]:
    for key, role in _ROLES.items():
        for name, item in _items(metadata, key):
            yield Endpoint(name=name, interface=item["interface"], role=role, limit=item.get("limit"))


def _container(metadata: Mapping[str, Any], name: str, item: Mapping[str, Any]) -> Container:
    storages = dict(_items(metadata, "storage"))
    declarations: list[Mapping[str, str]] = item.get("mounts") or []
    mounts = {
        mount.get("location") or storages[mount["storage"]].get("location", ""): mount["storage"]
        for mount in declarations
    }
    return Container(name=name, resource=item.get("resource"), uid=item.get("uid"), mounts=mounts)


def _range(name: str, multiple: object) -> StorageRange:
    text = str(multiple.get("range")) if isinstance(multiple, dict) else ""  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]  # YAML
    match = _RANGE.fullmatch(text)
    if not match:
        raise ProjectError(
            f"metadata.yaml: storage.{name}.multiple.range: must be a number or a range, as 2, 0-3 or 1-; found {text}"
        )
    minimum, separator, maximum = match.groups()
    return StorageRange(minimum=int(minimum), maximum=int(maximum) if maximum else None if separator else int(minimum))


def _option(item: Mapping[str, Any]) -> Option:
    return Option(type=item.get("type", "string"), default=item.get("default"), description=item.get("description", ""))


def _action(item: Mapping[str, Any]) -> Action:
    schema: dict[str, Any] = {"type": "object", "properties": item.get("params") or {}}
    for key in ("required", "additionalProperties"):
        if key in item and item[key] not in (None, []):
            schema[key] = item[key]
    return Action(schema=schema)
