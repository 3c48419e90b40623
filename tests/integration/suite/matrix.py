"""The matrix of the workflow ``integration.yml``: each framework on each leg that is due.

``python tests/integration/suite/matrix.py CRON-OR-LEGS`` prints it as JSON, for the legs of a schedule or the legs with
these letters.
"""

# ruff: noqa: T201 - the script prints
import json
import sys
from collections.abc import Iterator

from legs import GROUPS, LEGS, Leg

from examples import EXAMPLES


def due(chosen: str) -> list[str]:
    """Return the names of the legs with a schedule, or those with these letters."""
    names = [name for name, leg in LEGS.items() if leg.schedule and chosen == leg.schedule]
    names = names or [name for name in LEGS if name in chosen.upper().split()]
    if not names:
        raise SystemExit(f"ERROR {chosen!r} must be a schedule of a leg or some of {' '.join(LEGS)}")
    return names


def jobs(names: list[str]) -> Iterator[dict[str, object]]:
    """Build the job of each framework on each of the legs, once for each version of Juju."""
    for name in names:
        leg = LEGS[name]
        for juju in leg.juju or ("",):
            for example in EXAMPLES:
                yield {"leg": name, "framework": example.framework, "juju": juju, **_place(leg, juju)}


def _place(leg: Leg, juju: str) -> dict[str, object]:
    return {
        "kubernetes": leg.kubernetes,
        "concierge": leg.concierge if leg.kubernetes else "",
        "groups": " ".join(GROUPS[leg.client]),
        "may_fail": juju in leg.may_fail,
    }


if __name__ == "__main__":
    print(json.dumps({"include": list(jobs(due(" ".join(sys.argv[1:]))))}))
