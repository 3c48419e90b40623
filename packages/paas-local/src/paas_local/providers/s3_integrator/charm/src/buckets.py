"""Requests to the S3 server, which does not require signatures."""

import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import quote, urlencode

_NAMES = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}
_TIMEOUT = 60.0
"""Seconds; at its first request the server imports most of its code."""


class BucketError(Exception):
    """The server refuses a request; the text is its reason."""


class Storage:
    """The server of this pod."""

    def __init__(self, port: int) -> None:
        self._port = port

    def create(self, bucket: str) -> None:
        """Create a bucket if it does not exist."""
        self._ask("PUT", f"/{quote(bucket, safe='')}")

    def objects(self, bucket: str | None = None) -> Iterator[dict[str, str]]:
        """Yield the objects of one bucket, or of all."""
        for name in [bucket] if bucket else self._buckets():
            for entry in self._contents(name):
                fields = {key: entry.findtext(f"s3:{key}", "", _NAMES) for key in ("Key", "Size", "LastModified")}
                yield {"bucket": name, "key": fields["Key"], "size": fields["Size"], "modified": fields["LastModified"]}

    def _buckets(self) -> list[str]:
        answer = self._ask("GET", "/")
        return [entry.text or "" for entry in answer.findall("s3:Buckets/s3:Bucket/s3:Name", _NAMES)]

    def _contents(self, bucket: str) -> Iterator[ET.Element]:
        query = {"list-type": "2"}
        while True:
            answer = self._ask("GET", f"/{quote(bucket, safe='')}?{urlencode(query)}")
            yield from answer.findall("s3:Contents", _NAMES)
            token = answer.findtext("s3:NextContinuationToken", "", _NAMES)
            if not token:
                return
            query["continuation-token"] = token

    def _ask(self, method: str, path: str) -> ET.Element:
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - as above
                return ET.fromstring(answer.read() or b"<nothing/>")  # noqa: S314 - our own server's
        except urllib.error.HTTPError as error:
            raise BucketError(_reason(error.read(), error.reason)) from error


def _reason(body: bytes, default: str) -> str:
    try:
        document = ET.fromstring(body)  # noqa: S314 - as above
    except ET.ParseError:
        return default
    code, message = document.findtext("Code", default), document.findtext("Message", "")
    return f"{code}: {message}" if message else code
