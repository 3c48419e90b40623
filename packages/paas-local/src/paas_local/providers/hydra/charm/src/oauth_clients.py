"""The clients of the provider: those of related applications, and those that an operator registers by an action."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

StrMap = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client, with the values of Hydra's actions."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    scope: tuple[str, ...]
    grant_types: tuple[str, ...] = ("authorization_code",)
    response_types: tuple[str, ...] = ("code",)
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - the name of a method
    name: str = ""
    client_uri: str = ""
    contacts: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    metadata: str = ""

    def document(self) -> dict[str, Any]:
        """Return the values that are set, by their names in Hydra's actions."""
        names = [each.name for each in fields(self)]
        return {name.replace("_", "-"): _listed(value) for name in names if (value := getattr(self, name))}

    def public(self) -> dict[str, Any]:
        """Return the document without the secret."""
        return {name: value for name, value in self.document().items() if name != "client-secret"}


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The changes that operators have made by actions."""

    clients: Mapping[str, Client] = field(default_factory=dict[str, Client])
    key: str = ""
    """The id of the signing key; the server generates one without a name if it is empty."""
    revoked: Mapping[str, float] = field(default_factory=dict[str, float])
    """Client to the time until which its tokens are invalid."""

    def secret(self) -> dict[str, str]:
        """Write the content of a secret."""
        clients = [client.document() for client in self.clients.values()]
        return {"registry": json.dumps({"clients": clients, "key": self.key, "revoked": {**self.revoked}})}


def read_registry(secret: StrMap) -> Registry:
    """Read the content of a secret that :meth:`Registry.secret` wrote."""
    values = json.loads(secret["registry"])
    clients = [client(document) for document in values["clients"]]
    return Registry(clients={each.client_id: each for each in clients}, key=values["key"], revoked=values["revoked"])


def client(values: Mapping[str, Any]) -> Client:
    """Build a client from the parameters of an action, or from its document."""
    names = {each.name.replace("_", "-"): each.name for each in fields(Client)}
    taken: dict[str, Any] = {names[name]: _frozen(value) for name, value in values.items() if name in names}
    return Client(**taken)


def _listed(value: Any) -> Any:
    return [*cast("tuple[str, ...]", value)] if isinstance(value, tuple) else value


def _frozen(value: Any) -> Any:
    return tuple(cast("list[str]", value)) if isinstance(value, list) else value


def server_file(clients: Iterable[Client], registry: Registry) -> str:
    """Write the file that the server reads."""
    documents = [{**each.document(), "revoked": registry.revoked.get(each.client_id, 0)} for each in clients]
    return json.dumps({"key": registry.key, "clients": documents}, indent=1)
