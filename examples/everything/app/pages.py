"""The page, and routes that show the settings from the charm."""

import flask

from app import integrations, rows

blueprint = flask.Blueprint("pages", __name__)


@blueprint.get("/")
def home():
    return flask.render_template("home.html", there=integrations.there(), known=integrations.WATCHED)


@blueprint.get("/health")
def health():
    """Return 200 while PostgreSQL answers."""
    with rows.connect() as connection:
        connection.execute("SELECT 1")
    return flask.jsonify(status="ok")


@blueprint.get("/integrations")
def index():
    """List the endpoints that are integrated."""
    return flask.jsonify(integrations.there())


@blueprint.get("/links")
def links():
    """Return the URLs of the home page, with the path of the ingress if there is one."""
    return flask.jsonify(
        home=flask.url_for("pages.home"),
        external=flask.url_for("pages.home", _external=True),
        base_url=flask.current_app.config.get("BASE_URL"),
    )
