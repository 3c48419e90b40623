"""The built-in providers, with real servers: what a client reads in its databags is enough to use them."""

from typing import Any

import boto3
import redis
from deployment import Deployment
from provision import deployed


def test_redis_keeps_a_key(juju: Deployment):
    provider = deployed(juju, "redis-k8s", "redis")

    unit, app = provider.told_by_unit("hostname", "port"), provider.told("leader-host")

    assert (unit["port"], app["leader-host"]) == ("6379", "redis-k8s.test.svc.cluster.local")
    host, port = provider.address()
    with redis.Redis(host=host, port=port, decode_responses=True) as connection:
        connection.set("word", "kept")
        assert connection.get("word") == "kept"


def test_s3_keeps_an_object_in_the_bucket_that_was_asked_for(juju: Deployment):
    provider = deployed(juju, "s3-integrator", "s3")
    provider.ask(bucket="photos")

    told = provider.told("bucket", "access-key", "secret-key", "endpoint", "region", "s3-uri-style")

    assert told["endpoint"] == "http://s3-integrator.test.svc.cluster.local:9000"
    host, port = provider.address()
    storage: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType]  boto3 makes its methods as it runs
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name=told["region"],
        aws_access_key_id=told["access-key"],
        aws_secret_access_key=told["secret-key"],
    )
    storage.put_object(Bucket=told["bucket"], Key="animals/cat.txt", Body=b"miaow")
    assert storage.get_object(Bucket=told["bucket"], Key="animals/cat.txt")["Body"].read() == b"miaow"
    listed = provider.run("list-objects", "bucket=photos")
    assert (listed["objects"]["1"]["key"], listed["objects"]["1"]["size"]) == ("animals/cat.txt", "5")
