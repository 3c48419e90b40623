"""The URL of an offer: ``[CONTROLLER:][OWNER/]MODEL.OFFER[:ENDPOINT]``."""

import re
from dataclasses import dataclass

from paas_local.juju.errors import JujuError
from paas_local.juju.names import APPLICATION_NAME, CONTROLLER, MODEL_NAME, OWNER
from paas_local.juju.offer import Saas

_URL = re.compile(
    r"(?:(?P<controller>[^:/.]*):)?(?:/?(?P<owner>[^/]+)/)?(?P<model>[^./:]*)\.(?P<name>[^:/]*)(?::(?P<endpoint>[^:/]+))?"
)


@dataclass(frozen=True, kw_only=True)
class OfferUrl:
    """A parsed URL."""

    model: str
    name: str
    endpoint: str = ""

    def __str__(self) -> str:
        return f"{OWNER}/{self.model}.{self.name}"


def saas_url(saas: Saas) -> str:
    """Return the URL of a consumed offer, with its controller."""
    return f"{CONTROLLER}:{OfferUrl(model=saas.model, name=saas.offer)}"


def parse(text: str, model: str = "") -> OfferUrl:
    """Return the parts of a URL; a bare name is an offer of ``model``."""
    if model and APPLICATION_NAME.fullmatch(text):
        return OfferUrl(model=model, name=text)
    match = _URL.fullmatch(text)
    if match is None:
        raise JujuError(f'offer URL has invalid form, must be [<source>:][<qualifier>]<model>.<offername>: "{text}"')
    url = OfferUrl(model=match["model"], name=match["name"], endpoint=match["endpoint"] or "")
    if not url.model:
        raise JujuError("offer URL is missing model")
    if not url.name:
        raise JujuError("offer URL is missing the name")
    if not MODEL_NAME.fullmatch(url.model):
        raise JujuError(f'model name "{url.model}" not valid')
    if not APPLICATION_NAME.fullmatch(url.name):
        raise JujuError(f'offer name "{url.name}" not valid')
    if match["controller"] not in {None, "", CONTROLLER}:
        raise JujuError(f"controller {match['controller']} not found")
    if match["owner"] not in {None, OWNER}:
        raise JujuError(f'model "{match["owner"]}/{url.model}" not found')
    return url
