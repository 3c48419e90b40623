#!/usr/bin/env python3
"""A charm that runs a mail server, which delivers nothing, and publishes its address and login."""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common import provider
else:
    import provider

MAIL = 1025
HTTP = 8025
USER = "mailer"


class SmtpCharm(provider.ProviderCharm):
    """A mail server with one user, shared by all clients."""

    endpoints = ("smtp",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-mails"].action, self._list_mails)

    def server(self) -> provider.Server:
        """Describe the server, with a user if the option ``auth_type`` requires one."""
        login = {"SMTP_USER": USER, "SMTP_PASSWORD": self._password} if self._auth == "plain" else {}
        return provider.Server(
            container="smtp",
            command=f"/bin/python3 /smtp/server.py --mail {MAIL} --http {HTTP}",
            # This port opens last.
            port=HTTP,
            more_ports=(MAIL,),
            environment=login,
        )

    def publish(self, relation: ops.Relation) -> None:
        """Write the address of the server, and the password as a secret."""
        login = {"user": "", "password_id": ""}
        if self._auth == "plain":
            login = {"user": USER, "password_id": self.secret(relation, "login", {"password": self._password})}
        values = {
            "host": self.host,
            "port": str(MAIL),
            "auth_type": self._auth,
            "transport_security": "none",
            "domain": str(self.config.get("domain", "")),
            "skip_ssl_verify": "False",
            **login,
        }
        provider.write(relation.data[self.app], values)

    @property
    def _auth(self) -> str:
        auth_type = str(self.config["auth_type"])
        if auth_type not in {"none", "plain"}:
            raise provider.RefusedError(f"invalid option auth_type: {auth_type!r} is neither none nor plain")
        return auth_type

    @property
    def _password(self) -> str:
        return self.own_secret("login", lambda: {"password": secrets.token_hex(16)})["password"]

    def _list_mails(self, event: ops.ActionEvent) -> None:
        def rows() -> Iterator[dict[str, str]]:
            for mail in provider.ask(HTTP, "/mails"):
                texts = {"subject": mail["subject"], "body": mail["body"]}
                yield {"from": mail["sender"], "to": ", ".join(mail["to"]), **texts}

        self.answer(event, "mails", rows)


if __name__ == "__main__":
    ops.main(SmtpCharm)
