"""RabbitMQ, over the ``rabbitmq`` interface.

The Kubernetes charm answers in its application databag; the machine charm in the databag of each unit, all with the
same password. Neither tells a port or offers TLS.
"""

import pydantic

from paas_common.values import facts, urls

from ._integration import Context, Integration

PORT = 5672
VHOST = "/"
VHOST_IN_A_URL = "/%2F"


class Rabbitmq(pydantic.BaseModel):
    """A broker of one or more hosts."""

    model_config = pydantic.ConfigDict(frozen=True)

    hosts: tuple[urls.Host, ...]
    password: str = pydantic.Field(min_length=1, repr=False)


def parse(bags: facts.Databags, _: Context) -> Rabbitmq | None:
    """Return nothing until a host and the password are known."""
    answered = next((bag for bag in (bags.app, *bags.units) if bag.get("hostname") and bag.get("password")), None)
    if answered is None:
        return None
    units = tuple(sorted({bag["hostname"] for bag in bags.units if bag.get("hostname")}))
    return Rabbitmq.model_validate({"hosts": units or (answered["hostname"],), "password": answered["password"]})


def env(data: Rabbitmq, context: Context) -> facts.Text:
    """Spell out the address of the first host, and list those of all."""
    username, password = context.me.app, data.password
    addresses = [
        urls.url("amqp", f"{host}:{PORT}", username=username, password=password, path=VHOST_IN_A_URL)
        for host in data.hosts
    ]
    return {
        **{
            name: value
            for name, value in urls.env(context.stem, addresses[0], username=username, password=password).items()
            if name != f"{context.stem}_NAME"
        },
        f"{context.stem}_VHOST": VHOST,
        f"{context.stem}_CONNECT_STRINGS": ",".join(addresses),
    }


def request(context: Context) -> facts.Text:
    """Ask for an account named after the application."""
    return {"username": context.me.app, "vhost": VHOST}


RABBITMQ = Integration(
    interface="rabbitmq",
    endpoint="rabbitmq",
    stem="RABBITMQ",
    provider="rabbitmq-k8s",
    parse=parse,
    env=env,
    request=request,
)
