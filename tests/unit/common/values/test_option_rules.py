"""The words of rules that options, databags and files break."""

import typing

import pydantic
import pytest
from paas_common.values import settings


class Account(pydantic.BaseModel):
    name: str


class Data(pydantic.BaseModel):
    account: Account
    tls: typing.Any = None

    @pydantic.field_validator("tls")
    @classmethod
    def _check_tls(cls, tls: object) -> object:
        if tls:
            raise ValueError(tls)
        return tls


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"account": "ada"}, "account (input should be a mapping of keys to values)"),
        ({"account": {"name": 7}}, "account.name (input should be a valid string)"),
        ({"account": {"name": "a"}, "tls": "TLS is not supported"}, "tls (TLS is not supported)"),
        ({"account": {"name": "a"}, "tls": "A port is a number"}, "tls (a port is a number)"),
    ],
)
def test_a_rule_is_part_of_a_sentence_without_names_of_classes(data: dict[str, object], words: str) -> None:
    with pytest.raises(pydantic.ValidationError) as invalid:
        Data.model_validate(data)

    assert list(settings.problems(invalid.value)) == [words]
