"""What the charm says about integrations, in environment variables."""

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
"""Endpoint of the charm to a variable that is there while it is integrated."""


def there() -> list[str]:
    """Name the endpoints that are integrated."""
    return [endpoint for endpoint, variable in WATCHED.items() if os.environ.get(variable)]


def needed(variable: str) -> str:
    """Read a variable of an integration; a request that needs it ends with 503 while it is not there."""
    value = os.environ.get(variable)
    if not value:
        flask.abort(503, f"{variable} is not set; integrate the endpoint that brings it")
    return value
