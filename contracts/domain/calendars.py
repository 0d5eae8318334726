"""From the terms' named hours to service hours that count."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from contracts.domain.service_hours import ServiceHours
from contracts.domain.terms import ALWAYS, Calendar, Joint, Terms

Holidays = Mapping[str, Sequence[date]]


class HolidaysMissing(LookupError):
    """A country's holidays were not frozen into the version."""


def service_hours(terms: Terms, holidays: Holidays) -> dict[str, ServiceHours]:
    """
    Return the service hours of every name in the terms, and of `always`.

    `holidays` are the dates frozen by country code when the version was activated.

    :raises HolidaysMissing: if the terms name a country that `holidays` does not have.
    """
    hours = {ALWAYS: ServiceHours.always()}
    for name, calendar in terms.hours.items():
        if isinstance(calendar, Calendar):
            hours[name] = _counted(calendar, holidays)
    for name, joint in terms.hours.items():
        if isinstance(joint, Joint):
            hours[name] = ServiceHours.intersect(*(hours[part] for part in joint.intersect))
    return hours


def countries_of(terms: Terms, name: str | None = None) -> list[str]:
    """Return the country codes whose holidays close the hours `name`, or any of the hours."""
    names = list(terms.hours) if name is None else [name]
    return list(dict.fromkeys(code for each in names for code in _countries(terms, each)))


def holidays_of(terms: Terms, name: str | None, holidays: Holidays) -> frozenset[date]:
    """
    Return the frozen holidays that close the hours `name`, joint hours having those of each part.

    :raises HolidaysMissing: if the terms name a country that `holidays` does not have.
    """
    codes = countries_of(terms, name) if name else []
    return frozenset(day for code in codes for day in _frozen(code, holidays))


def _counted(calendar: Calendar, holidays: Holidays) -> ServiceHours:
    return ServiceHours(
        timezone=calendar.timezone,
        week=calendar.week,
        holidays=[day for code in calendar.holidays for day in _frozen(code, holidays)],
        special_days=calendar.special,
    )


def _countries(terms: Terms, name: str) -> Iterator[str]:
    hours = terms.hours.get(name)
    if isinstance(hours, Calendar):
        yield from hours.holidays
    if isinstance(hours, Joint):
        for part in hours.intersect:
            yield from _countries(terms, part)


def _frozen(code: str, holidays: Holidays) -> Sequence[date]:
    if code not in holidays:
        raise HolidaysMissing(f"No holidays are frozen for {code}.")
    return holidays[code]
