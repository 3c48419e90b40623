"""The built-in OpenFGA charm, with a stand-in for the server."""

import json
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from threading import Thread

import ops
import providers
import pytest
import recorded_answers
from ops import testing
from paas_common.integrations import openfga
from paas_common.integrations._integration import Context
from paas_common.values import facts
from pydantic import SecretStr
from typing_extensions import override

pytestmark = pytest.mark.usefixtures("answering")
HOST = "openfga-k8s.demo.svc.cluster.local"
ME = facts.Identity(model="demo", app="web", unit="web/0", leader=True)
OURS = Context(
    identity=ME,
    endpoint="openfga",
    relation_id=7,
    env_prefix="FGA",
    app_env_prefix="FLASK_",
    options={},
    base_url="",
    folder="",
)


class Handler(BaseHTTPRequestHandler):
    """The requests of a stand-in for OpenFGA, which refuses names that are too short."""

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Write no log."""

    def do_POST(self) -> None:
        """Create a store."""
        stores: dict[str, str] = vars(self.server)["stores"]
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["name"]
        if len(name) < 3:
            self.answer(400, {"code": "validation_error", "message": "invalid CreateStoreRequest.Name: too short"})
        else:
            store = f"store-{len(stores)}"
            stores[store] = name
            self.answer(201, {"id": store, "name": name})

    def do_GET(self) -> None:
        """Answer if a store exists."""
        exists = self.path.removeprefix("/stores/") in vars(self.server)["stores"]
        self.answer(200 if exists else 404, {})

    def answer(self, status: int, document: dict[str, str]) -> None:
        """Answer, and record the token."""
        vars(self.server)["tokens"].add(self.headers["Authorization"])
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())


@pytest.fixture
def server(context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch) -> Generator[ThreadingHTTPServer]:
    """Start the stand-in for the server."""
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vars(listening).update(stores={}, tokens=set())
    Thread(target=listening.serve_forever, daemon=True).start()
    monkeypatch.setattr(import_module("stores"), "_SERVER", f"http://127.0.0.1:{listening.server_port}")
    yield listening
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def stores(server: ThreadingHTTPServer) -> dict[str, str]:
    """Return the stores of the server, id to name."""
    return vars(server)["stores"]


@pytest.fixture
def context() -> testing.Context[ops.CharmBase]:
    return providers.context("openfga-k8s")


def state(*relations: testing.Relation) -> testing.State:
    return providers.state(testing.Container("openfga", can_connect=True), *relations)


def client(number: int = 7, name: str = "web", store: str = "web") -> testing.Relation:
    request = {"store_name": store} if store else {}
    return testing.Relation("openfga", interface="openfga", id=number, remote_app_name=name, remote_app_data=request)


def token(after: testing.State, number: int = 7) -> str:
    secret = after.get_relation(number).local_app_data["token_secret_id"]
    return (after.get_secret(id=secret).latest_content or {})["token"]


def test_a_client_gets_a_store_and_the_token(
    context: testing.Context[ops.CharmBase], server: ThreadingHTTPServer, stores: dict[str, str]
):
    after = context.run(context.on.relation_changed(client()), state(client()))

    databag = after.get_relation(7).local_app_data
    assert after.unit_status == testing.ActiveStatus()
    assert after.opened_ports == {testing.TCPPort(8080), testing.TCPPort(8081)}
    assert stores == {"store-0": "web"}
    assert vars(server)["tokens"] == {f"Bearer {token(after)}"}
    parsed = openfga.parse(facts.Databags(app={**databag, "token": token(after)}), OURS)
    assert parsed == openfga.Openfga(
        grpc_api_url=f"http://{HOST}:8081",
        http_api_url=f"http://{HOST}:8080",
        store_id="store-0",
        token=SecretStr(token(after)),
    )


def test_an_answer_has_the_keys_of_the_real_one(context: testing.Context[ops.CharmBase], server: ThreadingHTTPServer):
    relation = client(store=recorded_answers.request("openfga-openfga-5")["store_name"])

    after = context.run(context.on.relation_changed(relation), state(relation))

    recorded_answers.check_keys(after.get_relation(7), "openfga-openfga-5")


def test_the_token_is_not_on_a_command_line(context: testing.Context[ops.CharmBase], stores: dict[str, str]):
    after = context.run(context.on.relation_changed(client()), state(client()))

    service = after.get_container("openfga").plan.services["openfga"]
    assert service.environment["OPENFGA_AUTHN_PRESHARED_KEYS"] == token(after)
    assert service.environment["OPENFGA_AUTHN_METHOD"] == "preshared"
    assert token(after) not in service.command


def test_a_client_without_a_request_reads_the_urls(context: testing.Context[ops.CharmBase], stores: dict[str, str]):
    after = context.run(context.on.relation_changed(client(store="")), state(client(store="")))

    assert after.get_relation(7).local_app_data.keys() == {"grpc_api_url", "http_api_url"}
    assert not stores


def test_an_event_that_changes_nothing_changes_nothing(context: testing.Context[ops.CharmBase], stores: dict[str, str]):
    before = context.run(context.on.relation_changed(client()), state(client()))

    after = context.run(context.on.update_status(), before)

    assert len(stores) == 1
    assert (after.relations, after.secrets, after.containers) == (before.relations, before.secrets, before.containers)


def test_each_client_has_a_store_of_its_own(context: testing.Context[ops.CharmBase], stores: dict[str, str]):
    one, other = client(7, "web", "app-store"), client(8, "api", "app-store")

    after = context.run(context.on.relation_changed(one), state(one, other))

    assert {after.get_relation(number).local_app_data["store_id"] for number in (7, 8)} == {"store-0", "store-1"}


def test_a_lost_store_is_created_again(context: testing.Context[ops.CharmBase], stores: dict[str, str]):
    before = context.run(context.on.relation_changed(client()), state(client()))
    del stores["store-0"]
    stores["another"] = "another"

    after = context.run(context.on.update_status(), before)

    assert after.get_relation(7).local_app_data["store_id"] == "store-1"


def test_a_refused_name_blocks_and_other_clients_are_served(
    context: testing.Context[ops.CharmBase], stores: dict[str, str]
):
    refused = client(3, "api", "x")

    after = context.run(context.on.relation_changed(refused), state(refused, client()))

    words = "api asks for the store 'x': invalid CreateStoreRequest.Name: too short"
    assert after.unit_status == testing.BlockedStatus(words)
    assert after.get_relation(7).local_app_data["store_id"] == "store-0"


def test_waits_for_a_server_that_has_stopped(context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_module("stores"), "_SERVER", "http://127.0.0.1:1")

    after = context.run(context.on.relation_changed(client()), state(client()))

    words = "waiting for the server to answer: <urlopen error [Errno 111] Connection refused>"
    assert after.unit_status == testing.WaitingStatus(words)
