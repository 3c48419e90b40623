"""Every integration the charms know, by interface."""

import typing

from ._integration import Context, Integration, Invalid, Pending, Reading, Ready
from .http_proxy import HTTP_PROXY
from .ingress import INGRESS
from .mongodb import MONGODB
from .mysql import MYSQL
from .oauth import OAUTH
from .openfga import OPENFGA
from .postgresql import POSTGRESQL
from .rabbitmq import RABBITMQ
from .redis import REDIS
from .s3 import S3_STORAGE
from .saml import SAML
from .smtp import SMTP
from .tracing import TRACING
from .valkey import VALKEY

_KNOWN = (
    OPENFGA,
    RABBITMQ,
    REDIS,
    VALKEY,
    S3_STORAGE,
    POSTGRESQL,
    MYSQL,
    MONGODB,
    SAML,
    SMTP,
    TRACING,
    OAUTH,
    HTTP_PROXY,
    INGRESS,
)
BY_INTERFACE: typing.Final[dict[str, Integration[typing.Any]]] = {known.interface: known for known in _KNOWN}

__all__ = ["BY_INTERFACE", "Context", "Integration", "Invalid", "Pending", "Reading", "Ready"]
