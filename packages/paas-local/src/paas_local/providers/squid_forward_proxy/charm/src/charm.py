#!/usr/bin/env python3
"""A charm that runs a forward proxy, and lets each related application reach the domains it requests."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.squid_forward_proxy.charm.src import access
else:
    import access
    import provider

# A folder in the container that its user may write to.
CONFIGURATION = "/tmp/squid/squid.conf"  # noqa: S108
ACCOUNTS = "/tmp/squid/passwd"  # noqa: S108
PORTS = range(1024, 65536)
HOSTS = Path("/etc/hosts")
"""The file is the same in all containers of a pod."""


class SquidCharm(provider.ProviderCharm):
    """A forward proxy for the applications of the model."""

    endpoints = ("http-proxy",)
    invalid = (access.InvalidError,)

    def server(self) -> provider.Server:
        """Describe the proxy with the permits of all valid requests."""
        permits, port = list(self._permits()), self._port
        text = access.configuration(
            permits, name=self.app.name, port=port, accounts=ACCOUNTS, names=HOSTS.read_text(encoding="utf-8")
        )
        return provider.Server(
            container="squid",
            user=None,
            command=f"/usr/sbin/squid -N -f {CONFIGURATION}",
            port=port,
            files={ACCOUNTS: access.passwords(permits), CONFIGURATION: text},
            # squid -k reconfigure requires an account of Debian's package.
            reload=("/bin/sh", "-c", "kill -HUP $(cat /tmp/squid.pid)"),
        )

    def announce(self, relation: ops.Relation) -> None:
        """Answer each request as pending."""
        if "responses" not in relation.data[self.app] and (requests := _read(relation)):
            provider.write(relation.data[self.app], {"responses": access.responses(map(_without_proxy, requests))})

    def publish(self, relation: ops.Relation) -> None:
        """Answer each request; refused requests are reported to the operator too."""
        try:
            requests = _read(relation)
        except access.InvalidError:
            provider.write(relation.data[self.app], {"responses": ""})
            raise
        answers = [self._answer(relation, each) for each in requests]
        provider.write(relation.data[self.app], {"responses": access.responses(answers) if answers else ""})
        refused = [each.reason for each in requests if isinstance(each, access.RefusedRequest)]
        if refused:
            raise provider.invalid(relation, "; ".join(refused))

    @property
    def _port(self) -> int:
        port = int(self.config["http-port"])
        if port not in PORTS:
            raise provider.RefusedError(f"invalid option http-port (must be {PORTS.start} to {PORTS.stop - 1})")
        return port

    def _answer(self, relation: ops.Relation, request: access.Request | access.RefusedRequest) -> dict[str, str]:
        if isinstance(request, access.RefusedRequest) or not _has_sources(request):
            return _without_proxy(request)
        url = f"http://{self.config.get('hostname') or self.host}:{self._port}"
        account = {}
        if request.by_account:
            account = {"user": self.secret(relation, request.id, self._account(relation, request))}
        answer = {"auth": request.auth, "http_proxy": url, "https_proxy": url, **account}
        return {"requirer": request.id, "status": "ready", **answer}

    def _permits(self) -> Iterator[access.Permit]:
        for relation, requests in self.requests(_read):
            for request in requests:
                if isinstance(request, access.Request) and _has_sources(request):
                    account = self._account(relation, request) if request.by_account else {}
                    yield access.Permit(request=request, **account)

    def _account(self, relation: ops.Relation, request: access.Request) -> dict[str, str]:
        """Return the account of a request, which stays the same."""
        return self.own_secret(
            f"{request.id}-{relation.id}",
            lambda: {"username": f"relation-{relation.id}-{request.id}", "password": secrets.token_urlsafe(24)},
        )


def _without_proxy(request: access.Request | access.RefusedRequest) -> dict[str, str]:
    status = request.status if isinstance(request, access.RefusedRequest) else "pending"
    return {"requirer": request.id, "status": status}


def _has_sources(request: access.Request) -> bool:
    """Return whether the addresses of a request by address are known; new units have not written theirs yet."""
    return bool(request.sources) or not request.by_source


def _read(relation: ops.Relation) -> tuple[access.Request | access.RefusedRequest, ...]:
    return access.read(relation.data[relation.app], (relation.data[unit] for unit in relation.units))


if __name__ == "__main__":
    ops.main(SquidCharm)
