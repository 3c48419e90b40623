"""What the options mean: parsed, or refused by name, all of them at once."""

import collections.abc
import dataclasses

import pydantic

from paas_common.values import environment, facts, paas_config, settings
from paas_common.values.environment import Variable
from paas_common.values.paas_config import PaasConfig
from paas_common.values.settings import Settings
from paas_common.values.workload import Framework, Hold, Ports

GENERATED = "the generated secret key"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What the operator and the charm's author have set, and is valid."""

    settings: Settings
    key: Variable
    """The secret key, whoever set it."""
    key_is_operators: bool
    """The operator set the key; a generated one gives way to an author's option of that name."""
    paas_config: PaasConfig
    ports: Ports


def read(framework: Framework, found: facts.Facts) -> Options | list[Hold]:
    """Parse everything; or give everything that is wrong."""
    ours, holds = _settings(framework, found)
    config = paas_config.parse(found.paas_config)
    if isinstance(config, paas_config.Invalid):
        holds.append(Hold(kind="blocked", reason=config.reason))
    elif config.json_logs and framework.server is None:
        named = f"invalid {paas_config.FILE}: framework_logging_format"
        holds.append(
            Hold(kind="blocked", reason=f"{named} ({framework.name} has no server that would write such lines)")
        )
    key, key_holds = _secret_key(framework, found)
    holds += key_holds
    if holds or ours is None or key is None or isinstance(config, paas_config.Invalid):
        return holds
    return Options(
        settings=ours,
        key=key,
        key_is_operators=key.source != GENERATED,
        paas_config=config,
        ports=_ports(framework, ours, config),
    )


def _settings(framework: Framework, found: facts.Facts) -> tuple[Settings | None, list[Hold]]:
    holds: list[Hold] = []
    if missing := [option.name for option in found.options if option.required and option.value is None]:
        advice = " ".join(f"{name}=<value>" for name in missing)
        holds.append(
            Hold(
                kind="blocked",
                reason=f"missing options: {', '.join(missing)} (juju config {found.me.app} {advice})",
            )
        )
    holds += [
        _unreadable(option, option.secret, found.me)
        for option in found.options
        if isinstance(option.secret, facts.Unreadable)
    ]
    holds += [
        _invalid(f"{option.name} (must be the id of a secret: secret:...)")
        for option in found.options
        if option.type == "secret" and option.value is not None and option.secret is None
    ]
    given = {option.name: option.value for option in found.options if option.value is not None}
    try:
        return framework.settings.model_validate(given), holds
    except pydantic.ValidationError as error:
        reasons = sorted(settings.problems(error))
        return None, [*holds, Hold(kind="blocked", reason=f"invalid options: {', '.join(reasons)}")]


def _unreadable(option: facts.Option, secret: facts.Unreadable, me: facts.Identity) -> Hold:
    return Hold(
        kind="blocked",
        reason=f"option {option.name} names a secret that {me.app} may not read or that does not exist "
        f"(juju grant-secret {secret.uri} {me.app})",
    )


def _secret_key(framework: Framework, found: facts.Facts) -> tuple[Variable | None, list[Hold]]:
    """Find the secret key: the operator's, else the generated one."""
    declared = {option.name: option for option in found.options}
    for name in framework.key_options:
        text, by_id = declared.get(name), declared.get(f"{name}-id")
        if text and text.type == "secret":  # the newer extension has one option, which names a secret
            text, by_id = None, text
        has_text, has_id = (text and text.value is not None), (by_id and by_id.value is not None)
        if has_text and has_id:
            return None, [_invalid(f"{name}, {name}-id (only one of the two may be set)")]
        if text and has_text:
            if not text.value:
                return None, [_invalid(f"{name} (must not be empty)")]
            return _key(framework, str(text.value), f"option {name}"), []
        if by_id and has_id:
            return _key_from_secret(framework, by_id)
    if found.peers is None or found.key is None:
        return None, [Hold(kind="waiting", reason="waiting for peer integration")]
    return _key(framework, found.key, GENERATED), []


def _key_from_secret(framework: Framework, option: facts.Option) -> tuple[Variable | None, list[Hold]]:
    match option.secret:
        case facts.Readable(content=content) if set(content) == {"value"} and content["value"]:
            return _key(framework, content["value"], f"option {option.name}"), []
        case facts.Readable():
            return None, [_invalid(f"{option.name} (the secret must hold one key, value, that is not empty)")]
        case facts.Unreadable() | None:
            return None, []  # told with all other secret options


def _key(framework: Framework, value: str, source: str) -> Variable:
    return Variable(name=f"{framework.prefix}SECRET_KEY", value=value, source=source, secret=True)


def _invalid(what: str) -> Hold:
    return Hold(kind="blocked", reason=f"invalid options: {what}")


def _ports(framework: Framework, ours: Settings, config: PaasConfig) -> Ports:
    """Find where the application listens: the charm's author decides before the operator, and he before us."""
    return Ports(
        app=config.port or getattr(ours, "port", None) or framework.ports.app,
        metrics=config.metrics_port or getattr(ours, "metrics_port", None) or framework.ports.metrics,
        metrics_path=config.metrics_path or getattr(ours, "metrics_path", None) or framework.ports.metrics_path,
    )


def of_author(framework: Framework, found: facts.Facts) -> collections.abc.Iterator[Variable]:
    """Give the options that the charm's author declared; those that a field of the framework shadows are left out."""
    fields = {*framework.settings.model_fields, *framework.shadowed}
    for option in found.options:
        if option.name.startswith(framework.reserved) or option.name.replace("-", "_") in fields:
            continue
        source = f"option {option.name}"
        if isinstance(option.secret, facts.Readable):
            for name, value in option.secret.content.items():
                yield Variable(
                    name=framework.prefix + environment.name(option.name, name),
                    value=value,
                    source=source,
                    secret=True,
                )
        elif option.value is not None:
            yield Variable(
                name=framework.prefix + environment.name(option.name),
                value=environment.text(option.value),
                source=source,
            )


def of_framework(framework: Framework, options: settings.Settings) -> collections.abc.Iterator[Variable]:
    """Give the framework's own options that have a value."""
    for field, value in options.model_dump(exclude_none=True).items():
        alias = framework.settings.model_fields[field].alias or field
        yield Variable(
            name=framework.settings_prefix + environment.name(field),
            value=environment.text(value),
            source=f"option {alias}",
        )
