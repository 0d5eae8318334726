"""How routines are said; no queries."""

from django import template
from django.utils.dates import WEEKDAYS_ABBR

register = template.Library()


@register.filter
def weekday_names(days: list[int]) -> str:
    """Return `Mon, Thu` in the reader's language."""
    return ", ".join(str(WEEKDAYS_ABBR[day]) for day in days)


@register.filter
def at_key(found: dict, key):
    return found.get(key)
