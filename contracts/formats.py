"""Values as the reader reads them: money, dates and lengths of time, as plain text. No queries."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from contracts.domain.money import exponent_of

LOCALES = {"en": "en_GB", "ja": "ja", "vi": "vi"}  # English with the day before the month, 24 h
NOTHING = "–"


def reader_locale() -> Locale:
    return locale_of(get_language() or "en")


@lru_cache(16)
def locale_of(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language.partition("-")[0], "en_GB"))


def money(amount: int | None, currency: str) -> str:
    """Show whole minor units as money: 800000 JPY is ¥800,000."""
    if amount is None:
        return NOTHING
    value = Decimal(amount).scaleb(-exponent_of(currency))
    return format_currency(value, currency, locale=reader_locale()).replace("JP¥", "¥")


def number(value: int | Decimal) -> str:
    return format_decimal(value, locale=reader_locale())


def percent(basis_points: int | None) -> str:
    """Show basis points: 9500 is 95%."""
    if basis_points is None:
        return NOTHING
    return format_percent(
        Decimal(basis_points) / 10_000, format="#,##0.##%", locale=reader_locale()
    )


def multiplier(basis_points: int | None) -> str:
    return NOTHING if basis_points is None else f"× {number(Decimal(basis_points) / 10_000)}"


def day_text(value: date) -> str:
    return day_in(value, reader_locale())


@lru_cache(4096)
def day_in(value: date, locale: Locale) -> str:
    return format_date(value, format="medium", locale=locale)


def month(value: date) -> str:
    return format_date(value, format=_("MMMM y"), locale=reader_locale())


def clock(value: datetime) -> str:
    """Show the time of day of an instant in the active zone."""
    return f"{timezone.localtime(value):%H:%M}"


def at_text(value: datetime) -> str:
    """Show an instant in the active zone, to the minute."""
    return f"{day_text(timezone.localtime(value).date())} {clock(value)}"


def length(seconds: int | float | timedelta | None) -> str:
    """Show a length of time in its two largest units: 2 d 4 h, 1 h 5 min, 0 min."""
    if seconds is None:
        return NOTHING
    total = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds) // 60
    days, rest = divmod(abs(total), 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        parts = [_("%d d") % days, _("%d h") % hours if hours else ""]
    elif hours:
        parts = [_("%d h") % hours, _("%d min") % minutes if minutes else ""]
    else:
        parts = [_("%d min") % minutes]
    return " ".join(part for part in parts if part)


def exact(seconds: int | None) -> str:
    """Show seconds as a clock counts them, `718:00`, `0:30:05`: nothing is rounded."""
    if seconds is None:
        return NOTHING
    whole, rest = divmod(seconds, 60)
    hours, minutes = divmod(whole, 60)
    return f"{hours}:{minutes:02}" + (f":{rest:02}" if rest else "")


def minutes(value: int | None) -> str:
    """Show minutes of work in hours and minutes; days would hide how long it was."""
    if value is None:
        return NOTHING
    hours, rest = divmod(abs(value), 60)
    sign = "-" if value < 0 else ""
    if not hours:
        return sign + _("%d min") % rest
    return sign + " ".join([_("%d h") % hours, *([_("%d min") % rest] if rest else [])])


def span(value: object) -> str:
    """Show a length of the terms (`15m`, `4h`, `90d`, `5bd`, or a Length) in words."""
    text = str(value or "")
    digits = text.rstrip("mhbd")
    if not digits.isdecimal():
        return text or NOTHING
    count, unit = int(digits), text[len(digits) :]
    if unit == "bd":
        return ngettext("%d business day", "%d business days", count) % count
    if unit == "d":
        return ngettext("%d day", "%d days", count) % count
    return _("%d h") % count if unit == "h" else _("%d min") % count
