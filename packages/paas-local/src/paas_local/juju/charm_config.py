"""What an operator's text for an option becomes, and what ``juju config`` shows of an application."""

from collections.abc import Iterable, Mapping
from typing import Any

from paas_local.juju.errors import Refused
from paas_local.juju.model import Application, Charm, Option, OptionValue

TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def parse(charm: Charm, values: Mapping[str, str]) -> dict[str, OptionValue]:
    """Read all values or none: the first bad one refuses the whole request."""
    return {name: _value(name, known(charm, name), text) for name, text in values.items()}


def known(charm: Charm, name: str) -> Option:
    """Find an option that the charm declares."""
    if name not in charm.options:
        raise Refused(f'unknown option "{name}"')
    return charm.options[name]


def document(application: Application) -> dict[str, Any]:
    """Answer ``juju config APP --format json``."""
    return {
        "application": application.name,
        "charm": application.charm.name,
        "application-config": {
            "trust": {
                "default": False,
                "description": "Does this application have access to trusted credentials",
                "source": "user" if application.trust else "default",
                "type": "bool",
                "value": application.trust,
            }
        },
        "settings": {
            name: _setting(option, application.config.get(name))
            for name, option in sorted(application.charm.options.items())
        },
    }


def without(config: Mapping[str, OptionValue], reset: Iterable[str]) -> dict[str, OptionValue]:
    """Forget what the operator set."""
    gone = frozenset(reset)
    return {name: value for name, value in config.items() if name not in gone}


def _value(name: str, option: Option, text: str) -> OptionValue:
    try:
        match option.type:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "boolean":
                return _boolean(text)
            case _:
                return _text(option, text)
    except ValueError:
        raise Refused(f'option "{name}" expected {option.type}, got "{text}"') from None


def _boolean(text: str) -> bool:
    if text not in TRUE | FALSE:
        raise ValueError(text)
    return text in TRUE


def _text(option: Option, text: str) -> str:
    if option.type == "secret" and text and not text.startswith("secret:"):
        raise ValueError(text)
    return text


def _setting(option: Option, value: OptionValue | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"description": option.description, "type": option.type}
    if option.default is not None:
        shown |= {"default": option.default, "value": option.default}
    if value is not None:
        shown["value"] = value
    source = "unset" if option.default is None else "default"
    return {**shown, "source": source if value is None else "user"}
