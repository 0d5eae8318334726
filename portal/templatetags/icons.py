"""The icons of the `lucide` library, each drawn once a process: it builds the SVG anew every time."""

from functools import lru_cache

import lucide as source
from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def lucide(name: str, *, size: int | None = 24, **attributes: object) -> SafeString:
    """Draw an icon: `{% lucide "bell" aria_hidden="true" %}`."""
    return drawn(str(name), size, tuple((key, str(value)) for key, value in attributes.items()))


@lru_cache(512)
def drawn(name: str, size: int | None, attributes: tuple[tuple[str, str], ...]) -> SafeString:
    return mark_safe(source._render_icon(name, size, **dict(attributes)))  # noqa: S308
