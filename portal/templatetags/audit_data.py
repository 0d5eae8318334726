"""What an event of the audit holds, flat enough to be read in a cell."""

import json
from typing import Any

from django import template

register = template.Library()
LONGEST = 200


@register.filter
def pairs(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and values; a value within a value as JSON, a long one cut."""
    return [
        (name.replace("_", " "), text_of(value))
        for name, value in data.items()
        if value not in (None, "", [], {})
    ]


def text_of(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
