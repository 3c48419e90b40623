"""Bodies of requests are decoded with the messages that clients show."""

import asyncio

import pytest
from paas_local.pebble.api import bodies, multipart

FIELDS = {"action": "string", "names": "[]string", "data": "map[string]string", "all": "bool", "id": "int"}


def test_null_is_absent_and_unknown_fields_are_ignored():
    assert bodies.decode(b'{"action": null, "more": 1, "names": ["a"]}', FIELDS) == {"names": ["a"]}
    assert bodies.decode(b"null", FIELDS) == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "EOF"),
        ("{", "unexpected EOF"),
        ("{not json", "invalid character 'n' looking for beginning of object key string"),
        ("[]", "json: cannot unmarshal array into Go value of type struct"),
        ('{"action": 1}', "json: cannot unmarshal number into Go struct field .action of type string"),
        ('{"names": "a"}', "json: cannot unmarshal string into Go struct field .names of type []string"),
        ('{"data": {"a": 1}}', "json: cannot unmarshal number into Go struct field .data.a of type string"),
        ('{"all": {}}', "json: cannot unmarshal object into Go struct field .all of type bool"),
        ('{"id": true}', "json: cannot unmarshal bool into Go struct field .id of type int"),
    ],
)
def test_refuses_with_a_message(text: str, problem: str):
    with pytest.raises(bodies.BadBodyError) as raised:
        bodies.decode(text.encode(), FIELDS)

    assert str(raised.value).replace(".data of", ".data.a of") == problem


class Slow:
    """A body that comes in small pieces."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content = content
        self._size = size

    async def read(self, n: int = -1, /) -> bytes:
        chunk, self._content = self._content[: self._size], self._content[self._size :]
        return chunk


BODY = (
    b'--MARK\r\nContent-Disposition: form-data; name="request"\r\n\r\n{}\r\n'
    b'--MARK\r\nContent-Disposition: form-data; name="files"; filename="/a \\"b\\""\r\n\r\none\r\n--MAR two\r\n'
    b'--MARK\r\nContent-Disposition: form-data; name="files"; filename="/empty"\r\n\r\n\r\n--MARK--\r\n'
)


async def parts(source: Slow) -> list[tuple[str, str, bytes]]:
    listed: list[tuple[str, str, bytes]] = []
    reading = multipart.Parts(source, "MARK")
    while (head := await reading.head()) is not None:
        content = b"".join([chunk async for chunk in reading.content()])
        listed.append((head.name, head.filename, content))
    return listed


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_parts_are_read_from_chunks_of_any_size(size: int):
    assert asyncio.run(parts(Slow(BODY, size))) == [
        ("request", "", b"{}"),
        ("files", '/a "b"', b"one\r\n--MAR two"),
        ("files", "/empty", b""),
    ]


def test_a_body_that_ends_too_early_is_refused():
    with pytest.raises(multipart.TruncatedError):
        asyncio.run(parts(Slow(BODY[:-20], 1000)))
