"""Documents of a SAML 2.0 identity provider: metadata, requests and signed responses, without files or network."""

# The imported packages are only in the image, so a type checker does not find them.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

import base64
import binascii
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import signxml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # lxml has no types
from lxml.builder import ElementMaker

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
_MAX_REQUEST = 100_000
_MINUTES = timedelta(minutes=5)
_YEARS = timedelta(days=3650)

P = ElementMaker(namespace=_PROTOCOL, nsmap={"samlp": _PROTOCOL, "saml": _ASSERTION})
A = ElementMaker(namespace=_ASSERTION, nsmap={"saml": _ASSERTION})
M = ElementMaker(namespace=_METADATA, nsmap={"md": _METADATA, "ds": _SIGNATURE})
D = ElementMaker(namespace=_SIGNATURE, nsmap={"ds": _SIGNATURE})


class RequestError(Exception):
    """A request that cannot be answered; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The URL, key and certificate of the provider."""

    url: str
    key: str = field(repr=False)
    certificate: str

    @property
    def id(self) -> str:
        """The entity id, which is the URL of the metadata."""
        return f"{self.url}/metadata"

    @property
    def certificate_body(self) -> str:
        """The base64 text of the certificate, without PEM's lines around it."""
        return "".join(line for line in self.certificate.splitlines() if "-----" not in line)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request for a login."""

    id: str
    issuer: str
    answer_to: str


def signing() -> str:
    """Generate a key and its certificate, both as one PEM text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "paas-local")])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + _YEARS)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return (
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        + certificate.decode()
    )


def metadata(identity: Identity) -> bytes:
    """Write the metadata of the provider."""
    certificate = D.KeyInfo(D.X509Data(D.X509Certificate(identity.certificate_body)))
    services = [
        M.SingleSignOnService(Binding=binding, Location=f"{identity.url}/login") for binding in (REDIRECT, POST)
    ]
    role = M.IDPSSODescriptor(
        M.KeyDescriptor(certificate, use="signing"),
        M.NameIDFormat(_EMAIL),
        *services,
        protocolSupportEnumeration=_PROTOCOL,
        WantAuthnRequestsSigned="false",
    )
    return etree.tostring(M.EntityDescriptor(role, entityID=identity.id), xml_declaration=True, encoding="UTF-8")


def read(text: str, *, deflated: bool) -> Request:
    """Read the request that a browser sends: in base64, and compressed if it is a redirect."""
    try:
        content = base64.b64decode(text, validate=True)
        if deflated:
            content = zlib.decompressobj(-15).decompress(content, _MAX_REQUEST)
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(content, parser)
    except (binascii.Error, zlib.error, etree.XMLSyntaxError, ValueError) as error:
        raise RequestError("SAMLRequest: not a request of SAML 2.0") from error
    if root.tag != f"{{{_PROTOCOL}}}AuthnRequest":
        raise RequestError("SAMLRequest: not an AuthnRequest")
    answer_to = root.get("AssertionConsumerServiceURL", "")
    if not answer_to.startswith(("http://", "https://")):
        raise RequestError("SAMLRequest: AssertionConsumerServiceURL must be a URL")
    issuer = root.findtext(f"{{{_ASSERTION}}}Issuer", "").strip()
    return Request(id=root.get("ID", ""), issuer=issuer, answer_to=answer_to)


def respond(identity: Identity, request: Request, person: str, attributes: Mapping[str, str]) -> str:
    """Write a signed response for the person who has logged in, in base64."""
    now = datetime.now(timezone.utc)
    response = P.Response(
        A.Issuer(identity.id),
        P.Status(P.StatusCode(Value="urn:oasis:names:tc:SAML:2.0:status:Success")),
        _signed(identity, _assertion(identity, request, person, attributes, now)),
        ID=_unique(),
        InResponseTo=request.id,
        Version="2.0",
        IssueInstant=_time(now),
        Destination=request.answer_to,
    )
    return base64.b64encode(etree.tostring(response, xml_declaration=True, encoding="UTF-8")).decode()


def _assertion(identity: Identity, request: Request, person: str, attributes: Mapping[str, str], now: datetime) -> Any:
    until = _time(now + _MINUTES)
    confirmation = A.SubjectConfirmationData(InResponseTo=request.id, Recipient=request.answer_to, NotOnOrAfter=until)
    bearer = A.SubjectConfirmation(confirmation, Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
    method = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
    attribute_elements = [
        A.Attribute(A.AttributeValue(value), Name=name, NameFormat=_BASIC) for name, value in attributes.items()
    ]
    return A.Assertion(
        A.Issuer(identity.id),
        # the place of the signature
        D.Signature(Id="placeholder"),
        A.Subject(A.NameID(person, Format=_EMAIL), bearer),
        A.Conditions(
            A.AudienceRestriction(A.Audience(request.issuer)), NotBefore=_time(now - _MINUTES), NotOnOrAfter=until
        ),
        A.AuthnStatement(
            A.AuthnContext(A.AuthnContextClassRef(method)), AuthnInstant=_time(now), SessionIndex=_unique()
        ),
        A.AttributeStatement(*attribute_elements),
        ID=_unique(),
        Version="2.0",
        IssueInstant=_time(now),
    )


def _signed(identity: Identity, assertion: Any) -> Any:
    # exclusive, so the signature stays valid inside the response
    signer = signxml.XMLSigner(c14n_algorithm=signxml.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    return signer.sign(
        assertion, key=identity.key, cert=identity.certificate, reference_uri=assertion.get("ID"), id_attribute="ID"
    )


def _unique() -> str:
    return f"_{uuid.uuid4().hex}"


def _time(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
