"""Sphinx directive ``generated``, which inserts a table of ``reference_tables`` by its function's name."""

import typing

import reference_tables
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Generated(SphinxDirective):
    """A table that is built from the code, ``{generated} options flask``."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the parsed table."""
        name, *rest = self.arguments
        markdown: str = getattr(reference_tables, name.replace("-", "_"))(*(rest or [""]))
        return self.parse_text_to_nodes(markdown)


def setup(app: Sphinx) -> dict[str, typing.Any]:
    """Add the directive to Sphinx."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True}
