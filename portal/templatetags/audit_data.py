"""What an event of the audit holds, flat enough to be read in a cell."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
LONGEST = 200
DIGEST = re.compile(r"[0-9a-f]{40,128}")
SHOWN = 12  # characters of a digest


@register.filter
def pairs(data: dict[str, Any]) -> list[tuple[str, str | SafeString]]:
    """
    Return names and values; flat ones within a value stand beside its name, a long one is cut.

    A digest shows its beginning; the whole one stands in its title.
    """
    return [
        (name.replace("_", " "), text_of(value))
        for name, value in spread(data)
        if value not in (None, "", [], {})
    ]


def spread(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each pair, and those of a value that holds nothing but words and numbers one by one."""
    for name, value in data.items():
        if isinstance(value, dict) and not any(
            isinstance(one, dict | list) for one in value.values()
        ):
            yield from ((f"{name} {part}", one) for part, one in value.items())
        else:
            yield name, value


def text_of(value: Any) -> str | SafeString:
    if isinstance(value, str) and DIGEST.fullmatch(value):
        return format_html('<code title="{}">{}…</code>', value, value[:SHOWN])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
