"""The integrations of the applications, and the charms on their other side."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from protocol import Value


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A charm to integrate with."""

    charm: str
    """Its name on Charmhub, and among the built-in providers of paas-local."""
    endpoint: str
    """The endpoint of the application."""
    variable: str = ""
    """A variable that the application then has; none for observability."""
    local_framework: str = "flask"
    """The framework that is integrated with it on paas-local, where each provider is deployed once in all."""
    channel: str = ""
    """The channel on Charmhub; without it, clusters get the charm of paas-local, which has a server and needs none."""
    config: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """Options on a cluster."""

    @property
    def on_charmhub(self) -> bool:
        """Return whether clusters get the charm from Charmhub."""
        return bool(self.channel)


POSTGRESQL = Provider(
    charm="postgresql-k8s",
    endpoint="postgresql",
    variable="POSTGRESQL_DB_CONNECT_STRING",
    channel="14/stable",
    config={"profile": "testing"},
)
INGRESS = Provider(charm="traefik-k8s", endpoint="ingress", channel="latest/stable")
PROVIDERS = (
    Provider(
        charm="mysql-k8s",
        endpoint="mysql",
        variable="MYSQL_DB_CONNECT_STRING",
        channel="8.0/stable",
        config={"profile": "testing"},
    ),
    Provider(charm="mongodb-k8s", endpoint="mongodb", variable="MONGODB_DB_CONNECT_STRING", channel="6/stable"),
    Provider(charm="redis-k8s", endpoint="redis", variable="REDIS_DB_CONNECT_STRING", channel="latest/edge"),
    Provider(charm="valkey", endpoint="valkey", variable="VALKEY_DB_CONNECT_STRING"),
    Provider(charm="rabbitmq-k8s", endpoint="rabbitmq", variable="RABBITMQ_CONNECT_STRING", channel="3.12/edge"),
    Provider(charm="s3-integrator", endpoint="s3", variable="S3_BUCKET"),
    Provider(charm="smtp-integrator", endpoint="smtp", variable="SMTP_HOST"),
    Provider(charm="tempo-coordinator-k8s", endpoint="tracing", variable="OTEL_EXPORTER_OTLP_ENDPOINT"),
    Provider(charm="openfga-k8s", endpoint="openfga", variable="FGA_STORE_ID"),
    Provider(charm="hydra", endpoint="oidc", variable="OIDC_CLIENT_ID"),
    Provider(charm="saml-integrator", endpoint="saml", variable="SAML_ENTITY_ID"),
    Provider(charm="squid-forward-proxy", endpoint="http-proxy", variable="http_proxy"),
    Provider(charm="prometheus-k8s", endpoint="metrics-endpoint", local_framework="django", channel="latest/stable"),
    Provider(charm="loki-k8s", endpoint="logging", local_framework="fastapi", channel="latest/stable"),
    Provider(charm="grafana-k8s", endpoint="grafana-dashboard", local_framework="go", channel="latest/stable"),
)
