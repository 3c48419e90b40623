"""RabbitMQ, over the ``rabbitmq`` interface.

The Kubernetes charm answers in its application databag, which has the address of the whole cluster. The machine charm
answers in each unit's databag, with one password for all. Neither writes a port or offers TLS.
"""

import pydantic

from paas_common.values import urls
from paas_common.values.environment import EnvOverrides, SecretText
from paas_common.values.facts import Databags, StrMap

from ._integration import Context, Integration

PORT = 5672
VHOST = "/"
QUOTED_VHOST = "/%2F"


class Rabbitmq(pydantic.BaseModel):
    """A broker with one or more hosts."""

    model_config = pydantic.ConfigDict(frozen=True)

    hosts: tuple[urls.Host, ...]
    password: pydantic.SecretStr = pydantic.Field(min_length=1)


def parse(databags: Databags, _: Context) -> Rabbitmq | None:
    """Return None until a databag has a host and the password."""
    if databags.app.get("hostname") and databags.app.get("password"):
        return Rabbitmq.model_validate({"hosts": (databags.app["hostname"],), "password": databags.app["password"]})
    answers = [databag for databag in databags.units if databag.get("hostname") and databag.get("password")]
    if not answers:
        return None
    hosts = sorted({databag["hostname"] for databag in databags.units if databag.get("hostname")})
    return Rabbitmq.model_validate({"hosts": hosts, "password": answers[0]["password"]})


def env(data: Rabbitmq, context: Context) -> EnvOverrides:
    """Return the variables of the first host's URL, and the URLs of all hosts."""
    username, password = context.identity.app, data.password.get_secret_value()
    addresses = [
        urls.url("amqp", f"{host}:{PORT}", username=username, password=password, path=QUOTED_VHOST)
        for host in data.hosts
    ]
    return {
        **urls.env(context.env_prefix, addresses[0], username=username, password=password),
        f"{context.env_prefix}_NAME": None,
        f"{context.env_prefix}_VHOST": VHOST,
        f"{context.env_prefix}_CONNECT_STRINGS": SecretText(",".join(addresses)),
    }


def request(context: Context) -> StrMap:
    """Return a request for an account with the application's name."""
    return {"username": context.identity.app, "vhost": VHOST}


RABBITMQ = Integration(
    interface="rabbitmq",
    endpoint="rabbitmq",
    env_prefix="RABBITMQ",
    provider="rabbitmq-k8s",
    parse=parse,
    env=env,
    request=request,
)
