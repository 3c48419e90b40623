#!/usr/bin/env python3
"""A charm that runs a Valkey server, with an account for each related application."""

import secrets
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.valkey.charm.src import accounts
else:
    import accounts
    import provider

PORT = 6379
ACCOUNTS = "/etc/valkey/users.acl"
OPERATOR = "operator"
VERSION = "6.2"


class ValkeyCharm(provider.ProviderCharm):
    """Valkey with an account for each request."""

    endpoints = ("valkey-client",)
    invalid = (accounts.InvalidError,)

    def server(self) -> provider.Server:
        """Describe the server, in memory only, with the accounts of all valid requests."""
        options = f"--port {PORT} --bind 0.0.0.0 --protected-mode no --save '' --appendonly no --dir /tmp"
        operator = self.own_secret(OPERATOR, _password)
        return provider.Server(
            container="valkey",
            command=f"/bin/redis-server {options} --aclfile {ACCOUNTS}",
            port=PORT,
            files={ACCOUNTS: self._accounts(operator["password"])},
            # Without a restart, which would lose all keys.
            reload=("/bin/redis-cli", "-p", str(PORT), "--user", OPERATOR, "ACL", "LOAD"),
            environment={"REDISCLI_AUTH": operator["password"]},
        )

    def announce(self, relation: ops.Relation) -> None:
        """Answer each request without an address."""
        if "requests" not in relation.data[self.app] and (requests := _read(relation)):
            provider.write(relation.data[self.app], accounts.response((request, {}) for request in requests))

    def publish(self, relation: ops.Relation) -> None:
        """Answer each request with an account."""
        requests = _read(relation)
        if not requests:
            provider.write(relation.data[self.app], dict.fromkeys(("version", "data", "requests"), ""))
            return
        tls = self.secret(relation, "tls", {"tls": "false"})
        shared = {
            "endpoints": f"{self.host}:{PORT}",
            "read-only-endpoints": f"{self.host}:{PORT}",
            "secret-tls": tls,
            "version": VERSION,
            "mode": "standalone",
        }
        answers = [
            (request, {**shared, "secret-user": self.secret(relation, request.id, self._account(relation, request))})
            for request in requests
        ]
        provider.write(relation.data[self.app], accounts.response(answers))

    def _accounts(self, operator: str) -> str:
        listed = [accounts.Account(name=OPERATOR, password=operator, keys="*", admin=True)]
        for relation, requests in self.requests(_read):
            for request in requests:
                login = self._account(relation, request)
                listed.append(
                    accounts.Account(name=login["username"], password=login["password"], keys=request.resource)
                )
        return accounts.document(listed)

    def _account(self, relation: ops.Relation, request: accounts.Request) -> dict[str, str]:
        """Return the account of a request, which stays the same."""
        return self.own_secret(
            f"{request.id}-{relation.id}",
            lambda: {"username": f"relation-{relation.id}-{request.id}", **_password()},
        )


def _password() -> dict[str, str]:
    """Generate a password."""
    return {"password": secrets.token_urlsafe(24)}


def _read(relation: ops.Relation) -> tuple[accounts.Request, ...]:
    return accounts.read(relation.data[relation.app])


if __name__ == "__main__":
    ops.main(ValkeyCharm)
