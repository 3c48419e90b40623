#!/usr/bin/env python3
"""A charm that runs a SAML identity provider, and publishes its metadata or that of one elsewhere."""

import functools
import urllib.request
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.saml_integrator.charm.src import metadata
else:
    import metadata
    import provider

CONTAINER = "saml"
PROGRAM = ("/bin/python3", "/saml/server.py")
SIGNING = "/etc/saml/signing.pem"
OPTIONS = ("entity_id", "metadata_url", "metadata", "fingerprint")
SIGN_ON = "single_sign_on_service"
BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP"


class SamlCharm(provider.ProviderCharm):
    """An identity provider for all applications of the model."""

    endpoints = ("saml",)

    def server(self) -> provider.Server:
        """Describe the provider; its key stays the same. It runs also when clients use another one."""
        self._elsewhere  # noqa: B018 - raises if the options are invalid
        return provider.Server(
            container=CONTAINER,
            command=f"{' '.join(PROGRAM)} {self.browser_port} {self.browser_url} {SIGNING}",
            port=self.browser_port,
            files={SIGNING: self._signing()},
        )

    def publish(self, relation: ops.Relation) -> None:
        """Write the URLs for logging in, and the certificate that signs the answers."""
        databag = relation.data[self.app]
        provider.write(databag, {**dict.fromkeys(databag, ""), **(self._elsewhere or self._own())})

    def _own(self) -> dict[str, str]:
        document, login = f"{self.browser_url}/metadata", f"{self.browser_url}/login"
        _, marker, certificate = self._signing().partition("-----BEGIN CERTIFICATE-----")
        return {
            "entity_id": document,
            "metadata_url": document,
            "x509certs": "".join(certificate.partition("-----END")[0].split()) if marker else "",
            f"{SIGN_ON}_redirect_url": login,
            f"{SIGN_ON}_redirect_binding": f"{BINDING}-Redirect",
            f"{SIGN_ON}_post_url": login,
            f"{SIGN_ON}_post_binding": f"{BINDING}-POST",
        }

    @functools.cached_property
    def _elsewhere(self) -> dict[str, str] | None:
        """The databag of the provider that the options name; None without one."""
        entity, url, text, fingerprint = (self._option(name) for name in OPTIONS)
        if not entity:
            if url or text or fingerprint:
                raise provider.RefusedError("the option entity_id must be set with the other options")
            return None
        if not (url or text):
            raise provider.RefusedError("the option metadata_url or metadata must be set with entity_id")
        try:
            values = metadata.databag(_download(url) if url else text, entity, fingerprint)
        except metadata.InvalidError as reason:
            raise provider.RefusedError(str(reason)) from None
        return {**values, "metadata_url": url}

    def _option(self, name: str) -> str:
        return str(self.config.get(name, ""))

    def _signing(self) -> str:
        """Return the key and its certificate, as PEM."""
        return self.own_secret("signing", self._generate)["pem"]

    def _generate(self) -> dict[str, str]:
        container = self.unit.get_container(CONTAINER)
        if not container.can_connect():
            raise provider.NotReadyError("waiting for the container")
        try:
            pem, _ = container.exec([*PROGRAM, "key"], timeout=30).wait_output()
        except (ops.pebble.Error, TimeoutError) as error:
            raise provider.NotReadyError("the signing key cannot be created (see juju debug-log)") from error
        return {"pem": str(pem)}


def _download(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise provider.RefusedError("invalid option metadata_url (must be a URL with http or https)")
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - as above
            return answer.read().decode()
    except (OSError, ValueError) as error:
        raise provider.NotReadyError(f"waiting for the metadata at metadata_url: {error}") from error


if __name__ == "__main__":
    ops.main(SamlCharm)
