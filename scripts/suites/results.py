"""The results of a suite, and their place in the page of the documentation."""

import fnmatch
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from suites.suites import Suite

UNEXPLAINED = "not explained yet"
_PROBLEMS = ("failure", "error", "skipped")


@dataclass(frozen=True, kw_only=True)
class Test:
    """One test of a suite: its name, and why it did not pass."""

    name: str
    failure: str = ""
    """Last line of the failure, or the suite's own reason to skip the test."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a whole suite."""

    suite: Suite
    commit: str
    tests: Sequence[Test]

    def reasons(self) -> dict[str, str]:
        """Return the reason of each test that did not pass."""
        failed = [test for test in self.tests if test.failure]
        return {test.name: self._reason(test.name) for test in failed}

    def unexplained(self) -> list[Test]:
        """Return the tests that failed for no known reason."""
        return [test for test in self.tests if test.failure and self._reason(test.name) == UNEXPLAINED]

    def row(self) -> str:
        """Return the row of the table."""
        passed = sum(not test.failure for test in self.tests)
        suite = self.suite
        return f"| `{suite.name}` | {suite.what} | {self.commit} | {passed} of {len(self.tests)} |"

    def list(self) -> str:
        """Return the list of the tests that did not pass, by reason."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.reasons().items():
            by_reason.setdefault(reason, []).append(name)
        if not by_reason:
            return "All tests pass."
        rows = [f"| {', '.join(f'`{name}`' for name in names)} | {reason} |" for reason, names in by_reason.items()]
        return "\n".join(["| Tests that do not pass | Reason |", "| --- | --- |", *rows])

    def _reason(self, name: str) -> str:
        reasons = self.suite.left_out.items()
        return next((reason for pattern, reason in reasons if fnmatch.fnmatchcase(name, pattern)), UNEXPLAINED)


def read(report: Path, project: str) -> Iterator[Test]:
    """Read pytest's JUnit report; the names of tests have their file, and the project if there are several."""
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        place = str(case.get("classname")).rpartition(".")[2]
        name = f"{place}::{case.get('name')}" if project in (".", "") else f"{Path(project).name}::{case.get('name')}"
        problems = [problem for tag in _PROBLEMS if (problem := case.find(tag)) is not None]
        failure = str(problems[0].get("message")).strip() or problems[0].tag if problems else ""
        yield Test(name=name, failure=failure)


def write(page: Path, outcome: Outcome) -> None:
    """Replace the row of the table and the list of a suite."""
    name, text = outcome.suite.name, page.read_text()
    text = re.sub(rf"^\| `{name}` \|.*$", lambda _: outcome.row(), text, flags=re.MULTILINE)
    markers = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
    page.write_text(re.sub(markers, lambda match: f"{match[1]}\n{outcome.list()}\n\n{match[2]}", text, flags=re.DOTALL))
