"""Values as the reader reads them: money, dates and lengths of time. No queries."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from contracts import formats
from contracts.domain.terms import text_in
from contracts.formats import at_text, day_text, length

register = template.Library()

SOON = timedelta(hours=2)

money = register.filter(formats.money)
number = register.filter(formats.number)
percent = register.filter(formats.percent)
multiplier = register.filter(formats.multiplier)
month = register.filter(formats.month)
clock = register.filter(formats.clock)
minutes = register.filter(formats.minutes)
span = register.filter(formats.span)
register.filter(length)


@register.filter
def day(value: date | None) -> str | SafeString:
    """Show a date; of an instant, its day in the reader's zone."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), day_text(value))


@register.filter
def at(value: datetime | None) -> str | SafeString:
    """Show an instant in the reader's zone, to the minute; the element holds it in full."""
    if value is None:
        return "–"
    return format_html(
        '<time class="nowrap" datetime="{}">{}</time>', value.isoformat(), at_text(value)
    )


@register.filter
def at_elsewhere(value: datetime | None, zone: str) -> str:
    """Say the instant as the clocks of another zone show it; empty where they show the reader's time."""
    if value is None or not zone:
        return ""
    there = value.astimezone(ZoneInfo(zone))
    if there.utcoffset() == timezone.localtime(value).utcoffset():
        return ""
    with timezone.override(zone):
        return f"{at_text(value)} {zone}"


@register.filter
def time_left(due_at: datetime | None, now: datetime) -> str:
    """Say how long is left until a deadline, or how late it is."""
    if due_at is None:
        return _("No clock running")
    if due_at <= now:
        return _("%s late") % length(now - due_at)
    return _("%s left") % length(due_at - now)


@register.filter
def urgency(due_at: datetime | None, now: datetime) -> str:
    """Return `late`, `soon` (two hours or less), or nothing: a class and a word, never only one."""
    if due_at is None or due_at > now + SOON:
        return ""
    return "late" if due_at <= now else "soon"


@register.filter
def in_words(texts: dict[str, str] | None) -> str:
    """Return the text of the terms in the reader's language, else in English."""
    return text_in(texts, get_language() or "en") if texts else ""


@register.filter
def ago(value: datetime, now: datetime) -> str:
    return _("%s ago") % length(now - value)
