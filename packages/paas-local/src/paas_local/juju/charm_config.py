"""An application's options: parsed from the operator's text, and shown by ``juju config``."""

from collections.abc import Iterable, Mapping
from typing import Any

from paas_local.juju import go_values, names
from paas_local.juju.charm import Charm, Option, OptionValue
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Application


def parse(charm: Charm, values: Mapping[str, str]) -> dict[str, OptionValue]:
    """Return the parsed values; raise JujuError at the first invalid one."""
    return {name: _value(name, declared(charm, name), text) for name, text in values.items()}


def declared(charm: Charm, name: str) -> Option:
    """Return an option that the charm declares."""
    if name not in charm.options:
        raise JujuError(f'unknown option "{name}"{names.did_you_mean(name, charm.options)}')
    return charm.options[name]


def document(application: Application) -> dict[str, Any]:
    """Return the document of ``juju config APP --format json``."""
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
    """Return the options without those that are reset."""
    names = frozenset(reset)
    return {name: value for name, value in config.items() if name not in names}


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
        raise JujuError(f'option "{name}" expected {option.type}, got "{text}"') from None


def _boolean(text: str) -> bool:
    value = go_values.boolean(text)
    if value is None:
        raise ValueError(text)
    return value


def _text(option: Option, text: str) -> str:
    if option.type == "secret" and text and not text.startswith("secret:"):
        raise ValueError(text)
    return text


def _setting(option: Option, value: OptionValue | None) -> dict[str, Any]:
    setting: dict[str, Any] = {"description": option.description, "type": option.type}
    if option.default is not None:
        setting |= {"default": option.default, "value": option.default}
    if value is not None:
        setting["value"] = value
    source = "unset" if option.default is None else "default"
    return {**setting, "source": source if value is None else "user"}
