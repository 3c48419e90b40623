"""The backing services that a charm requires, and those that a model lacks."""

from paas_local.cli import backing_services
from paas_local.cli.backing_services import Requirement

BUILT_IN = backing_services.provided_endpoints(
    {"postgresql-k8s": {"provides": {"database": {"interface": "postgresql_client"}}}}
)
DATABASE = Requirement(
    endpoint="db", interface="postgresql_client", provider="postgresql-k8s", provider_endpoint="database"
)
MAIL = Requirement(endpoint="mail", interface="smtp", provider=None)


def test_endpoints_with_optional_false_are_required():
    metadata = {
        "requires": {
            "db": {"interface": "postgresql_client", "optional": False},
            "more": {"interface": "postgresql_client", "optional": True},
            "logging": {"interface": "loki_push_api"},
        }
    }

    assert backing_services.requirements(metadata, BUILT_IN) == (DATABASE,)


def test_an_endpoint_without_a_built_in_provider_is_required():
    metadata = {"requires": {"mail": {"interface": "smtp", "optional": False}}}

    assert backing_services.requirements(metadata, BUILT_IN) == (MAIL,)


def test_a_requirement_without_a_relation_is_missing():
    assert list(backing_services.missing("web", (DATABASE, MAIL), [])) == [
        (DATABASE, "web:db", "postgresql-k8s:database")
    ]


def test_a_requirement_with_a_relation_to_another_charm_is_not_missing():
    row = {"provider": "other:database", "requirer": "web:db"}

    assert list(backing_services.missing("web", (DATABASE,), [row])) == []
