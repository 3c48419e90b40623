"""MongoDB: documents of any shape."""

import os

import flask
import pymongo

from app import integrations

blueprint = flask.Blueprint("documents", __name__, url_prefix="/documents")


def collection() -> pymongo.collection.Collection:
    client = pymongo.MongoClient(integrations.needed("MONGODB_DB_CONNECT_STRING"), serverSelectionTimeoutMS=5000)
    return client[os.environ.get("MONGODB_DB_NAME") or "everything"]["documents"]


@blueprint.get("")
def index():
    return flask.jsonify(list(collection().find({}, {"_id": False}).limit(50)))


@blueprint.post("")
def add():
    document = flask.request.get_json()
    collection().insert_one(dict(document))
    return flask.jsonify(document), 201
