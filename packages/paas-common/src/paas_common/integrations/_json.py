"""JSON in databags."""

import json


def is_json_list(text: str) -> bool:
    """Return whether the text is a JSON list with at least one element."""
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, list) and document != []
