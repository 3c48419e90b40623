"""The page people read, and what the charm has set."""

import flask

from app import integrations, rows

blueprint = flask.Blueprint("pages", __name__)


@blueprint.get("/")
def home():
    return flask.render_template("home.html", there=integrations.there(), known=integrations.WATCHED)


@blueprint.get("/health")
def health():
    """Answer 200 while PostgreSQL does."""
    with rows.connect() as connection:
        connection.execute("SELECT 1")
    return flask.jsonify(status="ok")


@blueprint.get("/integrations")
def index():
    """List the endpoints that are integrated."""
    return flask.jsonify(integrations.there())


@blueprint.get("/links")
def links():
    """Show the addresses that the application makes of itself, behind an ingress as without one."""
    return flask.jsonify(
        home=flask.url_for("pages.home"),
        external=flask.url_for("pages.home", _external=True),
        base_url=flask.current_app.config.get("BASE_URL"),
    )
