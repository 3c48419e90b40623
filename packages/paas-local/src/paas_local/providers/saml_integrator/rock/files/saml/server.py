"""A SAML identity provider without passwords, run by the charm.

``server.py PORT URL FILE`` serves with the key and certificate of the file; ``server.py key`` generates the content of
such a file.
"""

# The imported packages are only in the image, so a type checker does not find them.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUntypedFunctionDecorator=false

import sys
from pathlib import Path

import flask
import saml
import werkzeug.serving

_PAGE = """<!doctype html><meta charset="utf-8"><title>Log in</title>"""
LOGIN = (
    _PAGE
    + """<h1>Log in to {{ request.issuer or request.answer_to }}</h1>
<form method="post" action="/login">
<input type="hidden" name="SAMLRequest" value="{{ saml_request }}">
<input type="hidden" name="deflated" value="{{ deflated }}">
<input type="hidden" name="RelayState" value="{{ relay_state }}">
<p><label>As <input type="email" name="person" value="ann@example.com" required autofocus></label>
<button>Log in</button>
</form>"""
)
ANSWER = (
    _PAGE
    + """<form method="post" action="{{ request.answer_to }}">
<input type="hidden" name="SAMLResponse" value="{{ response }}">
{% if relay_state %}<input type="hidden" name="RelayState" value="{{ relay_state }}">{% endif %}
<button>Continue</button></form><script>document.forms[0].submit()</script>"""
)


def application(identity: saml.Identity) -> flask.Flask:
    """Build the provider."""
    app = flask.Flask(__name__)

    @app.get("/metadata")
    def metadata() -> flask.Response:
        return flask.Response(saml.metadata(identity), mimetype="application/samlmetadata+xml")

    @app.route("/login", methods=["GET", "POST"])
    def login() -> str:
        values = flask.request.values
        text, relay_state = values.get("SAMLRequest", ""), values.get("RelayState", "")
        deflated = values.get("deflated", "yes" if flask.request.method == "GET" else "")
        request = saml.read(text, deflated=bool(deflated))
        person = flask.request.form.get("person")
        if not person:
            return flask.render_template_string(
                LOGIN, request=request, saml_request=text, deflated=deflated, relay_state=relay_state
            )
        name = person.partition("@")[0]
        response = saml.respond(identity, request, person, {"email": person, "name": name.title(), "username": name})
        return flask.render_template_string(ANSWER, request=request, response=response, relay_state=relay_state)

    @app.errorhandler(saml.RequestError)
    def refused(error: saml.RequestError) -> tuple[str, int, dict[str, str]]:
        return f"{error}\n", 400, {"Content-Type": "text/plain"}

    return app


def main(arguments: list[str]) -> None:
    """Serve, or generate a key."""
    if arguments == ["key"]:
        sys.stdout.write(saml.signing())
        return
    port, url, file = arguments
    key, marker, certificate = Path(file).read_text().partition("-----BEGIN CERTIFICATE-----")
    identity = saml.Identity(url=url, key=key, certificate=marker + certificate)
    werkzeug.serving.run_simple("0.0.0.0", int(port), application(identity), threaded=True)  # noqa: S104 - of its pod


if __name__ == "__main__":
    main(sys.argv[1:])
