"""The lookup in a clone of the advisory database."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "affected": [
        {
            "package": {"name": "My.App", "ecosystem": "PyPI"},
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}]},
                {"type": "ECOSYSTEM", "events": [{"fixed": "2.1"}, {"introduced": "2.0"}, {"introduced": "not-ours"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "3.0"}, {"last_affected": "3.4"}]},
            ],
            "versions": ["1.5", "2004d"],
        }
    ],
}


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    """Return the folder of a database with one advisory."""
    folder = tmp_path / "vulns" / "my-app"
    folder.mkdir(parents=True)
    (folder / "PYSEC-2026-1.yaml").write_text(yaml.safe_dump(ADVISORY))
    return tmp_path


def audit(folder: Path, requirements: str) -> tuple[int, str]:
    command = [sys.executable, ROOT / "scripts/audit.py", folder]
    done = subprocess.run(command, input=requirements, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_versions_that_are_listed_or_in_a_range_are_found(advisories: Path):
    lines = "\n".join(f"my_app=={version}" for version in ("1.4", "1.5", "2.0", "2.0.9", "2.1", "3.4", "3.4.1"))

    code, output = audit(advisories, f"# made by uv\nother==1.5 ; python_version < '3.11'\n{lines}\n")

    lines_of_findings = [f"my-app {version}: PYSEC-2026-1, CVE-2026-1" for version in ("1.5", "2.0", "2.0.9", "3.4")]
    assert output.splitlines() == [*lines_of_findings, "8 distributions, 4 known vulnerabilities"]
    assert code == 1


def test_a_withdrawn_advisory_does_not_count(advisories: Path):
    file = advisories / "vulns/my-app/PYSEC-2026-1.yaml"
    file.write_text(yaml.safe_dump({**ADVISORY, "withdrawn": "2026-02-01T00:00:00Z"}))

    assert audit(advisories, "my-app==1.5\n") == (0, "1 distributions, 0 known vulnerabilities\n")


def test_a_folder_without_advisories_and_a_line_without_a_version_are_named(advisories: Path, tmp_path: Path):
    code, output = audit(tmp_path / "empty", "my-app==1.5\n")
    assert (code, "has no folder vulns" in output) == (1, True)

    code, output = audit(advisories, "my-app>=1.5, <2\n")
    assert (code, output) == (1, 'audit: "my-app>=1.5, <2" is not a pinned requirement, such as "ops==3.8.0"\n')
