"""How the terms of a contract are read. No queries."""

from collections.abc import Iterable
from datetime import date, timedelta

from django import template
from django.utils.translation import gettext_lazy as _

from contracts.domain.sheet import MANY, Row
from contracts.domain.terms import Calendar, Terms

register = template.Library()
PRIORITIES = ("P1", "P2", "P3", "P4")
PARTS = {
    "ask": _("Text"),
    "text": _("Text"),
    "name": _("Name"),
    "environments": _("Environments"),
    "revenue_critical": _("Revenue critical"),
    "week": _("Week"),
    "holidays": _("Holidays"),
    "special": _("Special days"),
    "tier": _("Tier"),
    "party": _("Party"),
    "within": _("Time"),
    "hours": _("Service hours"),
    "default_owner": _("Default owner"),
    "credit": _("Share of the monthly fee"),
    "minimum_count": _("Counted from"),
    "per_month": _("Time a month"),
    "rollover": _("Rollover"),
    "when_empty": _("When empty"),
    "overage_rate": _("Overage rate"),
    "scope.warranty": _("Warranty"),
    "scope.emergency": _("Emergency"),
    "scope.dispute_within": _("Time to dispute a verdict"),
    "time.hours": _("Service hours"),
    "time.commitment": _("Commitment"),
    "time.reopen_within": _("Time to reopen"),
    "time.auto_close": _("Closes after silence of"),
    "time.findings": _("Security findings are mended within"),
    "cost.monthly_fee": _("Monthly fee"),
    "cost.first_month": _("First month"),
    "cost.rates": _("Rate an hour"),
    "cost.multipliers.out_of_hours": _("Out of hours"),
    "cost.multipliers.holiday": _("Holidays"),
    "cost.rounding": _("Rounding"),
    "cost.triage": _("Triage"),
    "cost.closing_grace": _("Closing"),
    "cost.budget": _("Yearly budget"),
    "cost.shown_to_requesters": _("Requesters see costs"),
    "cost.tax": _("Tax"),
    "cost.estimates": _("Estimates"),
}


@register.simple_tag
def weeks(hours: Calendar) -> list[dict[str, object]]:
    """Return the week as runs of days with the same windows: Mon to Fri, 09:00 to 18:00."""
    runs: list[dict[str, object]] = []
    for day, windows in hours.week.items():
        shown = ["–".join(window) for window in windows]
        if runs and runs[-1]["windows"] == shown:
            runs[-1]["last"] = day
        else:
            runs.append({"first": day, "last": day, "windows": shown})
    return runs


@register.filter
def hours_name(target, terms: Terms) -> str:
    """Return the name of the hours on which a target counts."""
    return terms.hours_of(target) or "always"


@register.simple_tag
def target_rows(terms: Terms) -> list[dict[str, object]]:
    """Return the targets as a matrix: one row a clock and what it applies to, a cell a priority."""
    rows: dict[tuple, dict[str, object]] = {}
    for target in terms.time.targets:
        key = (target.obligation, target.activity, target.system)
        row = rows.setdefault(key, {"target": target, "cells": dict.fromkeys(PRIORITIES)})
        for priority in target.priority or PRIORITIES:
            row["cells"][priority] = row["cells"][priority] or target
    return list(rows.values())


@register.filter
def rate_rows(rates: dict) -> list[tuple[str, str, int]]:
    """Return tier, place (empty: any) and amount, one row a rate."""
    rows = []
    for tier, rate in rates.items():
        places = rate.items() if isinstance(rate, dict) else [("", rate)]
        rows += [(tier, place, amount) for place, amount in places]
    return rows


@register.filter
def is_joint(hours: object) -> bool:
    return hasattr(hours, "intersect")


@register.filter
def last_day(ends_on: date | None) -> date | None:
    """Return the last day before an open end: people read both days as included."""
    return ends_on - timedelta(days=1) if ends_on else None


@register.filter
def part_word(path: str) -> str:
    """Return what a path of the terms is about, with the end of it that has no word of its own."""
    steps = path.split(".")
    for cut in range(len(steps), 0, -1):
        if (known := PARTS.get(".".join(steps[:cut]))) is not None:
            return " ".join([str(known), *steps[cut:]])
    return path


@register.filter
def said(row: Row, name: str) -> str:
    """Return what was typed into one field of a row."""
    return row.one(name)


@register.filter
def chosen(row: Row, name: str) -> tuple[str, ...]:
    return row.many(name)


@register.filter
def of_language(name: str, code: str) -> str:
    """Return the name of a field in a language: `text` in `ja` is `text-ja`."""
    return f"{name}-{code}"


@register.filter
def conditions(row: Row) -> list[str]:
    """Return the names of the conditions that a clause has, for its heading."""
    return [name for name in (*MANY, "in_hours", "warranty", "at_most", "above") if row.many(name)]


@register.filter
def problems_of(checked: dict, key: str) -> list[str]:
    """Return what is wrong with one row."""
    found = (*checked["problems"], *checked.get("refusals", ()))
    return [one["said"] for one in found if one["key"] == key]


@register.filter
def of_priorities(clock: str, priorities: Iterable[str] | None) -> str:
    """Return a clock's word with the priorities that are meant; alone where all are."""
    return f"{clock} {', '.join(priorities)}" if priorities else str(clock)  # a word may be lazy
