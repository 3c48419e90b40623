#!/usr/bin/env python3
"""A charm that runs a mail server, which delivers nothing, and publishes its address and login."""

import json
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
CHOICES = {
    "auth_type": ("plain", "none", "not_provided"),
    "transport_security": ("none", "starttls", "tls"),
}


class SmtpCharm(provider.ProviderCharm):
    """A mail server with one user, shared by all clients."""

    endpoints = ("smtp",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-mails"].action, self._list_mails)

    def server(self) -> provider.Server:
        """Describe the server, with a user if the option ``auth_type`` requires one."""
        login = self._login() if not self._host else None
        return provider.Server(
            container="smtp",
            command=f"/bin/python3 /smtp/server.py --mail {MAIL} --http {HTTP}",
            # This port opens last.
            port=HTTP,
            more_ports=(MAIL,),
            environment={"SMTP_USER": login[0], "SMTP_PASSWORD": login[1]} if login else {},
        )

    def publish(self, relation: ops.Relation) -> None:
        """Write the address of the server, and the password as a secret."""
        login = self._login()
        recipients = [each.strip() for each in self._option("recipients").split(",") if each.strip()]
        values = {
            "host": self._host or self.host,
            "port": str(self.config["port"] if self._host else MAIL),
            "auth_type": self._choice("auth_type"),
            "transport_security": self._transport_security,
            "domain": self._option("domain"),
            "skip_ssl_verify": str(self.config["skip_ssl_verify"]),
            "smtp_sender": self._option("smtp_sender"),
            "recipients": json.dumps(recipients) if recipients else "",
            "user": login[0] if login else "",
            "password_id": self.secret(relation, "login", {"password": login[1]}) if login else "",
        }
        provider.write(relation.data[self.app], values)

    @property
    def _host(self) -> str:
        """The host of the other mail server; empty if clients use the one of this charm."""
        return self._option("host")

    @property
    def _transport_security(self) -> str:
        value = self._choice("transport_security")
        if value != "none" and not self._host:
            raise provider.RefusedError("invalid option transport_security (must be none without the option host)")
        return value

    def _login(self) -> tuple[str, str] | None:
        """Return the name and the password of the clients; None if they do not log in."""
        if self._choice("auth_type") != "plain":
            return None
        user, password = self._option("user"), self._given_password()
        if self._host:
            if not (user and password):
                raise provider.RefusedError("the options user and password must be set for auth_type=plain with a host")
            return user, password
        return user or USER, password or self.own_secret("login", _new_password)["password"]

    def _given_password(self) -> str:
        if not (uri := self._option("password_secret")):
            return self._option("password")
        try:
            content = self.model.get_secret(id=uri).get_content(refresh=True)
        except (ops.SecretNotFoundError, ops.ModelError):
            raise provider.RefusedError(
                f"the secret of the option password_secret cannot be read (juju grant-secret SECRET {self.app.name})"
            ) from None
        if not content.get("password"):
            raise provider.RefusedError("the secret of the option password_secret must have the key password")
        return content["password"]

    def _choice(self, name: str) -> str:
        value = self._option(name)
        if value not in CHOICES[name]:
            raise provider.RefusedError(f"invalid option {name} (must be one of {', '.join(CHOICES[name])})")
        return value

    def _option(self, name: str) -> str:
        return str(self.config.get(name, ""))

    def _list_mails(self, event: ops.ActionEvent) -> None:
        def rows() -> Iterator[dict[str, str]]:
            for mail in provider.ask(HTTP, "/mails"):
                texts = {"subject": mail["subject"], "body": mail["body"]}
                yield {"from": mail["sender"], "to": ", ".join(mail["to"]), **texts}

        self.answer(event, "mails", rows)


def _new_password() -> dict[str, str]:
    return {"password": secrets.token_hex(16)}


if __name__ == "__main__":
    ops.main(SmtpCharm)
