"""Runs events on units of a charm: a process of the Python environment that has the charm's packages.

It reads a request from its standard input and writes the states at the end to its standard output, both as JSON.
"""

import importlib
import json
import pathlib
import sys
import tempfile

import deployed_units
import state_documents


def main() -> None:
    """Answer the request: deploy a charm, or refresh units to it."""
    request = json.load(sys.stdin)
    package = importlib.import_module(request["package"])
    with tempfile.TemporaryDirectory() as folder:
        units = [
            deployed_units.DeployedUnit(
                charm_type=package.Charm,
                framework=request["framework"],
                metadata=request["metadata"],
                root=pathlib.Path(folder),
                number=number,
            )
            for number in (0, 1)
        ]
        if documents := request.get("refresh"):
            refreshed = [unit.document(unit.refresh(each)) for unit, each in zip(units, documents, strict=True)]
        else:
            refreshed = _deploy(units)
        json.dump(refreshed, sys.stdout)


def _deploy(units: list[deployed_units.DeployedUnit]) -> list[state_documents.Document]:
    leader, other = units
    state = deployed_units.deploy(leader)
    return [leader.document(state), other.document(deployed_units.deploy(other, leader=state))]


if __name__ == "__main__":
    main()
