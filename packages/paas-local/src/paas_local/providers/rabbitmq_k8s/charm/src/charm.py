#!/usr/bin/env python3
"""A charm that runs a RabbitMQ server, with a user and a virtual host for each related application."""

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import execution, provider
    from paas_local.providers.rabbitmq_k8s.charm.src import erlang
else:
    import erlang
    import execution
    import provider

PORT = 5672
OPERATOR = "operator"
RESERVED = ("guest", OPERATOR)
_NODE = "rabbit@localhost"
_DATA = "/var/lib/rabbitmq"
_ENVIRONMENT = {
    "RABBITMQ_NODENAME": _NODE,
    "RABBITMQ_MNESIA_BASE": f"{_DATA}/mnesia",
    "RABBITMQ_CONFIG_FILE": f"{_DATA}/rabbitmq",
    "RABBITMQ_ENABLED_PLUGINS_FILE": f"{_DATA}/enabled_plugins",
    "RABBITMQ_LOGS": "-",
    # Only processes of this pod may reach the ports between the nodes of a cluster.
    "ERL_EPMD_ADDRESS": "127.0.0.1",
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
}


class RabbitmqCharm(provider.ProviderCharm):
    """RabbitMQ on one unit."""

    endpoints = ("amqp",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["get-operator-info"].action, self._get_operator)
        framework.observe(self.on["get-service-account"].action, self._get_account)

    def server(self) -> provider.Server:
        """Describe the server on the data in its storage."""
        return provider.Server(
            container="rabbitmq",
            command="/usr/lib/rabbitmq/bin/rabbitmq-server",
            port=PORT,
            environment=_ENVIRONMENT,
            user=None,
            kill_delay="30s",
        )

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Create the users of new clients, remove those of clients that have gone, and publish."""
        users = {relation: user for relation in relations if (user := _value(relation, "username"))}
        existing = self._existing_users()
        for user in sorted(existing - {*users.values()}):
            self._change(erlang.removal(user))
        accounts = {user for user in {*users.values()} - existing if self._read_secret(_label(user))}
        for relation, user in users.items():
            if user not in {*RESERVED, *accounts}:
                password = self._password(user, users)
                if user not in existing:
                    self._change(erlang.creation(user, password, _value(relation, "vhost") or "/"))
                    existing |= {user}
                provider.write(relation.data[self.app], {"hostname": self.host, "password": password})
        for user in RESERVED:
            if user in users.values():
                raise provider.RefusedError(f"a client asks for the user {user}, which belongs to the server itself")
        if accounts:
            user = min(accounts)
            raise provider.RefusedError(f"a client asks for the user {user}, which get-service-account has created")

    def publish(self, relation: ops.Relation) -> None:
        """Do nothing: :meth:`serve` publishes."""

    def _password(self, user: str, users: dict[ops.Relation, str]) -> str:
        """Return the password that a user has or will get; several relations can have the same user."""
        known = (relation.data[self.app].get("password") for relation, name in users.items() if name == user)
        return next(filter(None, known), None) or secrets.token_hex(16)

    def _get_operator(self, event: ops.ActionEvent) -> None:
        if password := self._account(event, OPERATOR, "/", erlang.ADMINISTRATOR):
            event.set_results({"operator-user": OPERATOR, "operator-password": password})

    def _get_account(self, event: ops.ActionEvent) -> None:
        user, vhost = str(event.params["username"]), str(event.params["vhost"])
        if user in RESERVED or user in {_value(relation, "username") for relation in self.clients}:
            event.fail(f"the user {user} belongs to the server or to a related application")
            return
        if password := self._account(event, user, vhost, erlang.ACCOUNT):
            url = f"rabbit://{quote(user, safe='')}:{password}@{self.host}:{PORT}/{quote(vhost, safe='')}"
            address = {"vhost": vhost, "ingress-address": self.host, "port": PORT, "url": url}
            event.set_results({"username": user, "password": password, **address})

    def _account(self, event: ops.ActionEvent, user: str, vhost: str, tag: str) -> str | None:
        """Create a user that is not a client; return its password, which stays, or fail the action."""
        make = {"password": secrets.token_hex(16)}
        password = self.own_secret(_label(user), lambda: make)["password"]
        try:
            self._change(erlang.account(user, password, vhost, tag))
        except provider.NotReadyError as reason:
            event.fail(str(reason))
            return None
        return password

    def _existing_users(self) -> frozenset[str]:
        answer = erlang.parse(self._ask(erlang.STATE))
        if answer is None:
            raise provider.NotReadyError("waiting for the server to answer")
        version, users = answer
        self.unit.set_workload_version(version)
        return users

    def _change(self, code: str) -> None:
        answer = self._ask(code)
        if answer.strip() != '{ok, "done"}':
            raise provider.NotReadyError(f"the server refuses a change: {answer.strip()}")

    def _ask(self, code: str) -> str:
        container = self.unit.get_container("rabbitmq")
        return execution.execute(container, "erl_call", "-sname", _NODE, "-e", stdin=code)


def _label(user: str) -> str:
    """Return the label of the secret with the password of a user that is not a client."""
    return f"account-{user}"


def _value(relation: ops.Relation, key: str) -> str:
    return relation.data[relation.app].get(key, "")


if __name__ == "__main__":
    ops.main(RabbitmqCharm)
