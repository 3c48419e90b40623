"""A mail server that delivers nothing: it keeps mails in memory, and lists them over HTTP.

Clients log in with ``SMTP_USER`` and ``SMTP_PASSWORD``; without these variables they need not log in.
"""

import argparse
import asyncio
import html
import os
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from typing import cast

from aiohttp import web
from aiosmtpd import smtp

_MAX_MAILS = 200
_MAX_SIZE = 25 * 1024 * 1024
_PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mail</title>
<style>body {{font: 1rem sans-serif; margin: 2rem; max-width: 60rem}} pre {{white-space: pre-wrap}}</style>
<h1>Mail</h1>
{mails}
</html>
"""
_MAIL = "<h2>{subject}</h2><p>{sender} &rarr; {to}</p><pre>{body}</pre>"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A received mail."""

    sender: str
    """The sender in the envelope, like the recipients."""
    to: tuple[str, ...]
    subject: str
    body: str


def read(sender: str | None, recipients: Iterable[str], content: bytes) -> Mail:
    """Read a mail: its text, or its HTML if it has no text."""
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain", "html"))
    return Mail(
        sender=sender or "",
        to=tuple(recipients),
        subject=str(message.get("Subject", "")),
        body=_text(body) if body else "",
    )


def _text(part: MIMEPart) -> str:
    """Decode a part; one with an unknown character set is read as UTF-8."""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except LookupError:
        return cast("bytes", part.get_payload(decode=True)).decode("utf-8", "replace")


def page(mails: Iterable[Mail]) -> str:
    """Write the page of the mails."""
    entries = [
        _MAIL.format(
            subject=html.escape(mail.subject or "(no subject)"),
            sender=html.escape(mail.sender),
            to=html.escape(", ".join(mail.to)),
            body=html.escape(mail.body),
        )
        for mail in mails
    ]
    return _PAGE.format(mails="\n".join(entries) or "<p>None yet.</p>")


class Mailbox:
    """The last mails, the newest first."""

    def __init__(self) -> None:
        self.mails: deque[Mail] = deque(maxlen=_MAX_MAILS)

    async def handle_DATA(self, server: smtp.SMTP, session: smtp.Session, envelope: smtp.Envelope) -> str:  # noqa: ARG002, N802 - as aiosmtpd calls it
        """Keep a mail."""
        self.mails.appendleft(read(envelope.mail_from, envelope.rcpt_tos, envelope.original_content or b""))
        return "250 OK"

    async def answer_page(self, _: web.Request) -> web.Response:
        """Return the page of all mails."""
        return web.Response(text=page(self.mails), content_type="text/html")

    async def answer_list(self, _: web.Request) -> web.Response:
        """Return all mails as JSON."""
        return web.json_response([asdict(mail) for mail in self.mails])


class Login:
    """The check of a login by PLAIN or LOGIN, as :mod:`aiosmtpd` calls it."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user.encode()
        self._password = password.encode()

    def __call__(self, *arguments: object) -> smtp.AuthResult:
        """Compare user and password; the last argument is the client's login."""
        login = arguments[-1]
        success = isinstance(login, smtp.LoginPassword) and self._matches(login)
        # handled=False: the server itself sends the client the error.
        return smtp.AuthResult(success=success, handled=False)

    def _matches(self, login: smtp.LoginPassword) -> bool:
        user = secrets.compare_digest(login.login, self._user)
        return secrets.compare_digest(login.password, self._password) and user


def application(mailbox: Mailbox, login: Login | None, port: int) -> web.Application:
    """Build the HTTP server, which starts and stops the mail server."""

    def connection() -> smtp.SMTP:
        return smtp.SMTP(
            mailbox,
            data_size_limit=_MAX_SIZE,
            enable_SMTPUTF8=True,
            authenticator=login,
            auth_required=login is not None,
            # There is no TLS.
            auth_require_tls=False,
        )

    async def mail(_: web.Application) -> AsyncIterator[None]:
        server = await asyncio.get_running_loop().create_server(connection, "0.0.0.0", port)  # noqa: S104 - in a pod
        yield
        server.close()

    app = web.Application()
    app.cleanup_ctx.append(mail)
    app.router.add_get("/", mailbox.answer_page)
    app.router.add_get("/mails", mailbox.answer_list)
    return app


def main() -> None:
    """Read the ports from the command line and the login from the environment, and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mail", type=int, required=True)
    parser.add_argument("--http", type=int, required=True)
    ports = parser.parse_args()
    user, password = os.environ.get("SMTP_USER"), os.environ.get("SMTP_PASSWORD")
    login = Login(user, password) if user and password else None
    web.run_app(application(Mailbox(), login, ports.mail), port=ports.http, print=None, access_log=None)


if __name__ == "__main__":
    main()
