"""Options of a Django charm, as ``juju config`` shows them."""

import json
import urllib.parse

import paas_common
import pydantic


class DjangoSettings(paas_common.GunicornSettings):
    """Options of Django; every field that has a value becomes ``DJANGO_<FIELD>``."""

    debug: bool = pydantic.Field(
        default=False,
        alias="django-debug",
        description="True for debug mode; it is set as DJANGO_DEBUG.",
    )
    allowed_hosts: str | None = pydantic.Field(
        default=None,
        alias="django-allowed-hosts",
        exclude=True,
        description="Hosts that Django may serve, separated by commas, in addition to the application's own; they are "
        "set as DJANGO_ALLOWED_HOSTS, a JSON list.",
    )


def allowed_hosts(settings: paas_common.Settings, base_url: str) -> dict[str, str]:
    """Return the hosts and origins that Django may serve: the operator's, and the application's own."""
    configured = settings.allowed_hosts if isinstance(settings, DjangoSettings) else None
    hosts = [host.strip() for host in (configured or "").split(",") if host.strip()]
    address = urllib.parse.urlsplit(base_url)
    own = [address.hostname] if address.hostname else []
    return {
        "DJANGO_ALLOWED_HOSTS": json.dumps(list(dict.fromkeys([*hosts, *own]))),
        "DJANGO_CSRF_TRUSTED_ORIGINS": json.dumps([f"{address.scheme}://{address.netloc}"]),
    }
