"""Alert rules for Prometheus and Loki: the groups of all files, each rule labelled with the Juju topology.

A file holds groups, as Prometheus has them, or a single rule. ``%%juju_topology%%`` in an expression becomes the
matchers for this application. Prometheus and Loki add matchers to expressions without it.
"""

import json
import re
import typing

import pydantic
import yaml

from paas_common.values import settings
from paas_common.values.facts import Identity, StrMap

from . import topology
from ._custom import CUSTOM, unique_name

SUFFIXES: typing.Final = (".rule", ".rules", ".yml", ".yaml")
PLACEHOLDER: typing.Final = "%%juju_topology%%"
_NOT_IN_NAMES: typing.Final = re.compile(r"[^a-zA-Z0-9_:]")


class _Model(pydantic.BaseModel):
    # Other keys are passed on. The models are built at their first use, which most events do not reach.
    model_config = pydantic.ConfigDict(frozen=True, extra="allow", defer_build=True)


class _Rule(_Model):
    expr: str
    labels: dict[str, str] = {}
    alert: str | None = None
    record: str | None = None

    @pydantic.model_validator(mode="after")
    def _check_kind(self) -> "_Rule":
        if (self.alert is None) == (self.record is None):
            raise ValueError("a rule has alert or record")
        return self


class _Group(_Model):
    name: str = pydantic.Field(min_length=1)
    rules: list[_Rule]


class _File(_Model):
    groups: list[_Group]


def merged(identity: Identity, files: StrMap) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the groups of all files as one document, and what is wrong with invalid files."""
    groups: dict[str, object] = {}
    reasons: list[str] = []
    for path, text in files.items():
        parsed = _parse(path, text)
        if isinstance(parsed, str):
            reasons.append(f"{path} is not a valid file of alert rules: {parsed}")
            continue
        for group in parsed.groups:
            name = _name(identity, path, group.name)
            if name in groups:
                reasons.append(f"{path}: the name of group {group.name} is not unique (rename it)")
            else:
                rules = [_rule(identity, rule) for rule in group.rules]
                groups[name] = {**_plain(group), "name": name, "rules": rules}
    return ({"groups": list(groups.values())} if groups else {}), tuple(reasons)


def _parse(path: str, text: str) -> _File | str:
    """Return the groups, or the reason why they cannot be read."""
    try:
        content = pydantic.TypeAdapter[pydantic.JsonValue](pydantic.JsonValue).validate_python(yaml.safe_load(text))
        if not isinstance(content, dict):
            return "it is not a mapping"
        if "groups" not in content:
            content = {"groups": [{"name": unique_name(path, SUFFIXES), "rules": [content]}]}
        return _File.model_validate(content)
    except pydantic.ValidationError as error:
        return ", ".join(settings.problems(error))
    except (yaml.YAMLError, ValueError) as error:  # ValueError: an impossible date
        return " ".join(str(error).split())


def _name(identity: Identity, path: str, group: str) -> str:
    """Return a name for a group that no other application has, nor another file of ``cos_custom``."""
    file = unique_name(path, SUFFIXES)
    unique = group if group == file or not path.startswith(CUSTOM) else f"{file}_{group}"
    name = f"{topology.identifier(identity)}_{unique.removesuffix('_rules')}_rules"
    return _NOT_IN_NAMES.sub("_", name)


def _rule(identity: Identity, rule: _Rule) -> dict[str, object]:
    return {
        **_plain(rule),
        "expr": rule.expr.replace(PLACEHOLDER, topology.matchers(identity)),
        "labels": {**topology.labels(identity), **rule.labels},
    }


def _plain(model: _Model) -> dict[str, object]:
    """Return the keys that the file has, without defaults."""
    return typing.cast("dict[str, object]", json.loads(model.model_dump_json(exclude_unset=True)))
