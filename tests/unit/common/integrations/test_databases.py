"""URLs of databases: the provider's or a built one, and their parameters for TLS."""

import dataclasses
import urllib.parse

import pytest
from paas_common.integrations import BUILT_IN, Context, Invalid, Pending, Reading, Ready
from paas_common.values import facts

POSTGRESQL = BUILT_IN["postgresql_client"]
INTERFACES = ("postgresql_client", "mysql_client", "mongodb_client")
CA = "-----BEGIN CERTIFICATE-----\nMIIBexample\n-----END CERTIFICATE-----\n"
CA_FILE = "/tmp/shop/postgresql/ca.pem"
ACCOUNT = {"username": "u", "password": "p", "database": "d"}
CONTEXT = Context(
    identity=facts.Identity(app="shop", unit="shop/0", model="demo", leader=True),
    endpoint="postgresql",
    relation_id=7,
    env_prefix="DB",
    app_env_prefix="APP_",
    options={},
    base_url="http://shop.demo:8000",
    folder="/tmp/shop/postgresql",
)


def reading(
    interface: str = "postgresql_client",
    units: tuple[dict[str, str], ...] = (),
    context: Context = CONTEXT,
    /,
    **app: str,
) -> Reading:
    databags = facts.Databags(app={name.replace("_", "-"): value for name, value in app.items()}, units=units)
    return BUILT_IN[interface].read(facts.Relation(app="pg", id=7, databags=databags), context)


def read(
    interface: str = "postgresql_client",
    units: tuple[dict[str, str], ...] = (),
    context: Context = CONTEXT,
    /,
    **app: str,
) -> dict[str, str] | None:
    match reading(interface, units, context, **app):
        case Ready(variables=variables):
            return {variable.name: variable.text for variable in variables}
        case Pending():
            return None
        case invalid:
            raise AssertionError(invalid)


def test_the_provider_s_own_address_comes_first() -> None:
    variables = read(
        uris="postgresql://u:p@a:1,b:2/d?target_session_attrs=primary", endpoints="a:1", username="u", password="p"
    )

    assert variables
    assert variables["DB_CONNECT_STRING"] == "postgresql://u:p@a:1,b:2/d?target_session_attrs=primary"


def test_an_address_with_an_unquoted_password_is_built_again() -> None:
    variables = read(
        uris="postgresql://u:a/b@pg:5432/d", endpoints="pg:5432", username="u", password="a/b", database="d"
    )

    assert variables
    assert variables["DB_CONNECT_STRING"] == "postgresql://u:a%2Fb@pg:5432/d"
    assert variables["DB_HOSTNAME"] == "pg"
    assert variables["DB_PASSWORD"] == "a/b"


def test_a_router_counts_once_a_unit_is_ready() -> None:
    def router(*units: dict[str, str]) -> dict[str, str] | None:
        return read("postgresql_client", units, endpoints="pg:5432", username="u", password="p", subordinated="true")

    assert router({"state": "starting"}) is None
    assert router({"state": "starting"}, {"state": "ready"}) is not None


def test_the_database_that_was_really_made_is_used() -> None:
    variables = read(endpoints="pg:5432", username="u", password="p", database="made-for-us")

    assert variables
    assert variables["DB_NAME"] == "made-for-us"


def test_a_database_is_identified_by_its_name_not_by_its_address() -> None:
    def identified(endpoints: str, relation: int) -> str | None:
        databags = facts.Databags(app={"endpoints": endpoints, "username": "u", "password": "p", "database": "d"})
        reading = POSTGRESQL.read(facts.Relation(app="pg", id=relation, databags=databags), CONTEXT)
        return reading.database if isinstance(reading, Ready) else None

    assert identified("a:1", 7) == identified("b:2", 7)
    assert identified("a:1", 7) != identified("a:1", 8)


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("uris", ["", "{0}://u/s@er:p@ss/w:rd %#?&é@h:1/d"])
def test_any_character_survives_in_names_and_passwords(interface: str, uris: str) -> None:
    name, password = "u/s@er", "p@ss/w:rd %#?&é"
    scheme = interface.removesuffix("_client")

    variables = read(
        interface, uris=uris.format(scheme), endpoints="h:1", username=name, password=password, database="d"
    )

    assert variables
    parts = urllib.parse.urlsplit(variables["DB_CONNECT_STRING"])
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == (scheme, "h", 1, "/d")
    assert urllib.parse.unquote(parts.username or "") == variables["DB_USERNAME"] == name
    assert urllib.parse.unquote(parts.password or "") == variables["DB_PASSWORD"] == password


@pytest.mark.parametrize(
    ("interface", "ca", "query"),
    [
        ("postgresql_client", "", "sslmode=require"),
        ("postgresql_client", CA, f"sslmode=verify-ca&sslrootcert={CA_FILE}"),
        ("mysql_client", "", ""),
        ("mysql_client", CA, ""),
        ("mongodb_client", "", "tls=true"),
        ("mongodb_client", CA, f"tls=true&tlsCAFile={CA_FILE}"),
    ],
)
@pytest.mark.parametrize("uris", ["", "{0}://u:p@h:1/d"])
def test_the_address_of_one_of_several_databases_asks_for_tls(interface: str, ca: str, query: str, uris: str) -> None:
    address = uris.format(interface.removesuffix("_client"))
    context = dataclasses.replace(CONTEXT, is_only=False)

    variables = read(interface, (), context, uris=address, endpoints="h:1", tls="True", tls_ca=ca, **ACCOUNT)

    assert variables
    assert not [name for name in variables if name.startswith("PG")]
    assert variables["DB_QUERY"] == query
    assert urllib.parse.urlsplit(variables["DB_CONNECT_STRING"]).query == query
    assert variables["DB_TLS"] == "true"
    assert variables.get("DB_TLS_CA_FILE") == (CA_FILE if ca else None)


@pytest.mark.parametrize(
    ("ca", "expected"),
    [("", {"PGSSLMODE": "require"}), (CA, {"PGSSLMODE": "verify-ca", "PGSSLROOTCERT": CA_FILE})],
)
def test_the_clients_of_the_only_postgresql_find_tls_in_the_environment(ca: str, expected: dict[str, str]) -> None:
    variables = read(endpoints="h:1", tls="True", tls_ca=ca, **ACCOUNT)

    assert variables
    assert {name: value for name, value in variables.items() if name.startswith("PG")} == expected
    assert variables["DB_CONNECT_STRING"] == "postgresql://u:p@h:1/d"


def test_tls_parameters_of_the_provider_s_url_stay() -> None:
    address = "postgresql://u:p@h:1/d?sslmode=verify-full"
    account = {"uris": address, "endpoints": "h:1", "tls": "true", "tls_ca": CA, **ACCOUNT}

    only = read(**account)
    one_of_several = read("postgresql_client", (), dataclasses.replace(CONTEXT, is_only=False), **account)

    assert only
    assert only["DB_CONNECT_STRING"] == address
    assert one_of_several
    assert one_of_several["DB_CONNECT_STRING"] == f"{address}&sslrootcert={CA_FILE}"


@pytest.mark.parametrize("tls", ["False", "false", "", "disabled"])
def test_without_tls_there_is_no_parameter_and_no_certificate(tls: str) -> None:
    ready = reading(endpoints="h:1", tls=tls, tls_ca="left over", **ACCOUNT)

    assert isinstance(ready, Ready)
    assert ready.files == ()
    values = {variable.name: variable.text for variable in ready.variables}
    assert not [name for name in values if "TLS" in name or name.startswith("PG")]
    assert values["DB_QUERY"] == ""


@pytest.mark.parametrize(
    ("databag", "reason"),
    [
        ({"tls": "perhaps"}, "tls (input should be a valid boolean, unable to interpret input)"),
        ({"tls": "True", "tls_ca": "no certificate"}, "tls-ca (must be certificates in PEM form)"),
    ],
)
def test_an_invalid_value_is_named(databag: dict[str, str], reason: str) -> None:
    assert reading(endpoints="h:1", **ACCOUNT, **databag) == Invalid(
        f"Invalid postgresql relation data from pg: {reason}"
    )


def test_several_hosts_are_listed_and_the_first_is_in_the_url() -> None:
    variables = read(endpoints="a:1, b:2", **ACCOUNT)

    assert variables
    assert variables["DB_CONNECT_STRING"] == "postgresql://u:p@a:1/d"
    assert variables["DB_ENDPOINTS"] == "a:1,b:2"


def test_clients_of_mongodb_find_the_primary_among_all_hosts() -> None:
    variables = read("mongodb_client", endpoints="a:1,b:2", replset="rs", **ACCOUNT)

    assert variables
    assert variables["DB_CONNECT_STRING"] == "mongodb://u:p@a:1,b:2/d?replicaSet=rs"


def test_neither_hosts_nor_tls_make_it_another_database() -> None:
    plain = reading(endpoints="a:1", **ACCOUNT)
    secured = reading(endpoints="b:2,a:1", tls="True", tls_ca=CA, **ACCOUNT)

    assert isinstance(plain, Ready)
    assert isinstance(secured, Ready)
    assert plain.database == secured.database


@pytest.mark.parametrize("endpoints", ["a:1,", "a:1, ", ",a:1"])
def test_an_empty_endpoint_is_left_out(endpoints: str) -> None:
    variables = read(endpoints=endpoints, **ACCOUNT)

    assert variables
    assert variables["DB_NETLOC"] == "u:p@a:1"
    assert "DB_ENDPOINTS" not in variables


def test_endpoints_without_a_host_are_invalid() -> None:
    assert isinstance(reading(endpoints=",", **ACCOUNT), Invalid)
