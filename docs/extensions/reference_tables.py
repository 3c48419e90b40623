"""The tables of the reference as Markdown, from the code of this repository."""

import collections
import collections.abc
import importlib
import json
import pathlib
import re
import typing
import unittest.mock

import status_texts
import yaml
from paas_common import FrameworkSpec, schema
from paas_common.integrations import BUILT_IN
from paas_local.cli import left_out
from paas_local.juju.hook_tools import TOOLS
from paas_local.pebble.api import routes
from paas_local.pebble.api.identities import Identities
from paas_local.providers import BUILT_IN as BUILT_IN_CHARMS
from paas_local.providers import CHARMHUB

ROOT: typing.Final = pathlib.Path(__file__).parents[2]
RECORDINGS: typing.Final = ROOT / "tests/charms/fixtures/handshakes"
EVENT: typing.Final = re.compile(r"^def test_event_(\d+)_(\w+)\(", re.MULTILINE)
RULES: typing.Final = {
    "exclusiveMinimum": "more than {}",
    "minimum": "at least {}",
    "exclusiveMaximum": "less than {}",
    "maximum": "at most {}",
    "minLength": "at least {} character",
    "enum": "one of {}",
}
"""Keys of a JSON schema, in words."""
BASES: typing.Final = {schema.OLDER: "ubuntu@22.04, ubuntu@24.04", schema.NEWER: "ubuntu@26.04"}
ACCESS: typing.Final = {"open": "everybody", "read": "any user", "metrics": "metrics", "admin": "root"}
WIDTH: typing.Final = 60
"""Characters of an example."""
MANY: typing.Final = 3
"""Names with one prefix that are listed one by one."""
Row = collections.abc.Sequence[str]


def options(name: str) -> str:
    """Return the options of a framework."""
    spec = _spec(name)
    properties = spec.settings.model_json_schema()["properties"]
    declared = {base: schema.charmcraft(spec, base)["config"]["options"] for base in BASES}
    rows = [
        (
            f"`{option}`",
            _type(option, declared),
            _code(declaration.get("default")),
            _rules(properties.get(option, {})),
            declaration["description"] + _only(option, declared),
        )
        for option, declaration in {**declared[schema.NEWER], **declared[schema.OLDER]}.items()
    ]
    return _table(("Option", "Type", "Default", "Rule", "Description"), rows)


def actions(name: str) -> str:
    """Return the actions of a framework's extension."""
    declared = schema.charmcraft(_spec(name), schema.OLDER)["actions"]
    rows = [
        (f"`{action}`", ", ".join(f"`{each}`" for each in entry.get("params", {})), entry["description"])
        for action, entry in declared.items()
    ]
    return _table(("Action", "Parameters", "Description"), rows)


def variables(_: str) -> str:
    """Return the variables of each integration, as the recordings of the real libraries set them in a Flask charm."""
    examples: dict[str, dict[str, str]] = collections.defaultdict(dict)
    for file in sorted(RECORDINGS.glob("*.json")):
        recording = json.loads(file.read_text())
        for stage in recording["stages"]:
            for unit in stage["units"]:
                for variable, value in unit.get("environment", {}).items():
                    examples[recording["interface"]].setdefault(variable, value)
    rows = [
        (f"`{interface}`", f"`{variable}`", _code(value if len(value) <= WIDTH else f"{value[:WIDTH]}…"))
        for interface in BUILT_IN
        for variable, value in sorted(examples[interface].items())
    ]
    return _table(("Interface", "Variable", "Example"), rows)


def events(_: str) -> str:
    """Return the numbered events and the tests that prove their effect."""
    tests: dict[int, list[str]] = collections.defaultdict(list)
    for file in sorted((ROOT / "tests/charms").glob("test_events*.py")):
        for number, event in EVENT.findall(file.read_text()):
            tests[int(number)].append(event)
    if sorted(tests) != sorted(EVENTS):
        raise ValueError(f"reference_tables.EVENTS must have the events that tests/charms tests: {sorted(tests)}")
    rows = [(str(number), f"`{tests[number][0]}`", hook, effect) for number, (hook, effect) in sorted(EVENTS.items())]
    return _table(("", "Event", "Hook of Juju", "New in the facts"), rows)


def statuses(_: str) -> str:
    """Return the statuses with their causes and cures."""
    if problems := [*status_texts.without_entry(), *status_texts.without_text()]:
        raise ValueError(f"statuses.yaml and the code differ: {problems}")
    rows = [
        (f"`{each.status}`", each.kind, each.cause, each.cure)
        for each in sorted(status_texts.catalogue(), key=lambda each: each.kind)
    ]
    return _table(("Status", "Kind", "Cause", "Cure"), rows)


def hook_tools(_: str) -> str:
    """Return the hook tools of paas-local."""
    rows = [(f"`{name}`", _first_line(tool.run)) for name, tool in sorted(TOOLS.items())]
    return _table(("Hook tool", "Effect"), rows)


def commands_left_out(_: str) -> str:
    """Return Juju's commands that paas-local refuses, by their reasons."""
    names: dict[str, list[str]] = collections.defaultdict(list)
    for name, reason in left_out.REASONS.items():
        names[reason].append(f"`{name}`")
    return _table(("Commands", "Reason"), [(", ".join(each), reason) for reason, each in names.items()])


def built_in_charms(kind: str) -> str:
    """Return the options or actions of each built-in charm, compared with those of the charm on Charmhub."""
    recorded = yaml.safe_load(CHARMHUB.read_text())
    rows: list[Row] = []
    for name, folder in BUILT_IN_CHARMS.items():
        charm = yaml.safe_load((folder / "charm/charmcraft.yaml").read_text())
        declared = charm.get("config", {}).get("options", {}) if kind == "options" else charm.get("actions", {})
        theirs = recorded[name][kind]
        both, own = [each for each in declared if each in theirs], [each for each in declared if each not in theirs]
        missing = [each for each in theirs if each not in declared]
        rows.append((f"`{name}`", *map(_names, (both, own, missing))))
    last = "Accepted without effect" if kind == "options" else "Left out"
    return _table(("Charm", "As on Charmhub", "Its own", last), rows)


def pebble_endpoints(_: str) -> str:
    """Return the endpoints of paas-local's Pebble."""
    table = routes.table(unittest.mock.MagicMock(), Identities(), "")
    rows = [
        (method, f"`{path.replace('([^/]+)', '{id}')}`", ACCESS[route.level], _first_line(route.handler))
        for path, methods in sorted(table.items())
        for method, route in methods.items()
    ]
    return _table(("Method", "Path", "Access", "Effect"), rows)


def _spec(name: str) -> FrameworkSpec:
    return getattr(importlib.import_module(f"paas_{name}.framework"), name.upper())


def _type(option: str, declared: collections.abc.Mapping[str, collections.abc.Mapping[str, typing.Any]]) -> str:
    older, newer = (names[option]["type"] if option in names else "" for names in declared.values())
    return f"{older} ({BASES[schema.NEWER]}: {newer})" if older and newer and older != newer else older or newer


def _only(option: str, declared: collections.abc.Mapping[str, collections.abc.Container[str]]) -> str:
    bases = [BASES[base] for base, names in declared.items() if option in names]
    return "" if len(bases) == len(BASES) else f" Only with base {bases[0].replace(', ', ' or ')}."


def _rules(declared: collections.abc.Mapping[str, typing.Any]) -> str:
    choices = [each for each in declared.get("anyOf", [declared]) if each.get("type") != "null"]
    words = [
        text.format(", ".join(map(_code, value)) if isinstance(value, list) else value)
        for choice in choices
        for key, text in RULES.items()
        if (value := choice.get(key)) is not None
    ]
    return ", ".join(words)


def _names(names: collections.abc.Sequence[str]) -> str:
    """Return names as code; of many with one prefix, the prefix and their number."""
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for name in names:
        groups[name.partition("_")[0]].append(name)
    return ", ".join(
        text
        for prefix, group in groups.items()
        for text in ([f"`{prefix}_…` ({len(group)})"] if len(group) > MANY else [f"`{name}`" for name in group])
    )


def _first_line(function: collections.abc.Callable[..., object]) -> str:
    return " ".join((function.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")


def _code(value: object) -> str:
    if value is None:
        return ""
    return f"`{value}`" if str(value) else "(empty)"


def _table(heading: Row, rows: collections.abc.Iterable[Row]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


EVENTS: typing.Final = {
    1: ("`<container>-pebble-ready`", "Pebble answers: the pod is new, or its container has restarted"),
    2: ("`config-changed`", "the options"),
    3: ("`secret-storage-relation-created`", "the peer relation: the leader creates the secret key"),
    4: ("`secret-storage-relation-changed`", "the secret key, the notes of other units on the migration"),
    5: ("`secret-storage-relation-departed`", "the units: their names, the one that runs the schedulers"),
    6: ("`update-status`", "nothing; Juju sends it every five minutes by default"),
    7: ("`secret-changed`", "a secret of an option or of a relation"),
    8: ("`<database>-relation-changed`", "the address and the account of a database"),
    9: ("`<database>-relation-changed`", "the hosts of a database"),
    10: ("`<database>-relation-broken`", "the database is gone"),
    11: ("`<ingress>-relation-changed`", "the application's URL"),
    12: ("`<ingress>-relation-broken`", "the URL inside the cluster"),
    13: ("`<redis>-relation-changed`", "the address of the primary"),
    14: ("`<s3>-relation-changed`", "the bucket and the keys"),
    15: ("`<s3>-relation-broken`", "the bucket is gone"),
    16: ("`<saml>-relation-changed`", "the identity provider"),
    17: ("`<rabbitmq>-relation-changed`", "the hosts and the account"),
    18: ("`<rabbitmq>-relation-joined`", "nothing yet: the leader writes its request"),
    19: ("`<rabbitmq>-relation-joined`", "a unit of the server"),
    20: ("`<rabbitmq>-relation-changed`", "the hosts and the account"),
    21: ("`<rabbitmq>-relation-broken`", "the server is gone"),
    22: ("`<rabbitmq>-relation-departed`", "a unit of the server is gone"),
    23: ("`<tracing>-relation-changed`", "the receiver of traces"),
    24: ("`<tracing>-relation-broken`", "the receiver is gone"),
    25: ("`<smtp>-relation-changed`", "the mail server and its account"),
    26: ("the action `rotate-secret-key`", "the leader replaces the secret key; the other units follow with event 4"),
}
"""The hook of each numbered event, and the facts that it may change."""
