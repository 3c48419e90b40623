"""What a charm cannot do without, and what of it is still to be deployed and integrated."""

from paas_local.cli import backing_services
from paas_local.cli.backing_services import Need

BUILT_IN = backing_services.provided({"postgresql-k8s": {"provides": {"database": {"interface": "postgresql_client"}}}})
DATABASE = Need(endpoint="db", interface="postgresql_client", provider="postgresql-k8s", at="database")


def test_only_what_is_not_optional_is_needed():
    metadata = {
        "requires": {
            "db": {"interface": "postgresql_client", "optional": False},
            "more": {"interface": "postgresql_client", "optional": True},
            "logging": {"interface": "loki_push_api"},
        }
    }

    assert backing_services.needs(metadata, BUILT_IN) == (DATABASE,)


def test_what_nobody_provides_is_needed_all_the_same():
    metadata = {"requires": {"mail": {"interface": "smtp", "optional": False}}}

    assert backing_services.needs(metadata, BUILT_IN) == (Need(endpoint="mail", interface="smtp", provider=None),)


def test_what_has_no_integration_is_lacking():
    mail = Need(endpoint="mail", interface="smtp", provider=None)

    assert list(backing_services.lacking("web", (DATABASE, mail), [])) == [
        (DATABASE, "web:db", "postgresql-k8s:database")
    ]


def test_who_serves_does_not_matter():
    row = {"provider": "other:database", "requirer": "web:db"}

    assert list(backing_services.lacking("web", (DATABASE,), [row])) == []
