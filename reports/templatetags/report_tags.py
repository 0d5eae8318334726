"""Frozen codes and instants as the reader reads them. No queries."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.utils.translation import get_language

from contracts.domain.money import WHOLE
from contracts.domain.terms import text_in
from contracts.formats import exact
from reports import words as said
from reports.advice_words import BAND, FIX, STRETCH, TOWARDS, advice_text
from reports.domain import chart
from reports.renderers import availability
from reports.words import CHARGES, LINES, OFFERS, STATES

register = template.Library()
register.filter(said.verdict_word)
register.filter(said.line_detail)
register.filter(advice_text)
register.filter(exact)
register.filter(availability.calculation)
register.filter(availability.hours_word)

TONES = {"open": "soon", "waiting": "ask", "resolved": "good"}
GOOD, FAIR = 9500, 9000  # basis points


@register.filter
def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@register.simple_tag
def availability_rule() -> str:
    return availability.rule()


@register.filter
def severity_tone(code: str) -> str:
    """Return the tone of a finding's severity: the word says the same."""
    return {"critical": "late", "high": "soon"}.get(code, "")


@register.filter
def first_day(month: str) -> date:
    """Turn `2026-10` into its first day."""
    return date.fromisoformat(f"{month}-01")


@register.filter
def iso_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@register.filter
def called(code: str, words: Mapping[str, Mapping[str, str]]) -> str:
    """Return the contract's own words for a clause or a system, or the code itself."""
    return text_in(words[code], get_language() or "en") if code in words else code


@register.filter
def title_of(key: str, titles: Mapping[str, str]) -> str:
    return titles.get(key, "")


@register.filter
def state_word(code: str) -> str:
    return STATES[code]


@register.filter
def state_tone(code: str) -> str:
    return TONES.get(code, "")


@register.filter
def line_word(line: Mapping[str, Any]) -> str:
    return LINES[line["kind"]]


@register.filter
def charge_word(code: str) -> str:
    """Return what became of minutes: an authority, or what charging made of them."""
    return CHARGES[code]


@register.filter
def level(basis_points: int | None) -> str:
    """Return the class of a percentage; the number beside it says the same."""
    if basis_points is None or basis_points >= GOOD:
        return ""
    return "soon" if basis_points >= FAIR else "late"


@register.filter
def top(rows: list[Mapping[str, Any]]) -> int:
    """Return the highest count, the full length of the bars."""
    return max((row["count"] for row in rows), default=0)


@register.filter
def plus(value: int, more: int) -> int:
    return value + more


@register.filter
def length_of(rows: list[Any]) -> int:
    """Count rows; `length` is a length of time on these pages."""
    return len(rows)


@register.filter
def rest_of(basis_points: int) -> int:
    return WHOLE - basis_points


@register.filter
def towards_word(code: str) -> str:
    return TOWARDS[code]


@register.filter
def band_word(code: str) -> str:
    return BAND[code]


@register.filter
def band_tone(code: str) -> str:
    """Return the tone of a share beside the band: the word beside it says the same."""
    return {"within": "good", "below": "soon", "above": "soon"}.get(code, "")


@register.filter
def fix_word(code: str) -> str:
    return FIX[code]


@register.filter
def stretch_word(code: str) -> str:
    return STRETCH[code]


@register.filter
def parts_of_maintenance(side: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return operation and maintenance of one measure, for a table."""
    return [{"stream": stream, "value": side[stream]} for stream in ("operation", "maintenance")]


@register.filter
def line_of(points: list[Mapping[str, Any]], name: str) -> chart.Line:
    """Return a figure of the trend as a line of the chart."""
    return chart.line([point[name] for point in points])


@register.filter
def share_met(point: Mapping[str, Any]) -> int | None:
    """Return the kept promises of a month in basis points."""
    decided = point["met"] + point["missed"]
    return point["met"] * WHOLE // decided if decided else None


@register.filter
def offer_word(step: str) -> str:
    return OFFERS[step]


@register.filter
def offer_tone(step: str) -> str:
    """Return the tone of what became of an estimate: the word says the same."""
    return {"sent": "ask", "accepted": "good", "delivery_accepted": "good", "declined": "late"}.get(
        step, ""
    )


@register.filter
def entry(mapping: Mapping[str, Any], key: str) -> Any:
    """Return what stands under a key, or nothing."""
    return mapping.get(key)
