"""S3: objects in a bucket."""

import os

import boto3
import botocore.config
import botocore.exceptions
import flask

from app import integrations

blueprint = flask.Blueprint("objects", __name__, url_prefix="/objects")


def storage():
    """Connect to the object storage with the variables from the charm."""
    style = os.environ.get("S3_ADDRESSING_STYLE", "auto")
    return boto3.client(
        "s3",
        endpoint_url=os.environ.get("S3_ENDPOINT"),
        region_name=os.environ.get("S3_REGION") or "us-east-1",
        aws_access_key_id=integrations.needed("S3_ACCESS_KEY"),
        aws_secret_access_key=integrations.needed("S3_SECRET_KEY"),
        config=botocore.config.Config(s3={"addressing_style": style}, connect_timeout=5, retries={"max_attempts": 2}),
    )


@blueprint.put("/<name>")
def upload(name: str):
    storage().put_object(Bucket=integrations.needed("S3_BUCKET"), Key=name, Body=flask.request.get_data())
    return "", 204


@blueprint.get("/<name>")
def download(name: str):
    try:
        stored = storage().get_object(Bucket=integrations.needed("S3_BUCKET"), Key=name)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            flask.abort(404)
        raise
    return stored["Body"].read(), {"Content-Type": "application/octet-stream"}
