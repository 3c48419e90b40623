#!/usr/bin/env python3
"""Keeps a RabbitMQ server running, and gives each related application a user and a virtual host."""

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are beside this file
    from paas_local.providers.common import execution, provider
    from paas_local.providers.rabbitmq_k8s.charm.src import erlang
else:
    import erlang
    import execution
    import provider

PORT = 5672
RESERVED = "guest"
_NODE = "rabbit@localhost"
_DATA = "/var/lib/rabbitmq"
_ENVIRONMENT = {
    "RABBITMQ_NODENAME": _NODE,
    "RABBITMQ_MNESIA_BASE": f"{_DATA}/mnesia",
    "RABBITMQ_CONFIG_FILE": f"{_DATA}/rabbitmq",
    "RABBITMQ_ENABLED_PLUGINS_FILE": f"{_DATA}/enabled_plugins",
    "RABBITMQ_LOGS": "-",
    # What connects the nodes of a cluster is nobody's business outside.
    "ERL_EPMD_ADDRESS": "127.0.0.1",
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
}


class RabbitmqCharm(provider.ProviderCharm):
    """RabbitMQ on one unit."""

    endpoints = ("amqp",)
    patience = 60.0

    def server(self) -> provider.Server:
        """Run it on the data in its storage."""
        return provider.Server(
            container="rabbitmq",
            command="/usr/lib/rabbitmq/bin/rabbitmq-server",
            port=PORT,
            environment=_ENVIRONMENT,
            user=None,
            kill_delay="30s",
        )

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Have the server know the users that there are, and no others."""
        asked = {relation: user for relation in relations if (user := _asked(relation, "username"))}
        admitted = self._admitted()
        for user in sorted(admitted - {*asked.values()}):
            self._tell(erlang.removal(user))
        for relation, user in asked.items():
            if user != RESERVED:
                password = self._password(user, asked)
                if user not in admitted:
                    self._tell(erlang.creation(user, password, _asked(relation, "vhost") or "/"))
                    admitted |= {user}
                provider.write(relation.data[self.app], {"hostname": self.host, "password": password})
        if RESERVED in asked.values():
            raise provider.RefusedError(f"a client asks for the user {RESERVED}, which belongs to the server itself")

    def publish(self, relation: ops.Relation) -> None:
        """Say nothing more than :meth:`serve` does."""

    def _password(self, user: str, asked: dict[ops.Relation, str]) -> str:
        """Give the one that a user has; an application that is related twice has one user."""
        known = (relation.data[self.app].get("password") for relation, name in asked.items() if name == user)
        return next(filter(None, known), None) or secrets.token_hex(16)

    def _admitted(self) -> frozenset[str]:
        answer = erlang.parse(self._ask(erlang.STATE))
        if answer is None:
            raise provider.NotReadyError("waiting for the server to answer")
        version, users = answer
        self.unit.set_workload_version(version)
        return users

    def _tell(self, words: str) -> None:
        answer = self._ask(words)
        if answer.strip() != '{ok, "done"}':
            raise provider.NotReadyError(f"the server refuses a change: {answer.strip()}")

    def _ask(self, words: str) -> str:
        container = self.unit.get_container("rabbitmq")
        return execution.execute(container, "erl_call", "-sname", _NODE, "-e", stdin=words)


def _asked(relation: ops.Relation, key: str) -> str:
    return relation.data[relation.app].get(key, "")


if __name__ == "__main__":
    ops.main(RabbitmqCharm)
