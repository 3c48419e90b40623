"""OpenFGA: permissions to read documents."""

import flask
from openfga_sdk import ClientConfiguration
from openfga_sdk.client.models import ClientCheckRequest, ClientTuple, ClientWriteRequest
from openfga_sdk.credentials import CredentialConfiguration, Credentials
from openfga_sdk.sync import OpenFgaClient

from app import integrations

blueprint = flask.Blueprint("permissions", __name__, url_prefix="/permissions")
MODEL = {
    "schema_version": "1.1",
    "type_definitions": [
        {"type": "user"},
        {
            "type": "document",
            "relations": {"reader": {"this": {}}},
            "metadata": {"relations": {"reader": {"directly_related_user_types": [{"type": "user"}]}}},
        },
    ],
}


def client() -> OpenFgaClient:
    token = integrations.needed("FGA_TOKEN")
    return OpenFgaClient(
        ClientConfiguration(
            api_url=integrations.needed("FGA_HTTP_API_URL").rstrip("/"),
            store_id=integrations.needed("FGA_STORE_ID"),
            credentials=Credentials(method="api_token", configuration=CredentialConfiguration(api_token=token)),
        )
    )


def model(server: OpenFgaClient) -> str:
    """Return the id of the authorization model; write the model if it does not exist."""
    latest = server.read_latest_authorization_model().authorization_model
    if latest is not None:
        return latest.id
    return server.write_authorization_model(MODEL).authorization_model_id


@blueprint.put("/<document>/<person>")
def allow(document: str, person: str):
    with client() as server:
        server.set_authorization_model_id(model(server))
        permission = ClientTuple(user=f"user:{person}", relation="reader", object=f"document:{document}")
        server.write(ClientWriteRequest(writes=[permission]))
    return "", 204


@blueprint.get("/<document>/<person>")
def check(document: str, person: str):
    with client() as server:
        server.set_authorization_model_id(model(server))
        question = ClientCheckRequest(user=f"user:{person}", relation="reader", object=f"document:{document}")
        return flask.jsonify(allowed=server.check(question).allowed)
