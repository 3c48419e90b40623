"""Redis, over the ``redis`` interface.

The primary's address is in the application databag. The port is only in unit databags, where early events have the
text ``None`` in place of a number.
"""

import pydantic

from paas_common.values import settings, urls
from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags

from ._integration import Context, Integration

_NOT_SET = (None, "", "None")


class Redis(pydantic.BaseModel):
    """Address of the primary."""

    model_config = pydantic.ConfigDict(frozen=True)

    host: urls.Host
    port: settings.Port


def parse(databags: Databags, _: Context) -> Redis | None:
    """Return None until a unit has published its port and the primary is known."""
    unit = next((databag for databag in databags.units if databag.get("port") not in _NOT_SET), None)
    if unit is None:
        return None
    host = databags.app.get("leader-host") or unit.get("hostname")
    if host in _NOT_SET:
        return None
    return Redis.model_validate({"host": host, "port": unit["port"]})


def env(data: Redis, context: Context) -> EnvOverrides:
    """Return the variables of the URL."""
    return urls.env(context.env_prefix, urls.url("redis", f"{data.host}:{data.port}"))


REDIS = Integration(
    interface="redis", endpoint="redis", env_prefix="REDIS_DB", provider="redis-k8s", parse=parse, env=env
)
