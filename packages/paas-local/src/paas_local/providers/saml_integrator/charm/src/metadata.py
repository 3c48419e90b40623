"""The metadata of an identity provider elsewhere (SAML 2.0 Metadata), and the databag that describes it."""

import base64
import binascii
import hashlib
import re
from xml.etree import ElementTree as ET

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_CERTIFICATE = ".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
_SERVICES = ("SingleSignOnService", "SingleLogoutService")
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class InvalidError(Exception):
    """Metadata that cannot be used; the text names the option and the rule."""


def databag(text: str, entity_id: str, fingerprint: str = "") -> dict[str, str]:
    """Return the certificates and the endpoints of an entity, in the form of the ``saml`` interface."""
    entity = _entity(text, entity_id)
    if fingerprint and _fingerprint(entity) != re.sub("[: ]", "", fingerprint).lower():
        raise InvalidError(
            "invalid option fingerprint (must be the SHA-256 of the signing certificate in the metadata)"
        )
    certificates = sorted(
        _compact(each.text) for key in entity.iter(f"{MD}KeyDescriptor") for each in key.iterfind(_CERTIFICATE)
    )
    values = {"entity_id": entity_id, "x509certs": ",".join(certificates)}
    for service in _SERVICES:
        for endpoint in entity.iter(f"{MD}{service}"):
            binding = endpoint.get("Binding", "")
            prefix = f"{_WORD.sub('_', service).lower()}_{re.split('[:-]', binding)[-1].lower()}_"
            values |= {
                f"{prefix}binding": binding,
                f"{prefix}url": endpoint.get("Location", ""),
                f"{prefix}response_url": endpoint.get("ResponseLocation", ""),
            }
    return values


def _entity(text: str, entity_id: str) -> ET.Element:
    try:
        root = ET.fromstring(text)  # noqa: S314 - the operator's own file, which expat limits
    except ET.ParseError as error:
        raise InvalidError(f"invalid metadata (must be XML: {error})") from error
    for entity in root.iter(f"{MD}EntityDescriptor"):
        if entity.get("entityID") == entity_id:
            return entity
    raise InvalidError("invalid option entity_id (must be an entityID of the metadata)")


def _fingerprint(entity: ET.Element) -> str:
    signing = [key for key in entity.iter(f"{MD}KeyDescriptor") if key.get("use") == "signing"]
    certificate = next((each for key in signing for each in key.iterfind(_CERTIFICATE)), None)
    try:
        return hashlib.sha256(
            base64.b64decode(_compact(certificate.text if certificate is not None else ""))
        ).hexdigest()
    except binascii.Error as error:
        raise InvalidError("invalid metadata (its signing certificate must be base64)") from error


def _compact(text: str | None) -> str:
    return "".join((text or "").split())
