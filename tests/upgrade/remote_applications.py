"""The remote side of each integration of a deployment: what it writes once it has been asked."""

import dataclasses
import json
import typing

from ops import testing

StrMap = typing.Mapping[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RemoteApplication:
    """A remote application, with the databags and secrets of its answer."""

    endpoint: str
    interface: str
    name: str
    app: typing.Callable[[StrMap], StrMap] = lambda _: {}
    """Returns its application databag; the argument is ours."""
    unit: StrMap = dataclasses.field(default_factory=dict[str, str])
    secrets: typing.Mapping[str, StrMap] = dataclasses.field(default_factory=dict[str, StrMap])
    provides: bool = False
    """Our side provides the interface."""


def _always(**databag: str) -> typing.Callable[[StrMap], StrMap]:
    return lambda _: {name.replace("__", "-"): value for name, value in databag.items()}


def _valkey(databag: StrMap) -> StrMap:
    (request,) = json.loads(databag["requests"])
    answer = {
        **{name: request[name] for name in ("resource", "request-id", "salt")},
        "endpoints": "valkey-primary.demo:6379",
        "read-only-endpoints": "valkey-replicas.demo:6379",
        "secret-user": "secret:d0valkeyuser00000000",
        "secret-tls": "secret:d0valkeytls000000000",
        "version": "8.1.4",
        "mode": "sentinel",
    }
    known = {request["request-id"]: request}
    return {"version": "v1", "data": json.dumps(known), "requests": json.dumps([answer])}


def _http_proxy(databag: StrMap) -> StrMap:
    (request,) = json.loads(databag["requests"])
    answer = {
        "requirer": request["requirer"],
        "status": "ready",
        "auth": "userpass",
        "http_proxy": "http://squid.demo:3128",
        "https_proxy": "http://squid.demo:3128",
        "user": "secret:d0proxyuser000000000",
    }
    return {"responses": json.dumps([answer])}


def _database(name: str, port: int, **more: str) -> RemoteApplication:
    user, password = "relation-7", f"{name}Pass01"
    secret = f"secret:d0{name}user{'0' * (14 - len(name))}"
    host = f"{name}-k8s-primary.demo.svc.cluster.local"
    uris = {"uris": f"mongodb://{user}:{password}@{host}/notes?replicaSet=mongodb-k8s"} if name == "mongodb" else {}
    return RemoteApplication(
        endpoint=name,
        interface=f"{name}_client",
        name=f"{name}-k8s",
        app=lambda request: {
            "database": request["database"],
            "endpoints": f"{host}:{port}" if port else host,
            "secret-user": secret,
            **more,
        },
        secrets={secret: {"username": user, "password": password, **uris}},
    )


_IDENTITY: typing.Final = "https://iam.example.com"
_TRACES: typing.Final = {"protocol": {"name": "otlp_http", "type": "http"}, "url": "http://tempo.demo:4318"}
_LOKI: typing.Final = "http://loki-0.loki-endpoints.cos.svc.cluster.local:3100/loki/api/v1/push"

ALL: typing.Final = (
    _database("postgresql", 5432, version="16.9"),
    _database("mysql", 3306, version="8.0.39"),
    _database("mongodb", 0, replset="mongodb-k8s"),
    RemoteApplication(
        endpoint="redis",
        interface="redis",
        name="redis-k8s",
        app=_always(**{"leader-host": "redis-k8s-0.redis-k8s-endpoints.demo.svc.cluster.local"}),
        unit={"hostname": "10.1.2.3", "port": "6379"},
    ),
    RemoteApplication(
        endpoint="valkey",
        interface="valkey_client",
        name="valkey",
        app=_valkey,
        secrets={
            "secret:d0valkeyuser00000000": {"username": "charmed", "password": "valkeyPass01"},
            "secret:d0valkeytls000000000": {"tls": "false"},
        },
    ),
    RemoteApplication(
        endpoint="s3",
        interface="s3",
        name="s3-integrator",
        app=_always(
            **{
                "access-key": "minioadmin",
                "secret-key": "s3SecretKey",
                "bucket": "notes",
                "region": "us-east-1",
                "endpoint": "https://minio.example.com:9000",
                "path": "uploads",
                "s3-uri-style": "host",
                "attributes": json.dumps(["Cache-Control=max-age=90000"]),
            }
        ),
    ),
    RemoteApplication(
        endpoint="rabbitmq",
        interface="rabbitmq",
        name="rabbitmq-k8s",
        app=_always(hostname="rabbitmq-k8s-endpoints.demo.svc.cluster.local", password="rmqPass01"),
    ),
    RemoteApplication(
        endpoint="smtp",
        interface="smtp",
        name="smtp-integrator",
        app=_always(
            host="smtp.example.com",
            port="587",
            user="mailer",
            password_id="secret:d0smtppassword000000",
            auth_type="plain",
            transport_security="starttls",
            domain="example.com",
            skip_ssl_verify="False",
        ),
        secrets={"secret:d0smtppassword000000": {"password": "smtpPass01"}},
    ),
    RemoteApplication(
        endpoint="saml",
        interface="saml",
        name="saml-integrator",
        app=_always(
            entity_id="https://login.example.com",
            metadata_url="https://login.example.com/saml/metadata",
            x509certs="MIICfirstSigningCert==,MIICsecondCert==",
            single_sign_on_service_redirect_url="https://login.example.com/saml/",
            single_sign_on_service_redirect_binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        ),
    ),
    RemoteApplication(
        endpoint="openfga",
        interface="openfga",
        name="openfga-k8s",
        app=_always(
            store_id="01GK13VYZK62Q1T0X55Q2BHYD6",
            token_secret_id="secret:d0fgatoken0000000000",
            grpc_api_url="http://openfga.demo.svc.cluster.local:8081",
            http_api_url="http://openfga.demo.svc.cluster.local:8080",
        ),
        secrets={"secret:d0fgatoken0000000000": {"token": "fgaToken01"}},
    ),
    RemoteApplication(
        endpoint="tracing",
        interface="tracing",
        name="tempo-coordinator-k8s",
        app=_always(receivers=json.dumps([_TRACES])),
    ),
    RemoteApplication(
        endpoint="http-proxy",
        interface="http_proxy",
        name="squid-forward-proxy",
        app=_http_proxy,
        secrets={"secret:d0proxyuser000000000": {"username": "proxyuser", "password": "proxyPass01"}},
    ),
    RemoteApplication(
        endpoint="ingress",
        interface="ingress",
        name="traefik-k8s",
        app=_always(ingress=json.dumps({"url": "http://juju.example.com/demo-notes"})),
    ),
    RemoteApplication(
        endpoint="oidc",
        interface="oauth",
        name="hydra",
        app=_always(
            issuer_url=_IDENTITY,
            authorization_endpoint=f"{_IDENTITY}/oauth2/auth",
            token_endpoint=f"{_IDENTITY}/oauth2/token",
            introspection_endpoint="http://hydra.iam.svc.cluster.local:4445/admin/oauth2/introspect",
            userinfo_endpoint=f"{_IDENTITY}/userinfo",
            jwks_endpoint=f"{_IDENTITY}/.well-known/jwks.json",
            scope="openid profile email phone",
            jwt_access_token="False",
            client_id="cid-4f2a",
            client_secret_id="secret:d0oauthclient0000000",
        ),
        secrets={"secret:d0oauthclient0000000": {"secret": "oauthSecret01"}},
    ),
    RemoteApplication(
        endpoint="logging",
        interface="loki_push_api",
        name="loki",
        unit={"endpoint": json.dumps({"url": _LOKI}), "public_address": "loki-0.loki-endpoints.cos.svc.cluster.local"},
    ),
    RemoteApplication(endpoint="metrics-endpoint", interface="prometheus_scrape", name="prometheus", provides=True),
    RemoteApplication(endpoint="grafana-dashboard", interface="grafana_dashboard", name="grafana", provides=True),
)
"""One for each interface, in the order of ``charmcraft.yaml``; login comes after the ingress that it needs."""


def related(remote: RemoteApplication, number: int, local_unit_data: StrMap) -> testing.Relation:
    """Return the relation to a remote application, before either side has written."""
    return testing.Relation(
        remote.endpoint,
        interface=remote.interface,
        remote_app_name=remote.name,
        id=number,
        local_unit_data=dict(local_unit_data),
        remote_units_data={0: {}},
    )


def secrets(remote: RemoteApplication) -> list[testing.Secret]:
    """Return the secrets that a remote application grants with its answer."""
    return [testing.Secret(dict(content), id=uri) for uri, content in remote.secrets.items()]
