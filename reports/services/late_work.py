"""Work of closed months that this one tells of: written late, or answered late, with what it is worth."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from contracts.domain.cost import Carried
from contracts.models import Period
from contracts.services.month_facts import month_facts
from reports.domain.worth import Worked, worth_of
from reports.services.rate_cards import Cards
from tickets.services.openings import LateNews
from tickets.services.worked import Row

ADJUSTMENT = "adjustment"


def late_work(period: Period, late: Sequence[LateNews]) -> list[dict[str, Any]]:
    """
    Return every late entry with its worth by the rate card of the day on which it was worked.

    One that `counts` was written in this month, so its minutes are among this month's; the others
    were counted in their own and got their answer in this one.
    """
    return [row for news in late for row in _of(period, news)]


def _of(period: Period, news: LateNews) -> Iterator[dict[str, Any]]:
    month = date.fromisoformat(f"{news.origin}-01")
    origin = Period.objects.select_related("contract").get(
        contract_id=period.contract_id, month=month
    )
    cards = Cards(month_facts(origin, (), Carried()).versions)
    zone = ZoneInfo(origin.contract.timezone)
    for entry in news.entries:
        yield _told(entry, news.origin, cards, zone, counts=entry.period_id == period.pk)


def _told(row: Row, origin: str, cards: Cards, zone: ZoneInfo, *, counts: bool) -> dict[str, Any]:
    on = row.starts_at.astimezone(zone).date()
    rate = cards.rate(on, row.tier, row.place)
    return {
        "ref": str(row.pk),
        "origin": origin,
        "on": on,
        "starts_at": row.starts_at,
        "ticket": row.ticket,
        "stream": row.stream,
        "tier": row.tier,
        "minutes": row.minutes,
        "worth": worth_of(row.minutes, rate or 0),
        "rated": rate is not None,
        "counts": counts,
    }


def counted(late: Iterable[dict[str, Any]]) -> list[Worked]:
    """Return the late work whose minutes are this month's, as pieces of it."""
    return [
        Worked(
            ticket=each["ticket"],
            stream=each["stream"],
            tier=each["tier"],
            kind=ADJUSTMENT,
            starts_at=each["starts_at"],
            minutes=each["minutes"],
            worth=each["worth"],
            rated=each["rated"],
        )
        for each in late
        if each["counts"]
    ]
