"""Which of a provider's addresses the application gets."""

from paas_common import facts
from paas_common.integrations import BY_INTERFACE, Context, Pending, Ready

POSTGRESQL = BY_INTERFACE["postgresql_client"]
CONTEXT = Context(
    me=facts.Identity(app="shop", unit="shop/0", model="demo", leader=True),
    endpoint="postgresql",
    relation=7,
    stem="DB",
    prefix="APP_",
    options={},
    base_url="http://shop.demo:8000",
)


def read(units: tuple[dict[str, str], ...] = (), **app: str) -> dict[str, str] | None:
    bags = facts.Databags(app={name.replace("_", "-"): value for name, value in app.items()}, units=units)
    match POSTGRESQL.read(facts.Remote(app="pg", relation=7, bags=bags), CONTEXT):
        case Ready(env=env):
            return dict(env)
        case Pending():
            return None
        case invalid:
            raise AssertionError(invalid)


def test_the_provider_s_own_address_comes_first() -> None:
    given = read(
        uris="postgresql://u:p@a:1,b:2/d?target_session_attrs=primary", endpoints="a:1", username="u", password="p"
    )

    assert given
    assert given["DB_CONNECT_STRING"] == "postgresql://u:p@a:1,b:2/d?target_session_attrs=primary"


def test_an_address_with_an_unquoted_password_is_made_anew() -> None:
    given = read(uris="postgresql://u:a/b@pg:5432/d", endpoints="pg:5432", username="u", password="a/b", database="d")

    assert given
    assert given["DB_CONNECT_STRING"] == "postgresql://u:a%2Fb@pg:5432/d"
    assert given["DB_HOSTNAME"] == "pg"
    assert given["DB_PASSWORD"] == "a/b"


def test_a_router_counts_once_a_unit_is_ready() -> None:
    def router(*units: dict[str, str]) -> dict[str, str] | None:
        return read(units=units, endpoints="pg:5432", username="u", password="p", subordinated="true")

    assert router({"state": "starting"}) is None
    assert router({"state": "starting"}, {"state": "ready"}) is not None


def test_the_database_that_was_really_made_is_used() -> None:
    given = read(endpoints="pg:5432", username="u", password="p", database="made-for-us")

    assert given
    assert given["DB_NAME"] == "made-for-us"


def test_its_name_tells_one_database_from_another_wherever_it_listens() -> None:
    def migrates(endpoints: str, relation: int) -> str | None:
        bags = facts.Databags(app={"endpoints": endpoints, "username": "u", "password": "p", "database": "d"})
        reading = POSTGRESQL.read(facts.Remote(app="pg", relation=relation, bags=bags), CONTEXT)
        return reading.migrates if isinstance(reading, Ready) else None

    assert migrates("a:1", 7) == migrates("b:2", 7)
    assert migrates("a:1", 7) != migrates("a:1", 8)
