"""Alert rules for Prometheus and Loki: the files' groups under names of ours, each rule labelled with whom it is about.

A file holds groups, as Prometheus has them, or a single rule. Where an expression says ``%%juju_topology%%``, it gets
the matchers that keep it to this application; the other side does the same for expressions that do not say it.
"""

import json
import re
import typing

import pydantic
import yaml

from paas_common.values import facts, settings

from . import topology
from ._custom import CUSTOM, stem

ENDINGS: typing.Final = (".rule", ".rules", ".yml", ".yaml")
PLACE: typing.Final = "%%juju_topology%%"
_NOT_IN_NAMES: typing.Final = re.compile(r"[^a-zA-Z0-9_:]")


class _Model(pydantic.BaseModel):
    # What else a rule or a group says is the other side's affair. The models are built when first used, which most
    # events never do.
    model_config = pydantic.ConfigDict(frozen=True, extra="allow", defer_build=True)


class _Rule(_Model):
    expr: str
    labels: dict[str, str] = {}
    alert: str | None = None
    record: str | None = None

    @pydantic.model_validator(mode="after")
    def _says_what_it_is(self) -> "_Rule":
        if (self.alert is None) == (self.record is None):
            raise ValueError("a rule has alert or record")
        return self


class _Group(_Model):
    name: str = pydantic.Field(min_length=1)
    rules: list[_Rule]


class _File(_Model):
    groups: list[_Group]


def merged(me: facts.Identity, files: facts.Text) -> tuple[dict[str, object], tuple[str, ...]]:
    """Put the rules of all files into one, and tell what is wrong with files that have none."""
    groups: dict[str, object] = {}
    problems: list[str] = []
    for path, text in files.items():
        parsed = _parse(path, text)
        if isinstance(parsed, str):
            problems.append(f"{path} holds no alert rules: {parsed}")
            continue
        for group in parsed.groups:
            name = _name(me, path, group.name)
            if name in groups:
                problems.append(f"{path} has a group {group.name} whose name is taken (rename it)")
            else:
                groups[name] = {**_plain(group), "name": name, "rules": [_rule(me, rule) for rule in group.rules]}
    return ({"groups": list(groups.values())} if groups else {}), tuple(problems)


def _parse(path: str, text: str) -> _File | str:
    """Read the rules, or say why they cannot be read."""
    try:
        content = pydantic.TypeAdapter[pydantic.JsonValue](pydantic.JsonValue).validate_python(yaml.safe_load(text))
        if not isinstance(content, dict):
            return "it is not a mapping"
        if "groups" not in content:
            content = {"groups": [{"name": stem(path, ENDINGS), "rules": [content]}]}
        return _File.model_validate(content)
    except pydantic.ValidationError as error:
        return ", ".join(settings.problems(error))
    except (yaml.YAMLError, ValueError) as error:  # the latter for dates that are none
        return " ".join(str(error).split())


def _name(me: facts.Identity, path: str, group: str) -> str:
    """Name a group as no other application's is, nor one of another file of the author's."""
    file = stem(path, ENDINGS)
    own = group if group == file or not path.startswith(CUSTOM) else f"{file}_{group}"
    whole = f"{topology.identifier(me)}_{own.removesuffix('_rules')}_rules"
    return _NOT_IN_NAMES.sub("_", whole)


def _rule(me: facts.Identity, rule: _Rule) -> dict[str, object]:
    return {
        **_plain(rule),
        "expr": rule.expr.replace(PLACE, topology.matchers(me)),
        "labels": {**topology.labels(me), **rule.labels},
    }


def _plain(model: _Model) -> dict[str, object]:
    """Give everything that the file says, and no defaults."""
    return typing.cast("dict[str, object]", json.loads(model.model_dump_json(exclude_unset=True)))
