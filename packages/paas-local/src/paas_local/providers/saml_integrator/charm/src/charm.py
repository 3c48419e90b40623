#!/usr/bin/env python3
"""A charm that runs a SAML identity provider, and publishes its metadata."""

from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common import provider
else:
    import provider

CONTAINER = "saml"
PROGRAM = ("/bin/python3", "/saml/server.py")
SIGNING = "/etc/saml/signing.pem"
SIGN_ON = "single_sign_on_service"
BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP"


class SamlCharm(provider.ProviderCharm):
    """An identity provider for all applications of the model."""

    endpoints = ("saml",)

    def server(self) -> provider.Server:
        """Describe the provider; its key stays the same."""
        return provider.Server(
            container=CONTAINER,
            command=f"{' '.join(PROGRAM)} {self.browser_port} {self.browser_url} {SIGNING}",
            port=self.browser_port,
            files={SIGNING: self._signing()},
        )

    def publish(self, relation: ops.Relation) -> None:
        """Write the URLs for logging in, and the certificate that signs the answers."""
        metadata, login = f"{self.browser_url}/metadata", f"{self.browser_url}/login"
        _, marker, certificate = self._signing().partition("-----BEGIN CERTIFICATE-----")
        values = {
            "entity_id": metadata,
            "metadata_url": metadata,
            "x509certs": "".join(certificate.partition("-----END")[0].split()) if marker else "",
            f"{SIGN_ON}_redirect_url": login,
            f"{SIGN_ON}_redirect_binding": f"{BINDING}-Redirect",
            f"{SIGN_ON}_post_url": login,
            f"{SIGN_ON}_post_binding": f"{BINDING}-POST",
        }
        provider.write(relation.data[self.app], values)

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


if __name__ == "__main__":
    ops.main(SamlCharm)
