"""A month of both countries: public holidays, and when a contract's named hours are open."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import holidays
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from contracts.domain.months import first_of_month, next_month, previous_month
from contracts.domain.service_hours import WEEKDAYS, ServiceHours
from contracts.models import Contract
from contracts.rules import rules_of
from contracts.views.lists import versions_in_force

COUNTRIES = ("JP", "VN")
OWN_LANGUAGE = {"JP": "ja", "VN": "vi"}
FIRST_YEAR, LAST_YEAR = 2000, 2098


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of the page: its holidays by country, and the open windows in the hours' own zone."""

    day: date
    in_month: bool
    today: bool
    holidays: list[tuple[str, str]]
    windows: list[str] | None

    @property
    def weekday(self) -> str:
        """Return its code in the vocabulary of the terms, `mon` to `sun`."""
        return WEEKDAYS[self.day.weekday()]


@require_GET
def month_page(request: HttpRequest) -> HttpResponse:
    month = asked_month(request.GET.get("month", ""))
    choices = hours_on_screen(month)
    chosen = next((c for c in choices if c[0] == request.GET.get("hours")), None)
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    named = holidays_between(weeks[0][0], weeks[-1][-1])
    today = timezone.localdate()
    context = {
        "month": month,
        "before": previous_month(month) if month.year > FIRST_YEAR else None,
        "after": next_month(month) if month.year < LAST_YEAR else None,
        "choices": choices,
        "chosen": chosen,
        "weeks": [
            [cell(day, month, today, named, chosen and chosen[2]) for day in week] for week in weeks
        ],
    }
    return render(request, "contracts/calendar.html", context)


def asked_month(text: str) -> date:
    """Return the first day of the month `2026-05`; of this month for anything else."""
    if re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text) and int(text[:4]) <= LAST_YEAR:
        return date(int(text[:4]), int(text[5:]), 1)
    return first_of_month(timezone.localdate())


def hours_on_screen(month: date) -> list[tuple[str, str, ServiceHours]]:
    """Return code, name and hours of each named calendar of the contracts in force that month."""
    contracts = {c.pk: c for c in Contract.objects.select_related("tenant")}
    found = []
    last = next_month(month) - timedelta(days=1)
    for version in versions_in_force(contracts.values(), last).defer(None):
        contract = contracts[version.contract_id]
        for name, hours in rules_of(version).hours.items():
            label = f"{contract.tenant.name} · {contract.number} · {name}"
            found.append((f"{contract.public_id}.{name}", label, hours))
    return sorted(found, key=lambda choice: choice[1])


def holidays_between(first: date, last: date) -> dict[date, list[tuple[str, str]]]:
    """Return country and name of each public holiday, the name in the reader's language or English."""
    language, found = get_language(), {}
    years = {first.year, last.year}
    for country in COUNTRIES:
        own = language if language == OWN_LANGUAGE[country] else "en_US"
        for day, name in holidays.country_holidays(country, years=years, language=own).items():
            found.setdefault(day, []).append((country, name))
    return found


def cell(day: date, month: date, today: date, named: dict, hours: ServiceHours | None) -> DayCell:
    windows = None if hours is None else windows_of(day, hours)
    return DayCell(day, day.month == month.month, day == today, named.get(day, []), windows)


def windows_of(day: date, hours: ServiceHours) -> list[str]:
    """Return the open windows that touch the day, `09:00–18:00`, in the zone of the hours."""
    start = datetime.combine(day, time(), hours.zone)
    end = datetime.combine(day + timedelta(days=1), time(), hours.zone)
    return [
        f"{opens.astimezone(hours.zone):%H:%M}–{closing(closes, end, hours)}"
        for opens, closes in hours.windows(start, end)
    ]


def closing(closes: datetime, end: datetime, hours: ServiceHours) -> str:
    return "24:00" if closes >= end else f"{closes.astimezone(hours.zone):%H:%M}"
