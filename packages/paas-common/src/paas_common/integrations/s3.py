"""Object storage, over the ``s3`` interface (version 0).

Every value is text; the certificate chain and the attributes are JSON lists, or a JSON string after their option was
reset. The provider writes its bucket before it has credentials (s3-integrator, LIBPATCH 6).
"""

import json
import typing

import pydantic

from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags, StrMap
from paas_common.values.workload import File

from . import _certificates
from ._integration import CharmLibrary, Context, Integration, never


def _read_list(text: object) -> object:
    """Return None for a list option that was reset, which is an empty JSON string in the databag."""
    return None if text == '""' else text


ListT = typing.TypeVar("ListT")
_JsonList = typing.Annotated[pydantic.Json[ListT] | None, pydantic.BeforeValidator(_read_list)]


class S3(pydantic.BaseModel):
    """A bucket, and the credentials for it."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    access_key: str = pydantic.Field(alias="access-key", min_length=1)
    secret_key: pydantic.SecretStr = pydantic.Field(alias="secret-key", min_length=1)
    bucket: str = pydantic.Field(min_length=1)
    region: str | None = None
    storage_class: str | None = pydantic.Field(default=None, alias="storage-class")
    endpoint: str | None = None
    path: str | None = None
    api_version: str | None = pydantic.Field(default=None, alias="s3-api-version")
    uri_style: str | None = pydantic.Field(default=None, alias="s3-uri-style")
    attributes: _JsonList[list[str]] = None
    tls_ca_chain: _JsonList[_certificates.Chain] = pydantic.Field(default=None, alias="tls-ca-chain")


def parse(databags: Databags, _: Context) -> S3 | None:
    """Return None until the provider has written credentials."""
    has_credentials = databags.app.get("access-key") or databags.app.get("secret-key")
    return S3.model_validate(databags.app) if has_credentials else None


def env(data: S3, context: Context) -> EnvOverrides:
    """Return each value; ADDRESSING_STYLE is the URI style in the words of S3 clients."""
    values = {
        "ACCESS_KEY": data.access_key,
        "SECRET_KEY": data.secret_key,
        "BUCKET": data.bucket,
        "REGION": data.region,
        "STORAGE_CLASS": data.storage_class,
        "ENDPOINT": data.endpoint,
        "PATH": data.path,
        "API_VERSION": data.api_version,
        "URI_STYLE": data.uri_style,
        "ADDRESSING_STYLE": "virtual" if data.uri_style == "host" else data.uri_style,
        "ATTRIBUTES": json.dumps(data.attributes) if data.attributes else None,
        "TLS_CA_CHAIN": json.dumps(data.tls_ca_chain) if data.tls_ca_chain else None,
        "TLS_CA_FILE": _ca_path(context) if data.tls_ca_chain else None,
    }
    return {f"{context.env_prefix}_{name}": value for name, value in values.items()}


def files(data: S3, context: Context) -> tuple[File, ...]:
    """Return the certificate chain as one file."""
    chain = data.tls_ca_chain
    return (File(path=_ca_path(context), content=_certificates.bundle(chain)),) if chain else ()


def request(context: Context) -> StrMap:
    """Return a request for a bucket with the application's name.

    The library writes it in relation-joined only, and a provider does not answer before it.
    """
    return {"bucket": context.written.get("bucket") or context.identity.app}


def _ca_path(context: Context) -> str:
    return f"{context.folder}/ca.pem"


S3_STORAGE = Integration(
    interface="s3",
    endpoint="s3",
    env_prefix="S3",
    provider="s3-integrator",
    library=CharmLibrary(
        module="charms.data_platform_libs.v0.s3",
        requirer="S3Requirer",
        arguments=lambda endpoint, app: {"relation_name": endpoint, "bucket_name": app},
        events=("credentials_changed", "credentials_gone"),
    ),
    secret_fields=("secret-extra",),
    parse=parse,
    reads_units=never,
    env=env,
    files=files,
    request=request,
)
