"""Single sign-on, over the ``saml`` interface.

Each service of the identity provider has keys of its own: its name in snake case, how it is called (redirect or post),
and ``url`` or ``binding``.
"""

import re

import pydantic
import pydantic_core

from paas_common.values import facts, urls

from ._integration import Context, Integration

_SIGN_ON = "single_sign_on_service_"
_SERVICE = re.compile(r"(\w+_(?:redirect|post))_url")


class Saml(pydantic.BaseModel):
    """An identity provider."""

    model_config = pydantic.ConfigDict(frozen=True)

    entity_id: str = pydantic.Field(min_length=1)
    metadata_url: urls.UrlOrNothing | None = None
    x509certs: str
    """Certificates, separated by commas; the first one signs."""
    sign_on_redirect_url: urls.WebUrl | None = None


def parse(bags: facts.Databags, _: Context) -> Saml | None:
    """Return nothing until the provider has written something; raises where a service does not say how it is called."""
    if not bags.app:
        return None
    bindings = sorted(f"{found[1]}_binding" for key in bags.app if (found := _SERVICE.fullmatch(key)))
    if absent := [key for key in bindings if key not in bags.app]:
        raise pydantic_core.ValidationError.from_exception_data(
            "Saml", [{"type": "missing", "loc": (key,), "input": {}} for key in absent]
        )
    return Saml.model_validate({**bags.app, "sign_on_redirect_url": _redirect(bags.app)})


def env(data: Saml, context: Context) -> facts.Text:
    """Name what an application needs to send somebody off to log in."""
    given = {
        "ENTITY_ID": data.entity_id,
        "METADATA_URL": data.metadata_url,
        "SINGLE_SIGN_ON_REDIRECT_URL": data.sign_on_redirect_url,
        "SIGNING_CERTIFICATE": data.x509certs.split(",")[0],
    }
    return {f"{context.stem}_{name}": value for name, value in given.items() if value is not None}


def _redirect(bag: facts.Text) -> str | None:
    """Find the sign-on service that is called by a redirect."""
    for name, binding in bag.items():
        if name.startswith(_SIGN_ON) and name.endswith("_binding") and "redirect" in binding.lower():
            return bag.get(f"{name.removesuffix('_binding')}_url")
    return None


SAML = Integration(interface="saml", endpoint="saml", stem="SAML", provider="saml-integrator", parse=parse, env=env)
