"""Options of a charm's author whose variables the charm, the framework or another application would set too."""

import builders
import pytest
from builders import facts_of, option
from paas_common.values import environment
from paas_common.values.framework import FrameworkSpec
from paas_django.framework import DJANGO
from paas_fastapi.framework import FASTAPI
from paas_flask.framework import FLASK
from paas_go.framework import GO

AT_INGRESS = (builders.postgresql(), builders.ingress())


@pytest.mark.parametrize(
    ("spec", "name", "variable"),
    [
        pytest.param(DJANGO, "csrf-trusted-origins", "DJANGO_CSRF_TRUSTED_ORIGINS", id="csrf-trusted-origins"),
        pytest.param(DJANGO, "allowed-hosts", "DJANGO_ALLOWED_HOSTS", id="allowed-hosts"),
        pytest.param(DJANGO, "debug", "DJANGO_DEBUG", id="debug"),
        pytest.param(FLASK, "base-path", "FLASK_BASE_PATH", id="base-path"),
        pytest.param(FLASK, "application-root", "FLASK_APPLICATION_ROOT", id="application-root"),
        pytest.param(FLASK, "preferred-url-scheme", "FLASK_PREFERRED_URL_SCHEME", id="preferred-url-scheme"),
        pytest.param(FLASK, "metrics-port", "FLASK_METRICS_PORT", id="metrics-port"),
        pytest.param(FLASK, "metrics-path", "FLASK_METRICS_PATH", id="metrics-path"),
        pytest.param(FLASK, "secret-key", "FLASK_SECRET_KEY", id="secret-key"),
        pytest.param(FASTAPI, "port", "APP_PORT", id="port"),
        pytest.param(GO, "base-path", "APP_BASE_PATH", id="go"),
    ],
)
def test_an_option_of_the_author_wins_and_an_unset_one_changes_nothing(
    spec: FrameworkSpec, name: str, variable: str
) -> None:
    without = builders.variables(spec, facts_of(spec, *AT_INGRESS))

    unset = builders.variables(spec, facts_of(spec, *AT_INGRESS, options=(option(name),)))
    variables = builders.variables(spec, facts_of(spec, *AT_INGRESS, options=(option(name, "mine"),)))

    assert unset == without
    assert variables == {**without, variable: "mine"}


def test_fastapi_listens_on_its_own_port_with_an_option_named_port() -> None:
    facts = facts_of(FASTAPI, options=(option("port", 5432, type="int"),))

    assert builders.variables(FASTAPI, facts)["UVICORN_PORT"] == "8000"
    assert builders.workload(FASTAPI, facts).port == 8000


def test_the_address_and_the_operator_s_key_win_over_an_option_and_explain_says_so() -> None:
    options = (option("base-url", "mine"), option("secret-key", "mine"), option("flask-secret-key", "operator"))
    draft, _ = builders.drafted(FLASK, facts_of(FLASK, options=options))

    assert draft.environment["FLASK_BASE_URL"].text == "http://shop.demo:8000"
    assert draft.environment["FLASK_SECRET_KEY"].text == "operator"
    assert "FLASK_BASE_URL: the charm, in place of option base-url" in environment.explain(draft.environment)
    assert "FLASK_SECRET_KEY: option flask-secret-key, in place of option secret-key" in environment.explain(
        draft.environment
    )
