"""The built-in providers, with real servers: what a client reads in its databags is enough to use them."""

import json
import smtplib
import urllib.request
from email.message import EmailMessage
from typing import Any, cast

import boto3
import pytest
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
    session = boto3.Session(told["access-key"], told["secret-key"], region_name=told["region"])
    storage = cast("Any", session).client("s3", endpoint_url=f"http://{host}:{port}")
    storage.put_object(Bucket=told["bucket"], Key="animals/cat.txt", Body=b"miaow")
    assert storage.get_object(Bucket=told["bucket"], Key="animals/cat.txt")["Body"].read() == b"miaow"
    listed = provider.run("list-objects", "bucket=photos")
    assert (listed["objects"]["1"]["key"], listed["objects"]["1"]["size"]) == ("animals/cat.txt", "5")


def test_a_mail_is_kept_of_whoever_logs_in(juju: Deployment):
    provider = deployed(juju, "smtp-integrator", "smtp")
    told = provider.told("host", "port", "auth_type", "transport_security", "user", "password_id")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "web@app.test", "you@there.test", "Grüße"
    mail.set_content("Es geht.\n")

    host, port = provider.address()
    with smtplib.SMTP(host, port, timeout=10) as connection:
        with pytest.raises(smtplib.SMTPSenderRefused, match="Authentication required"):
            connection.send_message(mail)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            connection.login(told["user"], "wrong")
        connection.login(told["user"], provider.secret(told["password_id"])["password"])
        connection.send_message(mail)

    listed = provider.run("list-mails")["mails"]
    assert list(listed) == ["1"]
    assert listed["1"] == {"from": "web@app.test", "to": "you@there.test", "subject": "Grüße", "body": "Es geht.\n"}
    host, port = provider.address(1)
    with urllib.request.urlopen(f"http://{host}:{port}/mails", timeout=10) as answer:
        assert [each["subject"] for each in json.load(answer)] == ["Grüße"]
