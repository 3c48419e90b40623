"""The options' meaning: settings, the secret key, ``paas-config.yaml`` and ports, or all that is invalid in them."""

import collections.abc
import dataclasses
import json
import typing

import pydantic

from paas_common.values import environment, paas_config, settings
from paas_common.values.environment import SecretText, Variable
from paas_common.values.facts import Facts, Identity, Option, ReadableSecret, UnavailableSecret, UnreadableSecret
from paas_common.values.framework import FrameworkSpec, Ports
from paas_common.values.paas_config import PaasConfig
from paas_common.values.settings import Settings
from paas_common.values.status import WITHOUT_PEERS, Blocked, Problem, Waiting

_PORT_FIELDS: typing.Final = ("port", "metrics_port", "metrics_path")
GENERATED: typing.Final = "the generated secret key"
"""Source of a secret key that no option sets."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """Valid options."""

    settings: Settings
    secret_key: Variable
    key_fallbacks: Variable | None = None
    """The previous secret key, for a framework that accepts it."""
    paas_config: PaasConfig
    ports: Ports

    @property
    def key_is_generated(self) -> bool:
        """Return whether no option sets the secret key; then a charm's own option of its name wins."""
        return self.secret_key.source == GENERATED


def read(spec: FrameworkSpec, facts: Facts) -> Options | tuple[Problem, ...]:
    """Return the options, or everything that is wrong with them."""
    values, problems = _settings(spec, facts)
    config = paas_config.parse(facts.paas_config)
    if isinstance(config, paas_config.Invalid):
        problems.append(Blocked(config.reason))
    elif config.json_logs and spec.server is None:
        key = f"invalid {paas_config.FILE}: framework_logging_format"
        problems.append(Blocked(f"{key} ({spec.name} has no server that would write such lines)"))
    secret_key, key_problems = _secret_key(spec, facts)
    problems += key_problems
    if problems or values is None or secret_key is None or isinstance(config, paas_config.Invalid):
        return tuple(problems)
    return Options(
        settings=values,
        secret_key=secret_key,
        key_fallbacks=_key_fallbacks(spec, facts, secret_key),
        paas_config=config,
        ports=_ports(spec, values, config),
    )


def addresses(spec: FrameworkSpec, facts: Facts) -> tuple[Ports, PaasConfig] | None:
    """Return the ports for other applications while options are invalid that have nothing to do with them.

    None if the option of a port or ``paas-config.yaml`` is invalid too.
    """
    config = paas_config.parse(facts.paas_config)
    valid = facts.option_values
    try:
        spec.settings.model_validate(valid)
    except pydantic.ValidationError as error:
        invalid = {str(problem["loc"][0]) for problem in error.errors(include_input=False)}
        if invalid & settings.option_names(spec.settings, _PORT_FIELDS):
            return None
        valid = {name: value for name, value in valid.items() if name not in invalid}
    if isinstance(config, paas_config.Invalid):
        return None
    return _ports(spec, spec.settings.model_validate(valid), config), config


def _settings(spec: FrameworkSpec, facts: Facts) -> tuple[Settings | None, list[Problem]]:
    problems: list[Problem] = []
    if missing := [option.name for option in facts.options if option.required and option.value is None]:
        values = " ".join(f"{name}=<value>" for name in missing)
        problems.append(Blocked(f"missing options: {', '.join(missing)} (juju config {facts.identity.app} {values})"))
    problems += [
        _unreadable(option, option.secret, facts.identity)
        for option in facts.options
        if isinstance(option.secret, UnreadableSecret)
    ]
    problems += [
        Waiting(f"waiting for Juju to return the secret of option {option.name} (it is read again at the next event)")
        for option in facts.options
        if isinstance(option.secret, UnavailableSecret)
    ]
    problems += [
        _invalid(f"{option.name} (must be the id of a secret: secret:...)")
        for option in facts.options
        if option.type == "secret" and option.value is not None and option.secret is None
    ]
    try:
        return spec.settings.model_validate(facts.option_values), problems
    except pydantic.ValidationError as error:
        return None, [*problems, _invalid(", ".join(sorted(settings.problems(error))))]


def _unreadable(option: Option, secret: UnreadableSecret, identity: Identity) -> Blocked:
    return Blocked(
        f"option {option.name} names a secret that {identity.app} may not read or that does not exist "
        f"(juju grant-secret {secret.uri} {identity.app})"
    )


def _secret_key(spec: FrameworkSpec, facts: Facts) -> tuple[Variable | None, list[Problem]]:
    """Return the secret key of an option, else the generated one."""
    options = {option.name: option for option in facts.options}
    for name in spec.key_options:
        text, by_id = options.get(name), options.get(f"{name}-id")
        if text and text.type == "secret":  # the newer extension has one option, which names a secret
            text, by_id = None, text
        has_text, has_id = (text and text.value is not None), (by_id and by_id.value is not None)
        if has_text and has_id:
            return None, [_invalid(f"{name}, {name}-id (only one of the two may be set)")]
        if text and has_text:
            if not text.value:
                return None, [_invalid(f"{name} (must not be empty)")]
            return _key_variable(spec, str(text.value), f"option {name}"), []
        if by_id and has_id:
            return _key_from_secret(spec, by_id)
    return _generated_key(spec, facts)


def _generated_key(spec: FrameworkSpec, facts: Facts) -> tuple[Variable | None, list[Problem]]:
    if not facts.declares_peers:
        declaration = "peers: {peers: {interface: peers}}"
        return None, [Blocked(f"the charm declares no peer relation (add {declaration} to charmcraft.yaml)")]
    if facts.peers is None or facts.secret_key is None:
        return None, [WITHOUT_PEERS]
    return _key_variable(spec, facts.secret_key, GENERATED), []


def _key_from_secret(spec: FrameworkSpec, option: Option) -> tuple[Variable | None, list[Problem]]:
    match option.secret:
        case ReadableSecret(content=content) if set(content) == {"value"} and content["value"]:
            return _key_variable(spec, content["value"], f"option {option.name}"), []
        case ReadableSecret():
            return None, [_invalid(f"{option.name} (the secret must hold one key, value, that is not empty)")]
        case UnreadableSecret() | UnavailableSecret() | None:
            return None, []  # reported with all other secret options


def _key_variable(spec: FrameworkSpec, value: str, source: str) -> Variable:
    return Variable(name=f"{spec.env_prefix}SECRET_KEY", value=SecretText(value), source=source)


def _key_fallbacks(spec: FrameworkSpec, facts: Facts, key: Variable) -> Variable | None:
    """Return the previous secret key as a JSON list; None if an option sets the key, or without a rotation."""
    previous = facts.previous_key
    if previous is None or key.source != GENERATED or not spec.key_fallbacks:
        return None
    value = SecretText(json.dumps([previous]), parts=(previous,))
    return Variable(name=f"{key.name}_FALLBACKS", value=value, source="the previous secret key")


def _invalid(rules: str) -> Blocked:
    return Blocked(f"invalid options: {rules}")


def _ports(spec: FrameworkSpec, values: Settings, config: PaasConfig) -> Ports:
    """Return the ports: of ``paas-config.yaml``, else of an option, else the framework's.

    A framework that serves metrics on the application's port does so on any port.
    """
    port = config.port or getattr(values, "port", None) or spec.ports.app
    default = port if spec.ports.metrics == spec.ports.app else spec.ports.metrics
    return Ports(
        app=port,
        metrics=config.metrics_port or getattr(values, "metrics_port", None) or default,
        metrics_path=config.metrics_path or getattr(values, "metrics_path", None) or spec.ports.metrics_path,
    )


def charm_variables(spec: FrameworkSpec, facts: Facts) -> collections.abc.Iterator[Variable]:
    """Return variables for the charm's own options: all options but the framework's."""
    key_options = {name for key_option in spec.key_options for name in (key_option, f"{key_option}-id")}
    of_framework = settings.option_names(spec.settings, spec.settings.model_fields) | key_options
    for option in facts.options:
        if option.name in of_framework:
            continue
        source = f"option {option.name}"
        if isinstance(option.secret, ReadableSecret):
            for key, value in option.secret.content.items():
                name = spec.env_prefix + environment.name(option.name, key)
                yield Variable(name=name, value=SecretText(value), source=source)
        elif option.value is not None:
            name = spec.env_prefix + environment.name(option.name)
            yield Variable(name=name, value=environment.text(option.value), source=source)


def framework_variables(spec: FrameworkSpec, values: Settings) -> collections.abc.Iterator[Variable]:
    """Return variables for the framework's options that have a value."""
    for field, value in values.model_dump(exclude_none=True).items():
        alias = spec.settings.model_fields[field].alias or field
        name = spec.option_env_prefix + environment.name(field)
        yield Variable(name=name, value=environment.text(value), source=f"option {alias}")
