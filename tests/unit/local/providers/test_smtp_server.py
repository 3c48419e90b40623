"""The built-in mail server: mails, pages and logins."""

from typing import Any, cast

import pytest
from aiosmtpd import smtp
from paas_local.providers.smtp_integrator.rock.files.smtp import server
from paas_local.providers.smtp_integrator.rock.files.smtp.server import Mail

HEADERS = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: someone@else.test\r\n"
HTML = b'Content-Type: text/html; charset="utf-8"\r\n\r\n<b>bold</b>\r\n'
PLAIN = b'Content-Type: text/plain; charset="utf-8"\r\n\r\nplain \xc3\xa4\r\n'


def mail(content: bytes) -> Mail:
    return server.read("web@app.test", ["you@there.test", "me@here.test"], content)


def test_reads_the_envelope_the_subject_and_the_text():
    assert mail(HEADERS + PLAIN) == Mail(
        sender="web@app.test", to=("you@there.test", "me@here.test"), subject="Grüße", body="plain ä\n"
    )


@pytest.mark.parametrize(
    ("content", "body"),
    [
        pytest.param(
            HEADERS + b"Content-Type: multipart/alternative; boundary=X\r\n\r\n--X\r\n" + HTML + b"--X\r\n" + PLAIN,
            "plain ä",
            id="the plain of two",
        ),
        pytest.param(HEADERS + HTML, "<b>bold</b>\n", id="only HTML"),
        pytest.param(b"", "", id="nothing"),
        pytest.param(HEADERS + b"Content-Type: image/png\r\n\r\nxx", "", id="no text at all"),
        pytest.param(
            HEADERS + b"Content-Type: text/plain; charset=martian\r\n\r\nhello\xff",
            "hello\ufffd",
            id="unknown characters",
        ),
    ],
)
def test_shows_the_text(content: bytes, body: str):
    assert mail(content).body == body


def test_a_page_shows_mails_as_text():
    page = server.page([Mail(sender="a@b.test", to=("c@d.test",), subject="", body="<script>")])

    assert "(no subject)" in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_a_page_without_mails_says_so():
    assert "None yet." in server.page([])


@pytest.mark.parametrize(
    ("login", "success"),
    [
        pytest.param(smtp.LoginPassword(b"mailer", b"secret"), True, id="both right"),
        pytest.param(smtp.LoginPassword(b"mailer", b"other"), False, id="wrong password"),
        pytest.param(smtp.LoginPassword(b"other", b"secret"), False, id="wrong user"),
        pytest.param(b"a token", False, id="another mechanism"),
    ],
)
def test_only_the_right_login_succeeds(login: object, success: bool):
    nothing = cast("Any", None)

    answer = server.Login("mailer", "secret")(nothing, nothing, nothing, "PLAIN", login)

    assert (answer.success, answer.handled) == (success, False)
