"""The path prefix of an ingress in each framework's configuration."""

import pytest
from paas_common.servers import uvicorn
from paas_common.values.framework import Serving
from paas_django.framework import script_prefix
from paas_flask import FlaskSettings
from paas_flask.settings import application_root


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        (None, {}),
        ("http://shop.example.com/", {"FORWARDED_ALLOW_IPS": "*"}),
        ("http://a.com/demo-shop/", {"FORWARDED_ALLOW_IPS": "*", "UVICORN_ROOT_PATH": "/demo-shop"}),
    ],
)
def test_uvicorn_trusts_forwarded_headers_behind_an_ingress_only(public: str | None, expected: dict[str, str]) -> None:
    serving = Serving(port=8000, json_logs=False, public_url=public, traces=False)

    assert uvicorn.server("/tmp/logs").variables({}, serving) == expected


@pytest.mark.parametrize(
    ("option", "base_url", "expected"),
    [
        (None, "http://shop.demo:8000", {}),
        (None, "http://a.com/", {}),
        (None, "http://a.com/demo-shop", {"FLASK_APPLICATION_ROOT": "/demo-shop"}),
        ("/operator", "http://a.com/demo-shop", {}),
    ],
)
def test_flask_s_root_is_the_operator_s_else_the_ingress_s(
    option: str | None, base_url: str, expected: dict[str, str]
) -> None:
    settings = FlaskSettings.model_validate({"flask-application-root": option} if option else {})

    assert application_root(settings, base_url) == expected


def test_without_a_path_django_has_no_script_name() -> None:
    assert script_prefix("") == ""


def test_django_s_code_is_code_whatever_the_path_is() -> None:
    compile(script_prefix('/an"odd\\path'), "gunicorn.conf.py", "exec")
