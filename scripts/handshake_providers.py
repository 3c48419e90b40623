"""Small charms around the real libraries' provider classes, for ``record_handshakes.py``.

Each answers as the library's own charm does: nothing or little while it waits, then data, then other data.
"""

import collections.abc
import dataclasses
import json
import types
import typing

import ops

CA: typing.Final = "-----BEGIN CERTIFICATE-----\nMIIBexample\n-----END CERTIFICATE-----"
PASSWORDS: typing.Final = {"ready": "firstPass01", "changed": "firstPass01", "rotated": "secondPass02"}
WAITING: typing.Final = ("created", "waiting", "broken")
Databag = collections.abc.Mapping[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answering:
    """Everything that a provider knows when it answers: the library, its object, the relation and the stage."""

    module: types.ModuleType
    library: typing.Any
    charm: ops.CharmBase
    relation: ops.Relation
    stage: str

    @property
    def request(self) -> Databag:
        """Return the requirer's application databag."""
        return self.relation.data[self.relation.app]

    @property
    def answer(self) -> ops.RelationDataContent:
        """Return the provider's application databag."""
        return self.relation.data[self.charm.app]

    @property
    def password(self) -> str:
        """Return the password of the stage; a new relation has the first one again."""
        return PASSWORDS.get(self.stage, PASSWORDS["ready"])

    @property
    def changed(self) -> bool:
        """Return whether other data than the first are due."""
        return self.stage in {"changed", "rotated"}


Create = collections.abc.Callable[[types.ModuleType, ops.CharmBase, str], typing.Any]


@dataclasses.dataclass(frozen=True)
class Provider:
    """One interface's provider class, and how a charm uses it."""

    module: str
    endpoint: str
    create: Create
    answer: collections.abc.Callable[[Answering], None]
    peers: str = ""
    """Name of a peer endpoint that the library needs."""
    distribution: str = ""
    """Name on the package index, for a library that comes from there."""


def _database(answering: Answering) -> None:
    if not answering.request.get("database") or answering.stage in WAITING:
        return
    provider, number = answering.library, answering.relation.id
    provider.set_database(number, answering.request["database"])
    provider.set_credentials(number, f"relation_id_{number}", answering.password)
    provider.set_endpoints(number, "second:5432" if answering.changed else "first:5432")
    provider.set_read_only_endpoints(number, "replicas:5432")
    provider.set_version(number, "16.4")
    provider.set_tls(number, "True")
    provider.set_tls_ca(number, CA)


def _mongodb(answering: Answering) -> None:
    _database(answering)
    if answering.answer.get("database"):
        hosts = "mongodb-0,mongodb-1" if answering.changed else "mongodb-0"
        account = f"relation_id_{answering.relation.id}:{answering.password}"
        answering.library.set_endpoints(answering.relation.id, hosts)
        answering.library.set_replset(answering.relation.id, "rs0")
        answering.library.set_tls(answering.relation.id, "False")
        answering.library.set_uris(
            answering.relation.id, f"mongodb://{account}@{hosts}/{answering.answer['database']}?replicaSet=rs0"
        )


def _successor(answering: Answering) -> None:
    """Answer as the charms with ``dpcharmlibs.interfaces`` do: a first response, which is later read and changed."""
    model = answering.module.ResourceProviderModel
    if answering.stage == "created" or not answering.request.get("database", answering.request.get("requests")):
        return
    if answering.stage in WAITING:
        for request in answering.library.requests(answering.relation):
            if request.request_id:  # in the form of version 0 an unset field is an absent key
                waiting = model(salt=request.salt, request_id=request.request_id)
                answering.library.set_response(answering.relation.id, waiting)
        return
    present = {each.request_id: each for each in answering.library.responses(answering.relation, model)}
    for request in answering.library.requests(answering.relation):
        # A request of version 0 has another salt at each reading.
        salt = request.salt if request.request_id else "0" * 16
        response = present.get(request.request_id) or model(salt=salt, request_id=request.request_id)
        response.salt = salt
        response.resource = request.resource
        response.endpoints = "second:5432" if answering.changed else "first:5432"
        response.username = f"relation_id_{answering.relation.id}"
        response.password = answering.password
        response.tls = False
        response.version = "9.0.1"
        answering.library.set_response(answering.relation.id, response)


def _s3(answering: Answering) -> None:
    if "bucket" not in answering.request:
        return
    provider, number = answering.library, answering.relation.id
    provider.set_bucket(number, answering.request["bucket"])
    if answering.stage in WAITING:
        return
    provider.set_access_key(number, "accessKey01")
    provider.set_secret_key(number, answering.password)
    provider.set_region(number, "eu-west-1")
    provider.set_endpoint(number, "https://s3.example.com")
    provider.set_tls_ca_chain(number, [] if answering.changed else [CA])
    if answering.changed:
        provider.update_connection_info(number, {"attributes": "", "tls-ca-chain": ""})
    else:
        provider.set_attributes(number, ["Cache-Control=max-age=90000"])


def _s3_successor(answering: Answering) -> None:
    if answering.stage in WAITING or not answering.library.is_protocol_ready(answering.relation):
        return  # the library itself has written its version
    answering.library.set_storage_connection_info(
        answering.relation.id,
        {
            "access-key": "accessKey01",
            "secret-key": answering.password,
            "bucket": "bucket-2" if answering.changed else "bucket-1",
            "endpoint": "https://s3.example.com",
            "region": "eu-west-1",
            "tls-ca-chain": [CA],
        },
    )


def _ingress(answering: Answering) -> None:
    if answering.stage == "waiting":
        model = answering.module.IngressProviderAppData
        if "ingress" in model.__annotations__ and _accepts_none(model):
            answering.library.publish_url(answering.relation, "no URL")
    elif answering.stage not in WAITING and answering.library.is_ready(answering.relation):
        scheme = "https" if answering.changed else "http"
        answering.library.publish_url(answering.relation, f"{scheme}://juju.example/test-model-flask-k8s")


def _accepts_none(model: typing.Any) -> bool:
    try:
        model(ingress=None)
    except ValueError:
        return False
    return True


def _redis(answering: Answering) -> None:
    if answering.changed:  # the library itself writes the address at relation-changed
        answering.relation.data[answering.charm.unit]["hostname"] = "10.1.2.4"


def _rabbitmq(answering: Answering) -> None:
    if answering.stage in WAITING or not answering.library.username(answering.relation):
        return
    answering.answer["password"] = answering.password
    answering.answer["hostname"] = "rabbitmq-2" if answering.changed else "rabbitmq-1"


def _smtp(answering: Answering) -> None:
    if answering.stage in WAITING:
        return
    secret = _secret(answering, {"password": answering.password})
    data = answering.module.SmtpRelationData(
        host="mail2.example.com" if answering.changed else "mail.example.com",
        port=587,
        user="flask",
        password_id=secret,
        auth_type="plain",
        transport_security="starttls",
        domain="example.com",
        skip_ssl_verify=None,
    )
    answering.library.update_relation_data(answering.relation, data)


def _saml(answering: Answering) -> None:
    """Answer with a page for redirects; in a new relation, with one for forms only and without a metadata URL."""
    if answering.stage in WAITING:
        return
    least = answering.stage == "related again"
    annotation = answering.module.SamlRelationData.model_fields["metadata_url"].annotation
    optional = type(None) in typing.get_args(annotation)
    binding = f"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{'POST' if least else 'Redirect'}"
    host = "https://login2.example.com" if answering.changed else "https://login.example.com"
    urls: dict[str, tuple[str, str | None]] = {"SingleSignOnService": (f"{host}/saml", None)}
    if not least:
        urls["SingleLogoutService"] = (f"{host}/logout", f"{host}/logout2")
    data = answering.module.SamlRelationData(
        entity_id=host,
        metadata_url=None if least and optional else f"{host}/saml/metadata",
        certificates=("MIIsecond" if answering.stage == "rotated" else "MIIfirst", "MIIother"),
        endpoints=tuple(
            answering.module.SamlEndpoint(name=name, url=url, binding=binding, response_url=response_url)
            for name, (url, response_url) in urls.items()
        ),
    )
    answering.library.update_relation_data(answering.relation, data)


def _openfga(answering: Answering) -> None:
    if not answering.request.get("store_name") or answering.stage == "created":
        return
    data: dict[str, typing.Any] = {
        "grpc_api_url": "http://fga-2:8081" if answering.changed else "http://fga-1:8081",
        "http_api_url": "http://fga-2:8080" if answering.changed else "http://fga-1:8080",
    }
    if answering.stage not in WAITING:
        token = _secret(answering, {"token": answering.password})
        data |= {"store_id": "01GK13VYZK62Q1T0X55Q2BHYD6", "token_secret_id": token}
    if hasattr(answering.library, "update_relation_info"):  # before LIBPATCH 5
        if "store_id" in data:  # it demands the token
            answering.library.update_relation_info(relation_id=answering.relation.id, **data)
        return
    answering.library.update_relation_app_data(
        answering.module.OpenfgaProviderAppData(**data), relation_id=answering.relation.id
    )


def _oauth(answering: Answering) -> None:
    if answering.stage == "created":
        return
    host = "https://login2.example.com" if answering.changed else "https://login.example.com"
    answering.library.set_provider_info_in_relation_data(
        issuer_url=host,
        authorization_endpoint=f"{host}/oauth2/auth",
        token_endpoint=f"{host}/oauth2/token",
        introspection_endpoint=f"{host}/admin/oauth2/introspect",
        userinfo_endpoint=f"{host}/userinfo",
        jwks_endpoint=f"{host}/.well-known/jwks.json",
        scope="openid profile email phone",
    )
    if answering.stage in WAITING or not answering.request.get("redirect_uri"):
        return
    if "client_id" not in answering.answer:
        answering.library.set_client_credentials_in_relation_data(
            answering.relation.id, f"client-{answering.relation.id}", answering.password
        )
    elif answering.stage == "rotated":
        secret = answering.charm.model.get_secret(label=f"client_secret_{answering.relation.id}")
        secret.set_content({"secret": answering.password})


def _http_proxy(answering: Answering) -> None:
    requests = answering.library.open_request_list(answering.relation.id)
    responses = answering.library.open_response_list(answering.relation.id)
    for requirer in requests.get_requirer_ids():
        if answering.stage in WAITING:
            responses.add_or_replace(requirer, status="pending")
            continue
        proxy = "http://squid-2:3128" if answering.changed else "http://squid-1:3128"
        responses.add_or_replace(
            requirer,
            status="ready",
            auth="userpass",
            http_proxy=proxy,
            https_proxy=proxy,
            user={"username": f"client-{answering.relation.id}", "password": answering.password},
        )


def _tracing(answering: Answering) -> None:
    if answering.stage == "created":
        return
    receivers = [("otlp_grpc", "tempo:4317"), ("jaeger_grpc", "tempo:14250")]
    if answering.stage not in WAITING and answering.library.is_requirer_ready(answering.relation):
        receivers.append(("otlp_http", "http://tempo-2:4318" if answering.changed else "http://tempo-1:4318"))
    answering.library.publish_receivers(receivers)


def _loki(answering: Answering) -> None:
    if answering.stage in WAITING:
        return
    url = "http://loki-2.example.com" if answering.changed else ""
    answering.library.update_endpoint(url=url, relation=answering.relation)


def _nothing(_: Answering) -> None:
    """Write nothing more than the library does."""


def _secret(answering: Answering, content: dict[str, str]) -> str:
    """Return the id of the relation's secret, made or with new content."""
    label = f"handshake-{answering.relation.id}"
    try:
        secret = answering.charm.model.get_secret(label=label)
        if secret.get_content(refresh=True) != content:
            secret.set_content(content)
    except ops.SecretNotFoundError:
        secret = answering.charm.app.add_secret(content, label=label)
        secret.grant(answering.relation)
    return secret.get_info().id


def _with(name: str) -> Create:
    return lambda module, charm, endpoint: getattr(module, name)(charm, endpoint)


def _ignore(*_: object) -> None:
    """Take a callback of a library without effect."""


def _redis_provides(module: types.ModuleType, charm: ops.CharmBase, _: str) -> typing.Any:
    # The library reads it from the charm.
    vars(charm)["current_master"] = "10.1.2.3"
    return module.RedisProvides(charm, 6379)


def _grafana(module: types.ModuleType, charm: ops.CharmBase, endpoint: str) -> typing.Any:
    # The library stores dashboards there.
    vars(charm)["peers"] = charm.model.get_relation("grafana")
    return module.GrafanaDashboardConsumer(charm, endpoint)


def _resources(module: types.ModuleType, charm: ops.CharmBase, endpoint: str) -> typing.Any:
    return module.ResourceProviderEventHandler(charm, endpoint, module.RequirerCommonModel)


def _tracing_provider(module: types.ModuleType, charm: ops.CharmBase, endpoint: str) -> typing.Any:
    return module.TracingEndpointProvider(charm, relation_name=endpoint)


def _loki_provider(module: types.ModuleType, charm: ops.CharmBase, endpoint: str) -> typing.Any:
    return module.LokiPushApiProvider(charm, endpoint, address="loki-1")


def _charmlib(
    name: str, endpoint: str, create: Create, answer: collections.abc.Callable[[Answering], None]
) -> Provider:
    """Return the provider of a library on the package index that replaces one of ``charms``."""
    distribution = f"charmlibs-interfaces-{name}"
    return Provider(f"charmlibs.interfaces.{name}", endpoint, create, answer, distribution=distribution)


DATABASES: typing.Final = "charms.data_platform_libs.v0.data_interfaces"
SUCCESSOR: typing.Final = "dpcharmlibs.interfaces"
SUCCESSOR_NAME: typing.Final = "dpcharmlibs-interfaces"
PROVIDERS: typing.Final[collections.abc.Mapping[str, tuple[Provider, ...]]] = {
    "postgresql_client": (
        Provider(DATABASES, "postgresql", _with("DatabaseProvides"), _database),
        Provider(SUCCESSOR, "postgresql", _resources, _successor, distribution=SUCCESSOR_NAME),
    ),
    "mysql_client": (
        Provider(DATABASES, "mysql", _with("DatabaseProvides"), _database),
        Provider(SUCCESSOR, "mysql", _resources, _successor, distribution=SUCCESSOR_NAME),
    ),
    "mongodb_client": (Provider(DATABASES, "mongodb", _with("DatabaseProvides"), _mongodb),),
    "valkey_client": (Provider(SUCCESSOR, "valkey", _resources, _successor, distribution=SUCCESSOR_NAME),),
    "s3": (
        Provider("charms.data_platform_libs.v0.s3", "s3", _with("S3Provider"), _s3),
        Provider("object_storage", "s3", _with("S3Provider"), _s3_successor, distribution="object-storage-charmlib"),
    ),
    "ingress": (Provider("charms.traefik_k8s.v2.ingress", "ingress", _with("IngressPerAppProvider"), _ingress),),
    "redis": (Provider("charms.redis_k8s.v0.redis", "redis", _redis_provides, _redis),),
    "rabbitmq": (
        Provider(
            "charms.rabbitmq_k8s.v0.rabbitmq",
            "rabbitmq",
            lambda module, charm, endpoint: module.RabbitMQProvides(charm, endpoint, _ignore),
            _rabbitmq,
        ),
    ),
    "smtp": (Provider("charms.smtp_integrator.v0.smtp", "smtp", _with("SmtpProvides"), _smtp),),
    "saml": (Provider("charms.saml_integrator.v0.saml", "saml", _with("SamlProvides"), _saml),),
    "openfga": (
        Provider("charms.openfga_k8s.v1.openfga", "openfga", _with("OpenFGAProvider"), _openfga),
        _charmlib("openfga", "openfga", _with("OpenFGAProvider"), _openfga),
    ),
    "oauth": (
        Provider("charms.hydra.v0.oauth", "oidc", _with("OAuthProvider"), _oauth),
        _charmlib("oauth", "oidc", _with("OAuthProvider"), _oauth),
    ),
    "http_proxy": (
        Provider("charms.squid_forward_proxy.v0.http_proxy", "http-proxy", _with("HttpProxyPolyProvider"), _http_proxy),
    ),
    "tracing": (
        Provider("charms.tempo_coordinator_k8s.v0.tracing", "tracing", _tracing_provider, _tracing),
        _charmlib("tracing", "tracing", _tracing_provider, _tracing),
    ),
    "loki_push_api": (
        Provider("charms.loki_k8s.v0.loki_push_api", "logging", _loki_provider, _loki),
        Provider("charms.loki_k8s.v1.loki_push_api", "logging", _loki_provider, _loki),
    ),
    "prometheus_scrape": (
        Provider(
            "charms.prometheus_k8s.v0.prometheus_scrape", "metrics-endpoint", _with("MetricsEndpointConsumer"), _nothing
        ),
    ),
    "grafana_dashboard": (
        Provider("charms.grafana_k8s.v0.grafana_dashboard", "grafana-dashboard", _grafana, _nothing, peers="grafana"),
    ),
}
READ: typing.Final[collections.abc.Mapping[str, collections.abc.Callable[[typing.Any], object]]] = {
    "prometheus_scrape": lambda consumer: sorted(consumer.jobs(), key=lambda job: job["job_name"]),
    "grafana_dashboard": lambda consumer: sorted(json.loads(each["content"])["title"] for each in consumer.dashboards),
}
"""Returns what the library understands of the data that our charm provides."""
