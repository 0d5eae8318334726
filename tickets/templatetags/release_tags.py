"""Small helps of the pages of releases. No queries."""

from collections.abc import Sized

from django import template

register = template.Library()


@register.filter
def split_words(text: str) -> list[str]:
    return text.split()


@register.filter
def length_of_list(rows: Sized) -> int:
    """Count rows; `length` is a length of time on these pages."""
    return len(rows)
