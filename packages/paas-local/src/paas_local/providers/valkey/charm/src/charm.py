#!/usr/bin/env python3
"""Keeps a Valkey server running, and gives each related application an account."""

import contextlib
import secrets
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is beside this file
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
    """Valkey, in which each client has an account."""

    endpoints = ("valkey-client",)

    def server(self) -> provider.Server:
        """Run it for the pods, in memory only, with the accounts of all who asked properly."""
        options = f"--port {PORT} --bind 0.0.0.0 --protected-mode no --save '' --appendonly no --dir /tmp"
        operator = self.own(OPERATOR, _password)
        return provider.Server(
            container="valkey",
            command=f"/bin/redis-server {options} --aclfile {ACCOUNTS}",
            port=PORT,
            files={ACCOUNTS: self._accounts(operator["password"])},
            # A list that was read before is read anew by its command, so that nobody's keys are lost over it.
            reload=("/bin/redis-cli", "-p", str(PORT), "--user", OPERATOR, "ACL", "LOAD"),
            environment={"REDISCLI_AUTH": operator["password"]},
        )

    def publish(self, relation: ops.Relation) -> None:
        """Answer each request with an account."""
        requests = _asked(relation)
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
            (each, {**shared, "secret-user": self.secret(relation, each.id, self._account(relation, each))})
            for each in requests
        ]
        provider.write(relation.data[self.app], accounts.answered(answers))

    def _accounts(self, operator: str) -> str:
        found = [accounts.Account(name=OPERATOR, password=operator, keys="*", admin=True)]
        for relation in self.clients:
            # what cannot be is told when it would be published
            with contextlib.suppress(provider.RefusedError):
                for each in _asked(relation):
                    account = self._account(relation, each)
                    found.append(
                        accounts.Account(name=account["username"], password=account["password"], keys=each.resource)
                    )
        return accounts.listed(found)

    def _account(self, relation: ops.Relation, request: accounts.Request) -> dict[str, str]:
        """Give the account of a request as it was made first."""
        return self.own(
            f"{request.id}-{relation.id}",
            lambda: {"username": f"relation-{relation.id}-{request.id}", **_password()},
        )


def _password() -> dict[str, str]:
    """Make up a password."""
    return {"password": secrets.token_urlsafe(24)}


def _asked(relation: ops.Relation) -> tuple[accounts.Request, ...]:
    try:
        return accounts.read(relation.data[relation.app])
    except accounts.InvalidError as reason:
        raise provider.invalid(relation, reason) from reason


if __name__ == "__main__":
    ops.main(ValkeyCharm)
