#!/usr/bin/env python3
"""Keeps a mail server running that delivers nothing, and tells clients how to log in."""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is beside this file
    from paas_local.providers.common import provider
else:
    import provider

MAIL = 1025
HTTP = 8025
USER = "mailer"


class SmtpCharm(provider.ProviderCharm):
    """A mail server with one user, which all clients share."""

    endpoints = ("smtp",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-mails"].action, self._list_mails)

    def server(self) -> provider.Server:
        """Run it with the user that may log in, if any has to."""
        login = {"SMTP_USER": USER, "SMTP_PASSWORD": self._password} if self._auth == "plain" else {}
        return provider.Server(
            container="smtp",
            command=f"/bin/python3 /smtp/server.py --mail {MAIL} --http {HTTP}",
            # The pages come last.
            port=HTTP,
            more_ports=(MAIL,),
            environment=login,
        )

    def publish(self, relation: ops.Relation) -> None:
        """Tell where the server is, and by a secret the password."""
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
        wanted = str(self.config["auth_type"])
        if wanted not in {"none", "plain"}:
            raise provider.RefusedError(f"invalid option auth_type: {wanted!r} is neither none nor plain")
        return wanted

    @property
    def _password(self) -> str:
        login = self.kept("login")
        if login is None:
            login = {"password": secrets.token_hex(16)}
            self.app.add_secret(login, label="login")
        return login["password"]

    def _list_mails(self, event: ops.ActionEvent) -> None:
        def mails() -> Iterator[dict[str, str]]:
            for mail in provider.ask(HTTP, "/mails"):
                texts = {"subject": mail["subject"], "body": mail["body"]}
                yield {"from": mail["sender"], "to": ", ".join(mail["to"]), **texts}

        self.answer(event, "mails", mails)


if __name__ == "__main__":
    ops.main(SmtpCharm)
