#!/usr/bin/env python3
"""Keeps a forward proxy running, and lets each related application reach what it asks for."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are beside this file
    from paas_local.providers.common import provider
    from paas_local.providers.squid_forward_proxy.charm.src import access
else:
    import access
    import provider

PORT = 3128
# In the container, where its user may write.
CONFIGURATION = "/tmp/squid/squid.conf"  # noqa: S108
ACCOUNTS = "/tmp/squid/passwd"  # noqa: S108
HOSTS = Path("/etc/hosts")
"""All containers of a pod have the same."""


class SquidCharm(provider.ProviderCharm):
    """A way out, for who asked for it."""

    endpoints = ("http-proxy",)

    def server(self) -> provider.Server:
        """Run it with the permits of all who asked properly."""
        permits = list(self._permits())
        text = access.configuration(
            permits, name=self.app.name, port=PORT, accounts=ACCOUNTS, names=HOSTS.read_text(encoding="utf-8")
        )
        return provider.Server(
            container="squid",
            user=None,
            command=f"/usr/sbin/squid -N -f {CONFIGURATION}",
            port=PORT,
            files={ACCOUNTS: access.passwords(permits), CONFIGURATION: text},
            # Its own command for it wants an account of Debian's.
            reload=("/bin/sh", "-c", "kill -HUP $(cat /tmp/squid.pid)"),
        )

    def publish(self, relation: ops.Relation) -> None:
        """Answer each request; what cannot be served is told to the operator too."""
        try:
            asked = _asked(relation)
        except provider.RefusedError:
            provider.write(relation.data[self.app], {"responses": ""})
            raise
        answers = [self._answer(relation, each) for each in asked]
        provider.write(relation.data[self.app], {"responses": access.answered(answers) if answers else ""})
        refused = [each.reason for each in asked if isinstance(each, access.Refusal)]
        if refused:
            raise provider.invalid(relation, "; ".join(refused))

    def _answer(self, relation: ops.Relation, asked: access.Request | access.Refusal) -> dict[str, str]:
        if isinstance(asked, access.Refusal):
            return {"requirer": asked.id, "status": asked.status}
        if not _known(asked):
            return {"requirer": asked.id, "status": "pending"}
        url = f"http://{self.host}:{PORT}"
        user = {"user": self.secret(relation, asked.id, self._account(relation, asked))} if asked.by_account else {}
        told = {"auth": asked.auth, "http_proxy": url, "https_proxy": url, **user}
        return {"requirer": asked.id, "status": "ready", **told}

    def _permits(self) -> Iterator[access.Permit]:
        for relation in sorted(self.clients, key=lambda relation: relation.id):
            # what cannot be is told when it would be published
            with contextlib.suppress(provider.RefusedError):
                for each in _asked(relation):
                    if isinstance(each, access.Request) and _known(each):
                        account = self._account(relation, each) if each.by_account else {}
                        yield access.Permit(request=each, **account)

    def _account(self, relation: ops.Relation, request: access.Request) -> dict[str, str]:
        """Give the account of a request as it was made first."""
        return self.own(
            f"{request.id}-{relation.id}",
            lambda: {"username": f"relation-{relation.id}-{request.id}", "password": secrets.token_urlsafe(24)},
        )


def _known(request: access.Request) -> bool:
    """Tell whether it is known from where somebody asks, if that counts; units tell it when they have come."""
    return bool(request.sources) or not request.by_source


def _asked(relation: ops.Relation) -> tuple[access.Request | access.Refusal, ...]:
    try:
        return access.read(relation.data[relation.app], (relation.data[unit] for unit in relation.units))
    except access.InvalidError as reason:
        raise provider.invalid(relation, reason) from reason


if __name__ == "__main__":
    ops.main(SquidCharm)
