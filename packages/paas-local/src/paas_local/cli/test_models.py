"""The models that a charm's tests add: ``test`` removes those that the tests leave behind."""

import os
from pathlib import Path

VARIABLE = "PAAS_LOCAL_TEST_MODELS"
"""The variable with the file of their names, one per line; set while tests run."""


def record(model: str) -> None:
    """Record a new model, if a test has added it."""
    if file := os.environ.get(VARIABLE):
        with Path(file).open("a") as names:
            names.write(f"{model}\n")
