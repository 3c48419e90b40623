"""Redis, over the ``redis`` interface.

The primary's address is in the application databag; the port is only in unit databags, where early events carry the
text ``None`` in place of a number.
"""

import pydantic

from paas_common.values import facts, settings, urls

from ._integration import Context, Integration

_UNKNOWN = (None, "", "None")


class Redis(pydantic.BaseModel):
    """Where the primary listens."""

    model_config = pydantic.ConfigDict(frozen=True)

    host: urls.Host
    port: settings.Port


def parse(bags: facts.Databags, _: Context) -> Redis | None:
    """Return nothing until a unit has published its port, and the primary is known."""
    unit = next((bag for bag in bags.units if bag.get("port") not in _UNKNOWN), None)
    if unit is None:
        return None
    host = bags.app.get("leader-host") or unit.get("hostname")
    if host in _UNKNOWN:
        return None
    return Redis.model_validate({"host": host, "port": unit["port"]})


def env(data: Redis, context: Context) -> facts.Text:
    """Spell out the address."""
    return urls.env(context.stem, urls.url("redis", f"{data.host}:{data.port}"))


REDIS = Integration(interface="redis", endpoint="redis", stem="REDIS_DB", provider="redis-k8s", parse=parse, env=env)
