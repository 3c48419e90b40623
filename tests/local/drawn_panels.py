"""The panels on a page of the built-in Grafana."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from html.parser import HTMLParser

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(kw_only=True)
class Drawn:
    """A panel of a page."""

    title: str = ""
    text: str = ""
    svg: str = ""

    @property
    def lines(self) -> dict[str, list[str]]:
        """The names of the drawn lines, with the texts of their points; none if the panel has a text."""
        if not self.svg:
            return {}
        root = ET.fromstring(self.svg)
        legends = [
            "".join(text.itertext())
            for group in root.iter(f"{SVG}g")
            if "legend" in group.attrib.get("class", "").split()
            for text in group.iter(f"{SVG}text")
        ]
        points: dict[int, list[str]] = {}
        for group in (
            group for each in root.iter(f"{SVG}g") if each.attrib.get("class") == "plot overlay" for group in each
        ):
            number = int(group.attrib["class"].partition("serie-")[2].split()[0])
            points[number] = [
                each.text or "" for each in group.iter(f"{SVG}desc") if each.attrib.get("class") == "value"
            ]
        return {name: points.get(number, []) for number, name in enumerate(legends)}


class Page(HTMLParser):
    """The panels of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.panels: list[Drawn] = []
        self._open: list[str] = []
        for section in text.split('<section class="panel">')[1:]:
            content = section.partition("</section>")[0]
            self.panels.append(Drawn(svg=content[content.find("<svg") : content.find("</svg>") + 6]))
            self.feed(content.replace(self.panels[-1].svg, ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open[-1] == "h2":
            self.panels[-1].title += data
        else:
            self.panels[-1].text += data


def drawn_panels(page: str) -> dict[str, Drawn]:
    """Return the panels of a page by their titles."""
    return {panel.title: panel for panel in Page(page).panels}
