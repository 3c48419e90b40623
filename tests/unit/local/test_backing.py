"""What a charm cannot do without, and what of it is still to be deployed and integrated."""

from paas_local import backing
from paas_local.backing import Need

BUILT_IN = backing.provided({"postgresql-k8s": {"provides": {"database": {"interface": "postgresql_client"}}}})
DATABASE = Need(endpoint="db", interface="postgresql_client", provider="postgresql-k8s", at="database")


def test_only_what_is_not_optional_is_needed():
    metadata = {
        "requires": {
            "db": {"interface": "postgresql_client", "optional": False},
            "more": {"interface": "postgresql_client", "optional": True},
            "logging": {"interface": "loki_push_api"},
        }
    }

    assert backing.needs(metadata, BUILT_IN) == (DATABASE,)


def test_what_nobody_provides_is_needed_all_the_same():
    metadata = {"requires": {"mail": {"interface": "smtp", "optional": False}}}

    assert backing.needs(metadata, BUILT_IN) == (Need(endpoint="mail", interface="smtp", provider=None),)


def test_what_has_no_integration_is_lacking():
    mail = Need(endpoint="mail", interface="smtp", provider=None)

    assert list(backing.lacking("web", (DATABASE, mail), [])) == [(DATABASE, "web:db", "postgresql-k8s:database")]


def test_who_serves_does_not_matter():
    row = {"provider": "other:database", "requirer": "web:db"}

    assert list(backing.lacking("web", (DATABASE,), [row])) == []
