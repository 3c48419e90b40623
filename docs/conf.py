"""Configuration of the documentation's site; ``make docs`` builds it into docs/_build/html."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(pathlib.Path(__file__).parent / "extensions"))

project = "paas"
html_title = "Charms for web applications"
author = "The authors of the paas-* packages"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_llm.txt",
    "sphinxcontrib.mermaid",
    "generated",
    "repository_links",
]
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore = [
    ("py:class", "ops.framework.Framework"),
    ("py:class", "paas_common.values.framework.Server"),  # documented as paas_common.Server
]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
# GitHub draws the same code blocks.
myst_fence_as_directive = ["mermaid"]

html_theme = "furo"
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["ubuntu.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#333333", "color-brand-content": "#0f60b6"},
    "dark_css_variables": {"color-brand-primary": "#ffffff", "color-brand-content": "#69a8f0"},
}
pygments_style = "tango"
pygments_dark_style = "monokai"

# In the Markdown for programs, diagrams, captions of code blocks and titles of cards are left out.
llms_txt_suppress_unknown_node_warnings = ["mermaid", "caption", "PassthroughTextElement"]

# Drawn while the site is built, so that it needs no script of another host.
mermaid_cmd = "mermaidx"
mermaid_params = ["--theme", "neutral"]
mermaid_output_format = "svg"
