"""The flowchart as the reader's language draws it. No queries."""

from collections.abc import Mapping, Sequence

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from contracts.contract_words import word
from contracts.domain.flowchart import Edge, Flowchart
from contracts.flowchart_svg import svg

register = template.Library()


@register.simple_tag
def flowchart(
    chart: Flowchart,
    walk: Sequence[Edge] | None = None,
    counts: Mapping[Edge, int] | None = None,
    *,
    compact: bool = False,
    money: bool = False,
) -> SafeString:
    """Draw a chart, as one column if `compact`; the drawing escapes every text itself."""
    language = get_language() or "en"
    prefix = "flow-compact" if compact else "flow-wide"
    drawn = svg(chart, language, walk, counts, compact=compact, money=money, prefix=prefix)
    return mark_safe(drawn)  # noqa: S308


@register.filter
def short(code: str) -> str:
    """Return the word of a code as charts say it, shorter than the portal's own."""
    return word(code, get_language() or "en")


@register.filter
def nth(items: Sequence[object], index: int) -> object:
    return items[index]
