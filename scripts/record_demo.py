"""Picture of ``make demo`` for the README: runs the demo, and writes what it prints to docs/static/demo.svg.

``make picture`` runs it. A test compares the commands and titles in the picture with scripts/demo.py.
"""

import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.text import Text
from rich.theme import Theme

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/static/demo.svg"
WIDTH = 120
REPEATED = "  … "
"""Start of a line that repeats a long step."""
# from "make demo"; uv's lines before it depend on the machine
COMMAND = "make demo"
THEME = Theme(
    {
        "demo.title": "bold bright_white",
        "demo.command": "bright_cyan",
        "demo.good": "green",
        "demo.bad": "red",
        "demo.wait": "yellow",
    }
)


class DemoHighlighter(RegexHighlighter):
    """Colours of titles, commands and statuses."""

    base_style = "demo."
    highlights = (
        r"(?P<title>^== .*)",
        r"(?P<command>^\$ .*)",
        r"(?P<good>\bactive\b|→ ok\b)",
        r"(?P<bad>\bblocked\b)",
        r"(?P<wait>\bwaiting\b|\bmaintenance\b)",
    )


def main() -> int:
    """Run the demo, and write the picture unless the demo fails; return the exit code."""
    console = Console(record=True, width=WIDTH, highlighter=DemoHighlighter(), theme=THEME, force_terminal=True)
    console.print(Text(f"$ {COMMAND}", style="demo.command"))
    demo = subprocess.Popen(
        [sys.executable, ROOT / "scripts/demo.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in demo.stdout or ():
        if not line.startswith(REPEATED):
            console.print(line.rstrip("\n"), markup=False, no_wrap=True, overflow="ellipsis")
    if demo.wait() == 0:
        console.save_svg(str(PICTURE), title=COMMAND)
    return demo.returncode


if __name__ == "__main__":
    sys.exit(main())
