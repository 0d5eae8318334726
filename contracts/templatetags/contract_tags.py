"""How the terms of a contract are read. No queries."""

from datetime import date, timedelta

from django import template

from contracts.domain.terms import Calendar, Terms

register = template.Library()
PRIORITIES = ("P1", "P2", "P3", "P4")


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
