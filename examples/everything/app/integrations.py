"""The environment variables of the integrations."""

import os

import flask

WATCHED = {
    "postgresql": "POSTGRESQL_DB_CONNECT_STRING",
    "mysql": "MYSQL_DB_CONNECT_STRING",
    "mongodb": "MONGODB_DB_CONNECT_STRING",
    "redis": "REDIS_DB_CONNECT_STRING",
    "valkey": "VALKEY_DB_CONNECT_STRING",
    "s3": "S3_BUCKET",
    "rabbitmq": "RABBITMQ_CONNECT_STRING",
    "smtp": "SMTP_HOST",
    "tracing": "OTEL_EXPORTER_OTLP_ENDPOINT",
    "openfga": "FGA_STORE_ID",
    "oidc": "FLASK_OIDC_CLIENT_ID",
    "saml": "SAML_ENTITY_ID",
    "http-proxy": "http_proxy",
}
"""A variable that is set while an endpoint is integrated, by endpoint."""


def there() -> list[str]:
    """Return the endpoints that are integrated."""
    return [endpoint for endpoint, variable in WATCHED.items() if os.environ.get(variable)]


def needed(variable: str) -> str:
    """Read a variable of an integration; abort the request with 503 if it is not set."""
    value = os.environ.get(variable)
    if not value:
        flask.abort(503, f"{variable} is not set; integrate the endpoint that sets it")
    return value
