"""Built-in providers with real servers, used through the relation data of a client."""

import base64
import contextlib
import http.client
import json
import subprocess
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import pika
import pymongo
import pymongo.errors
import pymysql
import pytest
import redis
from browser import browse
from deployment import Deployment
from paas_local.build import rocks
from paas_local.providers import BUILT_IN
from pika.exceptions import ConnectionClosedByBroker
from provision import Provider, deployed

Result = TypeVar("Result")


def test_redis_keeps_a_key(juju: Deployment):
    provider = deployed(juju, "redis-k8s", "redis")

    unit, app = provider.read_unit("hostname", "port"), provider.read("leader-host")

    assert (unit["port"], app["leader-host"]) == ("6379", "redis-k8s.test.svc.cluster.local")
    host, port = provider.address()
    with redis.Redis(host=host, port=port, decode_responses=True) as connection:
        connection.set("word", "kept")
        juju.kill("container ", "redis.json")

    def kept() -> bool:
        with redis.Redis(host=host, port=port, decode_responses=True) as connection:
            return _unless(redis.ConnectionError, lambda: connection.get("word")) == "kept"

    juju.wait("the key, in a new container", kept)
    assert juju.run("run", "redis-k8s/0", "check-service").stdout.count("Service is running") == 1


def _unless(error: type[Exception], read: Callable[[], Result]) -> Result | None:
    try:
        return read()
    except error:
        return None


def database(provider: Provider) -> tuple[dict[str, str], dict[str, str]]:
    """Request the database orders; return the databag and the login of the answer."""
    provider.write(**{"database": "orders", "requested-secrets": '["username","password","uris"]'})
    databag = provider.read("endpoints", "secret-user")
    return databag, provider.secret(databag["secret-user"])


def test_mysql_keeps_rows_of_a_client_in_its_database(juju: Deployment):
    provider = deployed(juju, "mysql-k8s", "mysql_client")

    databag, login = database(provider)

    assert databag["endpoints"] == "mysql-k8s-primary.test.svc.cluster.local:3306"
    host, port = provider.address()

    def connect() -> pymysql.Connection:
        return pymysql.connect(
            host=host, port=port, user=login["username"], password=login["password"], database=databag["database"]
        )

    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE words (word TEXT)")
        cursor.execute("INSERT INTO words VALUES ('kept')")
        connection.commit()
        cursor.execute("SHOW DATABASES")
        assert [name for (name,) in cursor.fetchall()] == ["information_schema", "orders"]
    administrator = provider.run("get-password", "username=root")
    with (
        pymysql.connect(host=host, port=port, user="root", password=administrator["password"]) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT word FROM orders.words")
        assert cursor.fetchall() == (("kept",),)
    juju.kill("mariadbd")
    again = juju.wait("connection", lambda: _unless(pymysql.err.OperationalError, connect))
    assert again
    with again, again.cursor() as cursor:
        cursor.execute("SELECT word FROM words")
        assert cursor.fetchall() == (("kept",),)
    juju("remove-relation", "client:mysql_client", "mysql-k8s")
    juju.wait("refusal", lambda: _unless(pymysql.err.OperationalError, connect) is None)


def test_mongodb_keeps_documents_of_a_client_with_an_account(juju: Deployment):
    provider = deployed(juju, "mongodb-k8s", "mongodb_client")

    databag, login = database(provider)

    inside = "mongodb-k8s-0.mongodb-k8s-endpoints.test.svc.cluster.local"
    assert databag["endpoints"] == inside
    host, port = provider.address()
    uri = login["uris"].replace(f"{inside}:27017", f"{host}:{port}")

    def words(uri: str) -> list[str]:
        with pymongo.MongoClient[dict[str, str]](uri, serverSelectionTimeoutMS=5000) as client:
            return [each["word"] for each in client.get_default_database()["words"].find()]

    with pymongo.MongoClient[dict[str, str]](uri) as client:
        client.get_default_database()["words"].insert_one({"word": "kept"})
        assert client.list_database_names() == ["admin", "orders"]
    with pytest.raises(pymongo.errors.OperationFailure, match="Authentication failed"):
        words(uri.replace(login["password"], "wrong"))
    with pytest.raises(pymongo.errors.OperationFailure, match="requires authentication"):
        words(f"mongodb://{host}:{port}/orders")
    provider.run("set-password", "password=chosen")
    with pymongo.MongoClient[dict[str, str]](f"mongodb://operator:chosen@{host}:{port}/?authSource=admin") as client:
        assert client["orders"]["words"].count_documents({}) == 1
    juju.kill("/bin/ferretdb")
    assert juju.wait("connection", lambda: _unless(pymongo.errors.PyMongoError, lambda: words(uri))) == ["kept"]
    juju("remove-relation", "client:mongodb_client", "mongodb-k8s")
    refused = pymongo.errors.OperationFailure
    juju.wait("refusal", lambda: _unless(refused, lambda: words(uri)) is None)


def test_rabbitmq_delivers_a_message(juju: Deployment):
    provider = deployed(juju, "rabbitmq-k8s", "rabbitmq")
    provider.write(username="web", vhost="/")

    databag = provider.read("hostname", "password")

    assert databag["hostname"] == "rabbitmq-k8s.test.svc.cluster.local"
    host, port = provider.address()
    login = pika.PlainCredentials("web", databag["password"])

    connection = pika.BlockingConnection(pika.ConnectionParameters(host, port, "/", login))
    channel = connection.channel()
    channel.queue_declare("words", durable=True)
    channel.basic_publish("", "words", b"kept")
    assert channel.basic_get("words", auto_ack=True)[2] == b"kept"
    account = provider.run("get-service-account", "username=other", "vhost=orders")
    login = pika.PlainCredentials("other", account["password"])
    with pika.BlockingConnection(pika.ConnectionParameters(host, port, "orders", login)) as other:
        assert other.is_open
    assert provider.run("get-service-account", "username=other", "vhost=orders") == account
    operator = provider.run("get-operator-info")
    login = pika.PlainCredentials(operator["operator-user"], operator["operator-password"])
    with pika.BlockingConnection(pika.ConnectionParameters(host, port, "/", login)) as other:
        assert other.channel().queue_declare("words", durable=True, passive=True)
    juju("remove-relation", "client:rabbitmq", "rabbitmq-k8s")
    with pytest.raises(ConnectionClosedByBroker, match="user 'web' is deleted"):
        connection.sleep(60)


def test_valkey_accepts_only_the_account_of_the_client(juju: Deployment):
    provider = deployed(juju, "valkey", "valkey")
    request = {"resource": "*", "request-id": "4be8724a07a5c71e", "salt": "1eGdSSiKF2Jrpa3Y"}

    provider.write(version="v1", requests=json.dumps([request]))

    (answer,) = json.loads(provider.read("version", "data", "requests")["requests"])
    account = provider.secret(answer["secret-user"])
    assert answer["endpoints"] == "valkey.test.svc.cluster.local:6379"
    host, port = provider.address()
    name, password = account["username"], account["password"]
    with redis.Redis(host=host, port=port, username=name, password=password, decode_responses=True) as connection:
        connection.set("word", "kept")
        assert connection.get("word") == "kept"
    with redis.Redis(host=host, port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("word")


BACK = "http://traefik-k8s.test.localhost:31000/test-client/callback"


@pytest.fixture(scope="module")
def hydra(juju: Deployment) -> Provider:
    """Return the OpenID provider, with a client that has the redirect URI ``BACK``."""
    provider = deployed(juju, "hydra", "oidc")
    provider.write(redirect_uri=BACK, scope="openid profile email", grant_types='["authorization_code"]')
    return provider


def test_a_person_logs_in_at_hydra(hydra: Provider):
    databag = hydra.read("client_id", "client_secret_id")
    secret = hydra.secret(databag["client_secret_id"])["secret"]
    query = {"client_id": databag["client_id"], "redirect_uri": BACK, "response_type": "code", "scope": "openid email"}
    login = f"{databag['authorization_endpoint']}?{urlencode({**query, 'state': 'kept'})}"
    assert "ann@example.com" in browse(login).text
    sent = browse(login, {"sub": "ann@example.com"}).headers["Location"]
    assert sent.startswith(f"{BACK}?")
    answer = {key: value for key, (value,) in parse_qs(urlsplit(sent).query).items()}
    assert answer["state"] == "kept"

    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": BACK}
    stranger = browse(databag["token_endpoint"], form, basic(databag["client_id"], "wrong"))
    tokens = json.loads(browse(databag["token_endpoint"], form, basic(databag["client_id"], secret)).text)

    assert stranger.status == 401
    claims = json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[1] + "=="))
    assert (claims["iss"], claims["aud"], claims["email"]) == (
        databag["issuer_url"],
        [databag["client_id"]],
        "ann@example.com",
    )
    person = browse(databag["userinfo_endpoint"], headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert json.loads(person.text)["sub"] == "ann@example.com"
    seen = json.loads(browse(databag["introspection_endpoint"], {"token": tokens["access_token"]}).text)
    assert (seen["active"], seen["sub"]) == (True, "ann@example.com")


def test_hydra_has_clients_of_operators(hydra: Provider):
    back = "http://other.localhost/callback"
    client = hydra.run(
        "create-oauth-client", f'redirect-uris=["{back}"]', "token-endpoint-auth-method=client_secret_post"
    )
    urls = hydra.read("authorization_endpoint", "token_endpoint", "introspection_endpoint", "jwks_endpoint")
    name = {"client_id": client["client-id"]}

    def tokens() -> dict[str, str]:
        query = {**name, "redirect_uri": back, "response_type": "code", "scope": "openid email"}
        sent = browse(f"{urls['authorization_endpoint']}?{urlencode(query)}", {"sub": "ann@example.com"})
        (code,) = parse_qs(urlsplit(sent.headers["Location"]).query)["code"]
        form = {**name, "client_secret": client["client-secret"], "code": code, "redirect_uri": back}
        return json.loads(browse(urls["token_endpoint"], {**form, "grant_type": "authorization_code"}).text)

    def is_active(token: str) -> bool:
        return json.loads(browse(urls["introspection_endpoint"], {"token": token}).text)["active"]

    def key_of(token: str) -> str:
        return json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))["kid"]

    first = tokens()
    assert is_active(first["access_token"])
    hydra.run("revoke-oauth-client-access-tokens", f"client-id={client['client-id']}")
    assert not is_active(first["access_token"])
    key = hydra.run("rotate-key")["new-key-id"]
    second = tokens()
    assert is_active(second["access_token"])
    assert key_of(second["id_token"]) == key != key_of(first["id_token"])
    published = [each["kid"] for each in json.loads(browse(urls["jwks_endpoint"]).text)["keys"]]
    assert published == [key, key_of(first["id_token"])]
    hydra.run("delete-oauth-client", f"client-id={client['client-id']}")
    assert not is_active(second["access_token"])


def test_hydra_has_the_same_address_in_a_pod(juju: Deployment, hydra: Provider):
    address = hydra.read("issuer_url")["issuer_url"]
    program = (
        f"import urllib.request as r; print(r.urlopen('{address}/.well-known/openid-configuration').read().decode())"
    )

    document = json.loads(juju("exec", "--unit", "client/0", "--", f'python3 -c "{program}"'))

    assert document["issuer"] == address


def test_hydra_refuses_another_redirect_uri(hydra: Provider):
    databag = hydra.read("client_id")
    query = {
        "client_id": databag["client_id"],
        "redirect_uri": "http://evil/",
        "response_type": "code",
        "scope": "openid",
    }

    assert browse(f"{databag['authorization_endpoint']}?{urlencode(query)}").status == 400


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


VERIFY = """
import base64, html, json, re, sys
import signxml
from lxml import etree

page, certificate = json.load(sys.stdin)
response = re.search('name="SAMLResponse" value="([^"]*)"', page)[1]
root = etree.fromstring(base64.b64decode(html.unescape(response)))
pem = f"-----BEGIN CERTIFICATE-----\\n{certificate}\\n-----END CERTIFICATE-----\\n"
signed = signxml.XMLVerifier().verify(root, x509_cert=pem, id_attribute="ID").signed_xml
name = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion"}
databag = {key: signed.findtext(f".//saml:{key}", namespaces=name) for key in ("NameID", "Audience", "Issuer")}
data = signed.find(".//saml:SubjectConfirmationData", name)
print(json.dumps({**databag, "to": data.get("Recipient"), "for": data.get("InResponseTo")}))
"""


def verified(page: str, certificate: str) -> dict[str, str]:
    """Read the assertion of a response after a check of its signature, with the library of the image."""
    python = rocks.build(BUILT_IN["saml-integrator"] / "rock", lambda _: None).python
    assert python
    content = json.dumps([page, certificate])
    done = subprocess.run(
        [python / "bin/python", "-c", VERIFY], input=content, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_person_logs_in_at_saml(juju: Deployment):
    databag = deployed(juju, "saml-integrator", "saml").read("entity_id", "x509certs")
    back = "http://traefik-k8s.test.localhost:31000/test-client/acs"
    request = (
        '<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_42" Version="2.0"'
        f' AssertionConsumerServiceURL="{back}"><s:Issuer xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion">client'
        "</s:Issuer></p:AuthnRequest>"
    )
    deflated = base64.b64encode(zlib.compress(request.encode())[2:-4]).decode()

    metadata = browse(databag["metadata_url"]).text
    login = browse(f"{databag['single_sign_on_service_redirect_url']}?{urlencode({'SAMLRequest': deflated})}").text
    form = {"SAMLRequest": deflated, "deflated": "yes", "RelayState": "kept", "person": "ann@example.com"}
    answer = browse(databag["single_sign_on_service_redirect_url"], form).text
    posted = {"SAMLRequest": base64.b64encode(request.encode()).decode(), "person": "bob@example.com"}
    answer_to_post = browse(databag["single_sign_on_service_post_url"], posted).text

    assert databag["x509certs"] in metadata
    assert f'entityID="{databag["entity_id"]}"' in metadata
    assert "Log in to client" in login
    assert f'action="{back}"' in answer
    assert 'name="RelayState" value="kept"' in answer
    assert verified(answer, databag["x509certs"]) == {
        "NameID": "ann@example.com",
        "Audience": "client",
        "Issuer": databag["entity_id"],
        "to": back,
        "for": "_42",
    }
    assert verified(answer_to_post, databag["x509certs"])["NameID"] == "bob@example.com"
    refused = browse(f"{databag['single_sign_on_service_redirect_url']}?SAMLRequest=nonsense")
    assert (refused.status, refused.text) == (400, "SAMLRequest: not a request of SAML 2.0\n")


REQUIRER = "7c9ed8a6-1f0e-4a56-9a6b-0f4f4f0c9d11"
INSIDE = "http://loki-k8s.test.svc.cluster.local:3100/ready"


def through(provider: Provider, url: str, account: str = "") -> int:
    """Send a request through the proxy; return the status of the answer."""
    host, port = provider.address()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": f"http://{account}{host}:{port}"}))
    try:
        with opener.open(url, timeout=20) as answer:
            assert "squid" in answer.headers["Via"]
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def requested(provider: Provider, ready: str, *domains: str, auth: str) -> dict[str, str]:
    """Request a proxy; wait for the answer."""
    provider.write(requests=json.dumps([{"requirer": REQUIRER, "domains": domains, "auth": [auth]}]))

    def response() -> dict[str, str]:
        (answer,) = json.loads(provider.read("responses")["responses"])
        return answer if answer.get("auth", answer["status"]) == ready else {}

    return provider.juju.wait(f"the answer {ready}", response)


def test_squid_allows_the_requested_domains_and_follows_a_changed_request(juju: Deployment):
    deployed(juju, "loki-k8s", "logging")
    provider = deployed(juju, "squid-forward-proxy", "http-proxy")
    host = urlsplit(INSIDE).netloc

    by_account = requested(provider, "userpass", host, auth="userpass")

    assert by_account["http_proxy"] == "http://squid-forward-proxy.test.svc.cluster.local:3128"
    account = provider.secret(by_account["user"])
    login = f"{account['username']}:{account['password']}@"
    assert through(provider, INSIDE, login) == 200
    assert through(provider, INSIDE, f"{account['username']}:wrong@") == 407
    assert through(provider, INSIDE) == 407
    assert through(provider, "http://loki-k8s.test.svc.cluster.local/", login) == 403
    assert through(provider, "http://example.com/", login) == 403
    (process,) = juju.processes("squid", "-N")
    by_source = requested(provider, "srcip", host, auth="srcip")
    assert "user" not in by_source
    program = (
        "import urllib.request as r;"
        f" r.install_opener(r.build_opener(r.ProxyHandler(dict(http='{by_source['http_proxy']}'))));"
        f" print(r.urlopen('{INSIDE}').status)"
    )
    assert juju("exec", "--unit", "client/0", "--", f'python3 -c "{program}"').strip() == "200"
    assert through(provider, INSIDE, login) == 403
    requested(provider, "none", "example.com", auth="none")
    assert through(provider, INSIDE) == 403
    requested(provider, "invalid", "no host", auth="none")
    assert "must be host or host:port" in juju.wait_for("squid-forward-proxy/0", "blocked")
    assert juju.processes("squid", "-N") == [process]
    juju("remove-relation", "client:http-proxy", "squid-forward-proxy")
    juju.wait_for("squid-forward-proxy/0", "active")
    assert through(provider, INSIDE, login) == 403


MODEL: dict[str, Any] = {
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


def test_openfga_answers_a_check(juju: Deployment):
    provider = deployed(juju, "openfga-k8s", "openfga")
    provider.write(store_name="client")

    databag = provider.read("store_id", "token_secret_id")

    assert databag["http_api_url"] == "http://openfga-k8s.test.svc.cluster.local:8080"
    assert databag["grpc_api_url"] == "http://openfga-k8s.test.svc.cluster.local:8081"
    token = provider.secret(databag["token_secret_id"])["token"]
    host, port = provider.address()

    def ask(path: str, document: object, key: str = token) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        with contextlib.closing(http.client.HTTPConnection(host, port, timeout=10)) as connection:
            connection.request("POST", f"/stores/{databag['store_id']}/{path}", json.dumps(document), headers)
            answer = connection.getresponse()
            return answer.status, json.load(answer)

    def question(person: str) -> dict[str, Any]:
        return {"tuple_key": {"user": f"user:{person}", "relation": "reader", "object": "document:plan"}}

    def may_read(person: str) -> bool:
        return ask("check", question(person))[1]["allowed"]

    assert ask("authorization-models", MODEL)[0] == 201
    assert ask("write", {"writes": {"tuple_keys": [question("ann")["tuple_key"]]}})[0] == 200
    assert (may_read("ann"), may_read("bob")) == (True, False)
    assert ask("check", question("ann"), key="wrong")[0] == 401
    juju.kill("openfga run")
    assert juju.wait("answer", lambda: _unless(OSError, lambda: may_read("ann")))
