"""Certificates as providers write them: PEM, or the base64 of it."""

import base64
import typing

import pydantic

_BEGIN: typing.Final = "-----BEGIN CERTIFICATE-----"


def pem(text: str) -> str:
    """Give certificates as a file has them."""
    if _BEGIN not in text:
        text = _decoded(text)
    if _BEGIN not in text:
        raise ValueError("must be certificates in PEM form")
    return text.strip() + "\n"


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except ValueError:  # it is not base64, or not of text
        return ""


def bundle(chain: list[str]) -> str:
    """Put certificates into one file; none where there are none."""
    return "".join(map(pem, chain))


def _checked(chain: list[str]) -> list[str]:
    bundle(chain)
    return chain


Chain = typing.Annotated[list[str], pydantic.AfterValidator(_checked)]
"""Certificates, in the provider's own words."""
