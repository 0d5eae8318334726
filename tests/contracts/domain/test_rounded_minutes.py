"""What the rounding makes of one ticket's minutes is what the month's statement makes of them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from contracts.domain.calendars import service_hours
from contracts.domain.charging import InForce
from contracts.domain.cost import Authority, AuthorityKind, Month, MonthFacts, Work, statement
from contracts.domain.rounded_minutes import DayMinutes, minutes_by_day
from contracts.domain.terms import Tier, parse
from tests.tickets.factories import TERMS

ZONE = "Asia/Tokyo"
APRIL_15 = datetime(2026, 4, 15, 1, tzinfo=UTC)  # 10:00 in Tokyo
POOL = Authority(AuthorityKind.POOL, "support", "S3")
HELD = Authority(AuthorityKind.HELD, clause_id="S6")


def terms(per: str = "ticket_day", triage: str = "30m", **changed) -> InForce:
    rounding = {"unit": "15m", "minimum": "15m", "per": per, "mode": "up"}
    cost = {**TERMS["cost"], "rounding": rounding, "triage": triage, **changed}
    parsed = parse({**TERMS, "cost": cost})
    return InForce(date(2026, 4, 1), parsed, service_hours(parsed, {})["office"])


def work(ref: str, start: int, minutes: int, authority=POOL, **told) -> Work:
    """Return work that begins `start` minutes after ten o'clock."""
    starts_at = APRIL_15 + timedelta(minutes=start)
    ends_at = starts_at + timedelta(minutes=minutes)
    return Work(ref, told.pop("ticket", "A-1"), starts_at, ends_at, Tier.L2, authority, **told)


def test_several_short_entries_of_a_day_are_rounded_once():
    works = [work("1", 0, 5), work("2", 60, 5), work("3", 24 * 60, 5)]

    days = minutes_by_day(works, [terms()], ZONE)

    assert days == (
        DayMinutes(date(2026, 4, 15), 10, 15, 0),
        DayMinutes(date(2026, 4, 16), 5, 15, 0),
    )


def test_by_entry_each_is_rounded():
    works = [work("1", 0, 5), work("2", 60, 5)]

    assert minutes_by_day(works, [terms("entry")], ZONE)[0].charged_minutes == 30


def test_triage_is_used_up_over_the_months_and_never_rounded():
    works = [work("1", 0, 20, triage=True), work("2", 30 * 24 * 60, 20, triage=True)]

    april, may = minutes_by_day(works, [terms()], ZONE)

    assert (april.triage_minutes, april.charged_minutes) == (20, 20)
    assert (may.triage_minutes, may.charged_minutes) == (10, 25)


def test_minutes_are_those_of_the_statement_whatever_other_tickets_did():
    version = terms()
    mine = [work("1", 0, 7), work("2", 10, 50, HELD), work("3", 400, 1_300), work("4", 90, 9, HELD)]
    others = [work(f"o{n}", n, 900, ticket=f"B-{n}") for n in range(3)]
    month = Month(2026, 4, ZONE)
    stated = statement(MonthFacts(month, (version,), date(2026, 4, 1), work=(*mine, *others)))
    charged, raw = Counter(), Counter()
    for entry in stated.charged:
        if entry.ticket == "A-1":
            charged[entry.on] += entry.charged_minutes
            raw[entry.on] += entry.raw_minutes

    days = minutes_by_day(mine, [version], ZONE)

    assert {day.on: day.charged_minutes for day in days} == charged
    assert {day.on: day.raw_minutes for day in days} == raw


def test_needs_no_rate_and_no_pool():
    preapproved = Authority(AuthorityKind.PREAPPROVED, clause_id="S9", limit=1)

    days = minutes_by_day([work("1", 0, 16, preapproved)], [terms(rates={})], ZONE)

    assert days[0].charged_minutes == 30
