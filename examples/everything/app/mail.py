"""SMTP: a mail."""

import os
import smtplib
from email.message import EmailMessage

import flask

from app import integrations

blueprint = flask.Blueprint("mail", __name__, url_prefix="/mail")


@blueprint.post("")
def send():
    sent = flask.request.get_json()
    letter = EmailMessage()
    letter["From"] = f"everything@{os.environ.get('SMTP_DOMAIN') or 'example.com'}"
    letter["To"], letter["Subject"] = sent["to"], sent["subject"]
    letter.set_content(sent.get("text", ""))
    security = os.environ.get("SMTP_TRANSPORT_SECURITY")
    kind = smtplib.SMTP_SSL if security == "tls" else smtplib.SMTP
    with kind(integrations.needed("SMTP_HOST"), int(os.environ["SMTP_PORT"]), timeout=5) as server:
        if security == "starttls":
            server.starttls()
        if os.environ.get("SMTP_PASSWORD"):
            server.login(os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"])
        server.send_message(letter)
    return "", 202
