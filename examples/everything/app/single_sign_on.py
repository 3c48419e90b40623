"""SAML: a login with an identity provider, which posts a signed response."""

import base64
import datetime as dt
import os
import secrets
import zlib
from urllib.parse import urlencode

import flask
from lxml import etree
from signxml import InvalidInput, InvalidSignature, XMLVerifier

from app import integrations

blueprint = flask.Blueprint("single_sign_on", __name__, url_prefix="/saml")
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"


def base_url() -> str:
    return flask.current_app.config["BASE_URL"].rstrip("/")


@blueprint.get("/login")
def start():
    """Redirect the browser to the identity provider with an authentication request."""
    where = integrations.needed("SAML_SINGLE_SIGN_ON_REDIRECT_URL")
    request = (
        f'<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="_{secrets.token_hex(16)}"'
        f' Version="2.0" IssueInstant="{dt.datetime.now(dt.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"'
        f' AssertionConsumerServiceURL="{base_url()}/saml/acs">'
        f"<saml:Issuer>{base_url()}/saml</saml:Issuer></samlp:AuthnRequest>"
    )
    squeezed = zlib.compress(request.encode())[2:-4]
    return flask.redirect(f"{where}?{urlencode({'SAMLRequest': base64.b64encode(squeezed).decode()})}")


@blueprint.post("/acs")
def answer():
    """Accept the response of the identity provider if it is signed with its certificate."""
    certificate = _pem(os.environ.get("SAML_SIGNING_CERTIFICATE", ""))
    try:
        document = base64.b64decode(flask.request.form["SAMLResponse"])
        signed = XMLVerifier().verify(document, x509_cert=certificate).signed_xml
    except (ValueError, InvalidSignature, InvalidInput, etree.XMLSyntaxError) as error:
        flask.abort(403, f"the response is not signed by the identity provider: {error}")
    name = None if signed is None else signed.find(f".//{{{ASSERTION}}}NameID")
    if name is None:
        flask.abort(403, "the response has no name")
    flask.session["person"] = {"name": name.text}
    return flask.jsonify(name=name.text)


def _pem(certificate: str) -> str:
    if certificate.startswith("-----"):
        return certificate
    return f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n"
