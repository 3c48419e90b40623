"""Single sign-on, over the ``saml`` interface.

Each service of the identity provider has keys of its own: its name in snake case, its binding (redirect or post), and
``url`` or ``binding``.
"""

import re

import pydantic
import pydantic_core

from paas_common.values import urls
from paas_common.values.facts import Databags, StrMap

from ._integration import Context, Integration, never

_SIGN_ON = "single_sign_on_service_"
_SERVICE_URL = re.compile(r"(\w+_(?:redirect|post))_url")


class Saml(pydantic.BaseModel):
    """An identity provider."""

    model_config = pydantic.ConfigDict(frozen=True)

    entity_id: str = pydantic.Field(min_length=1)
    metadata_url: urls.OptionalUrl | None = None
    x509certs: str
    """Certificates, separated by commas; the first is the signing certificate."""
    sign_on_redirect_url: urls.WebUrl | None = None


def parse(databags: Databags, _: Context) -> Saml | None:
    """Return None until the provider has written something.

    Raises ``pydantic.ValidationError`` for a service without binding.
    """
    if not databags.app:
        return None
    bindings = sorted(f"{match[1]}_binding" for key in databags.app if (match := _SERVICE_URL.fullmatch(key)))
    if missing := [key for key in bindings if key not in databags.app]:
        raise pydantic_core.ValidationError.from_exception_data(
            "Saml", [{"type": "missing", "loc": (key,), "input": {}} for key in missing]
        )
    return Saml.model_validate({**databags.app, "sign_on_redirect_url": _redirect_url(databags.app)})


def env(data: Saml, context: Context) -> dict[str, str | None]:
    """Return what an application needs to redirect a browser to the login page."""
    values = {
        "ENTITY_ID": data.entity_id,
        "METADATA_URL": data.metadata_url,
        "SINGLE_SIGN_ON_REDIRECT_URL": data.sign_on_redirect_url,
        "SIGNING_CERTIFICATE": data.x509certs.split(",")[0],
    }
    return {f"{context.env_prefix}_{name}": value for name, value in values.items()}


def _redirect_url(databag: StrMap) -> str | None:
    """Return the URL of the sign-on service with a redirect binding."""
    for name, binding in databag.items():
        if name.startswith(_SIGN_ON) and name.endswith("_binding") and "redirect" in binding.lower():
            return databag.get(f"{name.removesuffix('_binding')}_url")
    return None


SAML = Integration(
    interface="saml",
    endpoint="saml",
    env_prefix="SAML",
    provider="saml-integrator",
    parse=parse,
    reads_units=never,
    env=env,
)
