"""Sphinx extension that shows links to folders of the repository outside ``docs/`` as plain text.

Such a link works where the page is read next to the folder. The site does not contain the folder.
"""

import pathlib
import typing

from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class FolderLinks(SphinxPostTransform):
    """Replaces a link to an existing folder by the text of the link."""

    default_priority = 5  # before MyST resolves links

    def run(self, **_: typing.Any) -> None:
        """Replace the links of one page."""
        docs = pathlib.Path(self.env.srcdir)
        for link in list(self.document.findall(pending_xref)):
            target = docs.joinpath(link.get("refdoc", "")).parent.joinpath(link["reftarget"]).resolve()
            if link["reftype"] == "myst" and target.is_dir() and not target.is_relative_to(docs):
                link.replace_self(link.children)


def setup(app: Sphinx) -> dict[str, typing.Any]:
    """Connect the extension to Sphinx."""
    app.add_post_transform(FolderLinks)
    return {"parallel_read_safe": True}
