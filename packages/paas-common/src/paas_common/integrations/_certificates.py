"""Certificates as providers write them: PEM, or base64 of PEM."""

import base64
import typing

import pydantic

_BEGIN: typing.Final = "-----BEGIN CERTIFICATE-----"


def pem(text: str) -> str:
    """Return certificates in PEM form, ending with a line break.

    Raises ``ValueError`` for other text.
    """
    if _BEGIN not in text:
        text = _decoded(text)
    if _BEGIN not in text:
        raise ValueError("must be certificates in PEM form")
    return text.strip() + "\n"


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except ValueError:  # not base64, or not base64 of text
        return ""


def bundle(chain: list[str]) -> str:
    """Return all certificates as the text of one file."""
    return "".join(map(pem, chain))


def _check(chain: list[str]) -> list[str]:
    bundle(chain)
    return chain


Chain = typing.Annotated[list[str], pydantic.AfterValidator(_check)]
"""Certificates, unchanged."""
