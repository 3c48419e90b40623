"""Bodies of requests, checked against the fields of an endpoint.

The messages are those of Go's JSON decoder, as clients show them.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from paas_local.pebble.plan import users

_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "bool"),
    ((int, float), "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)
_PLACES = {
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting value": "looking for beginning of value",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
}
_SCALARS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "any": lambda _: True,
}

Fields = Mapping[str, Any]
"""Field → ``string``, ``bool``, ``int``, ``any``, one of these after ``[]`` or ``map[string]``, or fields."""
USER_FIELDS: Fields = {"user-id": "int", "user": "string", "group-id": "int", "group": "string"}
"""The fields that name a user and a group."""


class BadBodyError(ValueError):
    """A body that cannot be decoded; the message says why."""


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether a value is an object of JSON."""
    return isinstance(value, dict)


def _is_array(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def decode(text: bytes, fields: Fields, owner: str = "") -> dict[str, Any]:
    """Decode an object; null counts as absent, and unknown fields are ignored."""
    content = text.decode(errors="replace").lstrip()
    if not content:
        raise BadBodyError("EOF")
    try:
        value, _ = json.JSONDecoder().raw_decode(content)
    except json.JSONDecodeError as error:
        if error.pos >= len(content.rstrip()) or error.msg.startswith("Unterminated"):
            raise BadBodyError("unexpected EOF") from None
        place = _PLACES.get(error.msg, "looking for beginning of value")
        raise BadBodyError(f"invalid character '{content[error.pos]}' {place}") from None
    if value is None:
        return {}
    if not is_object(value):
        raise BadBodyError(f"json: cannot unmarshal {_name(value)} into Go value of type {owner or 'struct'}")
    return _object(value, fields, owner, "")


def _object(value: Mapping[str, Any], fields: Fields, owner: str, path: str) -> dict[str, Any]:
    decoded: dict[str, Any] = {}
    for name, kind in fields.items():
        item = value.get(name)
        if item is not None:
            decoded[name] = _checked(item, kind, owner, f"{path}.{name}")
    return decoded


def _checked(value: Any, kind: Any, owner: str, path: str) -> Any:
    if is_object(kind):
        if not is_object(value):
            raise _mismatch(value, owner, path, "struct")
        return _object(value, kind, owner, path)
    if isinstance(kind, list):
        if not _is_array(value):
            raise _mismatch(value, owner, path, "[]struct")
        return [_checked(item, kind[0], owner, path) for item in value if item is not None]
    container, _, inner = str(kind).rpartition("]")
    if container == "[":
        if not _is_array(value):
            raise _mismatch(value, owner, path, str(kind))
        return [_checked(item, inner, owner, path) for item in value]
    if container == "map[string":
        if not is_object(value):
            raise _mismatch(value, owner, path, str(kind))
        return {name: _checked(item, inner, owner, path) for name, item in value.items() if item is not None}
    if not _SCALARS[str(kind)](value):
        raise _mismatch(value, owner, path, str(kind))
    return value


def _mismatch(value: Any, owner: str, path: str, kind: str) -> BadBodyError:
    return BadBodyError(f"json: cannot unmarshal {_name(value)} into Go struct field {owner}{path} of type {kind}")


def _name(value: Any) -> str:
    return next((name for types, name in _NAMES if isinstance(value, types)), "null")


def strings(value: Any) -> dict[str, str]:
    """Read an object of strings."""
    if not is_object(value):
        raise BadBodyError(f"json: cannot unmarshal {_name(value)} into Go value of type map[string]string")
    for item in value.values():
        if not isinstance(item, str):
            raise BadBodyError(f"json: cannot unmarshal {_name(item)} into Go value of type string")
    return value


def nested(value: Any, fields: Fields) -> dict[str, Any]:
    """Read an object inside another one."""
    if not is_object(value):
        raise BadBodyError(f"json: cannot unmarshal {_name(value)} into Go value of type struct")
    return _object(value, fields, "", "")


def user(body: Mapping[str, Any]) -> users.UserSpec:
    """Read the user and the group that an object names."""
    return users.UserSpec(
        user_id=body.get("user-id"),
        user=body.get("user", ""),
        group_id=body.get("group-id"),
        group=body.get("group", ""),
    )
