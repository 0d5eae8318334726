"""National holidays as the `holidays` package knows them; frozen into a version at activation."""

import holidays

YEARS_BACK, YEARS_AHEAD = 1, 10


def holiday_dates(codes: list[str], year: int) -> dict[str, list[str]]:
    """
    Return the ISO dates of each country (`JP`, `VN`, `US-CA`) around `year`, sorted.

    :raises NotImplementedError: if the package does not know the country.
    """
    years = range(year - YEARS_BACK, year + YEARS_AHEAD + 1)
    return {code: _dates(code, years) for code in codes}


def _dates(code: str, years: range) -> list[str]:
    country, _, subdivision = code.partition("-")
    days = holidays.country_holidays(country, subdiv=subdivision or None, years=years)
    return sorted(day.isoformat() for day in days)
